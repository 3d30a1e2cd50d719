// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>

#include <blkdrain/detail/check.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

void check_failed(const char* file, int line, const char* message, const char* condition) noexcept {
    std::fprintf(stderr, "blkdrain: %s:%d: broken invariant: %s (%s)\n", file, line, message,
                 condition);
    std::abort();
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
