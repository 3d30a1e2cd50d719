// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
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

// The mark says which of `into` it is, from `stamp` on.
inline void place(NodeState& node, std::uint64_t stamp, Nodes& into) {
    node.mark = stamp + into.size();
    into.push_back(&node);
}

// What a walk has found out about the order in which it leaves the nodes: whether all parents of
// each come before it.
enum class Walk : std::uint8_t { any, parents_first };

// Walks over the control plane's picture of the graph, each O(edges seen), without recursion. A
// walk stamps what it visits with numbers of its own, so nothing has to be cleared. Under the
// control plane's lock.
class Walker {
public:
    // Up(n): n first. Appended to `into`, except nodes that already carry `stamp`.
    void up(NodeState& from, std::uint64_t stamp, Nodes& into);
    // Cone(n) = Up of everything in Down(n). `into` is empty before; who is above n and what is
    // below comes first. Calls meet(node) for each, as it comes by; that takes no stamp.
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
    // Who carries it or more has been met; the rest is the place in `into`.
    const std::uint64_t stamp = new_stamp();
    bool parents_first = true;
    // Edges to the nodes met, less the edges of these nodes, which all lead to such nodes.
    std::size_t edges_from_elsewhere = 0;
    place(from, stamp, into);
    for (std::size_t next = 0; next < into.size(); ++next) {
        NodeState& node = *into[next];
        meet(node);
        edges_from_elsewhere += node.parents.size() - node.edges.size();
        for (NodeState* child : node.edges) {
            if (child->mark < stamp) {
                place(*child, stamp, into);
            } else {
                parents_first = parents_first && child->mark > node.mark;
            }
        }
    }
    const auto above = static_cast<std::ptrdiff_t>(into.size());
    for (std::size_t next = 0; edges_from_elsewhere != 0 && next < into.size(); ++next) {
        NodeState& node = *into[next];
        const bool is_above = next >= static_cast<std::size_t>(above);
        if (is_above) {
            meet(node);
        }
        for (NodeState* parent : node.parents) {
            if (parent->mark < stamp) {
                place(*parent, stamp, into);
            } else {
                parents_first = parents_first && (!is_above || parent->mark > node.mark);
            }
        }
    }
    last_stamp_ += into.size();
    std::reverse(into.begin() + above, into.end());
    std::rotate(into.begin(), into.begin() + above, into.end());
    return parents_first ? Walk::parents_first : Walk::any;
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
