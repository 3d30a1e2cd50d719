// SPDX-License-Identifier: Apache-2.0
//
// The graph as the walks see it, and the walks (Boost.Graph, in one translation unit).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <blkdrain_ref/state.h>

namespace blkdrain_ref {

// Edges without order and number, of the nodes there are.
class Shape {
public:
    Shape() {}  // the arrays stay as they are: only entries of `nodes` are ever read
    NodeSet nodes;
    NodeSet children(NodeId node) const { return NodeSet::from(children_[node.value]); }
    NodeSet parents(NodeId node) const { return NodeSet::from(parents_[node.value]); }
    BackendSet roots(NodeId node) const { return BackendSet::from(roots_[node.value]); }

    void add(NodeId node) {
        nodes.insert(node);
        children_[node.value] = parents_[node.value] = roots_[node.value] = 0;
    }
    void join(NodeId parent, NodeId child) {
        children_[parent.value] |= NodeSet{child}.bits();
        parents_[child.value] |= NodeSet{parent}.bits();
    }
    void stand(BackendId backend, NodeId node) { roots_[node.value] |= BackendSet{backend}.bits(); }

private:
    std::array<std::uint64_t, 64> children_, parents_, roots_;
};

// One edge that a change moves: an edge of a parent, or the root edge of a backend.
struct EdgeEdit {
    NodeId parent{};
    BackendId backend{};
    std::uint32_t index = 0;  // of the parent's edge
    NodeId from{}, to{};      // none: no edge
};

Shape shape_of(const State& state, const std::vector<EdgeEdit>& edits = {});
NodeSet down(const Shape& shape, NodeSet from);         // Down: along child edges
NodeSet up(const Shape& shape, NodeSet from);           // Up: along parent edges
NodeSet cone(const Shape& shape, NodeId node);          // Cone: Up of Down
NodeSet component(const Shape& shape, NodeId node);     // Comp: along both
BackendSet roots(const Shape& shape, NodeSet nodes);    // Roots
NodeId root_of(const Shape& shape, BackendId backend);  // none: no medium
bool acyclic(const Shape& shape);

}  // namespace blkdrain_ref
