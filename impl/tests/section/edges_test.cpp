// SPDX-License-Identifier: Apache-2.0
//
// Named child edges: which child has which role, through changes that succeed and that do not.
#include <gtest/gtest.h>

#include "graph_fixture.h"

namespace blkdrain::testing {
namespace {

using Done = SteppedGraph::Done;

// "file:n2 backing:n3".
std::string edges_of(const SteppedGraph& g, NodeId node) {
    Snapshot snapshot;
    g.graph.snapshot(snapshot);
    std::string text;
    for (const auto& view : snapshot.nodes) {
        if (view.id == node) {
            for (const auto& edge : view.children) {
                text +=
                    (text.empty() ? "" : " ") + edge.role + ":n" + std::to_string(edge.child.value);
            }
        }
    }
    return text;
}

void expect_done(const SteppedGraph& g, Done& done) {
    g.turn();
    ASSERT_TRUE(done.error.has_value());
    EXPECT_FALSE(*done.error) << done.error->message;
    done.error.reset();
}

TEST(Edges, RolesStayWithTheirEdges) {
    in_world([] {
        SteppedGraph g;
        Graph& graph = g.graph;
        const NodeId top = g.filter("top");
        const NodeId data = g.leaf("data");
        const NodeId base = g.leaf("base");
        const NodeId filter = g.filter("filter");
        Done done;
        graph.attach(top, "file", data, {}, done.callback());
        expect_done(g, done);
        graph.attach(top, "backing", base, {}, done.callback());
        expect_done(g, done);
        graph.attach(top, "spare", base, {}, done.callback());
        expect_done(g, done);
        EXPECT_EQ(edges_of(g, top), "file:n2 backing:n3 spare:n3");

        graph.insert_filter(base, filter, {}, done.callback());
        expect_done(g, done);
        EXPECT_EQ(edges_of(g, top), "file:n2 backing:n4 spare:n4");
        EXPECT_EQ(edges_of(g, filter), "file:n3");

        graph.remove_filter(filter, {}, done.callback());
        expect_done(g, done);
        EXPECT_EQ(edges_of(g, top), "file:n2 backing:n3 spare:n3");
        EXPECT_EQ(edges_of(g, filter), "");

        graph.replace(base, filter, {}, done.callback());
        expect_done(g, done);
        EXPECT_EQ(edges_of(g, top), "file:n2 backing:n4 spare:n4");

        graph.detach(top, 1, {}, done.callback());
        expect_done(g, done);
        EXPECT_EQ(edges_of(g, top), "file:n2 spare:n4");
    });
}

// A change that waits is tried on the graph and taken back, again and again.
TEST(Edges, ChangesThatDoNotHappenLeaveNoTrace) {
    in_world([] {
        SteppedGraph g;
        Graph& graph = g.graph;
        const NodeId top = g.filter("top");
        const NodeId disk = g.leaf("disk");
        const NodeId filter = g.filter("filter");
        const NodeId below = g.leaf("below");
        attach(g, filter, below);
        Done attached;
        graph.attach(top, "main", disk, {}, attached.callback());
        expect_done(g, attached);
        graph.attach(top, "backing", filter, {}, attached.callback());
        expect_done(g, attached);
        BlockBackend b = g.backend("vda", top);
        std::vector<std::error_code> results;
        g.send(b, results);
        const std::string before = edges_of(g, top);
        EXPECT_EQ(before, "main:n2 backing:n3");

        Done dropped;
        std::vector<Wait> waits;
        waits.push_back(graph.detach(top, 0, {}, dropped.callback()));
        waits.push_back(graph.remove_filter(filter, {}, dropped.callback()));
        waits.push_back(graph.replace(filter, disk, {}, dropped.callback()));
        g.turn();
        EXPECT_EQ(edges_of(g, top), before);
        EXPECT_EQ(edges_of(g, filter), "file:n4");
        for (Wait& wait : waits) {
            EXPECT_TRUE(wait.abandon());
        }
        g.turn();
        EXPECT_EQ(edges_of(g, top), before);
        EXPECT_EQ(edges_of(g, filter), "file:n4");

        Done refused;
        graph.attach(below, "file", top, {}, refused.callback());
        g.turn();
        ASSERT_TRUE(refused.error.has_value());
        EXPECT_EQ(refused.error->code, make_error_code(Errc::cycle));
        EXPECT_EQ(edges_of(g, below), "");
        g.on_loop([&] { g.leaves[0]->let_go(); });
        g.close(b);
    });
}

}  // namespace
}  // namespace blkdrain::testing
