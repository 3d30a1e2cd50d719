// SPDX-License-Identifier: Apache-2.0
#pragma once

// The same sources are built for several worlds: real (installed), traced (real, and commit points
// are announced to the tests), simulated (the operating system is replaced by a deterministic
// simulation). Every name of the library sits in an inline namespace that says which world it was
// compiled for, so that objects of two worlds do not link together.
//
// Every header of the library opens with BLKDRAIN_NAMESPACE_BEGIN and closes with
// BLKDRAIN_NAMESPACE_END instead of spelling `namespace blkdrain {` itself. Users of the installed
// library define none of the world macros.

#if defined(BLKDRAIN_WORLD_SIM)
#define BLKDRAIN_WORLD_NAMESPACE v0_sim
#elif defined(BLKDRAIN_ANNOUNCE)
#define BLKDRAIN_WORLD_NAMESPACE v0_traced
#else
#define BLKDRAIN_WORLD_NAMESPACE v0_real
#endif

#define BLKDRAIN_NAMESPACE_BEGIN \
    namespace blkdrain {         \
    inline namespace BLKDRAIN_WORLD_NAMESPACE {
#define BLKDRAIN_NAMESPACE_END            \
    } /* inline namespace of the world */ \
    } /* namespace blkdrain */
