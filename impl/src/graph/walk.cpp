// SPDX-License-Identifier: Apache-2.0
#include "graph/walk.h"

#include <cstddef>
#include <cstdint>

#include <blkdrain/detail/check.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

namespace {

inline void visit_all(const Links& nodes, std::uint64_t stamp, Nodes& into) {
    for (NodeState* node : nodes) {
        visit(*node, stamp, into);
    }
}

// `into` is the queue of the breadth-first walk as well as its result.
template <class Neighbours>
void walk(NodeState& from, std::uint64_t stamp, Nodes& into, Neighbours neighbours) {
    std::size_t next = into.size();
    visit(from, stamp, into);
    for (; next < into.size(); ++next) {
        neighbours(*into[next]);
    }
}

}  // namespace

void Walker::up(NodeState& from, std::uint64_t stamp, Nodes& into) {
    walk(from, stamp, into, [&](const NodeState& node) { visit_all(node.parents, stamp, into); });
}

void Walker::component(NodeState& from, std::uint64_t stamp, Nodes& into) {
    walk(from, stamp, into, [&](const NodeState& node) {
        visit_all(node.edges, stamp, into);
        visit_all(node.parents, stamp, into);
    });
}

bool Walker::reaches(NodeState& from, NodeState& to) {
    if (&from == &to) {
        return true;
    }
    const std::uint64_t below = new_stamp();
    const std::uint64_t above = new_stamp();
    scratch_.clear();
    climb_.clear();
    visit(from, below, scratch_);
    visit(to, above, climb_);
    for (std::size_t next = 0; next < scratch_.size() && next < climb_.size(); ++next) {
        for (NodeState* child : scratch_[next]->edges) {
            if (child->mark == above) {
                return true;
            }
            visit(*child, below, scratch_);
        }
        for (NodeState* parent : climb_[next]->parents) {
            if (parent->mark == below) {
                return true;
            }
            visit(*parent, above, climb_);
        }
    }
    return false;
}

void Walker::sort_topologically(const Nodes& nodes, Nodes& into) {
    // Theirs are the marks from `all_placed` on: those of the others are older. The mark says how
    // many parents are still to be placed: none in the end, so the next stamp is new.
    const std::uint64_t all_placed = new_stamp();
    for (NodeState* node : nodes) {
        node->mark = all_placed;
    }
    into.reserve(nodes.size());
    for (NodeState* node : nodes) {
        for (const NodeState* parent : node->parents) {
            node->mark += parent->mark >= all_placed ? 1 : 0;
        }
        if (node->mark == all_placed) {
            into.push_back(node);
        }
    }
    for (std::size_t next = 0; next < into.size(); ++next) {
        for (NodeState* child : into[next]->edges) {
            if (child->mark < all_placed) {
                continue;
            }
            --child->mark;
            if (child->mark == all_placed) {
                into.push_back(child);
            }
        }
    }
    BLKDRAIN_CHECK(into.size() == nodes.size(), "the graph has no cycle");
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
