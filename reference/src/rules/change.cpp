// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <blkdrain_ref/rules/admission.h>
#include <blkdrain_ref/rules/change.h>
#include <blkdrain_ref/rules/context.h>

namespace blkdrain_ref {
namespace {

constexpr std::uint32_t no_edge = ~std::uint32_t{0};

// All edges and root edges that point to `from`, except those of one parent, get another end.
void redirect(const State& state, NodeId from, NodeId to, NodeId except,
              std::vector<EdgeEdit>& list) {
    for (const Node& parent : state.nodes)
        for (std::uint32_t i = 0; i < parent.children.size(); ++i)
            if (parent.children[i] == from && parent.id != except)
                list.push_back({parent.id, {}, i, from, to});
    for (const Backend& backend : state.backends)
        if (backend.root == from)
            list.push_back({{}, backend.id, 0, from, to});
}

bool alone(const State& state, NodeId node) {
    const Shape shape = shape_of(state);
    return component(shape, node) == NodeSet{node} && shape.roots(node).empty();
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

// R27: who holds or anchors a live or pending section, or is to be changed, cannot be closed.
bool in_use(const State& state, NodeId node) {
    return std::ranges::any_of(state.sections, [&](const Section& section) {
        return section.kind != SectionKind::close_node &&
               (section.node == node || section.other == node);
    });
}

bool in_use(const State& state, BackendId backend) {
    return std::ranges::any_of(state.sections, [&](const Section& section) {
        return section.kind != SectionKind::close_backend && section.backend == backend;
    });
}

bool orphan(const Shape& shape, NodeId node) {
    return shape.parents(node).empty() && shape.roots(node).empty();
}

Error judge_shape(const State& state, const Section& change) {
    const Node* node = find(state, change.node);
    switch (change.op) {
        case ChangeOp::detach:
            return change.edge < node->children.size() ? Error::ok : Error::no_such_edge;
        case ChangeOp::insert_medium:
            return find(state, change.backend)->root ? Error::has_medium : Error::ok;
        case ChangeOp::remove_medium:
            return find(state, change.backend)->root ? Error::ok : Error::no_medium;
        case ChangeOp::insert_filter:
            return change.other != change.node && alone(state, change.other) ? Error::ok
                                                                             : Error::not_filter;
        case ChangeOp::remove_filter:
            return node->children.size() == 1 ? Error::ok : Error::not_filter;
        default:
            return Error::ok;
    }
}

bool makes_cycle(const Shape& shape, const Section& change) {
    if (change.op == ChangeOp::attach)
        return down(shape, {change.other}).contains(change.node);
    if (change.op == ChangeOp::replace)
        return change.node == change.other ||
               down(shape, {change.other})
                   .meets(shape.parents(change.node) - NodeSet{change.other});
    return false;
}

bool live_isolate(const Section& section) {
    return section.kind == SectionKind::isolate && section.live();
}

// R23: a change that would make two live isolates conflict is refused.
bool makes_conflict(const State& state, const Section& change) {
    if (std::ranges::count_if(state.sections, live_isolate) < 2)
        return false;
    const Shape after = shape_after(state, change);
    for (const Section& a : state.sections)
        for (const Section& b : state.sections)
            if (a.id != b.id && live_isolate(a) && live_isolate(b) && conflict(state, after, a, b))
                return true;
    return false;
}

}  // namespace

std::vector<EdgeEdit> edits(const State& state, const Section& change) {
    std::vector<EdgeEdit> list;
    const NodeId x = change.node, y = change.other;
    if (judge_shape(state, change) != Error::ok)
        return list;
    const auto edges_of = [&](NodeId node) -> const std::vector<NodeId>& {
        return find(state, node)->children;
    };
    switch (change.op) {
        case ChangeOp::attach:
            list.push_back({x, {}, static_cast<std::uint32_t>(edges_of(x).size()), {}, y});
            break;
        case ChangeOp::detach:
            list.push_back({x, {}, change.edge, edges_of(x)[change.edge], {}});
            break;
        case ChangeOp::replace:
            redirect(state, x, y, y, list);
            break;
        case ChangeOp::insert_medium:
            list.push_back({{}, change.backend, 0, {}, y});
            break;
        case ChangeOp::remove_medium:
            list.push_back({{}, change.backend, 0, find(state, change.backend)->root, {}});
            break;
        case ChangeOp::insert_filter:
            redirect(state, x, y, y, list);
            list.push_back({y, {}, 0, {}, x});
            break;
        case ChangeOp::remove_filter:
            redirect(state, x, edges_of(x)[0], {}, list);
            list.push_back({x, {}, 0, edges_of(x)[0], {}});
            break;
    }
    return list;
}

Shape shape_after(const State& state, const Section& change) {
    return shape_of(state, edits(state, change));
}

// R24: the table's row, plus what moves to another loop.
Scope own_scope(const State& state, const Shape& shape, const Section& change) {
    NodeSet parents;
    BackendSet backends;
    for (const EdgeEdit& edit : edits(state, change)) {
        if (edit.parent)
            parents.insert(edit.parent);
        else
            backends.insert(edit.backend);
    }
    const NodeSet above = up(shape, parents);
    const Move move = move_of_change(state, shape, change);
    return {roots(shape, above) | backends | move.backends, above | move.nodes};
}

Scope entering(const State& state, const Shape& before, const Shape& after, const Section& other) {
    if (!other.live() || other.kind == SectionKind::change ||
        other.kind == SectionKind::close_backend || other.kind == SectionKind::close_node)
        return {};
    const Scope now = scope_of(state, before, other), then = scope_of(state, after, other);
    return {then.backends - now.backends, then.nodes - now.nodes};
}

Error judge_change(const State& state, const Section& change) {
    if (closing(state, change.node) || closing(state, change.other) ||
        closing(state, change.backend))
        return Error::closing;
    for (const TokenId token : change.tokens)
        if (find(state, token) == nullptr || !find(state, token)->open)
            return Error::bad_token;
    if (const Error wrong = judge_shape(state, change); wrong != Error::ok)
        return wrong;
    const Shape shape = shape_of(state);
    if (makes_cycle(shape, change))
        return Error::cycle;
    if (move_of_change(state, shape, change).refused)
        return Error::context;
    return makes_conflict(state, change) ? Error::conflict : Error::ok;
}

void apply_change(State& state, const Section& change) {
    const Move move = move_of_change(state, shape_of(state), change);
    for (const EdgeEdit& edit : edits(state, change)) {
        if (edit.backend) {
            find(state, edit.backend)->root = edit.to;
            continue;
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
    apply_move(state, move);
}

bool conflict(const State& state, const Shape& shape, const Section& a, const Section& b) {
    const auto reaches = [&](const Section& one, const Section& two) {
        return scope_of(state, shape, one).backends.meets(two.set | BackendSet{two.backend});
    };
    return reaches(a, b) || reaches(b, a);
}

std::vector<SectionId> conflicts(const State& state, const Section& isolate) {
    std::vector<SectionId> found;
    const Shape shape = shape_of(state);
    const bool holds = std::ranges::any_of(state.sections, [&](const Section& other) {
        return live_isolate(other) && other.backend == isolate.backend;
    });
    bool earlier = true;
    for (const Section& other : state.sections) {
        if (other.id == isolate.id)
            earlier = false;
        else if (other.kind == SectionKind::isolate && (other.live() || (earlier && !holds)) &&
                 conflict(state, shape, isolate, other))
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
    if (close.kind == SectionKind::close_backend) {
        if (closing(state, close.backend))
            return Error::closing;
        return in_use(state, close.backend) ? Error::busy : Error::ok;
    }
    if (closing(state, close.node))
        return Error::closing;
    return !orphan(shape_of(state), close.node) || in_use(state, close.node) ? Error::busy
                                                                             : Error::ok;
}

// R27: its children are detached; the close goes on with those that have lost their last parent.
void apply_node_closed(State& state, SectionId close, NodeId node) {
    const std::vector<NodeId> children = find(state, node)->children;
    std::erase_if(state.nodes, [&](const Node& other) { return other.id == node; });
    Section& section = *find(state, close);
    section.closing.erase(node);
    const Shape shape = shape_of(state);
    for (const NodeId child : children)
        if (orphan(shape, child) && !closing(state, child) && !in_use(state, child))
            section.closing.insert(child);
}

}  // namespace blkdrain_ref
