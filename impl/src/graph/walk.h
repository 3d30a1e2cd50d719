// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include <blkdrain/world.h>

#include "graph/node.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

using Nodes = std::vector<NodeState*>;

// `into` gets `node`, unless that carries `stamp` already.
inline void visit(NodeState& node, std::uint64_t stamp, Nodes& into) {
    if (node.mark != stamp) {
        node.mark = stamp;
        into.push_back(&node);
    }
}

// What a walk has found out about the nodes that it has met: of a tree, each has but one parent,
// which comes before it; the first has none.
enum class Walk : std::uint8_t { any, tree };

// Walks over the control plane's picture of the graph, each O(edges seen), without recursion. A
// walk stamps what it visits with a number of its own, so nothing has to be cleared. Under the
// control plane's lock.
class Walker {
public:
    // Up(n): n first. Appended to `into`, except nodes that already carry `stamp`.
    void up(NodeState& from, std::uint64_t stamp, Nodes& into);
    // Cone(n) = Up of everything in Down(n). `into` is empty before. Calls meet(node) for each, as
    // it comes by.
    template <class Meet>
    Walk cone(NodeState& from, Nodes& into, Meet meet);
    // Comp(n): connected component.
    void component(NodeState& from, std::uint64_t stamp, Nodes& into);

    // True if `to` is in Down(from). Looks down from the one and up from the other in step, so the
    // smaller side sets the cost: attaching at the end of a long chain is O(1).
    bool reaches(NodeState& from, NodeState& to);

    // Appends `nodes`, each once, to `into`, which is empty: parents before children.
    void sort_topologically(const Nodes& nodes, Nodes& into);

    // A stamp no node or backend carries.
    std::uint64_t new_stamp() { return ++last_stamp_; }

private:
    std::uint64_t last_stamp_ = 0;
    Nodes scratch_;
    Nodes climb_;
};

template <class Meet>
Walk Walker::cone(NodeState& from, Nodes& into, Meet meet) {
    const std::uint64_t stamp = new_stamp();
    bool tree = from.parents.empty();
    visit(from, stamp, into);
    for (std::size_t next = 0; next < into.size(); ++next) {
        NodeState& node = *into[next];
        meet(node);
        for (NodeState* child : node.edges) {
            tree = tree && child->parents.size() == 1;
            visit(*child, stamp, into);
        }
    }
    if (tree) {
        return Walk::tree;
    }
    const std::size_t below = into.size();
    for (std::size_t next = 0; next < into.size(); ++next) {
        NodeState& node = *into[next];
        if (next >= below) {
            meet(node);
        }
        for (NodeState* parent : node.parents) {
            visit(*parent, stamp, into);
        }
    }
    return Walk::any;
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
