// SPDX-License-Identifier: Apache-2.0
#include <blkdrain_ref/rules.h>

namespace blkdrain_ref {
namespace {

constexpr std::uint32_t no_edge = ~std::uint32_t{0};

bool orphan(const State& state, NodeId node) {
    return parents(state, node).empty() && roots(state, {node}).empty();
}

template <class I>
bool in_use(const State& state, I id) {  // R27
    return std::ranges::any_of(state.sections,
                               [&](const Section& section) { return section.uses(id); });
}

bool any_pinned(const auto& objects, const auto& set) {
    return std::ranges::any_of(
        objects, [&](const auto& object) { return object.pinned && set.contains(object.id); });
}

// The component of a node without parents, if it can follow to another loop: nobody uses it.
Move side_of(const State& state, NodeId node, LoopId to) {
    const NodeSet nodes = component(state, node);
    if (!parents(state, node).empty() || !roots(state, nodes).empty() ||
        any_pinned(state.nodes, nodes))
        return {.refused = true};
    return {.nodes = nodes, .to = to};
}

// R28, of an edge that joins two loops: the side without other parents moves, the child's if it
// can.
Move move_to_join(const State& state, const Section& change) {
    const Backend* backend = find(state, change.backend);  // of insert_medium
    const LoopId from = find(state, change.other)->loop;
    const LoopId to = backend != nullptr ? backend->loop : find(state, change.node)->loop;
    if (from == to)
        return {};
    const Move child = side_of(state, change.other, to);
    if (child.refused && change.op == ChangeOp::attach)
        return side_of(state, change.node, from);
    if (child.refused && backend != nullptr && !backend->pinned)
        return {.backends = {change.backend}, .to = from};
    return child;
}

bool makes_cycle(const State& state, const Section& change) {
    const NodeId x = change.node, y = change.other;
    if (change.op == ChangeOp::attach)
        return down(state, {y}).contains(x);
    return change.op == ChangeOp::replace &&
           (x == y || down(state, {y}).meets(parents(state, x) - NodeSet{y}));
}

bool live_isolate(const Section& section) {
    return section.kind == SectionKind::isolate && section.live();
}

// R23: a change that would make two live isolates conflict is refused.
bool makes_conflict(const State& state, const Section& change) {
    if (std::ranges::count_if(state.sections, live_isolate) < 2)
        return false;
    const State after = graph_after(state, edges_of(state, change).list);
    for (const Section& a : state.sections)
        for (const Section& b : state.sections)
            if (a.id != b.id && live_isolate(a) && live_isolate(b) && conflict(after, a, b))
                return true;
    return false;
}

// A pending detach follows its edge; one whose edge is gone names none.
void lose_edge(State& state, NodeId parent, std::uint32_t index) {
    for (Section& section : state.sections)
        if (section.kind == SectionKind::change && section.op == ChangeOp::detach &&
            section.node == parent && section.edge >= index && section.edge != no_edge)
            section.edge = section.edge == index ? no_edge : section.edge - 1;
}

void move_edge(State& state, const Edge& edge) {
    if (edge.backend) {
        find(state, edge.backend)->root = edge.to;
        return;
    }
    std::vector<NodeId>& children = find(state, edge.parent)->children;
    if (!edge.from) {
        children.push_back(edge.to);
    } else if (edge.to) {
        children[edge.index] = edge.to;
    } else {
        children.erase(children.begin() + edge.index);
        lose_edge(state, edge.parent, edge.index);
    }
}

}  // namespace

Move move_of(const State& state, const Section& change) {
    if (change.kind == SectionKind::context) {  // R28: all members or none
        const NodeSet nodes = component(state, change.node);
        const BackendSet backends = roots(state, nodes);
        const bool pinned = any_pinned(state.nodes, nodes) || any_pinned(state.backends, backends);
        return {pinned, nodes, backends, change.loop};
    }
    const bool joins = change.op == ChangeOp::attach || change.op == ChangeOp::replace ||
                       change.op == ChangeOp::insert_medium || change.op == ChangeOp::insert_filter;
    return joins ? move_to_join(state, change) : Move{};
}

Edges edges_of(const State& state, const Section& change) {
    const NodeId x = change.node, y = change.other;
    const Node* node = find(state, x);
    const Backend* backend = find(state, change.backend);
    Edges edges;
    const auto move = [&](const Edge& edge) { edges.list.push_back(edge); };
    // All edges and root edges that point to x, but not those of y, get another end.
    const auto redirect = [&](NodeId to) {
        for (const Node& parent : state.nodes)
            for (std::uint32_t i = 0; i < parent.children.size(); ++i)
                if (parent.children[i] == x && parent.id != y)
                    move({parent.id, {}, i, x, to});
        for (const Backend& above : state.backends)
            if (above.root == x)
                move({{}, above.id, 0, x, to});
    };
    if (change.kind != SectionKind::change)
        return edges;
    switch (change.op) {
        case ChangeOp::attach:
            move({x, {}, 0, {}, y});
            break;
        case ChangeOp::detach:
            if (change.edge >= node->children.size())
                return {Error::no_such_edge};
            move({x, {}, change.edge, node->children[change.edge], {}});
            break;
        case ChangeOp::replace:
            redirect(y);
            break;
        case ChangeOp::insert_medium:
            if (backend->root)
                return {Error::has_medium};
            move({{}, backend->id, 0, {}, y});
            break;
        case ChangeOp::remove_medium:
            if (!backend->root)
                return {Error::no_medium};
            move({{}, backend->id, 0, backend->root, {}});
            break;
        case ChangeOp::insert_filter:
            if (x == y || component(state, y) != NodeSet{y} || !roots(state, {y}).empty())
                return {Error::not_filter};
            redirect(y);
            move({y, {}, 0, {}, x});
            break;
        case ChangeOp::remove_filter:
            if (node->children.size() != 1)
                return {Error::not_filter};
            redirect(node->children[0]);
            move({x, {}, 0, node->children[0], {}});
            break;
    }
    return edges;
}

State graph_after(const State& state, const std::vector<Edge>& moved) {
    State after{state.nodes, state.backends};
    for (const Edge& edge : moved)
        move_edge(after, edge);
    return after;
}

Error judge_change(const State& state, const Section& change) {
    if (closing(state, change.node) || closing(state, change.other) ||
        closing(state, change.backend))
        return Error::closing;
    for (const TokenId token : change.tokens)
        if (find(state, token) == nullptr || !find(state, token)->open)
            return Error::bad_token;
    if (const Error wrong = edges_of(state, change).wrong; wrong != Error::ok)
        return wrong;
    if (change.kind == SectionKind::change && makes_cycle(state, change))
        return Error::cycle;
    if (move_of(state, change).refused)
        return Error::context;
    return makes_conflict(state, change) ? Error::conflict : Error::ok;
}

void apply_change(State& state, const Section& change) {
    const Move move = move_of(state, change);
    for (const Edge& edge : edges_of(state, change).list)
        move_edge(state, edge);
    for (const NodeId node : move.nodes)
        find(state, node)->loop = move.to;
    for (const BackendId backend : move.backends)
        find(state, backend)->loop = move.to;
}

bool conflict(const State& state, const Section& a, const Section& b) {
    const auto reaches = [&](const Section& one, const Section& two) {
        return scope_of(state, one).backends.meets(two.set | BackendSet{two.backend});
    };
    return reaches(a, b) || reaches(b, a);
}

std::vector<SectionId> conflicts(const State& state, const Section& isolate) {
    std::vector<SectionId> found;
    const bool holds = std::ranges::any_of(state.sections, [&](const Section& other) {
        return live_isolate(other) && other.backend == isolate.backend;
    });
    bool earlier = true;
    for (const Section& other : state.sections) {
        if (other.id == isolate.id)
            earlier = false;
        else if (other.kind == SectionKind::isolate && (other.live() || (earlier && !holds)) &&
                 conflict(state, isolate, other))
            found.push_back(other.id);
    }
    return found;
}

SectionId due_isolate(const State& state) {
    for (const Section& section : state.sections)
        if (!section.live() && !section.abandoned && conflicts(state, section).empty())
            return section.id;
    return {};
}

Error judge_close(const State& state, const Section& close) {
    if (closing(state, close.node) || closing(state, close.backend))
        return Error::closing;
    const bool busy = close.kind == SectionKind::close_backend
                          ? in_use(state, close.backend)
                          : !orphan(state, close.node) || in_use(state, close.node);
    return busy ? Error::busy : Error::ok;
}

// R27: its children are detached; the close goes on with those that have lost their last parent.
void apply_node_closed(State& state, SectionId close, NodeId node) {
    const NodeSet below = children(state, node);
    std::erase_if(state.nodes, [&](const Node& other) { return other.id == node; });
    NodeSet& left = find(state, close)->closing;
    left.erase(node);
    for (const NodeId child : below)
        if (orphan(state, child) && !closing(state, child) && !in_use(state, child))
            left.insert(child);
}

}  // namespace blkdrain_ref
