// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <blkdrain_ref/rules.h>

namespace blkdrain_ref {
namespace {

// R23: whose root is above the holder's; nothing without a medium.
Scope scope_of_isolate(const View& view, const Section& isolate) {
    NodeSet root;
    for (const NodeId node : view.nodes)
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
            Scope all{{}, view.nodes};
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
    for (const EdgeEdit& edit : edits(view, change)) {
        parents.insert(edit.parent);
        scope.backends.insert(edit.backend);
    }
    const NodeSet above = up(view, parents);
    return scope |= {roots(view, above), above};
}

Scope entering(const View& view, const Section& change, Phase phase) {
    const auto concerned = [&](const Section& other) {
        return other.phase >= phase && other.kind != SectionKind::change &&
               other.kind != SectionKind::close_backend && other.kind != SectionKind::close_node;
    };
    Scope scope;
    if (std::ranges::none_of(view.state.sections, concerned))
        return scope;
    const View after(view.state, edits(view, change));
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

SectionId gating_section(const View& view, BackendId backend) {
    for (const Section& section : view.state.sections)
        if (section.live() && scope_of(view, section).backends.contains(backend))
            return section.id;
    return {};
}

NodeSet settle_scope(const View& view, const Section& section) {
    switch (section.kind) {
        case SectionKind::drained:
        case SectionKind::context:
        case SectionKind::settle:
        case SectionKind::close_node:
            return scope_of(view, section).nodes;
        case SectionKind::change:  // R24: who enters an idle scope meets that milestone
            return entering(view, section, Phase::idle).nodes;
        default:
            return {};
    }
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
    const View view(state);
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

}  // namespace blkdrain_ref
