// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include <blkdrain/world.h>

#include "graph/node.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

using Nodes = std::vector<NodeState*>;

// Walks over the control plane's picture of the graph, each O(edges seen), without recursion. A
// walk stamps what it visits with a number of its own, so nothing has to be cleared. Under the
// control plane's lock.
class Walker {
public:
    // Down(n), Up(n): n first. Appended to `into`, except nodes that already carry `stamp`.
    void down(NodeState& from, std::uint64_t stamp, Nodes& into);
    void up(NodeState& from, std::uint64_t stamp, Nodes& into);
    // Cone(n) = Up of everything in Down(n).
    void cone(NodeState& from, std::uint64_t stamp, Nodes& into);
    // Comp(n): connected component.
    void component(NodeState& from, std::uint64_t stamp, Nodes& into);

    // True if `to` is in Down(from). Looks down from the one and up from the other in step, so the
    // smaller side sets the cost: attaching at the end of a long chain is O(1).
    bool reaches(NodeState& from, NodeState& to);

    // Appends `nodes`, which are those that carry `stamp`, to `into`, which is empty: parents
    // before children.
    static void sort_topologically(const Nodes& nodes, std::uint64_t stamp, Nodes& into);

    // A stamp no node or backend carries.
    std::uint64_t new_stamp() { return ++last_stamp_; }

private:
    std::uint64_t last_stamp_ = 0;
    Nodes scratch_;
    Nodes climb_;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
