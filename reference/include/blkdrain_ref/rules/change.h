// SPDX-License-Identifier: Apache-2.0
//
// Graph changes as momentary sections, conflicts between isolates, closing.
#pragma once

#include <vector>

#include <blkdrain_ref/event.h>
#include <blkdrain_ref/rules/cover.h>
#include <blkdrain_ref/state.h>

namespace blkdrain_ref {

// What the change does to edges; empty when its shape is wrong.
std::vector<EdgeEdit> edits(const State& state, const Section& change);
Shape shape_after(const State& state, const Section& change);
Scope own_scope(const State& state, const Shape& shape, const Section& change);  // R24
// What would enter the scope of `other` by the change (R24); nothing for changes and closes.
Scope entering(const State& state, const Shape& before, const Shape& after, const Section& other);

// R24: at the call and again at the switch: closing, tokens, shape, cycle, context, conflict.
Error judge_change(const State& state, const Section& change);
void apply_change(State& state, const Section& change);  // R24: the switch

bool conflict(const State& state, const Shape& shape, const Section& a, const Section& b);  // R23
// The isolates, live or earlier in the queue, that this one has to wait for (R23).
std::vector<SectionId> conflicts(const State& state, const Section& isolate);
SectionId due_isolate(const State& state);  // a queued isolate that can be activated; none

Error judge_close(const State& state, const Section& close);  // R27
void apply_node_closed(State& state, SectionId close, NodeId node);

}  // namespace blkdrain_ref
