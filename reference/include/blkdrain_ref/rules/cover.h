// SPDX-License-Identifier: Apache-2.0
//
// Who is in the scope of which section: the table of kinds, gated-ness, notifications, settled
// nodes.
#pragma once

#include <blkdrain_ref/rules/graph_walks.h>
#include <blkdrain_ref/state.h>

namespace blkdrain_ref {

struct Scope {
    BackendSet backends;  // gated
    NodeSet nodes;        // stopped
    Scope& operator|=(const Scope& other) {
        return backends |= other.backends, nodes |= other.nodes, *this;
    }
};

// The table: what the section covers, or would cover if it were live (R6: exempt is who the section
// says).
Scope scope_of(const State& state, const Shape& shape, const Section& section);
Scope covered(const State& state);                  // R5: by any live section
bool gated(const State& state, BackendId backend);  // R5
bool stopped(const State& state, NodeId node);      // R21
// A live section that gates the backend; none.
SectionId gating_section(const State& state, BackendId backend);

// The nodes that the section has to settle before it goes on, if it is of a settling kind (R20).
NodeSet settle_scope(const State& state, const Shape& shape, const Section& section);

// After a step that may have changed a scope: R9's notifications, and R21's settled nodes that
// nothing covers now.
void follow_scopes(State& state, BackendSet gated_before);

}  // namespace blkdrain_ref
