// SPDX-License-Identifier: Apache-2.0
//
// Cancelling requests (R29).
#include <memory>

#include <gtest/gtest.h>

#include <blkdrain/drivers/memory.h>
#include <blkdrain/drivers/null.h>

#include "graph_fixture.h"

namespace blkdrain::testing {
namespace {

using std::chrono::hours;
using Begun = SteppedGraph::Begun;
using Results = std::vector<std::error_code>;

const std::error_code cancelled = make_error_code(Errc::cancelled);

RequestId send(SteppedGraph& g, BlockBackend& backend, Results& results) {
    RequestId id;
    g.on_loop([&] {
        const Completion completion{[](void* context, std::error_code result) {
                                        static_cast<Results*>(context)->push_back(result);
                                    },
                                    &results};
        EXPECT_FALSE(backend.submit(Io::discard(0, 0), completion, &id));
    });
    return id;
}

TEST(Cancel, AWaitingRequestCompletesOnceAndNotInsideTheCall) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        Begun begun;
        b.self_quiesce({}, begun.callback());
        g.turn();
        Results results;
        const RequestId id = send(g, b, results);
        EXPECT_FALSE(b.cancel(id));
        EXPECT_TRUE(results.empty());
        EXPECT_TRUE(b.cancel(id) == Errc::too_late);
        g.turn();
        EXPECT_EQ(results, Results{cancelled});
        const Error late = b.cancel(id);
        EXPECT_TRUE(late == Errc::too_late);
        EXPECT_TRUE(contains(late.message, "of b1 'vda' is over")) << late.message;
        begun.section.end();
        g.turn();
        EXPECT_TRUE(g.leaves[0]->held.empty());
        g.close(b);
    });
}

TEST(Cancel, IsForRequestsOfTheBackendItself) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        BlockBackend one = g.backend("one", disk);
        BlockBackend other = g.backend("other", disk);
        Begun begun;
        one.self_quiesce({}, begun.callback());
        g.turn();
        Results results;
        const RequestId id = send(g, one, results);
        EXPECT_TRUE(other.cancel(id) == Errc::too_late);
        EXPECT_EQ(other.cancel_waiting(), 0U);
        EXPECT_EQ(one.cancel_waiting(), 1U);
        g.turn();
        EXPECT_EQ(results, Results{cancelled});
        begun.section.end();
        g.close(one);
        g.close(other);
    });
}

// The drivers with latency oblige.
template <class Driver, class... Arguments>
void obliges(Arguments... arguments) {
    in_world([&] {
        SteppedGraph g;
        const NodeId disk =
            g.graph.add_node("disk", std::make_unique<Driver>(arguments...), *g.loop);
        BlockBackend b = g.backend("vda", disk);
        Results results;
        const RequestId id = send(g, b, results);
        EXPECT_FALSE(b.cancel(id));
        EXPECT_TRUE(results.empty());
        g.turn();
        EXPECT_EQ(results, Results{cancelled});
        g.close(b);
    });
}

TEST(Cancel, TheNullDriverObliges) {
    NullOptions options;
    options.latency = hours(1);
    obliges<NullDriver>(options);
}

TEST(Cancel, TheMemoryDriverObliges) {
    obliges<MemoryDriver>(4096U, std::chrono::nanoseconds(hours(1)));
}

TEST(Cancel, ADriverThatDoesNotCareGivesTheRealResult) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        Results results;
        const RequestId id = send(g, b, results);
        EXPECT_FALSE(b.cancel(id));
        g.turn();
        EXPECT_TRUE(results.empty());
        g.on_loop([&] { g.leaves[0]->let_go(); });
        EXPECT_EQ(results, Results{std::error_code()});
        g.close(b);
    });
}

}  // namespace
}  // namespace blkdrain::testing
