// SPDX-License-Identifier: Apache-2.0
#pragma once

// Plain values of the seam, the same in every world.

#include <chrono>
#include <cstdint>

namespace blkdrain::os {

using duration = std::chrono::nanoseconds;

// A point on the monotonic clock (CLOCK_MONOTONIC; the virtual clock in the simulated world).
using time_point = std::chrono::time_point<std::chrono::steady_clock, duration>;

// Bits of a poller's interest and of what it reports; the numbers are those of epoll.
inline constexpr std::uint32_t event_in = 0x001;
inline constexpr std::uint32_t event_out = 0x004;
inline constexpr std::uint32_t event_error = 0x008;   // always reported, need not be asked for
inline constexpr std::uint32_t event_hangup = 0x010;  // always reported, need not be asked for
inline constexpr std::uint32_t event_oneshot = 1U << 30;
inline constexpr std::uint32_t event_edge = 1U << 31;

// One ready descriptor: the cookie it was added with and the event bits that hold.
struct ready {
    std::uint64_t cookie;
    std::uint32_t events;
};

}  // namespace blkdrain::os
