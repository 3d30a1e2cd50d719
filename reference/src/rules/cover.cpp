// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <blkdrain_ref/rules/change.h>
#include <blkdrain_ref/rules/cover.h>

namespace blkdrain_ref {

Scope scope_of(const State& state, const Shape& shape, const Section& section) {
    switch (section.kind) {
        case SectionKind::isolate: {
            const NodeId root = root_of(shape, section.backend);
            if (!root)
                return {};
            const NodeSet above = up(shape, {root});
            return {roots(shape, above) - BackendSet{section.backend} - section.set,
                    above - NodeSet{root}};
        }
        case SectionKind::drained:
        case SectionKind::settle: {
            const NodeSet nodes = cone(shape, section.node);
            return {roots(shape, nodes), nodes};
        }
        case SectionKind::quiesce_all: {
            BackendSet all;
            for (const Backend& backend : state.backends)
                all.insert(backend.id);
            return {all - section.set, shape.nodes};
        }
        case SectionKind::self_quiesce:
        case SectionKind::close_backend:
            return {{section.backend}, {}};
        case SectionKind::change: {
            Scope scope = own_scope(state, shape, section);
            for (const Node& node : state.nodes)  // R25: until the settle returns
                if (node.settler == section.id)
                    scope.nodes.insert(node.id);
            if (state.sections.size() == 1)
                return scope;
            const Shape after = shape_after(state, section);
            for (const Section& other : state.sections)
                scope |= entering(state, shape, after, other);
            return scope;
        }
        case SectionKind::context: {
            const NodeSet nodes = component(shape, section.node);
            return {roots(shape, nodes), nodes};
        }
        case SectionKind::close_node:
            return {{}, section.closing};
    }
    return {};
}

Scope covered(const State& state) {
    Scope all;
    if (state.sections.empty())
        return all;
    const Shape shape = shape_of(state);
    for (const Section& section : state.sections)
        if (section.live())
            all |= scope_of(state, shape, section);
    return all;
}

bool gated(const State& state, BackendId backend) {
    return covered(state).backends.contains(backend);
}

bool stopped(const State& state, NodeId node) {
    return covered(state).nodes.contains(node);
}

SectionId gating_section(const State& state, BackendId backend) {
    const Shape shape = shape_of(state);
    for (const Section& section : state.sections)
        if (section.live() && scope_of(state, shape, section).backends.contains(backend))
            return section.id;
    return {};
}

NodeSet settle_scope(const State& state, const Shape& shape, const Section& section) {
    switch (section.kind) {
        case SectionKind::drained:
        case SectionKind::context:
        case SectionKind::settle:
        case SectionKind::close_node:
            return scope_of(state, shape, section).nodes;
        case SectionKind::change: {  // R24: who enters an idle scope meets that milestone
            NodeSet nodes;
            if (state.sections.size() == 1)
                return nodes;
            const Shape after = shape_after(state, section);
            for (const Section& other : state.sections)
                if (other.phase == Phase::idle)
                    nodes |= entering(state, shape, after, other).nodes;
            return nodes;
        }
        default:
            return {};
    }
}

void follow_scopes(State& state, BackendSet gated_before) {
    const BackendSet gated_now = covered(state).backends;
    for (Backend& backend : state.backends) {
        const bool now = gated_now.contains(backend.id);
        if (backend.listening && now != gated_before.contains(backend.id))
            backend.owed.push_back(now ? Notice::begin : Notice::end);
    }
    if (std::ranges::none_of(state.nodes, &Node::settled))
        return;
    const Shape shape = shape_of(state);
    NodeSet kept;
    for (const Section& section : state.sections)
        kept |= settle_scope(state, shape, section);
    for (Node& node : state.nodes)
        if (node.settled() && !kept.contains(node.id))
            node.settle = Settle::none;
}

}  // namespace blkdrain_ref
