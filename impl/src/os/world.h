// SPDX-License-Identifier: Apache-2.0
#pragma once

// The inline namespace of the seam's types: those of two worlds have different names to the linker.

#if defined(BLKDRAIN_WORLD_SIM)
#define BLKDRAIN_OS_WORLD sim_world
#elif defined(BLKDRAIN_ANNOUNCE)
#define BLKDRAIN_OS_WORLD traced_world
#else
#define BLKDRAIN_OS_WORLD real_world
#endif

#define BLKDRAIN_OS_BEGIN    \
    namespace blkdrain::os { \
    inline namespace BLKDRAIN_OS_WORLD {
#define BLKDRAIN_OS_END                   \
    } /* inline namespace of the world */ \
    } /* namespace blkdrain::os */
