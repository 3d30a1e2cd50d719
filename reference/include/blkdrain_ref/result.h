// SPDX-License-Identifier: Apache-2.0
//
// The result that the begin or the end of a section must have.
#pragma once

#include <algorithm>

#include <blkdrain_ref/event.h>
#include <blkdrain_ref/wait.h>

namespace blkdrain_ref {

// The section that a call starts.
inline Section section_of(const State& state, const Event& event) {
    Section section{.id = event.section,
                    .kind = event.section_kind,
                    .node = event.node,
                    .backend = event.backend,
                    .set = event.set,
                    .op = event.op,
                    .other = event.other,
                    .edge = event.edge,
                    .loop = event.loop,
                    .tokens = event.tokens,
                    .holding = event.holding};
    if (event.kind != Event::Kind::begin) {  // the momentary ones stand in the same order
        const int nth = static_cast<int>(event.kind) - static_cast<int>(Event::Kind::settle);
        section.kind = static_cast<SectionKind>(static_cast<int>(SectionKind::settle) + nth);
        section.phase = Phase::effective;
    } else if (section.kind == SectionKind::isolate && !conflicts(state, section).empty()) {
        section.phase = Phase::queued;  // R23
    }
    if (event.kind == Event::Kind::close_node)
        section.closing = {event.node};
    return section;
}

// R19
inline bool quiesced(const State& state, NodeId node) {
    const BackendSet above = roots(state, cone(state, node));
    return (above - covered(state).backends).empty() && activity(state, {above, {}}, false).empty();
}

// R23: two live isolates that conflict.
inline bool any_conflict(const State& graph, const std::vector<Section>& sections) {
    for (const Section& a : sections)
        for (const Section& b : sections)
            if (a.id < b.id && a.live_isolate() && b.live_isolate() && conflict(graph, a, b))
                return true;
    return false;
}

// R24, R28: at the call and again at the switch.
inline Error judge_change(const State& state, const Section& change) {
    if (closing(state, change.node) || closing(state, change.other) ||
        closing(state, change.backend))
        return Error::closing;
    for (const TokenId id : change.tokens)
        if (const Token* token = find(state, id); token == nullptr || !token->open)
            return Error::bad_token;
    const Change what = change_of(state, change);
    if (what.wrong != Error::ok)
        return what.wrong;
    return any_conflict(what.after, state.sections) ? Error::conflict : Error::ok;
}

// R27: nobody stands on it, holds or anchors a section with it, or is to change it.
template <class I>
bool in_use(const State& state, I id) {
    if constexpr (std::is_same_v<I, NodeId>)
        if (!parents(state, id).empty() || !roots(state, {id}).empty())
            return true;
    return std::ranges::any_of(state.sections,
                               [&](const Section& section) { return section.uses(id); });
}

inline Error result_of_start(const State& state, const Event& event, const Section& section) {
    if (section.moves())
        return event.in_notification ? Error::busy : judge_change(state, section);
    if (closing(state, event.backend) || closing(state, event.node))
        return Error::closing;
    if (section.kind == SectionKind::close_backend)
        return in_use(state, event.backend) ? Error::busy : Error::ok;
    if (section.kind == SectionKind::close_node)
        return in_use(state, event.node) ? Error::busy : Error::ok;
    if (section.kind == SectionKind::settle)
        return quiesced(state, event.node) ? Error::ok : Error::not_quiesced;
    const bool holds_own =  // R23: it would wait for its own operation
        std::ranges::any_of(event.holding.tokens, [&](TokenId id) {
            const Token* token = find(state, id);
            return token != nullptr && token->open && token->backends.contains(event.backend);
        });
    return !section.live() && (event.attempt || holds_own) ? Error::conflict : Error::ok;
}

// R21: a settle error is reported by whoever covers the node; a close ignores it.
inline Error result_of_end(const State& state, const Section& section) {
    const NodeSet nodes = settle_scope(state, section);
    const bool failed = std::ranges::any_of(state.nodes, [&](const Node& node) {
        return node.settle == Settle::failed && nodes.contains(node.id);
    });
    if (failed && section.kind != SectionKind::close_node)
        return Error::io_error;
    return section.moves() ? judge_change(state, section) : Error::ok;
}

}  // namespace blkdrain_ref
