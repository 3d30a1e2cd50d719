// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <blkdrain_ref/rules.h>

namespace blkdrain_ref {
namespace {

// R23: whose root is above the holder's; nothing without a medium.
Scope scope_of_isolate(const View& view, const Section& isolate) {
    NodeSet root;
    for (const NodeId node : view.nodes())
        if (view.roots(node).contains(isolate.backend))
            root.insert(node);
    const NodeSet above = up(view, root);
    return {roots(view, above) - BackendSet{isolate.backend} - isolate.set, above - root};
}

}  // namespace

Scope scope_of(const View& view, const Section& section) {
    const auto whole = [&](NodeSet nodes) { return Scope{roots(view, nodes), nodes}; };
    switch (section.kind) {
        case SectionKind::isolate:
            return scope_of_isolate(view, section);
        case SectionKind::drained:
        case SectionKind::settle:
            return whole(cone(view, section.node));
        case SectionKind::context:
            return whole(component(view, section.node));
        case SectionKind::quiesce_all: {
            Scope all{{}, view.nodes()};
            for (const Backend& backend : view.state.backends)
                all.backends.insert(backend.id);
            return {all.backends - section.set, all.nodes};
        }
        case SectionKind::self_quiesce:
        case SectionKind::close_backend:
            return {{section.backend}, {}};
        case SectionKind::close_node:
            return {{}, section.closing};
        case SectionKind::change:
            break;
    }
    Scope scope = own_scope(view, section);
    for (const Node& node : view.state.nodes)  // R25: until the settle returns
        if (node.settler == section.id)
            scope.nodes.insert(node.id);
    return scope |= entering(view, section, Phase::closed);
}

Scope own_scope(const View& view, const Section& change) {
    NodeSet parents;
    const Move move = move_of(view, change);
    Scope scope{move.backends, move.nodes};
    for (const EdgeEdit& edit : edits(view, change).list) {
        parents.insert(edit.parent);
        scope.backends.insert(edit.backend);
    }
    const NodeSet above = up(view, parents);
    return scope |= {roots(view, above), above};
}

Scope entering(const View& view, const Section& change, Phase phase) {
    const auto concerned = [&](const Section& other) {  // the graph decides whom it covers
        return other.phase >= phase &&
               (other.kind == SectionKind::isolate || other.kind == SectionKind::drained ||
                other.kind == SectionKind::context || other.kind == SectionKind::settle);
    };
    Scope scope;
    if (std::ranges::none_of(view.state.sections, concerned))
        return scope;
    const View after(view.state, edits(view, change).list);
    for (const Section& other : view.state.sections)
        if (concerned(other)) {
            const Scope now = scope_of(view, other), then = scope_of(after, other);
            scope |= {then.backends - now.backends, then.nodes - now.nodes};
        }
    return scope;
}

Scope covered(const View& view) {
    Scope all;
    for (const Section& section : view.state.sections)
        if (section.live())
            all |= scope_of(view, section);
    return all;
}

bool gated(const View& view, BackendId backend) {
    return covered(view).backends.contains(backend);
}

bool stopped(const View& view, NodeId node) {
    return covered(view).nodes.contains(node);
}

NodeSet settle_scope(const View& view, const Section& section) {
    if (section.kind == SectionKind::change)  // R24: who enters an idle scope meets that milestone
        return entering(view, section, Phase::idle).nodes;
    const bool settles =
        section.kind == SectionKind::drained || section.kind == SectionKind::context ||
        section.kind == SectionKind::settle || section.kind == SectionKind::close_node;
    return settles ? scope_of(view, section).nodes : NodeSet{};
}

NodeSet unsettled(const View& view, const Section& section) {
    NodeSet nodes = settle_scope(view, section);
    for (const Node& node : view.state.nodes)
        if (node.settled())
            nodes.erase(node.id);
    return nodes;
}

BackendSet gated_listeners(const View& view) {
    BackendSet listeners;
    for (const Backend& backend : view.state.backends)
        if (backend.listening)
            listeners.insert(backend.id);
    return listeners.empty() ? listeners : listeners & covered(view).backends;
}

void follow_scopes(State& state, BackendSet gated_before) {
    const View view = state;
    const BackendSet gated_now = gated_listeners(view);
    for (Backend& backend : state.backends)
        if (gated_now.contains(backend.id) != gated_before.contains(backend.id))
            backend.owed.push_back(gated_now.contains(backend.id) ? Notice::begin : Notice::end);
    if (std::ranges::none_of(state.nodes, &Node::settled))
        return;
    NodeSet kept;
    for (const Section& section : state.sections)
        kept |= settle_scope(view, section);
    for (Node& node : state.nodes)
        if (node.settled() && !kept.contains(node.id))
            node.settle = Settle::none;
}

Blockers blockers(const State& state, BackendSet gated, const Request& request) {
    // R4: under a token the gate does not count; R24: unless a pending change counts the token as
    // closed.
    const bool gate = request.token ? static_cast<bool>(naming_change(state, request.token))
                                    : gated.contains(request.backend);
    const bool order = static_cast<bool>(ahead_of(state, request));
    return static_cast<Blockers>((gate ? static_cast<int>(Blocker::gate) : 0) |
                                 (order ? static_cast<int>(Blocker::order) : 0));
}

RequestId ahead_of(const State& state, const Request& request) {
    for (const Request& other : state.requests) {
        if (other.id == request.id)
            break;
        if (other.in_line() && other.backend == request.backend &&
            other.direction == request.direction && other.token == request.token)
            return other.id;
    }
    return {};
}

SectionId naming_change(const State& state, TokenId token) {
    for (const Section& section : state.sections)
        if (std::ranges::count(section.tokens, token) != 0)
            return section.id;
    return {};
}

bool failing(const State& state, const Token& token) {
    return std::ranges::any_of(token.backends, [&](BackendId backend) {
        return find(state, backend) == nullptr || closing(state, backend);
    });
}

RequestId due_request(const View& view) {
    if (std::ranges::none_of(view.state.requests, &Request::in_line))
        return {};
    const BackendSet gated = covered(view).backends;
    for (const Request& request : view.state.requests)
        if (request.in_line() && blockers(view.state, gated, request) == 0)
            return request.id;
    return {};
}

TokenId due_token(const View& view) {
    for (const Token& token : view.state.tokens)
        if (!token.open && !failing(view.state, token) && remaining(view, token).empty())
            return token.id;
    return {};
}

}  // namespace blkdrain_ref
