// SPDX-License-Identifier: Apache-2.0
//
// What a change of the graph, or of the loop, does (R24, R28): the graph after it is the graph with
// the change made.
#pragma once

#include <algorithm>

#include <blkdrain_ref/graph.h>

namespace blkdrain_ref {

// Of a pending detach whose edge is gone.
inline constexpr std::uint32_t no_edge = ~std::uint32_t{0};

struct Change {
    Error wrong = Error::ok;  // why it cannot be
    State after{};            // its nodes and backends alone
    NodeSet parents{};        // whose edges it moves
    BackendSet roots{};       // whose root edges it moves
    NodeSet ends{};           // both ends of those edges
    Scope moving{};           // to another loop: all of it, or the change is refused
    LoopId loop{};
};

inline bool any_pinned(const auto& objects, const auto& set) {
    return std::ranges::any_of(
        objects, [&](const auto& object) { return object.pinned && set.contains(object.id); });
}

// R28: what is connected with the node can follow to another loop, for nobody else uses it.
inline bool can_follow(const State& state, NodeId node) {
    const NodeSet nodes = component(state, node);
    return parents(state, node).empty() && roots(state, nodes).empty() &&
           !any_pinned(state.nodes, nodes);
}

// R28, of an edge that joins two loops: the side without other parents moves, the child's if it
// can.
inline void join_loops(const State& state, const Section& change, Change& what) {
    const Backend* backend = find(state, change.backend);  // of insert_medium
    const LoopId below = find(state, change.other)->loop;
    const LoopId above = backend != nullptr ? backend->loop : find(state, change.node)->loop;
    if (above == below)
        return;
    what.loop = below;
    if (can_follow(state, change.other))
        what.moving.nodes = component(state, change.other), what.loop = above;
    else if (change.op == ChangeOp::attach && can_follow(state, change.node))
        what.moving.nodes = component(state, change.node);
    else if (backend != nullptr && !backend->pinned)
        what.moving.backends = {change.backend};
    else
        what.wrong = Error::context;
}

// Moves the edges, or says why the shape of the change is wrong.
inline Error move_edges(const State& state, const Section& change, Change& what) {
    const NodeId x = change.node, y = change.other;
    Node* node = find(what.after, x);
    Backend* backend = find(what.after, change.backend);
    const auto touch = [&](NodeId parent, NodeId from, NodeId to) {
        what.parents.insert(parent);
        what.ends = what.ends | NodeSet{parent, from, to};
    };
    const auto move_root = [&](Backend& above, NodeId to) {
        touch({}, above.root, to);
        what.roots.insert(above.id);
        above.root = to;
    };
    // All edges and root edges that point to x, but not those of y, get another end.
    const auto redirect = [&](NodeId to) {
        for (Node& parent : what.after.nodes)
            for (NodeId& child : parent.children)
                if (child == x && parent.id != y) {
                    touch(parent.id, x, to);
                    child = to;
                }
        for (Backend& above : what.after.backends)
            if (above.root == x)
                move_root(above, to);
    };
    const auto attach = [&](NodeId parent, NodeId child) {
        touch(parent, {}, child);
        find(what.after, parent)->children.push_back(child);
    };
    const auto detach = [&](std::uint32_t edge) {
        touch(x, node->children[edge], {});
        node->children.erase(node->children.begin() + edge);
    };
    switch (change.op) {
        case ChangeOp::attach:
            attach(x, y);
            return down(state, {y}).contains(x) ? Error::cycle : what.wrong;
        case ChangeOp::detach:
            if (change.edge >= node->children.size())
                return Error::no_such_edge;
            detach(change.edge);
            return what.wrong;
        case ChangeOp::replace:
            redirect(y);
            return x == y || down(state, {y}).meets(parents(state, x) - NodeSet{y}) ? Error::cycle
                                                                                    : what.wrong;
        case ChangeOp::insert_medium:
            if (backend->root)
                return Error::has_medium;
            move_root(*backend, y);
            return what.wrong;
        case ChangeOp::remove_medium:
            if (!backend->root)
                return Error::no_medium;
            move_root(*backend, {});
            return what.wrong;
        case ChangeOp::insert_filter:
            if (x == y || component(state, y) != NodeSet{y} || !roots(state, {y}).empty())
                return Error::not_filter;
            redirect(y);
            attach(y, x);
            return what.wrong;
        case ChangeOp::remove_filter:
            if (node->children.size() != 1)
                return Error::not_filter;
            redirect(node->children[0]);
            detach(0);
            return what.wrong;
    }
    return what.wrong;
}

inline Change change_of(const State& state, const Section& change) {
    Change what{.after = {state.nodes, state.backends}};
    if (change.kind == SectionKind::context) {  // R28: all members or none
        const NodeSet nodes = component(state, change.node);
        what.moving = {roots(state, nodes), nodes};
        what.loop = change.loop;
        if (any_pinned(state.nodes, nodes) || any_pinned(state.backends, what.moving.backends))
            what.wrong = Error::context;
    } else {
        if (change.op == ChangeOp::attach || change.op == ChangeOp::replace ||
            change.op == ChangeOp::insert_medium || change.op == ChangeOp::insert_filter)
            join_loops(state, change, what);
        what.wrong = move_edges(state, change, what);
    }
    for (const NodeId node : what.moving.nodes)
        find(what.after, node)->loop = what.loop;
    for (const BackendId backend : what.moving.backends)
        find(what.after, backend)->loop = what.loop;
    return what;
}

// R24: the switch. A pending detach follows its edge; one whose edge is gone names none.
inline void apply_change(State& state, const Section& change) {
    Change what = change_of(state, change);
    state.nodes = what.after.nodes;
    state.backends = what.after.backends;
    const auto detaches = [&](const Section& section) {
        return section.kind == SectionKind::change && section.node == change.node &&
               (section.op == ChangeOp::detach || section.op == ChangeOp::remove_filter);
    };
    for (Section& other : state.sections)
        if (detaches(change) && detaches(other) && other.edge >= change.edge &&
            other.edge != no_edge)
            other.edge = other.edge == change.edge ? no_edge : other.edge - 1;
}

}  // namespace blkdrain_ref
