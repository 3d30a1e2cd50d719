// SPDX-License-Identifier: Apache-2.0
//
// Plugged regions (R16).
#include <optional>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include <blkdrain/plug.h>

#include "graph_fixture.h"

namespace blkdrain::testing {
namespace {

using Begun = SteppedGraph::Begun;
using Done = SteppedGraph::Done;

// Notes how many came together.
class BatchDriver final : public HoldingDriver {
public:
    void submit_batch(Node& node, std::span<Request* const> batch) override {
        batches.push_back(batch.size());
        Driver::submit_batch(node, batch);
    }
    std::vector<std::size_t> batches;
};

void send(BlockBackend& backend) {
    const Completion ignore{[](void*, std::error_code) {}, nullptr};
    EXPECT_FALSE(backend.submit(Io::discard(0, 0), ignore));
}

// Two backends on one disk, one of them through a filter.
struct PluggedGraph : SteppedGraph {
    PluggedGraph() {
        const NodeId node = leaf("disk", disk);
        const NodeId above = filter("filter");
        attach(*this, above, node);
        direct.emplace(backend("direct", node));
        filtered.emplace(backend("filtered", above));
    }
    void over() {
        on_loop([&] { disk->let_go(); });
        close(*direct);
        close(*filtered);
    }
    BatchDriver* disk = nullptr;
    std::optional<BlockBackend> direct, filtered;
};

TEST(Plug, WhatWasSentInItReachesTheDriverTogether) {
    in_world([] {
        PluggedGraph g;
        g.on_loop([&] {
            const Plug plug(g.graph);
            send(*g.direct);
            {
                const Plug inner(g.graph);
                send(*g.direct);
            }
            send(*g.direct);
        });
        EXPECT_EQ(g.disk->batches, std::vector<std::size_t>{3});
        g.over();
    });
}

TEST(Plug, ABatchStaysTogetherThroughAFilter) {
    in_world([] {
        PluggedGraph g;
        g.on_loop([&] {
            const Plug plug(g.graph);
            send(*g.filtered);
            send(*g.direct);
            send(*g.filtered);
        });
        // The one that went directly joins those that were forwarded to the same node.
        EXPECT_EQ(g.disk->batches, std::vector<std::size_t>{3});
        g.over();
    });
}

TEST(Plug, EndsWhenTheLoopPolls) {
    in_world([] {
        PluggedGraph g;
        std::optional<Plug> plug;
        g.on_loop([&] {
            plug.emplace(g.graph);
            send(*g.direct);
        });
        EXPECT_EQ(g.disk->held.size(), 1U);
        g.on_loop([&] {
            send(*g.direct);
            plug.reset();
        });
        EXPECT_EQ(g.disk->held.size(), 2U);
        g.over();
    });
}

TEST(Plug, ABeginShutsItsGatesBeforeItUnplugs) {
    in_world([] {
        PluggedGraph g;
        Begun begun;
        g.on_loop([&] {
            const Plug plug(g.graph);
            send(*g.direct);
            send(*g.filtered);
            g.direct->self_quiesce({}, begun.callback());
        });
        EXPECT_EQ(g.disk->held.size(), 1U);
        begun.section.end();
        g.turn();
        EXPECT_EQ(g.disk->held.size(), 2U);
        g.over();
    });
}

TEST(Plug, ADrainDoesNotWaitForTheRegionToEnd) {
    in_world([] {
        PluggedGraph g;
        Done drained;
        std::optional<Explanation> explained;
        g.on_loop([&] {
            const Plug plug(g.graph);
            send(*g.direct);
            send(*g.filtered);
            const Wait other = g.filtered->drain({}, drained.callback());
            explained = other.explain();
        });
        ASSERT_TRUE(explained.has_value());
        EXPECT_TRUE(contains(explained->text(), ": ADMITTED")) << explained->text();
        g.over();
        EXPECT_TRUE(drained.error.has_value());
    });
}

TEST(Plug, DoesNothingOnAThreadWithoutALoop) {
    in_world([] {
        PluggedGraph g;
        const Plug plug(g.graph);
        g.on_loop([&] { send(*g.direct); });
        EXPECT_EQ(g.disk->held.size(), 1U);
        EXPECT_TRUE(g.disk->batches.empty());
        g.over();
    });
}

#if !defined(BLKDRAIN_WORLD_SIM)
TEST(PlugDeathTest, GoesWhereItWasMade) {
    const auto go_elsewhere = [] {
        PluggedGraph g;
        std::optional<Plug> plug;
        g.on_loop([&] { plug.emplace(g.graph); });
        plug.reset();
    };
    EXPECT_DEATH(go_elsewhere(), "a plug is destroyed on the loop it was made on");
}
#endif

}  // namespace
}  // namespace blkdrain::testing
