// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/options.h"
#include "sim/strategies/draw.h"
#include "sim/strategy.h"

namespace blkdrain::sim {

// Some threads are guests. With them or without, the others run in the same order, so that what two
// such runs differ in is what the guests did to them.
//
// The others take turns. Whoever has the turn keeps it until it blocks, or comes to the first point
// of something new (sim::label()). Then it goes to the highest priority among those that can run. A
// priority is a hash of the seed, the thread and what that says it does: no other thread has an
// influence on it, nor has how many steps the thread needs.
//
// A guest comes in between at any point of the others. How many questions pass before its next step
// says a generator of its own; mostly few. While it holds a lock it runs on, so that nobody waits
// for it. When nobody else can run, guests go on.
//
// All other questions get the default order's answer.
//
// The order is the same if the others never wait for a guest, and stores do not wait
// (Memory::sequential). What guests have others do (a task for a loop that sleeps) comes in between
// like their own steps, and takes nobody's turn.
class Guests final : public Strategy {
public:
    // Threads from this one on are guests.
    Guests(std::uint64_t seed, std::uint32_t first_guest) : seed_(seed), first_(first_guest) {}

    void thread_created(const ThreadView& thread) override {
        if (is_guest(thread)) {
            guests_.emplace_back(Draw(hash(thread.id))).draw_pause();
        }
    }

    bool follows() const override { return true; }
    void performed(const ThreadView& thread) override {
        if (is_guest(thread)) {
            of(thread).performed(thread.pending.kind);
        } else {
            turn_ = &thread;
        }
    }

    std::uint32_t pick(const Choice& choice) override {
        if (choice.kind != ChoiceKind::thread) {
            return choice.fallback;
        }
        std::optional<std::uint32_t> due;
        std::optional<std::uint32_t> turn;
        std::optional<std::uint32_t> highest;
        std::uint32_t guest = 0;  // if there is nobody else
        for (std::uint32_t i = 0; i < choice.count; ++i) {
            const ThreadView& thread = *choice.enabled[i];
            if (is_guest(thread)) {
                guest = i;
                due = of(thread).passes() ? due : i;
                continue;
            }
            turn = &thread == turn_ && !begins(thread) ? i : turn;
            if (!highest || priority(thread) > priority(*choice.enabled[*highest])) {
                highest = i;
            }
        }
        return due.value_or(turn.value_or(highest.value_or(guest)));
    }

private:
    class Guest {
    public:
        explicit Guest(const Draw& own) : draw_(own) {}

        void draw_pause() { pause_ = draw_.below(1U << draw_.below(8)); }
        // At a question: whether it lets others go on.
        bool passes() {
            if (locks_ != 0 || pause_ == 0) {
                return false;
            }
            --pause_;
            return true;
        }
        void performed(OperationKind kind) {
            const bool releases =
                kind == OperationKind::unlock || kind == OperationKind::condition_wait;
            locks_ += kind == OperationKind::lock ? 1 : 0;
            locks_ -= releases && locks_ != 0 ? 1 : 0;  // it may have been locked unseen
            draw_pause();
        }

    private:
        Draw draw_;
        std::uint32_t pause_ = 0;  // questions
        std::uint32_t locks_ = 0;  // that it holds
    };

    bool is_guest(const ThreadView& thread) const {
        return thread.id >= first_ && thread.id < store_buffer_id(0);
    }
    Guest& of(const ThreadView& guest) { return guests_[guest.id - first_]; }

    static bool begins(const ThreadView& thread) {
        return thread.labels_itself && thread.place == 1;
    }
    std::uint64_t hash(std::uint64_t what) const { return Draw(seed_ ^ Draw(what).next()).next(); }
    std::uint64_t priority(const ThreadView& thread) const {
        return hash(std::uint64_t{thread.id} << 32 | (thread.labels_itself ? thread.label : 0));
    }

    std::uint64_t seed_;
    std::uint32_t first_;
    std::vector<Guest> guests_;         // by thread
    const ThreadView* turn_ = nullptr;  // of the others: who did something last
};

}  // namespace blkdrain::sim
