// SPDX-License-Identifier: Apache-2.0
//
// The rules that answer a question about a state, by subject; one source file each. What the graph
// will be after a change is asked of a state with that change made.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <vector>

#include <blkdrain_ref/state.h>

namespace blkdrain_ref {

// Graph: the walks (Boost.Graph, in one translation unit).

NodeSet children(const State& state, NodeId node);
NodeSet parents(const State& state, NodeId node);
NodeSet down(const State& state, NodeSet from);       // Down: along child edges
NodeSet up(const State& state, NodeSet from);         // Up: along parent edges
NodeSet cone(const State& state, NodeId node);        // Cone: Up of Down
NodeSet component(const State& state, NodeId node);   // Comp: along both
BackendSet roots(const State& state, NodeSet nodes);  // Roots

// Scope: who is in the scope of which section.

struct Scope {
    BackendSet backends{};  // gated
    NodeSet nodes{};        // stopped
    Scope& operator|=(const Scope& other) {
        return backends |= other.backends, nodes |= other.nodes, *this;
    }
};

// The table: what the section covers, or would cover if it were live (R6: exempt is who it says).
Scope scope_of(const State& state, const Section& section);
Scope own_scope(const State& state, const Section& change);  // R24: the table's row and what moves
// R24: what a change makes enter the scopes of the other sections that have come as far as `phase`.
Scope entering(const State& state, const Section& change, Phase phase);
Scope covered(const State& state);                                 // R5: by any live section
bool gated(const State& state, BackendId backend);                 // R5
bool stopped(const State& state, NodeId node);                     // R21
NodeSet settle_scope(const State& state, const Section& section);  // R20: what it has to settle
NodeSet unsettled(const State& state, const Section& section);     // R20: of that what is left
BackendSet gated_listeners(const State& state);                    // R9: who is to know of it
// After a step that may have changed a scope: R9's notifications, and R21's settled nodes that
// nothing covers now.
void follow_scopes(State& state, BackendSet gated_before);

// Admission: who waits and for what; what an end releases as one step.

enum class Blocker : std::uint8_t { gate = 1, rate = 2, plug = 4, order = 8 };
using Blockers = std::uint8_t;  // a set of Blocker; rate and plug come with limits

// R4, R18; of a WAITING request, with these backends gated.
Blockers blockers(const State& state, BackendSet gated, const Request& request);
// The earlier WAITING request that this one may not overtake; none (R18).
RequestId ahead_of(const State& state, const Request& request);
SectionId naming_change(const State& state, TokenId token);  // a pending one; none (R24)
template <class I>
bool closing(const State& state, I backend_or_node) {  // R27
    return std::ranges::any_of(
        state.sections, [&](const Section& section) { return section.closes(backend_or_node); });
}
bool failing(const State& state, const Token& token);  // a backend of it closes or is gone (R27)
// What an end has released and nobody has admitted or opened yet (R18); none.
RequestId due_request(const State& state);
TokenId due_token(const State& state);

// Change: graph and context changes as momentary sections, conflicts between isolates, closing.

// What a change moves to another loop (R24, R28): all of it, or it is refused.
struct Move {
    bool refused = false;
    NodeSet nodes{};
    BackendSet backends{};
    LoopId to{};
};
Move move_of(const State& state, const Section& change);
// One edge that a change moves: an edge of a parent, or the root edge of a backend.
struct Edge {
    NodeId parent{};
    BackendId backend{};
    std::uint32_t index = 0;  // of the parent's edge
    NodeId from{}, to{};      // none: no edge
};
// All of them, or why the shape of the change is wrong.
struct Edges {
    Error wrong = Error::ok;
    std::vector<Edge> list{};
};
Edges edges_of(const State& state, const Section& change);
State graph_after(const State& state, const std::vector<Edge>& moved);  // nodes and backends alone
// R24, R28: at the call and again at the switch.
Error judge_change(const State& state, const Section& change);
void apply_change(State& state, const Section& change);  // R24: the switch

bool conflict(const State& state, const Section& a, const Section& b);  // R23
// The isolates, live or earlier in the queue, that this one has to wait for (R23).
std::vector<SectionId> conflicts(const State& state, const Section& isolate);
SectionId due_isolate(const State& state);  // a queued isolate that can be activated; none

Error judge_close(const State& state, const Section& close);  // R27
void apply_node_closed(State& state, SectionId close, NodeId node);

// Wait: what each pending operation still waits for, and whether it can ever come.

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
    Blockers blockers = 0;  // told by explain only

    Item() = default;
    Item(const Request& of) : request(of.id), state(of.state) {}
    Item(TokenId id) : kind(Kind::token), token(id) {}
    Item(Kind sort, NodeId id) : kind(sort), node(id) {}
    Item(Kind sort, SectionId id) : kind(sort), section(id) {}
    friend auto operator<=>(const Item&, const Item&) = default;
};
using Items = std::vector<Item>;

Items gates(const State& state, BackendSet backends);  // the live sections that gate one of them
// The settle passes of other sections that run over one of the nodes (R20); a settle that runs
// there counts also when nobody asks for it any more.
Items passes(const State& state, SectionId except, NodeSet nodes);
// What keeps a scope from being quiet. `excused`: tokens named by a pending change count as closed
// (R24).
Items activity(const State& state, const Scope& scope, bool excused);
// What is left of the quiet of a section (milestones, R7); for a change R24's.
Items quiet_items(const State& state, const Section& section);
// What is left until the section's begin may return, a momentary one may take effect.
Items remaining(const State& state, const Section& section);
Items remaining(const State& state, const Wait& wait);    // R10, R11: of a drain its cover set
Items remaining(const State& state, const Token& token);  // R4
Wait cover_set(const State& state, BackendId backend);    // R10: of a drain as it starts

// R12: something remains, and all of it could only be released through what the waiter holds.
bool would_deadlock(const State& state, const Items& remaining, const Holding& holding);

// R26: what a pending operation waits for, sorted; of the nodes to settle those being settled.
Items explained(const State& state, Items remaining);
template <class I>
Items explain(const State& state, I section_wait_or_token) {
    const auto* pending = find(state, section_wait_or_token);
    return pending != nullptr ? explained(state, remaining(state, *pending)) : Items{};
}

}  // namespace blkdrain_ref
