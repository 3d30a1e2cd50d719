// SPDX-License-Identifier: Apache-2.0
//
// Breadth-first exploration of the model to fixpoint, and what is demanded of every state on the
// way.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <blkdrain_ref/step.h>

#include "operations.h"

namespace blkdrain_ref {

// What an exploration has come across, over all its runs.
struct Coverage {
    std::uint64_t runs = 0, states = 0, steps = 0, probes = 0;
    std::set<Event::Kind> kinds;              // events taken
    std::set<std::string> blocked, returned;  // operations that had to wait, that came to their end
    std::set<Code> codes;                     // reasons of refusals
};

// An event is accepted exactly when `enabled` or `operations` enumerates it: tried with all events
// of a small universe. Gives an objection; empty if there is none.
std::string wrong_enumeration(const State& state, const Bounds& bounds, Coverage& coverage);

// Explores all that can be reached from `start` within the bounds and demands: the invariants hold;
// an event is accepted exactly when enumerated (tried with all events of a small universe in every
// `probe`-th state); from every state, if the user only ends what it has begun and the environment
// goes on, everything can come to rest. Gives the first objection; empty if there is none.
std::string explore(const State& start, const Bounds& bounds, std::uint32_t probe,
                    Coverage& coverage);

// All graphs without cycles of `nodes` nodes with `backends` backends, each on a node or without
// medium, up to renaming.
std::vector<State> all_graphs(std::uint32_t nodes, std::uint32_t backends);

}  // namespace blkdrain_ref
