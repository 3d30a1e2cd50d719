// SPDX-License-Identifier: Apache-2.0
#include <boost/graph/breadth_first_search.hpp>

#include <blkdrain_ref/rules.h>

namespace blkdrain_ref {
namespace {

// What Boost.Graph has to know to walk along one kind of edge. A walk asks only where an edge leads
// to, so that node stands for the edge.
struct Links {
    using vertex_descriptor = NodeId;
    using edge_descriptor = NodeId;
    using directed_category = boost::directed_tag;
    using edge_parallel_category = boost::disallow_parallel_edge_tag;
    using traversal_category = boost::incidence_graph_tag;
    using out_edge_iterator = NodeSet::Iterator;
    using degree_size_type = int;

    const State& state;
    NodeSet (*next)(const State&, NodeId);

    friend auto out_edges(NodeId node, const Links& links) {
        const NodeSet out = links.next(links.state, node);
        return std::pair{out.begin(), out.end()};
    }
    friend int out_degree(NodeId node, const Links& links) {
        return links.next(links.state, node).size();
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
    NodeSet nodes{};
    void push(NodeId node) { nodes.insert(node); }
    void pop() { nodes.erase(top()); }
    NodeId top() const { return *nodes.begin(); }
    bool empty() const { return nodes.empty(); }
};

NodeSet reachable(const Links& links, NodeSet from) {
    NodeSet seen;
    Pending pending;
    boost::breadth_first_visit(links, from.begin(), from.end(), pending,
                               boost::default_bfs_visitor(), Seen{&seen});
    return seen;
}

NodeSet neighbours(const State& state, NodeId node) {
    return children(state, node) | parents(state, node);
}

}  // namespace

NodeSet children(const State& state, NodeId node) {
    NodeSet found;
    for (const NodeId child : find(state, node)->children)
        found.insert(child);
    return found;
}

NodeSet parents(const State& state, NodeId node) {
    NodeSet found;
    for (const Node& parent : state.nodes)
        for (const NodeId child : parent.children)
            if (child == node)
                found.insert(parent.id);
    return found;
}

NodeSet down(const State& state, NodeSet from) {
    return reachable({state, children}, from);
}

NodeSet up(const State& state, NodeSet from) {
    return reachable({state, parents}, from);
}

NodeSet cone(const State& state, NodeId node) {
    return up(state, down(state, {node}));
}

NodeSet component(const State& state, NodeId node) {
    return reachable({state, neighbours}, {node});
}

BackendSet roots(const State& state, NodeSet nodes) {
    BackendSet found;
    for (const Backend& backend : state.backends)
        if (nodes.contains(backend.root))
            found.insert(backend.id);
    return found;
}

}  // namespace blkdrain_ref
