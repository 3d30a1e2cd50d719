// SPDX-License-Identifier: Apache-2.0
#include "graph/cover.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

void CoverPool::add_slab() {
    slabs_.push_back(std::make_unique<Cover[]>(slab_size));
    for (std::size_t i = slab_size; i-- > 0;) {
        give_back(slabs_.back()[i], slabs_.back()[i]);
    }
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
