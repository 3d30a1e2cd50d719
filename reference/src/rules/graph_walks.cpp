// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <iterator>
#include <utility>

#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/reverse_graph.hpp>
#include <boost/graph/topological_sort.hpp>

#include <blkdrain_ref/rules/graph_walks.h>

namespace blkdrain_ref {
namespace {

using Vertex = std::uint32_t;
using Link = std::pair<Vertex, Vertex>;  // source, target

// The links between one vertex and each of a set.
struct LinkIterator {
    using iterator_category = std::forward_iterator_tag;
    using value_type = Link;
    using difference_type = std::ptrdiff_t;
    using pointer = const Link*;
    using reference = Link;

    Vertex vertex = 0;
    NodeSet::Iterator others{};
    bool outgoing = true;

    Link operator*() const {
        const Vertex other = (*others).value;
        return outgoing ? Link{vertex, other} : Link{other, vertex};
    }
    LinkIterator& operator++() { return ++others, *this; }
    LinkIterator operator++(int) {
        const LinkIterator old = *this;
        return ++others, old;
    }
    bool operator==(const LinkIterator&) const = default;
};

struct VertexIterator : NodeSet::Iterator {
    using iterator_category = std::forward_iterator_tag;
    using value_type = Vertex;
    using difference_type = std::ptrdiff_t;
    using pointer = const Vertex*;
    using reference = Vertex;
    Vertex operator*() const { return NodeSet::Iterator::operator*().value; }
};

// What Boost.Graph has to know of a graph: Directed follows the edges, otherwise their direction is
// ignored.
template <bool Directed>
struct View {
    using vertex_descriptor = Vertex;
    using edge_descriptor = Link;
    using directed_category = boost::bidirectional_tag;
    using edge_parallel_category = boost::disallow_parallel_edge_tag;
    struct traversal_category : boost::bidirectional_graph_tag, boost::vertex_list_graph_tag {};
    using vertex_iterator = VertexIterator;
    using vertices_size_type = std::size_t;
    using out_edge_iterator = LinkIterator;
    using in_edge_iterator = LinkIterator;
    using degree_size_type = std::size_t;
    static Vertex null_vertex() { return NodeId{}.value; }

    const Shape& shape;

    NodeSet successors(Vertex v) const {
        return Directed ? shape.children({v}) : shape.children({v}) | shape.parents({v});
    }
    NodeSet predecessors(Vertex v) const { return Directed ? shape.parents({v}) : successors(v); }
    friend Vertex source(Link link, const View&) { return link.first; }
    friend Vertex target(Link link, const View&) { return link.second; }
    friend std::pair<LinkIterator, LinkIterator> out_edges(Vertex v, const View& view) {
        return {{v, view.successors(v).begin(), true}, {v, {}, true}};
    }
    friend std::pair<LinkIterator, LinkIterator> in_edges(Vertex v, const View& view) {
        return {{v, view.predecessors(v).begin(), false}, {v, {}, false}};
    }
    friend std::size_t out_degree(Vertex v, const View& view) {
        return static_cast<std::size_t>(std::popcount(view.successors(v).bits()));
    }
    friend std::size_t in_degree(Vertex v, const View& view) {
        return static_cast<std::size_t>(std::popcount(view.predecessors(v).bits()));
    }
    friend std::pair<VertexIterator, VertexIterator> vertices(const View& view) {
        return {{view.shape.nodes.begin()}, {view.shape.nodes.end()}};
    }
    friend std::size_t num_vertices(const View& view) {
        return static_cast<std::size_t>(std::popcount(view.shape.nodes.bits()));
    }
};

// White: not seen. A walk needs no more; the set is its result.
struct Seen {
    using key_type = Vertex;
    using value_type = boost::default_color_type;
    using reference = value_type;
    using category = boost::read_write_property_map_tag;
    NodeSet* nodes;

    friend value_type get(Seen seen, Vertex v) {
        return seen.nodes->contains({v}) ? boost::black_color : boost::white_color;
    }
    friend void put(Seen seen, Vertex v, value_type colour) {
        if (colour != boost::white_color)
            seen.nodes->insert({v});
    }
};

struct Queue {
    std::array<Vertex, 64> vertices;
    std::size_t first = 0, last = 0;
    void push(Vertex v) { vertices[last++] = v; }
    void pop() { ++first; }
    Vertex top() const { return vertices[first]; }
    bool empty() const { return first == last; }
};

template <class Graph>
NodeSet reachable(const Graph& graph, NodeSet from) {
    NodeSet seen;
    Queue queue;
    boost::breadth_first_visit(graph, VertexIterator{from.begin()}, VertexIterator{from.end()},
                               queue, boost::default_bfs_visitor(), Seen{&seen});
    return seen;
}

}  // namespace

Shape shape_of(const State& state, const std::vector<EdgeEdit>& edits) {
    Shape shape;
    for (const Node& node : state.nodes)
        shape.add(node.id);
    const auto edited = [&](NodeId parent, BackendId backend, std::uint32_t index, NodeId end) {
        for (const EdgeEdit& edit : edits)
            if (edit.parent == parent && edit.backend == backend && edit.index == index)
                return edit.to;
        return end;
    };
    for (const Node& node : state.nodes)
        for (std::uint32_t i = 0; i < node.children.size(); ++i)
            if (const NodeId child = edited(node.id, {}, i, node.children[i]))
                shape.join(node.id, child);
    for (const Backend& backend : state.backends)
        if (const NodeId root = edited({}, backend.id, 0, backend.root))
            shape.stand(backend.id, root);
    for (const EdgeEdit& edit : edits)
        if (edit.parent && !edit.from)
            shape.join(edit.parent, edit.to);
    return shape;
}

NodeSet down(const Shape& shape, NodeSet from) {
    return reachable(View<true>{shape}, from);
}

NodeSet up(const Shape& shape, NodeSet from) {
    return reachable(boost::make_reverse_graph(View<true>{shape}), from);
}

NodeSet cone(const Shape& shape, NodeId node) {
    return up(shape, down(shape, {node}));
}

NodeSet component(const Shape& shape, NodeId node) {
    return reachable(View<false>{shape}, {node});
}

BackendSet roots(const Shape& shape, NodeSet nodes) {
    BackendSet result;
    for (const NodeId node : nodes)
        result |= shape.roots(node);
    return result;
}

NodeId root_of(const Shape& shape, BackendId backend) {
    for (const NodeId node : shape.nodes)
        if (shape.roots(node).contains(backend))
            return node;
    return {};
}

bool acyclic(const Shape& shape) {
    const View<true> view{shape};
    std::array<boost::default_color_type, 64> colours{};
    std::array<Vertex, 64> order{};
    try {
        boost::topological_sort(view, order.begin(), boost::color_map(colours.data()));
    } catch (const boost::not_a_dag&) {
        return false;
    }
    return true;
}

}  // namespace blkdrain_ref
