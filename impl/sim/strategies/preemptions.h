// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sim/options.h"
#include "sim/strategies/draw.h"
#include "sim/strategy.h"

namespace blkdrain::sim {

// Preemption bounding (Musuvathi and Qadeer, PLDI 2007), at random: a thread runs until it blocks,
// but for `preemptions` instants drawn from the first `horizon` thread choices, where any other may
// take its place. Who follows a thread that blocked, and every other question, is drawn. Where
// stores may wait, those of half of the threads, drawn, do so as long as they may, and the others
// not at all: what only a late store shows needs it to be late all the while.
class Preemptions final : public Strategy {
public:
    Preemptions(std::uint64_t seed, std::uint32_t preemptions, std::uint32_t horizon)
        : draw_(seed) {
        for (std::uint32_t i = 0; i < preemptions; ++i) {
            at_.push_back(draw_.below(horizon));
        }
    }

    void thread_created(const ThreadView& thread) override {
        if (thread.id >= store_buffer_id(0) && draw_.below(2) == 0) {
            prompt_ |= std::uint64_t{1} << (thread.id - store_buffer_id(0));
        }
    }

    std::uint32_t pick(const Choice& choice) override {
        if (choice.kind != ChoiceKind::thread) {
            return draw_.answer(choice);
        }
        const std::uint32_t now = asked_++;
        std::uint32_t threads = choice.count;
        while (threads > 0 && choice.enabled[threads - 1]->id >= store_buffer_id(0)) {
            --threads;
        }
        for (std::uint32_t i = threads; i < choice.count; ++i) {
            if ((prompt_ >> (choice.enabled[i]->id - store_buffer_id(0)) & 1U) != 0) {
                return i;
            }
        }
        if (!can_go_on(choice)) {
            return draw_.below(threads == 0 ? choice.count : threads);
        }
        std::uint32_t own = 0;
        while (choice.enabled[own] != choice.current) {
            ++own;
        }
        for (const std::uint32_t at : at_) {
            if (at == now) {
                // Anybody but the one that runs.
                return threads == 1 ? own : (own + 1 + draw_.below(threads - 1)) % threads;
            }
        }
        return own;
    }

private:
    Draw draw_;
    std::vector<std::uint32_t> at_;
    std::uint32_t asked_ = 0;
    std::uint64_t prompt_ = 0;
};

}  // namespace blkdrain::sim
