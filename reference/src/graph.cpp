// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <boost/graph/breadth_first_search.hpp>

#include <blkdrain_ref/view.h>

namespace blkdrain_ref {
namespace {

// The edges of one direction as Boost.Graph wants to see them. A walk asks only where an edge leads
// to, so that node stands for the edge.
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

// What a walk has still to visit, in whatever order.
struct Pending {
    NodeSet nodes{};
    void push(NodeId node) { nodes.insert(node); }
    void pop() { nodes.erase(top()); }
    NodeId top() const { return *nodes.begin(); }
    bool empty() const { return nodes.empty(); }
};

// The colours of a walk: white is what it has not come to.
struct Seen {
    using key_type = NodeId;
    using value_type = boost::default_color_type;
    using reference = value_type;
    using category = boost::read_write_property_map_tag;

    NodeSet* nodes;

    friend value_type get(Seen seen, NodeId node) {
        return seen.nodes->contains(node) ? boost::black_color : boost::white_color;
    }
    friend void put(Seen seen, NodeId node, value_type) { seen.nodes->insert(node); }
};

}  // namespace

Graph::Graph(const State& of) : state(of) {
    for (const Node& node : state.nodes)
        down_[node.id.value] = up_[node.id.value] = 0;
    for (const Edge& edge : state.edges) {
        down_[edge.parent.value] |= std::uint64_t{1} << edge.child.value;
        up_[edge.child.value] |= std::uint64_t{1} << edge.parent.value;
    }
}

NodeSet Graph::reachable(const std::uint64_t* next, NodeSet from) {
    NodeSet seen;
    Pending pending;
    boost::breadth_first_visit(Links{next}, from.begin(), from.end(), pending,
                               boost::default_bfs_visitor(), Seen{&seen});
    return seen;
}

NodeSet Graph::component(NodeId node) const {
    std::uint64_t both[NodeId::limit];
    for (const Node& other : state.nodes)
        both[other.id.value] = down_[other.id.value] | up_[other.id.value];
    return reachable(both, {node});
}

BackendSet Graph::roots(NodeSet nodes) const {
    BackendSet found;
    for (const Backend& backend : state.backends)
        if (nodes.contains(backend.root))
            found.insert(backend.id);
    return found;
}

}  // namespace blkdrain_ref
