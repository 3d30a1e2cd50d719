// SPDX-License-Identifier: Apache-2.0
//
// The walks through the graph of a state.
#pragma once

#include <blkdrain_ref/state.h>

namespace blkdrain_ref {

NodeSet parents(const State& state, NodeId node);
NodeSet down(const State& state, NodeSet from);       // Down: along child edges
NodeSet up(const State& state, NodeSet from);         // Up: along parent edges
NodeSet cone(const State& state, NodeId node);        // Cone: Up of Down
NodeSet component(const State& state, NodeId node);   // Comp: along both
BackendSet roots(const State& state, NodeSet nodes);  // Roots

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

}  // namespace blkdrain_ref
