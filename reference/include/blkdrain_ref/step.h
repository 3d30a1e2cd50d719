// SPDX-License-Identifier: Apache-2.0
//
// The judge: one step of the model, and the enumeration of the steps it would accept.
#pragma once

#include <optional>
#include <vector>

#include <blkdrain_ref/event.h>
#include <blkdrain_ref/reason.h>
#include <blkdrain_ref/state.h>

namespace blkdrain_ref {

// Takes the event; or gives the reason why not, and leaves the state as it is.
std::optional<Reason> accept(State& state, const Event& event);
// The reason why not, alone.
std::optional<Reason> check(const State& state, const Event& event);
// The result that a call, or the finish of a momentary section, must have now; ok for events
// without one.
Error result_of(const State& state, const Event& event);

// Appends what the implementation must do by itself: while this is not empty, it is not at rest.
void due(const State& state, std::vector<Event>& events);
// Appends what the environment may do: completions, ends of settles and of internal requests.
void environment(const State& state, std::vector<Event>& events);
// Both.
std::vector<Event> enabled(const State& state);

// The reason to report when an event of `due` never happened.
Reason liveness_reason(const State& state, const Event& event);

}  // namespace blkdrain_ref
