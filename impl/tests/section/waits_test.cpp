// SPDX-License-Identifier: Apache-2.0
//
// Waits: deadlines, giving up, holding, tokens across sections.
#include <gtest/gtest.h>

#include "graph_fixture.h"

namespace blkdrain::testing {
namespace {

using Begun = SteppedGraph::Begun;
using Done = SteppedGraph::Done;
using Opened = SteppedGraph::Opened;
using Results = std::vector<std::error_code>;

TEST(Waits, DeadlineEndsADrain) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        Results results;
        g.send(b, results);
        Done drained;
        WaitOptions options;
        options.deadline = std::chrono::milliseconds(2);
        b.drain(options, drained.callback());
        while (!drained.error) {
            g.loop->run_once(std::chrono::nanoseconds(-1));
        }
        EXPECT_EQ(drained.error->code, make_error_code(Errc::timed_out));
        g.on_loop([&] { g.leaves[0]->let_go(); });
        g.close(b);
    });
}

TEST(Waits, DeadlineCountsFromTheCallHoweverBusyTheLoop) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        Results results;
        g.send(b, results);
        Done drained;
        WaitOptions options;
        options.deadline = std::chrono::milliseconds(2);
        b.drain(options, drained.callback());
        pass(std::chrono::milliseconds(3));
        g.turn();
        ASSERT_TRUE(drained.error.has_value());
        EXPECT_EQ(drained.error->code, make_error_code(Errc::timed_out));
        EXPECT_TRUE(contains(drained.error->message, "drain s2 of b1 'vda' begun at waits_test"))
            << drained.error->message;
        g.on_loop([&] { g.leaves[0]->let_go(); });
        g.close(b);
    });
}

TEST(Waits, AbandonedDrainedBeginOpensTheGates) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        BlockBackend b = g.backend("vda", disk);
        Results results;
        g.send(b, results);
        Begun begun;
        Wait wait = g.graph.drained(disk, {}, begun.callback());
        g.send(b, results);
        EXPECT_EQ(g.leaves[0]->held.size(), 1U);
        EXPECT_TRUE(wait.abandon());
        EXPECT_FALSE(wait.abandon());
        g.turn();
        ASSERT_TRUE(begun.error.has_value());
        EXPECT_EQ(begun.error->code, make_error_code(Errc::cancelled));
        EXPECT_FALSE(begun.section.live());
        EXPECT_EQ(g.leaves[0]->held.size(), 2U);
        g.on_loop([&] { g.leaves[0]->let_go(); });
        g.close(b);
    });
}

TEST(Waits, DrainOfWhatTheCallersSectionGatesIsADeadlock) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        Begun begun;
        b.self_quiesce({}, begun.callback());
        g.turn();
        Results results;
        g.send(b, results);
        Done drained;
        WaitOptions options;
        options.holding.sections = {begun.section.id()};
        b.drain(options, drained.callback());
        g.turn();
        ASSERT_TRUE(drained.error.has_value());
        EXPECT_EQ(drained.error->code, make_error_code(Errc::would_deadlock));
        begun.section.end();
        g.turn();
        g.on_loop([&] { g.leaves[0]->let_go(); });
        g.close(b);
    });
}

// Whoever gets done may leave nothing but what the caller holds, though the loop has others in
// flight.
TEST(Waits, DrainIsADeadlockOnceTheRequestsLeftAreTheCallers) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        const auto send = [&](const Io& io) {
            RequestId id;
            g.on_loop(
                [&] { EXPECT_FALSE(b.submit(io, {[](void*, std::error_code) {}, nullptr}, &id)); });
            return id;
        };
        WaitOptions options;
        options.holding.requests = {send(Io::flush())};
        send(Io::flush());
        Done drained;
        b.drain(options, drained.callback());
        g.turn();
        EXPECT_FALSE(drained.error.has_value());
        std::vector<Request*>& held = g.leaves[0]->held;
        g.on_loop([&] {
            held.back()->complete({});
            held.pop_back();
        });
        ASSERT_TRUE(drained.error.has_value());
        EXPECT_EQ(drained.error->code, make_error_code(Errc::would_deadlock));
        g.on_loop([&] { g.leaves[0]->let_go(); });
        g.close(b);
    });
}

TEST(Waits, TokenKeepsADrainedSectionWaitingAndPassesTheGate) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        BlockBackend b = g.backend("vda", disk);
        Opened opened;
        g.graph.open_token({b.id()}, {}, opened.callback());
        g.turn();
        ASSERT_TRUE(opened.token.open());
        Begun begun;
        g.graph.drained(disk, {}, begun.callback());
        g.turn();
        EXPECT_FALSE(begun.error.has_value());
        g.on_loop([&] {
            EXPECT_FALSE(
                b.submit(Io::flush(), {[](void*, std::error_code) {}, nullptr}, opened.token));
        });
        EXPECT_EQ(g.leaves[0]->held.size(), 1U);
        opened.token.close();
        g.turn();
        EXPECT_FALSE(begun.error.has_value());
        g.on_loop([&] { g.leaves[0]->let_go(); });
        ASSERT_TRUE(begun.error.has_value());
        EXPECT_FALSE(*begun.error);
        begun.section.end();
        g.close(b);
    });
}

}  // namespace
}  // namespace blkdrain::testing
