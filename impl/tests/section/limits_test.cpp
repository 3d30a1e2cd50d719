// SPDX-License-Identifier: Apache-2.0
//
// Throttle groups from the owner's side (R13, R30).
#include <gtest/gtest.h>

#include <blkdrain/throttle.h>

#include "graph_fixture.h"

namespace blkdrain::testing {
namespace {

using std::chrono::milliseconds;
using Done = SteppedGraph::Done;
using Results = std::vector<std::error_code>;

// One hundred requests of 512 bytes a second.
ThrottleLimits hundred() {
    ThrottleLimits limits;
    limits.bps_total = {.rate = 51'200, .burst = 1};
    return limits;
}

TEST(Limits, LaterRequestsWaitForTimeToPass) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        BlockBackend b = g.backend("vda", disk);
        ThrottleGroup group(g.graph, "slow");
        EXPECT_FALSE(group.configure(hundred()));
        EXPECT_FALSE(group.join(b));
        Results results;
        g.on_loop([&] {
            const Completion ignore{[](void*, std::error_code) {}, nullptr};
            for (int i = 0; i < 3; ++i) {
                EXPECT_FALSE(b.submit(Io::discard(0, 512), ignore));
            }
        });
        EXPECT_EQ(g.leaves[0]->held.size(), 1U);
        Done drained;
        const Wait wait = b.drain({}, drained.callback());
        g.turn();
        EXPECT_TRUE(
            contains(wait.explain().text(), "RATE of throttle group g1 'slow', next token in"))
            << wait.explain().text();
        pass(milliseconds(11));
        g.turn();
        EXPECT_GE(g.leaves[0]->held.size(), 2U);
        pass(milliseconds(11));
        g.turn();
        EXPECT_EQ(g.leaves[0]->held.size(), 3U);
        EXPECT_FALSE(drained.error.has_value());
        g.on_loop([&] { g.leaves[0]->let_go(); });
        EXPECT_TRUE(drained.error.has_value());
        g.close(b);
    });
}

TEST(Limits, WithoutThemAnyLongerNobodyWaits) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        ThrottleGroup group(g.graph, "slow");
        ThrottleLimits hourly;
        hourly.bps_write = {.rate = 1, .burst = 1};
        EXPECT_FALSE(group.configure(hourly));
        EXPECT_FALSE(group.join(b));
        g.on_loop([&] {
            const Completion ignore{[](void*, std::error_code) {}, nullptr};
            for (int i = 0; i < 2; ++i) {
                EXPECT_FALSE(b.submit(Io::discard(0, 4096), ignore));
            }
        });
        EXPECT_EQ(g.leaves[0]->held.size(), 1U);
        EXPECT_FALSE(group.configure({}));
        g.turn();
        EXPECT_EQ(g.leaves[0]->held.size(), 2U);
        g.on_loop([&] { g.leaves[0]->let_go(); });
        g.close(b);
    });
}

TEST(Limits, EndOfTheGroupReleasesItsMembers) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        {
            ThrottleGroup group(g.graph, "slow");
            EXPECT_FALSE(group.configure(hundred()));
            EXPECT_FALSE(group.join(b));
            g.on_loop([&] {
                const Completion ignore{[](void*, std::error_code) {}, nullptr};
                for (int i = 0; i < 3; ++i) {
                    EXPECT_FALSE(b.submit(Io::discard(0, 512), ignore));
                }
            });
        }
        g.turn();
        EXPECT_EQ(g.leaves[0]->held.size(), 3U);
        g.on_loop([&] { g.leaves[0]->let_go(); });
        g.close(b);
    });
}

TEST(Limits, WhatIsRefusedNamesTheObjects) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        ThrottleGroup one(g.graph, "one");
        ThrottleGroup two(g.graph, "two");
        EXPECT_FALSE(one.join(b));
        const Error again = two.join(b);
        EXPECT_TRUE(again == Errc::busy);
        EXPECT_EQ(again.message, "join: b1 'vda' is in throttle group g1 'one' already");
        const Error stranger = two.leave(b);
        EXPECT_TRUE(stranger == Errc::no_such_object);
        EXPECT_EQ(stranger.message, "leave: b1 'vda' is not in throttle group g2 'two'");
        ThrottleLimits none;
        none.iops_read = {.rate = 1, .burst = 0};
        EXPECT_TRUE(one.configure(none) == Errc::bad_option);
        none.iops_read = {.rate = RateLimit::max + 1, .burst = 1};
        EXPECT_TRUE(one.configure(none) == Errc::bad_option);
        EXPECT_FALSE(one.leave(b.id()));
        EXPECT_FALSE(one.join(b.id()));
        EXPECT_TRUE(one.join(BackendId{9}) == Errc::no_such_object);
        EXPECT_EQ(one.leave(BackendId{9}).message, "leave: there is no b9");
        g.close(b);
        EXPECT_TRUE(one.join(b) == Errc::no_such_object);
    });
}

}  // namespace
}  // namespace blkdrain::testing
