// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace blkdrain_props {

// Explores the reference alone on all graphs of up to so many nodes to fixpoint, family of
// operations by family, and prints what was covered. True: no objection.
bool explore_reference(std::uint32_t nodes);

}  // namespace blkdrain_props
