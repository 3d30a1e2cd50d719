// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <blkdrain/export.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// Prints "blkdrain: file:line: broken invariant: message (condition)" to stderr and aborts. Any
// thread; allocates nothing.
[[noreturn, gnu::cold]] BLKDRAIN_EXPORT void check_failed(const char* file, int line,
                                                          const char* message,
                                                          const char* condition) noexcept;

}  // namespace detail

BLKDRAIN_NAMESPACE_END

// Stops the process in every build type when `condition` is false: the library itself is broken,
// and going on would damage data. Never for what a user, a device or the system can cause; those
// are errors, returned as values. `message` is a `const char*`, evaluated only on failure; it
// states what should have been true.
#define BLKDRAIN_CHECK(condition, message)                                               \
    do {                                                                                 \
        if (!(condition)) [[unlikely]] {                                                 \
            ::blkdrain::detail::check_failed(__FILE__, __LINE__, (message), #condition); \
        }                                                                                \
    } while (false)
