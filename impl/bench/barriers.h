// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace blkdrain::bench {

// Process-wide barriers so far, in a program that is linked with barriers.cpp and the option
// -Wl,--wrap=syscall.
extern std::uint64_t barriers;

}  // namespace blkdrain::bench
