// SPDX-License-Identifier: Apache-2.0
#include <array>

#include <boost/graph/breadth_first_search.hpp>
#include <boost/property_map/function_property_map.hpp>

#include <blkdrain_ref/graph.h>

namespace blkdrain_ref {
namespace {

// The ends of all edges, by node. Sets as bits, of existing nodes only.
struct Edges {
    explicit Edges(const State& state) {
        for (const Node& node : state.nodes)
            down[node.id.value] = up[node.id.value] = 0;
        for (const Node& node : state.nodes)
            for (const NodeId child : node.children) {
                down[node.id.value] |= NodeSet{child}.bits();
                up[child.value] |= NodeSet{node.id}.bits();
            }
    }
    std::uint64_t down[NodeId::limit], up[NodeId::limit];
};

// Those of one direction as Boost.Graph wants to see them. A walk asks only where an edge leads to,
// so that node stands for the edge.
struct Links {
    using vertex_descriptor = NodeId;
    using edge_descriptor = NodeId;
    using directed_category = boost::directed_tag;
    using edge_parallel_category = boost::disallow_parallel_edge_tag;
    using traversal_category = boost::incidence_graph_tag;
    using out_edge_iterator = NodeSet::Iterator;
    using degree_size_type = int;

    const std::uint64_t* next;

    friend auto out_edges(NodeId node, Links links) {
        return std::pair{NodeSet::Iterator{links.next[node.value]}, NodeSet::Iterator{}};
    }
    friend int out_degree(NodeId node, Links links) {
        return std::popcount(links.next[node.value]);
    }
    friend NodeId source(NodeId, Links) { return {}; }
    friend NodeId target(NodeId end, Links) { return end; }
};

// What a walk has still to visit, in whatever order, and all that it has come to.
struct Pending {
    NodeSet nodes{}, seen{};
    void push(NodeId node) { nodes.insert(node), seen.insert(node); }
    void pop() { nodes.erase(top()); }
    NodeId top() const { return *nodes.begin(); }
    bool empty() const { return nodes.empty(); }
};

NodeSet reachable(const std::uint64_t* next, NodeSet from) {
    std::array<boost::default_color_type, NodeId::limit> colours{};  // white
    const auto number =
        boost::make_function_property_map<NodeId>([](NodeId id) { return id.value; });
    Pending pending;
    boost::breadth_first_visit(Links{next}, from.begin(), from.end(), pending,
                               boost::default_bfs_visitor(),
                               boost::make_iterator_property_map(colours.begin(), number));
    return pending.seen;
}

}  // namespace

NodeSet parents(const State& state, NodeId node) {
    NodeSet found;
    for (const Node& parent : state.nodes)
        for (const NodeId child : parent.children)
            if (child == node)
                found.insert(parent.id);
    return found;
}

NodeSet down(const State& state, NodeSet from) {
    return reachable(Edges(state).down, from);
}

NodeSet up(const State& state, NodeSet from) {
    return reachable(Edges(state).up, from);
}

NodeSet cone(const State& state, NodeId node) {
    const Edges edges(state);
    return reachable(edges.up, reachable(edges.down, {node}));
}

NodeSet component(const State& state, NodeId node) {
    Edges edges(state);
    for (const Node& other : state.nodes)
        edges.down[other.id.value] |= edges.up[other.id.value];
    return reachable(edges.down, {node});
}

BackendSet roots(const State& state, NodeSet nodes) {
    BackendSet found;
    for (const Backend& backend : state.backends)
        if (nodes.contains(backend.root))
            found.insert(backend.id);
    return found;
}

}  // namespace blkdrain_ref
