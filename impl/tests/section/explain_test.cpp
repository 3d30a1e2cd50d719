// SPDX-License-Identifier: Apache-2.0
//
// Every pending operation says what it waits for (R26).
#include <gtest/gtest.h>

#include "graph_fixture.h"

namespace blkdrain::testing {
namespace {

using Begun = SteppedGraph::Begun;
using Done = SteppedGraph::Done;
using Results = std::vector<std::error_code>;

TEST(Explain, DrainNamesTheWaitingRequestAndTheSectionThatGatesIt) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        Begun begun;
        b.self_quiesce({}, begun.callback());
        g.turn();
        Results results;
        g.send(b, results);
        Done drained;
        Wait wait = b.drain({}, drained.callback());
        const Explanation why = wait.explain();
        ASSERT_EQ(why.items.size(), 1U);
        EXPECT_EQ(why.items[0].kind, WaitItem::Kind::request);
        EXPECT_NE(why.text().find("vda"), std::string::npos) << why.text();
        EXPECT_NE(why.text().find("self-quiesced section"), std::string::npos) << why.text();
        EXPECT_NE(why.text().find("explain_test.cpp"), std::string::npos) << why.text();
        EXPECT_EQ(g.graph.explain_all().size(), 1U);
        begun.section.end();
        g.turn();
        g.on_loop([&] { g.leaves[0]->let_go(); });
        EXPECT_TRUE(wait.explain().items.empty());
        g.close(b);
    });
}

TEST(Explain, QueuedIsolateNamesTheSectionInFront) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        BlockBackend first = g.backend("vda", disk);
        BlockBackend second = g.backend("job", disk);
        Begun live;
        first.isolate({}, live.callback());
        g.turn();
        Begun queued;
        Wait wait = second.isolate({}, queued.callback());
        g.turn();
        EXPECT_FALSE(queued.error.has_value());
        const Explanation why = wait.explain();
        ASSERT_EQ(why.items.size(), 1U);
        EXPECT_EQ(why.items[0].kind, WaitItem::Kind::section);
        EXPECT_EQ(why.items[0].id, live.section.id().value);
        live.section.end();
        g.turn();
        ASSERT_TRUE(queued.error.has_value());
        EXPECT_FALSE(*queued.error);
        queued.section.end();
        g.close(first);
        g.close(second);
    });
}

}  // namespace
}  // namespace blkdrain::testing
