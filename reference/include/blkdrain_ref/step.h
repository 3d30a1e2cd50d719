// SPDX-License-Identifier: Apache-2.0
//
// The judge: one step of the model, and the steps that have to happen.
#pragma once

#include <optional>
#include <vector>

#include <blkdrain_ref/event.h>
#include <blkdrain_ref/reason.h>
#include <blkdrain_ref/rules.h>

namespace blkdrain_ref {

// Takes the event; or gives the reason why not, and leaves the state as it is.
std::optional<Reason> accept(State& state, const Event& event);
// The reason why not, alone.
std::optional<Reason> check(const View& view, const Event& event);
// The result that a call, or the end of a wait or momentary section, must have now; that of the
// event where nothing else is right.
Error result_of(const View& view, const Event& event);

// Appends what the implementation must do by itself: while this is not empty, it is not at rest.
void due(const View& view, std::vector<Event>& events);

}  // namespace blkdrain_ref
