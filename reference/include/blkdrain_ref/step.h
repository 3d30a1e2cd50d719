// SPDX-License-Identifier: Apache-2.0
//
// The judge: one step of the model, and the steps that have to happen.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <blkdrain_ref/event.h>
#include <blkdrain_ref/wait.h>

namespace blkdrain_ref {

// Why an event is refused.
BLKDRAIN_REF_WORDS(Code, no_such_object, id_in_use, wrong_kind, wrong_result, never_happened,
                   gates_not_reported, admitted_while_gated, admitted_twice, admitted_cancelled,
                   completed_too_soon, done_too_soon, opened_while_gated, opened_while_closing,
                   token_not_waiting, token_not_open, section_not_begun, reported_twice,
                   quiet_early, listens_already, notified_without_cause, notified_out_of_order,
                   drain_early, drain_early_waiting, not_a_chain, not_hostage, overtook,
                   not_released, idle_early, settled_early, settled_twice, settled_out_of_scope,
                   settled_out_of_order, not_settling, no_internal_request, isolated_in_conflict,
                   admitted_during_change, finished_early, node_closed_early, node_not_closing,
                   not_pending, abandoned, released_early, no_cycle, count)

struct Reason {
    Code code = Code::count;
    int rule = 0;   // 9 for R9
    Event event{};  // the event refused, with the backend that it is about
    Item item{};    // what stands against it
    Error expected = Error::ok;

    bool operator==(const Reason&) const = default;
};

// The reason why the event is refused. Rule 0: that of the results concerned, else of the event.
Reason refusal(const State& state, const Event& event, Code code, int rule = 0, Item item = {},
               Error expected = Error::ok);
// One line: "drain_done d1 b1: drain early, request r3 is ADMITTED (R10)".
std::string sentence(const Reason& reason);

// Takes the event; or gives the reason why not, and leaves the state as it is.
std::optional<Reason> accept(State& state, const Event& event);
// The reason why not, alone.
std::optional<Reason> check(const State& state, const Event& event);
// The result that the event must have now; its own where no other would be accepted.
Error result_of(const State& state, const Event& event);

// Appends what the implementation must do by itself: while this is not empty, it is not at rest.
void due(const State& state, std::vector<Event>& events);

}  // namespace blkdrain_ref
