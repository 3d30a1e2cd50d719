// SPDX-License-Identifier: Apache-2.0
//
// Who is in the scope of which section, and what that keeps waiting.
#pragma once

#include <algorithm>

#include <blkdrain_ref/change.h>

namespace blkdrain_ref {

Scope scope_of(const State& state, const Section& section);

// R24: what a change makes enter the scopes of the other sections that have come as far as `phase`.
inline Scope entering(const State& state, const Change& what, Phase phase) {
    Scope scope;
    for (const Section& other : state.sections)
        if (other.phase >= phase && other.follows_graph())
            scope = scope | (scope_of(what.after, other) - scope_of(state, other));
    return scope;
}

// R24: the table's row of a change, and what moves.
inline Scope own_scope(const State& state, const Change& what) {
    const NodeSet above = up(state, what.parents);
    return Scope{roots(state, above) | what.roots, above} | what.moving;
}

inline Scope scope_of_change(const State& state, const Section& change) {
    const Change what = change_of(state, change);
    NodeSet settling;  // R25: until the settle returns
    for (const Node& node : state.nodes)
        if (node.settler == change.id)
            settling.insert(node.id);
    return Scope{{}, settling} | own_scope(state, what) | entering(state, what, Phase::closed);
}

// R23: whose root is above the holder's; nothing without a medium.
inline Scope scope_of_isolate(const State& state, const Section& isolate) {
    const NodeSet root{find(state, isolate.backend)->root};
    const NodeSet above = up(state, root);
    return {roots(state, above) - BackendSet{isolate.backend} - isolate.set, above - root};
}

// The table: what the section covers, or would cover if it were live (R6: exempt is who it says).
inline Scope scope_of(const State& state, const Section& section) {
    const auto whole = [&](NodeSet nodes) { return Scope{roots(state, nodes), nodes}; };
    Scope scope;
    switch (section.kind) {
        case SectionKind::isolate:
            return scope_of_isolate(state, section);
        case SectionKind::drained:
        case SectionKind::settle:
            return whole(cone(state, section.node));
        case SectionKind::context:
            return whole(component(state, section.node));
        case SectionKind::quiesce_all:
            for (const Node& node : state.nodes)
                scope.nodes.insert(node.id);
            for (const Backend& backend : state.backends)
                scope.backends.insert(backend.id);
            return scope - Scope{section.set, {}};
        case SectionKind::self_quiesce:
        case SectionKind::close_backend:
            return {{section.backend}, {}};
        case SectionKind::close_node:
            return {{}, section.closing};
        case SectionKind::change:
            return scope_of_change(state, section);
    }
    return scope;
}

// R5: what live sections gate and stop.
inline Scope covered(const State& state) {
    Scope all;
    for (const Section& section : state.sections)
        if (section.live())
            all = all | scope_of(state, section);
    return all;
}

inline bool gated(const State& state, BackendId backend) {
    return covered(state).backends.contains(backend);
}

// R20: what the section has to settle; for a change (R24) who enters an idle scope.
inline NodeSet settle_scope(const State& state, const Section& section) {
    const auto idle = [](const Section& other) { return other.phase == Phase::idle; };
    if (section.kind == SectionKind::change && std::ranges::any_of(state.sections, idle))
        return entering(state, change_of(state, section), Phase::idle).nodes;
    return section.settles() ? scope_of(state, section).nodes : NodeSet{};
}

// R20: of that what is left.
inline NodeSet unsettled(const State& state, const Section& section) {
    NodeSet nodes = settle_scope(state, section);
    for (const Node& node : state.nodes)
        if (node.settled())
            nodes.erase(node.id);
    return nodes;
}

// After a step that may have changed a scope: R9's notifications, and R21's settled nodes that
// nothing covers now.
inline void follow_scopes(State& state) {
    const bool heard = std::ranges::any_of(state.backends, &Backend::listening);
    const BackendSet gated = heard ? covered(state).backends : BackendSet{};
    for (Backend& backend : state.backends)
        if (backend.listening && gated.contains(backend.id) != (backend.posted() == Notice::begin))
            ++backend.owed;
    NodeSet freed;
    for (const Node& node : state.nodes)
        if (node.settled())
            freed.insert(node.id);
    for (const Section& section : state.sections)
        if (!freed.empty())
            freed = freed - settle_scope(state, section);
    for (const NodeId node : freed)
        find(state, node)->settle = Settle::none;
}

// Admission.

enum class Blocker : std::uint8_t { gate = 1, rate = 2, plug = 4, order = 8 };
using Blockers = std::uint8_t;  // a set of Blocker; rate and plug come with limits

template <class I>
bool closing(const State& state, I backend_or_node) {  // R27
    return std::ranges::any_of(
        state.sections, [&](const Section& section) { return section.closes(backend_or_node); });
}

// A backend of it closes or is gone (R27).
inline bool failing(const State& state, const Token& token) {
    return std::ranges::any_of(token.backends, [&](BackendId backend) {
        return find(state, backend) == nullptr || closing(state, backend);
    });
}

// A pending change that names it, so that it counts as closed; none (R24).
inline SectionId naming_change(const State& state, TokenId token) {
    for (const Section& section : state.sections)
        if (section.tokens.contains(token))
            return section.id;
    return {};
}

// The earlier WAITING request that this one may not overtake; null (R18).
inline const Request* ahead_of(const State& state, const Request& request) {
    for (const Request& other : state.requests) {
        if (other.id == request.id)
            break;
        if (other.in_line() && other.backend == request.backend &&
            other.direction == request.direction && other.token == request.token)
            return &other;
    }
    return nullptr;
}

// R4: with these backends gated, what keeps a WAITING request; under a token the gate does not
// count.
inline Blockers blockers(const State& state, BackendSet gated, const Request& request) {
    const bool gate = request.token ? static_cast<bool>(naming_change(state, request.token))
                                    : gated.contains(request.backend);
    const int found = (gate ? static_cast<int>(Blocker::gate) : 0) |
                      (ahead_of(state, request) ? static_cast<int>(Blocker::order) : 0);
    return static_cast<Blockers>(found);
}

}  // namespace blkdrain_ref
