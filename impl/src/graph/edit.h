// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <blkdrain/world.h>

#include "graph/backend.h"
#include "graph/node.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// One elementary change of the control plane's picture of the graph, undoable.
struct Edit {
    enum class Kind : std::uint8_t { add_edge, remove_edge, repoint_edge, set_root };
    Kind kind;
    NodeState* parent = nullptr;  // edges: whose
    std::size_t index = 0;        // remove_edge, repoint_edge: which child
    std::string* role = nullptr;  // add_edge: moved from at publish
    Backend* backend = nullptr;   // set_root
    NodeState* from = nullptr;    // child or root before; null: none
    NodeState* to = nullptr;      // child or root after; null: none
};

using Edits = std::vector<Edit>;

// Apply in order, undo in reverse order; both leave drivers, roles and the request path alone.
// Undone edges and backends come last in the lists of `parents` and `backends`.
void apply(Edits& edits);
void undo(const Edits& edits);

// Lets drivers, the request path and snapshots (roles) see the result of `edits`, which are
// applied. Nothing may cross the edges meanwhile.
void publish(const Edits& edits);

}  // namespace detail

BLKDRAIN_NAMESPACE_END
