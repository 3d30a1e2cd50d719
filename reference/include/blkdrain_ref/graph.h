// SPDX-License-Identifier: Apache-2.0
//
// The graph of a state, and the walks through it.
#pragma once

#include <blkdrain_ref/state.h>

namespace blkdrain_ref {

// Some backends and nodes.
struct Scope {
    BackendSet backends{};  // gated
    NodeSet nodes{};        // stopped
    friend Scope operator|(Scope a, Scope b) {
        return {a.backends | b.backends, a.nodes | b.nodes};
    }
    friend Scope operator-(Scope a, Scope b) {
        return {a.backends - b.backends, a.nodes - b.nodes};
    }
};

// Holds the ends of the edges by node, sets as bits, of existing nodes only.
class Graph {
public:
    explicit Graph(const State& of);

    NodeSet children(NodeId node) const { return NodeSet::of(down_[node.value]); }
    NodeSet parents(NodeId node) const { return NodeSet::of(up_[node.value]); }
    NodeSet down(NodeSet from) const;       // Down: along child edges
    NodeSet up(NodeSet from) const;         // Up: along parent edges
    NodeSet cone(NodeId node) const;        // Cone: Up of Down
    NodeSet component(NodeId node) const;   // Comp: along both
    BackendSet roots(NodeSet nodes) const;  // Roots
    Scope with_roots(NodeSet nodes) const { return {roots(nodes), nodes}; }

    const State& state;

private:
    std::uint64_t down_[NodeId::limit], up_[NodeId::limit];
};

}  // namespace blkdrain_ref
