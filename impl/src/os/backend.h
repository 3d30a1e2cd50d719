// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one way for the library to reach threads, atomics, clocks and descriptors: one set of names,
// two worlds. What each name owes is said in os/contract.h. This is the only conditional include of
// the library.

#if defined(BLKDRAIN_WORLD_SIM)
#include "sim/world.h"
#else
#include "os/real/world.h"
#endif

#include "os/world.h"

BLKDRAIN_OS_BEGIN

// Whether the library announces its commit points: in tests yes, in the installed library never.
#if defined(BLKDRAIN_ANNOUNCE) || defined(BLKDRAIN_WORLD_SIM)
inline constexpr bool announces = true;
#else
inline constexpr bool announces = false;
#endif

BLKDRAIN_OS_END
