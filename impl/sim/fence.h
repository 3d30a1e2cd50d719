// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "os/world.h"
#include "sim/machine.h"

BLKDRAIN_OS_BEGIN

// Simulated memory is sequentially consistent: fences order nothing further.
inline void fence_full() {}

inline void fence_light() {}

inline void fence_process() {
    if (sim::this_fiber != nullptr) {
        sim::this_fiber->machine->reach(
            {sim::OperationKind::fence_process, sim::ObjectClass::none, false, 0});
    }
}

inline void spin_hint() {
    if (sim::this_fiber != nullptr) {
        sim::this_fiber->machine->spin();
    }
}

BLKDRAIN_OS_END
