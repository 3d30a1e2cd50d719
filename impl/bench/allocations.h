// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace blkdrain::bench {

// Calls of operator new so far, in a program that is linked with allocations.cpp.
extern std::atomic<std::uint64_t> allocations;

}  // namespace blkdrain::bench
