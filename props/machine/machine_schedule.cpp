// SPDX-License-Identifier: Apache-2.0
#include "machine/machine_schedule.h"

#include <array>

namespace blkdrain_props {

MachineSchedule schedule_of(std::uint64_t seed) {
    struct Kind {
        Strategy strategy;
        std::uint32_t rate;
    };
    static constexpr std::array<Kind, 8> kinds{{{Strategy::default_order, 0},
                                                {Strategy::random, 256},
                                                {Strategy::random, 64},
                                                {Strategy::random, 12},
                                                {Strategy::pct, 0},
                                                {Strategy::delays, 0},
                                                {Strategy::preemptions, 0},
                                                {Strategy::partial_orders, 0}}};
    const Kind& kind = kinds[seed % kinds.size()];
    MachineSchedule schedule;
    schedule.strategy = kind.strategy;
    schedule.rate = kind.rate;
    schedule.memory = seed % 3 == 1 ? Memory::tso : Memory::sequential;
    // Beyond what the other two repeat after: each depth in either memory.
    schedule.depth = static_cast<std::uint32_t>(1 + seed / 24 % 3);
    return schedule;
}

}  // namespace blkdrain_props
