// SPDX-License-Identifier: Apache-2.0
//
// What follows from a state: the walks through its graph, what its changes would do to the graph,
// who is in the scope of which section. A view works it out once for all that is asked about the
// state.
#pragma once

#include <optional>

#include <blkdrain_ref/state.h>

namespace blkdrain_ref {

// Some backends and nodes.
struct Scope {
    BackendSet backends{};  // gated
    NodeSet nodes{};        // stopped
    friend Scope operator|(Scope a, Scope b) {
        return {a.backends | b.backends, a.nodes | b.nodes};
    }
    friend Scope operator-(Scope a, Scope b) {
        return {a.backends - b.backends, a.nodes - b.nodes};
    }
};

// Holds the ends of the edges by node, sets as bits, of existing nodes only.
class Graph {
public:
    explicit Graph(const State& of);

    NodeSet children(NodeId node) const { return NodeSet::of(down_[node.value]); }
    NodeSet parents(NodeId node) const { return NodeSet::of(up_[node.value]); }
    NodeSet down(NodeSet from) const { return reachable(down_, from); }  // Down: along child edges
    NodeSet up(NodeSet from) const { return reachable(up_, from); }      // Up: along parent edges
    NodeSet cone(NodeId node) const { return up(down({node})); }         // Cone
    NodeSet component(NodeId node) const;                                // Comp: along both
    BackendSet roots(NodeSet nodes) const;                               // Roots
    Scope with_roots(NodeSet nodes) const { return {roots(nodes), nodes}; }

    const State& state;

private:
    static NodeSet reachable(const std::uint64_t* next, NodeSet from);

    std::uint64_t down_[NodeId::limit], up_[NodeId::limit];
};

// What a change of the graph, or of the loop, does (R24, R28).
struct Change {
    Error wrong = Error::ok;  // why it cannot be
    State after{};            // its nodes, edges and backends alone
    NodeSet parents{};        // whose edges it moves
    BackendSet roots{};       // whose root edges it moves
    NodeSet ends{};           // both ends of those edges
    Scope moving{};           // to another loop: all of it, or the change is refused
    LoopId loop{};
};

// Of a pending detach whose edge is gone.
inline constexpr std::uint32_t no_edge = ~std::uint32_t{0};

inline bool any_pinned(const State& state, const Scope& scope) {
    const auto pinned = [](const auto& set) {
        return [&](const auto& object) { return object.pinned && set.contains(object.id); };
    };
    return std::ranges::any_of(state.nodes, pinned(scope.nodes)) ||
           std::ranges::any_of(state.backends, pinned(scope.backends));
}

// R28, of an edge that joins two loops: the side without other parents moves, the child's if it
// can; not to be moved is what somebody else uses.
inline void join_loops(const Graph& graph, const Section& change, Change& what) {
    const Backend* backend = find(graph.state, change.backend);  // of insert_medium
    const LoopId below = find(graph.state, change.other)->loop;
    const LoopId above = backend != nullptr ? backend->loop : find(graph.state, change.node)->loop;
    const auto can_follow = [&](NodeId node) {
        const Scope all = graph.with_roots(graph.component(node));
        return graph.parents(node).empty() && all.backends.empty() && !any_pinned(graph.state, all);
    };
    what.loop = below;
    if (above == below)
        return;
    if (can_follow(change.other))
        what.moving.nodes = graph.component(change.other), what.loop = above;
    else if (change.op == ChangeOp::attach && can_follow(change.node))
        what.moving.nodes = graph.component(change.node);
    else if (backend != nullptr && !backend->pinned)
        what.moving.backends = {change.backend};
    else
        what.wrong = Error::context;
}

// Moves the edges, or says why the shape of the change is wrong.
inline Error move_edges(const Graph& graph, const Section& change, Change& what) {
    const NodeId x = change.node, y = change.other;
    std::vector<Edge>& edges = what.after.edges;
    const auto children = edges_of(edges, x);
    const auto touch = [&](NodeId parent, NodeId from, NodeId to) {
        what.parents.insert(parent);
        what.ends |= {parent, from, to};
    };
    const auto move_root = [&](Backend& above, NodeId to) {
        touch({}, above.root, to);
        what.roots.insert(above.id);
        above.root = to;
    };
    // All edges and root edges that point to x, but not those of y, get another end.
    const auto redirect = [&](NodeId to) {
        for (Edge& edge : edges)
            if (edge.child == x && edge.parent != y) {
                touch(edge.parent, x, to);
                edge.child = to;
            }
        for (Backend& above : what.after.backends)
            if (above.root == x)
                move_root(above, to);
    };
    const auto attach = [&](NodeId parent, NodeId child) {
        touch(parent, {}, child);
        add_edge(what.after, {parent, child});
    };
    const auto detach = [&](std::uint32_t edge) {
        touch(x, children[edge].child, {});
        edges.erase(children.begin() + edge);
    };
    switch (change.op) {
        case ChangeOp::attach:
            attach(x, y);
            return graph.down({y}).contains(x) ? Error::cycle : Error::ok;
        case ChangeOp::detach:
            if (change.edge >= children.size())
                return Error::no_such_edge;
            detach(change.edge);
            return Error::ok;
        case ChangeOp::replace:
            redirect(y);
            return x == y || graph.down({y}).meets(graph.parents(x) - NodeSet{y}) ? Error::cycle
                                                                                  : Error::ok;
        case ChangeOp::insert_medium:
        case ChangeOp::remove_medium: {
            Backend& backend = *find(what.after, change.backend);
            if (change.joins() == static_cast<bool>(backend.root))
                return backend.root ? Error::has_medium : Error::no_medium;
            move_root(backend, change.joins() ? y : NodeId{});
            return Error::ok;
        }
        case ChangeOp::insert_filter:
            if (x == y || graph.component(y) != NodeSet{y} || !graph.roots({y}).empty())
                return Error::not_filter;
            redirect(y);
            attach(y, x);
            return Error::ok;
        case ChangeOp::remove_filter:
            if (children.size() != 1)
                return Error::not_filter;
            redirect(children[0].child);
            detach(0);
            return Error::ok;
    }
    return Error::ok;
}

// The graph after it is the graph with the change made.
inline Change change_of(const Graph& graph, const Section& change) {
    const State& state = graph.state;
    Change what{.after = {state.nodes, state.edges, state.backends}};
    if (change.kind == SectionKind::context) {  // R28: all members or none
        what.moving = graph.with_roots(graph.component(change.node));
        what.loop = change.loop;
    } else {
        if (change.joins())
            join_loops(graph, change, what);
        const Error shape = move_edges(graph, change, what);
        what.wrong = shape != Error::ok ? shape : what.wrong;
    }
    for (const NodeId node : what.moving.nodes)
        find(what.after, node)->loop = what.loop;
    for (const BackendId backend : what.moving.backends)
        find(what.after, backend)->loop = what.loop;
    return what;
}

// R24: the switch. A pending detach follows its edge; one whose edge is gone names none.
inline void apply_change(State& state, const Section& change) {
    Change what = change_of(Graph(state), change);
    state.nodes = what.after.nodes;
    state.edges = what.after.edges;
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

// The table, without the row of a change: what the section covers, or would cover if it were live
// (R6: exempt is who it says). Who only waits covers nobody (R14).
inline Scope scope_in(const Graph& graph, const Section& section) {
    switch (section.kind) {
        case SectionKind::isolate: {  // R23: whose root is above the holder's
            const NodeSet root{find(graph.state, section.backend)->root};
            const Scope above = graph.with_roots(graph.up(root));
            return above - Scope{section.set | BackendSet{section.backend}, root};
        }
        case SectionKind::drained:
        case SectionKind::settle:
            return graph.with_roots(graph.cone(section.node));
        case SectionKind::context:
            return graph.with_roots(graph.component(section.node));
        case SectionKind::quiesce_all:  // whoever is there, and whoever will be
            return {BackendSet::all() - section.set, NodeSet::all()};
        case SectionKind::self_quiesce:
        case SectionKind::close_backend:
            return {{section.backend}, {}};
        case SectionKind::close_node:
            return {{}, section.closing};
        default:
            return {};
    }
}

// R23
inline bool conflict(const Graph& graph, const Section& a, const Section& b) {
    const auto reaches = [&](const Section& one, const Section& two) {
        return scope_in(graph, one).backends.meets(two.set | BackendSet{two.backend});
    };
    return reaches(a, b) || reaches(b, a);
}

// R23: two live isolates that conflict.
inline bool any_conflict(const Graph& graph, const std::vector<Section>& sections) {
    for (const Section& a : sections)
        for (const Section& b : sections)
            if (a.id < b.id && a.live_isolate() && b.live_isolate() && conflict(graph, a, b))
                return true;
    return false;
}

// What a section means.
struct Cover {
    const Section& section;
    Scope scope{};      // what it gates and stops if it is live
    Scope quiet{};      // what has to get quiet; for a change named tokens count as closed
    Scope entered{};    // R24: that, too; what a change adds to sections that are quiet
    NodeSet settles{};  // to be settled (R20); what a change adds to those that are idle (R24)
    NodeSet alone{};    // of a change, a close: where it waits for the settle passes of others
    Error wrong = Error::ok;  // why the change cannot be
};

inline void cover_change(const Graph& graph, Cover& cover) {
    const State& state = graph.state;
    const Change what = change_of(graph, cover.section);
    cover.quiet = graph.with_roots(graph.up(what.parents)) | Scope{what.roots, {}} | what.moving;
    cover.scope = cover.quiet;
    cover.alone = what.ends | what.moving.nodes;
    cover.wrong = what.wrong;
    for (const Node& node : state.nodes)
        if (node.settler == cover.section.id)  // R25: until the settle returns
            cover.scope.nodes.insert(node.id);
    if (std::ranges::none_of(state.sections, &Section::follows_graph))
        return;
    const Graph after(what.after);
    for (const Section& other : state.sections)
        if (other.live() && other.follows_graph()) {
            const Scope entering = scope_in(after, other) - scope_in(graph, other);
            cover.scope = cover.scope | entering;
            if (other.phase >= Phase::quiet)
                cover.entered = cover.entered | entering;
            if (other.phase == Phase::idle)
                cover.settles |= entering.nodes;
        }
    if (cover.wrong == Error::ok && any_conflict(after, state.sections))
        cover.wrong = Error::conflict;
}

inline Cover cover_of(const Graph& graph, const Section& section) {
    Cover cover{section, scope_in(graph, section)};
    if (section.kind == SectionKind::change)
        cover_change(graph, cover);
    else
        cover.quiet = cover.scope;
    if (section.settles())
        cover.settles = cover.scope.nodes;
    if (section.kind == SectionKind::close_node)
        cover.alone = section.closing;
    if (section.kind == SectionKind::context && any_pinned(graph.state, cover.scope))
        cover.wrong = Error::context;
    return cover;
}

// Works out what it is asked, once. Made by whoever asks several things of a state; who asks one
// may hand the state itself.
class View {
public:
    View(const State& of) : state(of) {}

    const State& state;

    const Graph& graph() const {
        if (!graph_)
            graph_.emplace(state);
        return *graph_;
    }
    // Of the sections, in their order.
    const std::vector<Cover>& covers() const {
        if (covers_.empty()) {
            covers_.reserve(state.sections.size());
            for (const Section& section : state.sections)
                covers_.push_back(cover_of(graph(), section));
        }
        return covers_;
    }
    const Cover& of(const Section& section) const {
        return covers()[static_cast<std::size_t>(&section - state.sections.data())];
    }
    // R5: what live sections gate and stop.
    Scope covered() const {
        Scope all;
        for (const Cover& cover : covers())
            if (cover.section.live())
                all = all | cover.scope;
        return all;
    }
    NodeSet settled() const {
        NodeSet nodes;
        for (const Node& node : state.nodes)
            if (node.settled())
                nodes.insert(node.id);
        return nodes;
    }

private:
    mutable std::optional<Graph> graph_;
    mutable std::vector<Cover> covers_;
};

}  // namespace blkdrain_ref
