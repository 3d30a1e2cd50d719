// SPDX-License-Identifier: Apache-2.0
//
// What an event loop owes to those who use it, as event_loop.h says it. Told of every call and
// every callback; reports a finding when a callback comes too early, twice, or not at all.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace blkdrain_fuzz {

// Finding "loop CODE", unless it holds.
void demand(bool holds, const char* code, const char* sentence);

class LoopDuties {
public:
    static constexpr std::size_t sources = 3;  // descriptors that can be watched
    using Time = std::chrono::steady_clock::time_point;
    using Readable = std::array<bool, sources>;

    // Calls. Tasks, timers and registrations have numbers from 0.
    std::size_t task_posted();
    std::size_t timer_started(Time deadline);
    // Whether cancel_timer says that it came in time.
    bool timer_cancelled(std::size_t timer);
    // The number of the registration.
    std::size_t source_watched(std::size_t source);
    void source_unwatched(std::size_t source);
    void source_cleared(std::size_t source);
    [[nodiscard]] bool watches(std::size_t source) const { return watches_[source].on; }
    [[nodiscard]] std::size_t timers() const { return timers_.size(); }

    // Callbacks.
    void task_runs(std::size_t task);
    void timer_runs(std::size_t timer, Time now);
    void source_is_ready(std::size_t source, std::size_t registration);

    // A round does what was to be done when it began; `busy`: what it says of itself.
    void round_begins(Time now, const Readable& readable);
    void round_ends(bool busy);
    // Tasks alone are run at the end, those that come meanwhile too.
    void loop_is_destroyed();
    void loop_is_gone();

    [[nodiscard]] bool has_tasks() const { return tasks_run_ < tasks_.size(); }
    [[nodiscard]] bool has_due_timers(Time now) const;
    [[nodiscard]] bool has_ready_sources(const Readable& readable) const;
    [[nodiscard]] std::uint64_t busy_rounds() const { return busy_rounds_; }

private:
    struct Timer {
        Time deadline;
        bool pending = true;
        bool due = false;  // when this round began
    };
    struct Watch {
        bool on = false;
        std::size_t registration = 0;
        bool due = false;   // was watched and readable when this round began, and is still watched
        bool owed = false;  // and is still readable
    };

    void called_back();

    std::vector<bool> tasks_;    // whether it is there since before this round
    std::size_t tasks_run_ = 0;  // in the order posted
    std::vector<Timer> timers_;
    std::array<Watch, sources> watches_{};
    std::size_t registrations_ = 0;
    std::uint64_t busy_rounds_ = 0;
    bool inside_ = false;  // a round
    bool busy_ = false;
    bool ending_ = false;
};

}  // namespace blkdrain_fuzz
