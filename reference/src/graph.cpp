// SPDX-License-Identifier: Apache-2.0
#include <array>

#include <boost/graph/breadth_first_search.hpp>
#include <boost/property_map/function_property_map.hpp>

#include <blkdrain_ref/graph.h>

namespace blkdrain_ref {
namespace {

// The edges of one direction, or of both, as Boost.Graph wants to see them. A walk asks only where
// an edge leads to, so that node stands for the edge.
struct Links {
    using vertex_descriptor = NodeId;
    using edge_descriptor = NodeId;
    using directed_category = boost::directed_tag;
    using edge_parallel_category = boost::disallow_parallel_edge_tag;
    using traversal_category = boost::incidence_graph_tag;
    using out_edge_iterator = NodeSet::Iterator;
    using degree_size_type = int;

    Links(const State& state, bool down, bool up) {
        for (const Node& node : state.nodes)
            next[node.id.value] = 0;
        for (const Node& node : state.nodes)
            for (const NodeId child : node.children) {
                next[node.id.value] |= down ? NodeSet{child}.bits() : 0;
                next[child.value] |= up ? NodeSet{node.id}.bits() : 0;
            }
    }
    std::uint64_t next[NodeId::limit];  // sets as bits, of existing nodes only

    friend auto out_edges(NodeId node, const Links& links) {
        return std::pair{NodeSet::Iterator{links.next[node.value]}, NodeSet::Iterator{}};
    }
    friend int out_degree(NodeId node, const Links& links) {
        return std::popcount(links.next[node.value]);
    }
    friend NodeId source(NodeId, const Links&) { return {}; }
    friend NodeId target(NodeId end, const Links&) { return end; }
};

// What a walk has still to visit, in whatever order, and all that it has come to.
struct Pending {
    NodeSet nodes{}, seen{};
    void push(NodeId node) { nodes.insert(node), seen.insert(node); }
    void pop() { nodes.erase(top()); }
    NodeId top() const { return *nodes.begin(); }
    bool empty() const { return nodes.empty(); }
};

NodeSet reachable(const Links& links, NodeSet from) {
    std::array<boost::default_color_type, NodeId::limit> colours{};  // white
    const auto number =
        boost::make_function_property_map<NodeId>([](NodeId id) { return id.value; });
    Pending pending;
    boost::breadth_first_visit(links, from.begin(), from.end(), pending,
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
    return reachable({state, true, false}, from);
}

NodeSet up(const State& state, NodeSet from) {
    return reachable({state, false, true}, from);
}

NodeSet cone(const State& state, NodeId node) {
    return up(state, down(state, {node}));
}

NodeSet component(const State& state, NodeId node) {
    return reachable({state, true, true}, {node});
}

BackendSet roots(const State& state, NodeSet nodes) {
    BackendSet found;
    for (const Backend& backend : state.backends)
        if (nodes.contains(backend.root))
            found.insert(backend.id);
    return found;
}

}  // namespace blkdrain_ref
