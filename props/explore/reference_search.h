// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace blkdrain_props {

// Explores the reference alone to fixpoint, family of operations by family, on graphs of up to so
// many nodes, or as many as a family has; prints what was covered. True: no objection.
bool explore_reference(std::uint32_t nodes);

}  // namespace blkdrain_props
