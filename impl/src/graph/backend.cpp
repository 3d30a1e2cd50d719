// SPDX-License-Identifier: Apache-2.0
#include "graph/backend.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

void retain(Backend* backend) noexcept {
    backend->owners.retain();
}

void release(Backend* backend) noexcept {
    if (backend->owners.release()) {
        delete backend;
    }
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
