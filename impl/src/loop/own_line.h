// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// Alignment of what one loop writes with every request, so that no other loop's data lies in the
// same cache line. Two lines, for processors fetch them in pairs.
inline constexpr std::size_t own_line = 128;

}  // namespace detail

BLKDRAIN_NAMESPACE_END
