// SPDX-License-Identifier: Apache-2.0
//
// Every pending operation says what it waits for (R26).
#include <gtest/gtest.h>

#include "graph_fixture.h"

namespace blkdrain::testing {
namespace {

using Begun = SteppedGraph::Begun;
using Done = SteppedGraph::Done;
using Opened = SteppedGraph::Opened;
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

// Two owners, each in an operation of its own, drain each other's backend.
TEST(Explain, operations_that_wait_in_a_circle_are_named_and_reported) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        BlockBackend guest = g.backend("guest", disk);
        BlockBackend job = g.backend("job", disk);
        std::vector<Explanation> told;
        g.graph.on_cycle([&](const Explanation& why) { told.push_back(why); });
        Opened guest_token;
        Opened job_token;
        g.graph.open_token({guest.id()}, {}, guest_token.callback());
        g.graph.open_token({job.id()}, {}, job_token.callback());
        g.turn();

        WaitOptions guest_holds;
        guest_holds.holding.tokens = {guest_token.token.id()};
        WaitOptions job_holds;
        job_holds.holding.tokens = {job_token.token.id()};
        Done of_guest;
        Done of_job;
        Wait by_guest = job.drain(guest_holds, of_guest.callback());
        EXPECT_TRUE(by_guest.explain().cycle.empty());
        Wait by_job = guest.drain(job_holds, of_job.callback());
        g.turn();

        ASSERT_EQ(told.size(), 2U);
        for (const Explanation& why : {told[0], told[1], by_guest.explain(), by_job.explain()}) {
            ASSERT_EQ(why.cycle.size(), 2U) << why.text();
            EXPECT_EQ(why.cycle[0].operation, by_guest.id());
            EXPECT_EQ(why.cycle[1].operation, by_job.id());
            EXPECT_NE(why.text().find("in a circle: drain s"), std::string::npos) << why.text();
            EXPECT_NE(why.text().find("explain_test.cpp"), std::string::npos) << why.text();
        }

        // One lets go: the circle is open, and is not reported again.
        EXPECT_TRUE(by_guest.abandon());
        EXPECT_TRUE(by_job.explain().cycle.empty());
        guest_token.token.close();
        g.turn();
        ASSERT_TRUE(of_job.error.has_value());
        EXPECT_FALSE(*of_job.error) << of_job.error->message;
        EXPECT_EQ(told.size(), 2U);
        job_token.token.close();
        g.close(guest);
        g.close(job);
    });
}

// A circle of one: among other things it waits for what its own caller holds.
TEST(Explain, an_operation_that_waits_for_its_own_token_is_in_a_circle_of_one) {
    in_world([] {
        SteppedGraph g;
        BlockBackend guest = g.backend("guest", g.leaf("disk"));
        Opened opened;
        g.graph.open_token({guest.id()}, {}, opened.callback());
        g.turn();
        Results results;
        g.send(guest, results);
        WaitOptions holds;
        holds.holding.tokens = {opened.token.id()};
        Done drained;
        Wait wait = guest.drain(holds, drained.callback());
        ASSERT_EQ(wait.explain().cycle.size(), 1U);
        EXPECT_EQ(wait.explain().cycle[0].operation, wait.id());

        // Once nothing else is left the wait gives up by itself (R12).
        g.on_loop([&] { g.leaves[0]->let_go(); });
        ASSERT_TRUE(drained.error.has_value());
        EXPECT_EQ(drained.error->code, Errc::would_deadlock);
        opened.token.close();
        g.close(guest);
    });
}

}  // namespace
}  // namespace blkdrain::testing
