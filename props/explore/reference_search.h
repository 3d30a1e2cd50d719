// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace blkdrain_props {

enum class ReferenceSearch : std::uint8_t { proved, objection, interrupted };

// The families are written by hand for graphs of a few nodes: of the largest.
std::uint32_t reference_nodes_max();

// Explores the reference alone to fixpoint, family of operations by family, on graphs of up to so
// many nodes, or as many as a family has; prints what was covered. `stop` is asked between graphs,
// each of which takes seconds at most.
ReferenceSearch explore_reference(std::uint32_t nodes, const std::function<bool()>& stop);

}  // namespace blkdrain_props
