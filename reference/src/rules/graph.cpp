// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <boost/graph/breadth_first_search.hpp>

#include <blkdrain_ref/rules.h>

namespace blkdrain_ref {
namespace {

// What Boost.Graph has to know to walk along one kind of edge. A walk asks only where an edge leads
// to, so that node stands for the edge.
template <NodeSet (View::*next)(NodeId) const>
struct Links {
    using vertex_descriptor = NodeId;
    using edge_descriptor = NodeId;
    using directed_category = boost::directed_tag;
    using edge_parallel_category = boost::disallow_parallel_edge_tag;
    using traversal_category = boost::incidence_graph_tag;
    using out_edge_iterator = NodeSet::Iterator;
    using degree_size_type = int;

    const View& view;

    NodeSet out(NodeId node) const { return (view.*next)(node); }
    friend auto out_edges(NodeId node, const Links& links) {
        return std::pair{links.out(node).begin(), links.out(node).end()};
    }
    friend int out_degree(NodeId node, const Links& links) {
        return std::popcount(links.out(node).bits());
    }
    friend NodeId source(NodeId, const Links&) { return {}; }
    friend NodeId target(NodeId end, const Links&) { return end; }
};

// White: not seen. A walk needs no more; the set is its result.
struct Seen {
    using key_type = NodeId;
    using value_type = boost::default_color_type;
    using reference = value_type;
    using category = boost::read_write_property_map_tag;

    NodeSet* nodes;

    friend value_type get(Seen seen, NodeId node) {
        return seen.nodes->contains(node) ? boost::black_color : boost::white_color;
    }
    friend void put(Seen seen, NodeId node, value_type colour) {
        if (colour != boost::white_color)
            seen.nodes->insert(node);
    }
};

// What a walk has still to visit, in whatever order.
struct Pending {
    NodeSet nodes;
    void push(NodeId node) { nodes.insert(node); }
    void pop() { nodes.erase(top()); }
    NodeId top() const { return *nodes.begin(); }
    bool empty() const { return nodes.empty(); }
};

template <NodeSet (View::*next)(NodeId) const>
NodeSet reachable(const View& view, NodeSet from) {
    NodeSet seen;
    Pending pending;
    boost::breadth_first_visit(Links<next>{view}, from.begin(), from.end(), pending,
                               boost::default_bfs_visitor(), Seen{&seen});
    return seen;
}

}  // namespace

void View::link() const {
    const auto join = [&](NodeId parent, NodeId child) {
        children_[parent.value] |= NodeSet{child}.bits();
        parents_[child.value] |= NodeSet{parent}.bits();
    };
    const auto edited = [&](NodeId parent, BackendId backend, std::uint32_t index, NodeId end) {
        for (const EdgeEdit& edit : edits_)
            if (edit.parent == parent && edit.backend == backend && edit.index == index)
                return edit.to;
        return end;
    };
    for (const Node& node : state.nodes) {
        nodes_.insert(node.id);
        children_[node.id.value] = parents_[node.id.value] = roots_[node.id.value] = 0;
    }
    for (const Node& node : state.nodes)
        for (std::uint32_t i = 0; i < node.children.size(); ++i)
            if (const NodeId child = edited(node.id, {}, i, node.children[i]))
                join(node.id, child);
    for (const Backend& backend : state.backends)
        if (const NodeId root = edited({}, backend.id, 0, backend.root))
            roots_[root.value] |= BackendSet{backend.id}.bits();
    for (const EdgeEdit& edit : edits_)
        if (edit.parent && !edit.from)
            join(edit.parent, edit.to);
}

NodeSet down(const View& view, NodeSet from) {
    return reachable<&View::children>(view, from);
}

NodeSet up(const View& view, NodeSet from) {
    return reachable<&View::parents>(view, from);
}

NodeSet cone(const View& view, NodeId node) {
    return up(view, down(view, {node}));
}

NodeSet component(const View& view, NodeId node) {
    return reachable<&View::neighbours>(view, {node});
}

BackendSet roots(const View& view, NodeSet nodes) {
    BackendSet result;
    for (const NodeId node : nodes)
        result |= view.roots(node);
    return result;
}

bool acyclic(const View& view) {
    return std::ranges::none_of(
        view.nodes(), [&](NodeId node) { return down(view, view.children(node)).contains(node); });
}

}  // namespace blkdrain_ref
