// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "harness/scenario.h"

namespace blkdrain_props {

// What a machine's seed says of its schedule.
struct MachineSchedule {
    Strategy strategy = Strategy::default_order;
    std::uint32_t rate = 0;   // random: considers another thread so often, of 256 times
    std::uint32_t depth = 1;  // pct, delays, preemptions
    Memory memory = Memory::sequential;

    // It has no more preemptions than `depth`.
    [[nodiscard]] bool calm() const {
        return strategy == Strategy::delays || strategy == Strategy::preemptions;
    }
};

// Of 0: the default order, and memory is sequential.
MachineSchedule schedule_of(std::uint64_t seed);

}  // namespace blkdrain_props
