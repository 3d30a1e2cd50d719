// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <blkdrain_ref/rules.h>

namespace blkdrain_ref {
namespace {

constexpr std::uint32_t no_edge = ~std::uint32_t{0};

bool orphan(const View& view, NodeId node) {
    return view.parents(node).empty() && view.roots(node).empty();
}

template <class I>
bool in_use(const State& state, I id) {  // R27
    return std::ranges::any_of(state.sections,
                               [&](const Section& section) { return section.uses(id); });
}

bool any_pinned(const State& state, NodeSet nodes, BackendSet backends) {
    const auto pinned_in = [](const auto& objects, const auto& set) {
        return std::ranges::any_of(
            objects, [&](const auto& object) { return object.pinned && set.contains(object.id); });
    };
    return pinned_in(state.nodes, nodes) || pinned_in(state.backends, backends);
}

// The component of a node without parents, if it can follow to another loop: nobody uses it.
Move side_of(const View& view, NodeId node, LoopId to) {
    const NodeSet nodes = component(view, node);
    const bool free = view.parents(node).empty() && roots(view, nodes).empty() &&
                      !any_pinned(view.state, nodes, {});
    return {!free, free ? nodes : NodeSet{}, {}, to};
}

// R28, of an edge that joins two loops: the side without other parents moves, the child's if it
// can.
Move move_to_join(const View& view, const Section& change) {
    const bool medium = change.op == ChangeOp::insert_medium;
    const Backend* backend = find(view.state, change.backend);
    const LoopId from = find(view.state, change.other)->loop;
    const LoopId to = medium ? backend->loop : find(view.state, change.node)->loop;
    if (from == to)
        return {};
    const Move child = side_of(view, change.other, to);
    if (child.refused && change.op == ChangeOp::attach)
        return side_of(view, change.node, from);
    if (child.refused && medium && !backend->pinned)
        return {false, {}, {change.backend}, from};
    return child;
}

bool makes_cycle(const View& view, const Section& change) {
    if (change.op == ChangeOp::attach)
        return down(view, {change.other}).contains(change.node);
    return change.op == ChangeOp::replace &&
           (change.node == change.other ||
            down(view, {change.other}).meets(view.parents(change.node) - NodeSet{change.other}));
}

bool live_isolate(const Section& section) {
    return section.kind == SectionKind::isolate && section.live();
}

// R23: a change that would make two live isolates conflict is refused.
bool makes_conflict(const View& view, const Section& change) {
    const std::vector<Section>& sections = view.state.sections;
    if (std::ranges::count_if(sections, live_isolate) < 2)
        return false;
    const View after(view.state, edits(view, change).list);
    for (const Section& a : sections)
        for (const Section& b : sections)
            if (a.id != b.id && live_isolate(a) && live_isolate(b) && conflict(after, a, b))
                return true;
    return false;
}

// A pending detach follows its edge; one whose edge is gone names none.
void lose_edge(State& state, NodeId parent, std::uint32_t index) {
    for (Section& section : state.sections) {
        if (section.kind != SectionKind::change || section.op != ChangeOp::detach ||
            section.node != parent)
            continue;
        if (section.edge == index)
            section.edge = no_edge;
        else if (section.edge > index && section.edge != no_edge)
            --section.edge;
    }
}

void apply_edit(State& state, const EdgeEdit& edit) {
    if (edit.backend) {
        find(state, edit.backend)->root = edit.to;
        return;
    }
    std::vector<NodeId>& edges = find(state, edit.parent)->children;
    if (!edit.from) {
        edges.push_back(edit.to);
    } else if (edit.to) {
        edges[edit.index] = edit.to;
    } else {
        edges.erase(edges.begin() + edit.index);
        lose_edge(state, edit.parent, edit.index);
    }
}

}  // namespace

Move move_of(const View& view, const Section& change) {
    if (change.kind == SectionKind::context) {  // R28: all members or none
        const NodeSet nodes = component(view, change.node);
        const BackendSet backends = roots(view, nodes);
        return {any_pinned(view.state, nodes, backends), nodes, backends, change.loop};
    }
    const bool joins = change.op == ChangeOp::attach || change.op == ChangeOp::replace ||
                       change.op == ChangeOp::insert_medium || change.op == ChangeOp::insert_filter;
    return joins ? move_to_join(view, change) : Move{};
}

Edits edits(const View& view, const Section& change) {
    const NodeId x = change.node, y = change.other;
    const Node* node = find(view.state, x);
    const Backend* backend = find(view.state, change.backend);
    std::vector<EdgeEdit> list;
    // All edges and root edges that point to x, but not those of y, get another end.
    const auto redirect = [&](NodeId to) {
        for (const Node& parent : view.state.nodes)
            for (std::uint32_t i = 0; i < parent.children.size(); ++i)
                if (parent.children[i] == x && parent.id != y)
                    list.push_back({parent.id, {}, i, x, to});
        for (const Backend& above : view.state.backends)
            if (above.root == x)
                list.push_back({{}, above.id, 0, x, to});
    };
    if (change.kind != SectionKind::change)
        return {};
    switch (change.op) {
        case ChangeOp::attach:
            list = {{x, {}, static_cast<std::uint32_t>(node->children.size()), {}, y}};
            break;
        case ChangeOp::detach:
            if (change.edge >= node->children.size())
                return {Error::no_such_edge};
            list = {{x, {}, change.edge, node->children[change.edge], {}}};
            break;
        case ChangeOp::replace:
            redirect(y);
            break;
        case ChangeOp::insert_medium:
            if (backend->root)
                return {Error::has_medium};
            list = {{{}, backend->id, 0, {}, y}};
            break;
        case ChangeOp::remove_medium:
            if (!backend->root)
                return {Error::no_medium};
            list = {{{}, backend->id, 0, backend->root, {}}};
            break;
        case ChangeOp::insert_filter:
            if (x == y || !orphan(view, y) || component(view, y) != NodeSet{y})
                return {Error::not_filter};
            redirect(y);
            list.push_back({y, {}, 0, {}, x});
            break;
        case ChangeOp::remove_filter:
            if (node->children.size() != 1)
                return {Error::not_filter};
            redirect(node->children[0]);
            list.push_back({x, {}, 0, node->children[0], {}});
            break;
    }
    return {Error::ok, std::move(list)};
}

Error judge_change(const View& view, const Section& change) {
    const State& state = view.state;
    if (closing(state, change.node) || closing(state, change.other) ||
        closing(state, change.backend))
        return Error::closing;
    for (const TokenId token : change.tokens)
        if (find(state, token) == nullptr || !find(state, token)->open)
            return Error::bad_token;
    if (const Error wrong = edits(view, change).wrong; wrong != Error::ok)
        return wrong;
    if (change.kind == SectionKind::change && makes_cycle(view, change))
        return Error::cycle;
    if (move_of(view, change).refused)
        return Error::context;
    return makes_conflict(view, change) ? Error::conflict : Error::ok;
}

void apply_change(State& state, const Section& change) {
    const View view(state);
    const Move move = move_of(view, change);
    for (const EdgeEdit& edit : edits(view, change).list)
        apply_edit(state, edit);
    for (Node& node : state.nodes)
        if (move.nodes.contains(node.id))
            node.loop = move.to;
    for (Backend& backend : state.backends)
        if (move.backends.contains(backend.id))
            backend.loop = move.to;
}

bool conflict(const View& view, const Section& a, const Section& b) {
    const auto reaches = [&](const Section& one, const Section& two) {
        return scope_of(view, one).backends.meets(two.set | BackendSet{two.backend});
    };
    return reaches(a, b) || reaches(b, a);
}

std::vector<SectionId> conflicts(const View& view, const Section& isolate) {
    std::vector<SectionId> found;
    const bool holds = std::ranges::any_of(view.state.sections, [&](const Section& other) {
        return live_isolate(other) && other.backend == isolate.backend;
    });
    bool earlier = true;
    for (const Section& other : view.state.sections) {
        if (other.id == isolate.id)
            earlier = false;
        else if (other.kind == SectionKind::isolate && (other.live() || (earlier && !holds)) &&
                 conflict(view, isolate, other))
            found.push_back(other.id);
    }
    return found;
}

SectionId due_isolate(const View& view) {
    for (const Section& section : view.state.sections)
        if (!section.live() && !section.abandoned && conflicts(view, section).empty())
            return section.id;
    return {};
}

Error judge_close(const View& view, const Section& close) {
    const State& state = view.state;
    if (closing(state, close.node) || closing(state, close.backend))
        return Error::closing;
    const bool busy = close.kind == SectionKind::close_backend
                          ? in_use(state, close.backend)
                          : !orphan(view, close.node) || in_use(state, close.node);
    return busy ? Error::busy : Error::ok;
}

// R27: its children are detached; the close goes on with those that have lost their last parent.
void apply_node_closed(State& state, SectionId close, NodeId node) {
    const std::vector<NodeId> children = find(state, node)->children;
    std::erase_if(state.nodes, [&](const Node& other) { return other.id == node; });
    NodeSet& left = find(state, close)->closing;
    left.erase(node);
    const View view(state);
    for (const NodeId child : children)
        if (orphan(view, child) && !closing(state, child) && !in_use(state, child))
            left.insert(child);
}

}  // namespace blkdrain_ref
