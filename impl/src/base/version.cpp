// SPDX-License-Identifier: Apache-2.0
#include <blkdrain/version.h>

BLKDRAIN_NAMESPACE_BEGIN

const char* version() noexcept {
    return BLKDRAIN_VERSION;
}

BLKDRAIN_NAMESPACE_END
