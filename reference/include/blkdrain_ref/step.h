// SPDX-License-Identifier: Apache-2.0
//
// The judge: what an implementation announces, one step of the model, and the steps that have to
// happen.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <blkdrain_ref/wait.h>

namespace blkdrain_ref {

// A commit point: a call with its result, or an internal step. Flat: each kind uses the fields
// named beside it in the list and leaves the others as they are.
struct Event {
    enum class Kind : std::uint8_t {
#define BLKDRAIN_REF_EVENT(kind, rule, objects, function) kind,
#include <blkdrain_ref/events.inc>
#undef BLKDRAIN_REF_EVENT
        count
    };
    static constexpr int kinds = static_cast<int>(Kind::count);

    Kind kind = Kind::node_new;
    Error error = Error::ok;
    Direction direction = Direction::read;
    SectionKind section_kind = SectionKind::isolate;
    ChangeOp op = ChangeOp::attach;
    Notice notice = Notice::begin;
    bool pinned = false;
    bool attempt = false;  // try: do not queue
    bool in_notification = false;
    std::uint32_t edge = 0;
    NodeId node{};   // n; x of a change
    NodeId other{};  // y of a change
    BackendId backend{};
    RequestId request{};
    RequestId parent{};  // the request of the same backend whose completion dispatch sends this one
    TokenId token{};
    SectionId section{};
    SectionId wait{};  // a drain or a wait for quiet, of the section if there is one
    LoopId loop{};
    BackendSet set{};
    std::vector<TokenId> tokens{};
    Holding holding{};

    bool operator==(const Event&) const = default;
};

std::string name(Event::Kind kind);
std::string to_string(const Event& event);  // "send r1 b0 read t2 l0 -> closing"

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
};

// The reason why the event is refused. Rule 0: that of the results concerned, else of the event.
Reason refusal(const State& state, const Event& event, Code code, int rule = 0, Item item = {},
               Error expected = Error::ok);
// One line: "drain_done d1 b1: drain early, request r3 is ADMITTED (R10)".
std::string sentence(const Reason& reason);

// Takes the event; or gives the reason why not, and leaves the state as it is.
std::optional<Reason> accept(State& state, const Event& event);
// The reason why not, alone.
std::optional<Reason> check(const View& view, const Event& event);
// The result that the event must have now; its own where no other would be accepted.
Error result_of(const View& view, const Event& event);

// Appends what the implementation must do by itself: while this is not empty, it is not at rest.
void due(const View& view, std::vector<Event>& events);

}  // namespace blkdrain_ref
