// SPDX-License-Identifier: Apache-2.0
//
// The blocking forms: each on a plain thread, with loops that run on threads of their own, and each
// refused on the thread of a loop.
#include <array>
#include <cstddef>
#include <memory>
#include <system_error>

#include <gtest/gtest.h>

#include <blkdrain/blocking.h>
#include <blkdrain/drivers/null.h>

#include "graph_fixture.h"

namespace blkdrain::testing {
namespace {

// Runs a loop on a thread of its own.
class Runner {
public:
    explicit Runner(EventLoop& loop) : loop_(loop), thread_("runner", [&loop] { loop.run(); }) {}
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;
    ~Runner() {
        loop_.stop();
        thread_.join();
    }

private:
    EventLoop& loop_;
    os::thread thread_;
};

void expect_ok(const Error& error) {
    EXPECT_FALSE(error) << error.message;
}

void expect_live(const blocking::SectionResult& result) {
    expect_ok(result.error);
    EXPECT_TRUE(result.section.live());
}

TEST(Blocking, EveryFormWaitsOnAPlainThread) {
    in_world([] {
        const auto away = SteppedGraph::make_loop("away");
        SteppedGraph g;
        Graph& graph = g.graph;
        EXPECT_FALSE(graph.add_loop(*away));
        const NodeId disk = g.leaf("disk");
        const NodeId copy = g.leaf("copy");
        const NodeId filter = g.filter("filter");
        BlockBackend b(graph, "vda", *g.loop);
        const Runner runner(*g.loop);

        expect_ok(blocking::insert_medium(graph, b.id(), disk));
        expect_ok(blocking::insert_filter(graph, disk, filter));
        expect_ok(blocking::remove_filter(graph, filter));
        expect_ok(blocking::replace(graph, disk, copy));
        expect_ok(blocking::attach(graph, filter, "file", disk));
        expect_ok(blocking::detach(graph, filter, 0));
        expect_ok(blocking::remove_medium(graph, b.id()));
        expect_ok(blocking::insert_medium(graph, b.id(), disk));
        {
            const blocking::SectionResult isolated = blocking::isolate(b);
            expect_live(isolated);
            expect_ok(blocking::quiet(graph, isolated.section.id()));
        }
        {
            const blocking::SectionResult quiesced = blocking::self_quiesce(b);
            expect_live(quiesced);
            expect_ok(blocking::settle(graph, disk));
        }
        expect_live(blocking::drained(graph, disk));
        expect_live(blocking::quiesce_all(graph, {}));
        {
            const blocking::TokenResult token = blocking::open_token(graph, {b.id()});
            expect_ok(token.error);
            EXPECT_TRUE(token.token.open());
        }
        expect_ok(blocking::drain(b));
        expect_ok(blocking::close(b));
        expect_ok(blocking::close(graph, disk));
        expect_ok(blocking::set_event_loop(graph, copy, *away));
    });
}

TEST(Blocking, ARequestReturnsItsOutcomeOrWhyItWasNotSent) {
    in_world([] {
        const auto stranger = SteppedGraph::make_loop("stranger");
        SteppedGraph g;
        BlockBackend b(g.graph, "vda", *g.loop);
        std::array<std::byte, 512> block{};
        const Runner runner(*g.loop);
        const Runner elsewhere(*stranger);

        const Error empty = blocking::submit(*g.loop, b, Io::write(0, block));
        EXPECT_EQ(empty.code, make_error_code(Errc::no_medium));
        EXPECT_TRUE(contains(empty.message, "request of b1 'vda': ")) << empty.message;
        EXPECT_EQ(blocking::submit(*stranger, b, Io::flush()).code,
                  make_error_code(Errc::not_on_loop));
        {
            // Under a token no gate is in the way.
            const blocking::TokenResult token = blocking::open_token(g.graph, {b.id()});
            const blocking::SectionResult gated = blocking::self_quiesce(b);
            EXPECT_EQ(blocking::submit(*g.loop, b, Io::flush(), token.token.id()).code,
                      make_error_code(Errc::no_medium));
        }
        EXPECT_EQ(blocking::submit(*g.loop, b, Io::flush(), TokenId{77}).code,
                  make_error_code(Errc::bad_token));
        expect_ok(blocking::insert_medium(
            g.graph, b.id(), g.graph.add_node("disk", std::make_unique<NullDriver>(), *g.loop)));
        expect_ok(blocking::submit(*g.loop, b, Io::read(0, block)));
        expect_ok(blocking::close(b));
    });
}

TEST(Blocking, DeadlineAndHoldingArePassedOn) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        std::vector<std::error_code> results;
        g.send(b, results);
        {
            const Runner runner(*g.loop);
            WaitOptions impatient;
            impatient.deadline = std::chrono::milliseconds(1);
            EXPECT_EQ(blocking::drain(b, impatient).code, make_error_code(Errc::timed_out));
            EXPECT_EQ(blocking::drained(g.graph, NodeId{1}, impatient).error.code,
                      make_error_code(Errc::timed_out));
        }
        g.on_loop([&] { g.leaves[0]->let_go(); });
        {
            const Runner runner(*g.loop);
            const blocking::TokenResult token = blocking::open_token(g.graph, {b.id()});
            WaitOptions holding;
            holding.holding.tokens = {token.token.id()};
            EXPECT_EQ(blocking::drain(b, holding).code, make_error_code(Errc::would_deadlock));
        }
        g.close(b);
    });
}

TEST(Blocking, EveryFormIsRefusedOnALoopAndNamesCallAndObject) {
    in_world([] {
        SteppedGraph g;
        Graph& graph = g.graph;
        const NodeId disk = g.leaf("disk");
        const NodeId filter = g.filter("filter");
        BlockBackend b = g.backend("vda", disk);
        BlockBackend other = g.backend("vdb");
        struct Case {
            std::function<Error()> call;
            std::string subject;
        };
        const std::vector<Case> cases = {
            {[&] { return blocking::submit(*g.loop, b, Io::flush()); }, "request of b1 'vda'"},
            {[&] { return blocking::drain(b); }, "drain of b1 'vda'"},
            {[&] { return blocking::close(b); }, "close of b1 'vda'"},
            {[&] { return blocking::isolate(b).error; }, "isolate of b1 'vda'"},
            {[&] { return blocking::self_quiesce(b).error; }, "self_quiesce of b1 'vda'"},
            {[&] { return blocking::drained(graph, disk).error; }, "drained section of n1 'disk'"},
            {[&] { return blocking::quiesce_all(graph, {}).error; }, "quiesce_all"},
            {[&] { return blocking::quiet(graph, OperationId{4}); }, "wait for quiet of s4"},
            {[&] { return blocking::settle(graph, disk); }, "settle of n1 'disk'"},
            {[&] { return blocking::open_token(graph, {b.id(), other.id()}).error; },
             "opening of a token on b1 'vda', b2 'vdb'"},
            {[&] { return blocking::attach(graph, filter, "file", disk); },
             "attach of n1 'disk' under n2 'filter'"},
            {[&] { return blocking::detach(graph, filter, 3); },
             "detach of child 3 of n2 'filter'"},
            {[&] { return blocking::replace(graph, disk, filter); },
             "replace of n1 'disk' by n2 'filter'"},
            {[&] { return blocking::insert_filter(graph, disk, filter); },
             "insert_filter of n2 'filter' above n1 'disk'"},
            {[&] { return blocking::remove_filter(graph, filter); },
             "remove_filter of n2 'filter'"},
            {[&] { return blocking::insert_medium(graph, other.id(), NodeId{77}); },
             "insert_medium of n77 into b2 'vdb'"},
            {[&] { return blocking::remove_medium(graph, b.id()); }, "remove_medium of b1 'vda'"},
            {[&] { return blocking::set_event_loop(graph, disk, *g.loop); },
             "set_event_loop of n1 'disk'"},
            {[&] { return blocking::close(graph, disk); }, "close of n1 'disk'"},
        };
        for (const Case& c : cases) {
            Error error;
            g.on_loop([&] { error = c.call(); });
            EXPECT_EQ(error.code, make_error_code(Errc::would_block_loop)) << c.subject;
            EXPECT_TRUE(contains(error.message, c.subject + ": it would block event loop 'loop0'"))
                << error.message;
        }
        // Nothing has happened.
        Snapshot snapshot;
        graph.snapshot(snapshot);
        EXPECT_TRUE(snapshot.operations.empty());
        EXPECT_TRUE(snapshot.tokens.empty());
        EXPECT_EQ(snapshot.backends.size(), 2U);
        EXPECT_EQ(snapshot.nodes.size(), 2U);
        g.close(b);
        g.close(other);
    });
}

// R26: the line of the call when its options are left out, else that of the options.
TEST(Blocking, BeginIsKnownByItsLine) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        const Runner runner(*g.loop);
        const auto held_from = [&](int line) {
            const Error error = blocking::close(b);
            EXPECT_EQ(error.code, make_error_code(Errc::busy));
            EXPECT_TRUE(contains(error.message, "blocking_test.cpp:" + std::to_string(line)))
                << error.message;
        };
        {
            const int line = __LINE__ + 1;
            const blocking::SectionResult held = blocking::self_quiesce(b);
            held_from(line);
        }
        {
            const int line = __LINE__ + 1;
            const blocking::SectionResult held = blocking::isolate(b, {});
            held_from(line);
        }
        {
            const int line = __LINE__ + 1;
            const IsolateOptions options;
            const blocking::SectionResult held = blocking::isolate(b, options);
            held_from(line);
        }
        expect_ok(blocking::close(b));
    });
}

}  // namespace
}  // namespace blkdrain::testing
