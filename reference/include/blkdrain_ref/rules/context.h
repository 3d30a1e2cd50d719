// SPDX-License-Identifier: Apache-2.0
//
// Which side moves to which loop: set_aio_context, and an edge that joins two loops.
#pragma once

#include <blkdrain_ref/rules/graph_walks.h>
#include <blkdrain_ref/state.h>

namespace blkdrain_ref {

struct Move {
    bool refused = false;
    NodeSet nodes;
    BackendSet backends;
    LoopId to{};
};
Move move_of_context(const State& state, const Shape& shape, const Section& context);  // R28
Move move_of_change(const State& state, const Shape& shape, const Section& change);    // R24, R28
void apply_move(State& state, const Move& move);

}  // namespace blkdrain_ref
