// SPDX-License-Identifier: Apache-2.0
//
// What can be asked of the simulated world's threads and their schedules beyond running them. Real
// threads take no notice.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "harness/scenario.h"

namespace blkdrain::sim {
class Strategy;
}  // namespace blkdrain::sim

namespace blkdrain_props {

// Two operations of different threads on one object, at least one of which writes: the second, and
// the last one before it.
struct Conflict {
    // Who did what: equal for operations of one kind, on one class of object, both by loops or both
    // by clients that perform the same operation of the table.
    std::uint32_t first = 0;
    std::uint32_t second = 0;
    // The answer that lets the second's thread run where the first was about to come. None: nobody
    // was asked there, or that thread could not run.
    std::optional<Deviation> reversal;
};

struct ScheduleControl {
    // Told of every answer that is not the default order's, as it is given: with these as its
    // deviations and in default order, the scenario runs the same way.
    std::function<void(const Deviation&)> record;
    // Told of each deviation of the scenario at the moment it has its effect.
    std::function<void(const Deviation&)> taken;
    // Told of each answer that puts another thread in the place of one that could go on.
    std::function<void()> preempted;
    // Told of each conflict, in order.
    std::function<void(const Conflict&)> conflict;
    // Told when what one thread does ends the wait of another (Actor; Actor::world: what is no loop
    // and no client).
    std::function<void(std::uint8_t waker, std::uint8_t woken)> woke;
    // Told when all has been judged and what exists is about to be closed.
    std::function<void()> closing;
    // Decides instead of the scenario's own strategy, which then decides nothing.
    blkdrain::sim::Strategy* strategy = nullptr;
    // Every simulated thread, loops in any pace too, is one of the operating system, for debuggers.
    // The run is the same.
    bool system_threads = false;
    // Of the last scenario that ended: deviations whose point did not occur or did not offer their
    // answer.
    std::vector<Deviation> without_effect;
    // Of the last scenario that ended: the probability, at least, with which its strategy meets an
    // error of its depth; 0: the strategy promises nothing, or not for runs like this.
    double promise = 0;
    // Of the last scenario or machine that ended: every step of every thread.
    std::uint64_t steps_hash = 0;
    std::uint64_t points = 0;  // choice points of all scenarios so far
};

// One for the operating-system thread that runs the scenarios.
ScheduleControl& schedule_control();

}  // namespace blkdrain_props
