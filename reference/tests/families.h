// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "explore.h"

namespace blkdrain_ref {

// Operations that have to do with each other, and the states they begin in. The product of all is
// too large to be explored, so each is, with all graphs up to the size that is affordable for it.
struct Family {
    const char* name;
    std::uint32_t nodes;  // of its largest graph
    std::vector<State> starts;
    Bounds bounds;
    std::uint32_t probe;
};

// On graphs of no more nodes than that.
std::vector<Family> families(std::uint32_t nodes);

}  // namespace blkdrain_ref
