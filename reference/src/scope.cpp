// SPDX-License-Identifier: Apache-2.0
#include <blkdrain_ref/rules.h>

namespace blkdrain_ref {
namespace {

// R23: whose root is above the holder's; nothing without a medium.
Scope scope_of_isolate(const State& state, const Section& isolate) {
    const NodeId root = find(state, isolate.backend)->root;
    if (!root)
        return {};
    const NodeSet above = up(state, {root});
    return {roots(state, above) - BackendSet{isolate.backend} - isolate.set, above - NodeSet{root}};
}

// The graph decides whom it covers.
bool walks(const Section& section) {
    return section.kind == SectionKind::isolate || section.kind == SectionKind::drained ||
           section.kind == SectionKind::context || section.kind == SectionKind::settle;
}

}  // namespace

Scope scope_of(const State& state, const Section& section) {
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
            return {scope.backends - section.set, scope.nodes};
        case SectionKind::self_quiesce:
        case SectionKind::close_backend:
            return {{section.backend}, {}};
        case SectionKind::close_node:
            return {{}, section.closing};
        case SectionKind::change:
            break;
    }
    for (const Node& node : state.nodes)  // R25: until the settle returns
        if (node.settler == section.id)
            scope.nodes.insert(node.id);
    scope |= own_scope(state, section);
    return scope |= entering(state, section, Phase::closed);
}

Scope own_scope(const State& state, const Section& change) {
    NodeSet parents;
    const Move move = move_of(state, change);
    Scope scope{move.backends, move.nodes};
    for (const Edge& edge : edges_of(state, change).list) {
        parents.insert(edge.parent);
        scope.backends.insert(edge.backend);
    }
    const NodeSet above = up(state, parents);
    return scope |= {roots(state, above), above};
}

Scope entering(const State& state, const Section& change, Phase phase) {
    Scope scope;
    const auto concerned = [&](const Section& other) {
        return other.phase >= phase && walks(other);
    };
    if (std::ranges::none_of(state.sections, concerned))
        return scope;
    const State after = graph_after(state, edges_of(state, change).list);
    for (const Section& other : state.sections)
        if (concerned(other)) {
            const Scope now = scope_of(state, other), then = scope_of(after, other);
            scope |= {then.backends - now.backends, then.nodes - now.nodes};
        }
    return scope;
}

Scope covered(const State& state) {
    Scope all;
    for (const Section& section : state.sections)
        if (section.live())
            all |= scope_of(state, section);
    return all;
}

bool gated(const State& state, BackendId backend) {
    return covered(state).backends.contains(backend);
}

bool stopped(const State& state, NodeId node) {
    return covered(state).nodes.contains(node);
}

NodeSet settle_scope(const State& state, const Section& section) {
    switch (section.kind) {
        case SectionKind::drained:
        case SectionKind::context:
        case SectionKind::settle:
        case SectionKind::close_node:
            return scope_of(state, section).nodes;
        case SectionKind::change:  // R24: who enters an idle scope meets that milestone
            return entering(state, section, Phase::idle).nodes;
        default:
            return {};
    }
}

NodeSet unsettled(const State& state, const Section& section) {
    NodeSet nodes = settle_scope(state, section);
    for (const Node& node : state.nodes)
        if (node.settled())
            nodes.erase(node.id);
    return nodes;
}

BackendSet gated_listeners(const State& state) {
    BackendSet listeners;
    for (const Backend& backend : state.backends)
        if (backend.listening)
            listeners.insert(backend.id);
    return listeners.empty() ? listeners : listeners & covered(state).backends;
}

void follow_scopes(State& state, BackendSet gated_before) {
    const BackendSet gated_now = gated_listeners(state);
    for (Backend& backend : state.backends)
        if (gated_now.contains(backend.id) != gated_before.contains(backend.id))
            backend.owed.push_back(gated_now.contains(backend.id) ? Notice::begin : Notice::end);
    if (std::ranges::none_of(state.nodes, &Node::settled))
        return;
    NodeSet kept;
    for (const Section& section : state.sections)
        kept |= settle_scope(state, section);
    for (Node& node : state.nodes)
        if (node.settled() && !kept.contains(node.id))
            node.settle = Settle::none;
}

}  // namespace blkdrain_ref
