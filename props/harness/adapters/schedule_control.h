// SPDX-License-Identifier: Apache-2.0
//
// What can be asked of the simulated world's threads and their schedules beyond running them. Real
// threads take no notice.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "harness/scenario.h"

namespace blkdrain::sim {
class Strategy;
}  // namespace blkdrain::sim

namespace blkdrain_props {

struct ScheduleControl {
    // Told of every answer that is not the default order's, as it is given: with these as its
    // deviations and in default order, the scenario runs the same way.
    std::function<void(const Deviation&)> record;
    // Told of each deviation of the scenario at the moment it has its effect.
    std::function<void(const Deviation&)> taken;
    // Told when what one thread does ends the wait of another (Actor; Actor::world: what is no loop
    // and no client).
    std::function<void(std::uint8_t waker, std::uint8_t woken)> woke;
    // Decides instead of the scenario's own strategy, which then decides nothing.
    blkdrain::sim::Strategy* strategy = nullptr;
    // Every simulated thread, loops in any pace too, is one of the operating system, for debuggers.
    // The run is the same.
    bool system_threads = false;
    // Of the last scenario that ended: deviations whose point did not occur or did not offer their
    // answer.
    std::vector<Deviation> without_effect;
};

// One for the operating-system thread that runs the scenarios.
ScheduleControl& schedule_control();

}  // namespace blkdrain_props
