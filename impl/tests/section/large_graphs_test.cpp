// SPDX-License-Identifier: Apache-2.0
//
// Graphs far beyond what a recursion or a walk per path would stand.
#include <gtest/gtest.h>

#include "graph_fixture.h"

namespace blkdrain::testing {
namespace {

using Begun = SteppedGraph::Begun;

#if defined(BLKDRAIN_WORLD_SIM)
constexpr int chain_length = 1'000;
constexpr int fan_width = 1'000;
#else
constexpr int chain_length = 100'000;
constexpr int fan_width = 100'000;
#endif

void drain_once(SteppedGraph& g, NodeId node) {
    Begun begun;
    g.graph.drained(node, {}, begun.callback());
    g.turn();
    ASSERT_TRUE(begun.error.has_value());
    ASSERT_FALSE(*begun.error) << begun.error->message;
    begun.section.end();
}

TEST(LargeGraphs, ChainServesRequestsAndIsDrained) {
    in_world(
        [] {
            SteppedGraph g;
            NodeId top = g.leaf("disk");
            for (int i = 1; i < chain_length; ++i) {
                const NodeId filter = g.filter("filter");
                g.graph.attach(filter, "file", top, {},
                               [](const Error& error) { ASSERT_FALSE(error) << error.message; });
                top = filter;
            }
            g.turn();
            BlockBackend b = g.backend("vda", top);
            std::vector<std::error_code> results;
            g.send(b, results);
            ASSERT_EQ(g.leaves[0]->held.size(), 1U);
            g.on_loop([&] { g.leaves[0]->let_go(); });
            EXPECT_EQ(results.size(), 1U);
            drain_once(g, top);
            g.close(b);
            SteppedGraph::Done closed;
            g.graph.close(top, {}, closed.callback());
            g.turn();
            ASSERT_TRUE(closed.error.has_value());
            EXPECT_FALSE(*closed.error) << closed.error->message;
            Snapshot snapshot;
            g.graph.snapshot(snapshot);
            EXPECT_TRUE(snapshot.nodes.empty());
        },
        0);
}

TEST(LargeGraphs, FanOfBackendsIsGatedAsOne) {
    in_world(
        [] {
            SteppedGraph g;
            const NodeId disk = g.leaf("disk");
            std::vector<BlockBackend> fan;
            fan.reserve(static_cast<std::size_t>(fan_width));
            for (int i = 0; i < fan_width; ++i) {
                fan.emplace_back(g.graph, "b", *g.loop);
                g.graph.insert_medium(fan.back().id(), disk, {}, [](const Error& error) {
                    ASSERT_FALSE(error) << error.message;
                });
            }
            g.turn();
            Begun begun;
            fan.front().isolate({}, begun.callback());
            g.turn();
            ASSERT_TRUE(begun.section.live());
            Snapshot snapshot;
            g.graph.snapshot(snapshot);
            int gated = 0;
            for (const auto& view : snapshot.backends) {
                gated += view.gated ? 1 : 0;
            }
            EXPECT_EQ(gated, fan_width - 1);
            begun.section.end();
            drain_once(g, disk);
        },
        0);
}

// Each rung's two nodes share both nodes of the next: 2^rungs paths.
TEST(LargeGraphs, LadderOfDiamondsIsWalkedByNodes) {
    in_world(
        [] {
            SteppedGraph g;
            const int rungs = chain_length / 100;
            NodeId left = g.leaf("left");
            NodeId right = g.leaf("right");
            const auto must_work = [](const Error& error) { ASSERT_FALSE(error) << error.message; };
            for (int i = 0; i < rungs; ++i) {
                const NodeId upper_left = g.filter("left");
                const NodeId upper_right = g.filter("right");
                for (const NodeId upper : {upper_left, upper_right}) {
                    g.graph.attach(upper, "file", left, {}, must_work);
                    g.graph.attach(upper, "backing", right, {}, must_work);
                }
                left = upper_left;
                right = upper_right;
            }
            g.turn();
            drain_once(g, left);
        },
        0);
}

}  // namespace
}  // namespace blkdrain::testing
