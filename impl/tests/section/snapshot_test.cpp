// SPDX-License-Identifier: Apache-2.0
//
// Snapshots: the same object again and again, with names and without.
#include <gtest/gtest.h>

#include "graph_fixture.h"

namespace blkdrain::testing {
namespace {

TEST(Snapshot, HasNamesOnlyWhenAsked) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        const NodeId filter = g.filter("filter");
        attach(g, filter, disk);
        BlockBackend b = g.backend("vda", filter);

        Snapshot snapshot;
        g.graph.snapshot(snapshot);
        ASSERT_EQ(snapshot.nodes.size(), 2U);
        EXPECT_EQ(snapshot.nodes[0].name, "disk");
        ASSERT_EQ(snapshot.nodes[1].children.size(), 1U);
        EXPECT_EQ(snapshot.nodes[1].children[0].role, "file");
        EXPECT_EQ(snapshot.nodes[1].children[0].child, disk);
        ASSERT_EQ(snapshot.backends.size(), 1U);
        EXPECT_EQ(snapshot.backends[0].name, "vda");

        g.graph.snapshot(snapshot, Snapshot::Names::left_out);
        EXPECT_EQ(snapshot.nodes[0].name, "");
        EXPECT_EQ(snapshot.nodes[1].children[0].role, "");
        EXPECT_EQ(snapshot.backends[0].name, "");
        g.close(b);
    });
}

TEST(Snapshot, ForgetsWhatIsGone) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        g.leaf("other");
        BlockBackend b = g.backend("vda", disk);
        SteppedGraph::Begun begun;
        b.self_quiesce({}, begun.callback());
        g.turn();
        Snapshot snapshot;
        g.graph.snapshot(snapshot);
        EXPECT_EQ(snapshot.nodes.size(), 2U);
        EXPECT_EQ(snapshot.operations.size(), 1U);
        begun.section.end();
        g.close(b);
        SteppedGraph::Done closed;
        g.graph.close(disk, {}, closed.callback());
        g.turn();
        g.graph.snapshot(snapshot);
        ASSERT_EQ(snapshot.nodes.size(), 1U);
        EXPECT_NE(snapshot.nodes[0].id, disk);
        EXPECT_TRUE(snapshot.backends.empty());
        EXPECT_TRUE(snapshot.operations.empty());
    });
}

}  // namespace
}  // namespace blkdrain::testing
