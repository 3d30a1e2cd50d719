// SPDX-License-Identifier: Apache-2.0
//
// What each pending operation still waits for, and whether it can ever come.
#pragma once

#include <compare>
#include <vector>

#include <blkdrain_ref/rules/cover.h>
#include <blkdrain_ref/state.h>

namespace blkdrain_ref {

// One thing waited for (R26).
struct Item {
    enum class Kind : std::uint8_t {
        request,   // request state blockers
        token,     // token, open
        settling,  // node to be settled, or to be closed
        internal,  // node with internal requests
        conflict,  // section: an isolate, live or earlier queued
        pass,      // section whose settle pass runs
        gate       // section that keeps a token from opening
    };
    Kind kind = Kind::request;
    RequestId request{};
    TokenId token{};
    NodeId node{};
    SectionId section{};
    RequestState state = RequestState::waiting;
    Blockers blockers = 0;

    friend auto operator<=>(const Item&, const Item&) = default;
};
using Items = std::vector<Item>;

// What keeps a scope from being quiet. `excused`: tokens named by a pending change count as closed
// (R24).
Items activity(const State& state, const Scope& scope, bool excused);
// The settle passes of other sections that run over one of the nodes (R20).
Items passes(const State& state, const Shape& shape, SectionId except, NodeSet nodes);
// What is left of the quiet of a section (milestones, R7); for a change R24's.
Items quiet_items(const State& state, const Shape& shape, const Section& section);
// What is left until the section's begin may return, a momentary one may take effect. Nodes to
// settle included.
Items remaining(const State& state, const Section& section);
Items remaining(const State& state, const Wait& wait);    // R10, R11: of a drain its cover set
Items remaining(const State& state, const Token& token);  // R4
bool pass_running(const State& state, const Shape& shape, const Section& section);  // R20
NodeSet unsettled(const State& state, const Shape& shape, const Section& section);  // R20

// R12: something remains, and all of it could only be released through what the waiter holds.
bool would_deadlock(const State& state, const Section& section);
bool would_deadlock(const State& state, const Wait& wait);
bool would_deadlock(const State& state, const Token& token);

// R26: what a pending operation waits for, sorted; of the nodes to settle those being settled.
Items explain(const State& state, SectionId section);
Items explain(const State& state, WaitId wait);
Items explain(const State& state, TokenId token);

}  // namespace blkdrain_ref
