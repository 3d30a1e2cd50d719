// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <blkdrain/world.h>

#include "os/backend.h"

#if defined(BLKDRAIN_ANNOUNCE) && !defined(BLKDRAIN_WORLD_SIM)
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#endif

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// Asked for between a write and the wake-up that follows from it, and between the last look and the
// sleep: on real threads nobody would get in between there in years. In the simulated world the
// schedule does that; the installed library has nothing of it.
#if defined(BLKDRAIN_ANNOUNCE) && !defined(BLKDRAIN_WORLD_SIM)
// Zero: nobody lingers.
inline std::atomic<std::uint64_t> linger_seed{0};
// Of the calling thread, which has its own draws.
inline thread_local std::uint64_t linger_number = 0;

inline void linger() {
    // relaxed: orders nothing, or it would hide what it is there to show.
    const std::uint64_t seed = linger_seed.load(std::memory_order_relaxed);
    if (seed == 0) {
        return;
    }
    static thread_local std::uint64_t drawn_from = 0, state = 0;
    if (drawn_from != seed) {
        drawn_from = seed;
        state = seed ^ (linger_number + 1) * 0x9e3779b97f4a7c15U;
    }
    state = state * 0x5851f42d4c957f2dU + 0x14057b7ef767814fU;
    const auto draw = static_cast<std::uint32_t>(state >> 32U);
    const std::uint32_t kind = draw % 64;
    if (kind == 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(1));
    } else if (kind < 4) {
        std::this_thread::yield();
    } else if (kind < 32) {
        for (std::uint32_t spins = draw / 64 % 64; spins != 0; --spins) {
            os::spin_hint();
        }
    }
}
#else
constexpr void linger() {}
#endif

}  // namespace detail

BLKDRAIN_NAMESPACE_END
