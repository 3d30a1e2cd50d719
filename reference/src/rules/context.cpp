// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <blkdrain_ref/rules/context.h>

namespace blkdrain_ref {
namespace {

bool any_pinned(const State& state, NodeSet nodes, BackendSet backends) {
    const auto pinned_in = [](const auto& all, const auto& set) {
        return std::ranges::any_of(
            all, [&](const auto& object) { return object.pinned && set.contains(object.id); });
    };
    return pinned_in(state.nodes, nodes) || pinned_in(state.backends, backends);
}

// The component of a node without parents, if it can follow to another loop: nobody uses it.
Move side_of(const State& state, const Shape& shape, NodeId node, LoopId to) {
    const NodeSet nodes = component(shape, node);
    const bool free =
        shape.parents(node).empty() && roots(shape, nodes).empty() && !any_pinned(state, nodes, {});
    return {!free, free ? nodes : NodeSet{}, {}, to};
}

}  // namespace

// R28: all members or none.
Move move_of_context(const State& state, const Shape& shape, const Section& context) {
    const NodeSet nodes = component(shape, context.node);
    const BackendSet backends = roots(shape, nodes);
    return {any_pinned(state, nodes, backends), nodes, backends, context.loop};
}

// R28, of an edge that joins two loops: the side without other parents moves, the child's if it
// can.
Move move_of_change(const State& state, const Shape& shape, const Section& change) {
    if (change.op == ChangeOp::detach || change.op == ChangeOp::remove_medium ||
        change.op == ChangeOp::remove_filter)
        return {};
    const bool medium = change.op == ChangeOp::insert_medium;
    const LoopId from = find(state, change.other)->loop;
    const LoopId to = medium ? find(state, change.backend)->loop : find(state, change.node)->loop;
    if (from == to)
        return {};
    const Move child = side_of(state, shape, change.other, to);
    if (!child.refused)
        return child;
    if (change.op == ChangeOp::attach)
        return side_of(state, shape, change.node, from);
    if (medium && !find(state, change.backend)->pinned)
        return {false, {}, {change.backend}, from};
    return child;
}

void apply_move(State& state, const Move& move) {
    for (Node& node : state.nodes)
        if (move.nodes.contains(node.id))
            node.loop = move.to;
    for (Backend& backend : state.backends)
        if (move.backends.contains(backend.id))
            backend.loop = move.to;
}

}  // namespace blkdrain_ref
