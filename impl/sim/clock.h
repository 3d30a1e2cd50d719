// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "os/types.h"
#include "os/world.h"
#include "sim/machine.h"

BLKDRAIN_OS_BEGIN

inline constexpr bool clock_stands_still = true;

inline time_point now() {
    sim::Machine& machine = sim::Machine::current();
    if (sim::this_fiber != nullptr) {
        machine.reach({sim::OperationKind::read_clock, sim::ObjectClass::none, false, 0});
        machine.let_time_jump();
    }
    return machine.clock();
}

BLKDRAIN_OS_END
