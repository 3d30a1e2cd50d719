// SPDX-License-Identifier: Apache-2.0
//
// The end of things: handles that go without a close, graphs that go before their loops.
#include <gtest/gtest.h>

#include <blkdrain/blocking.h>
#include <blkdrain/drivers/null.h>

#include "graph_fixture.h"

namespace blkdrain::testing {
namespace {

using Begun = SteppedGraph::Begun;
using Done = SteppedGraph::Done;
using Opened = SteppedGraph::Opened;
using Results = std::vector<std::error_code>;

class CountingListener final : public SectionListener {
public:
    void section_begin() override { ++begun; }
    void section_end() override { ++ended; }
    int begun = 0;
    int ended = 0;
};

// What the graph shows of its first backend.
enum class Seen { open, closing, gone };

Seen look(const SteppedGraph& g) {
    Snapshot snapshot;
    g.graph.snapshot(snapshot);
    for (const auto& backend : snapshot.backends) {
        if (backend.id.value == 1) {
            return backend.closing ? Seen::closing : Seen::open;
        }
    }
    return Seen::gone;
}

// A handle destroyed without a close closes in the background, once nothing is held through it
// (R27).
TEST(DroppedHandle, ClosesWhenItsSectionEnds) {
    in_world([] {
        SteppedGraph g;
        Begun quiesced;
        Begun isolated;
        {
            BlockBackend b = g.backend("vda", g.leaf("disk"));
            b.self_quiesce({}, quiesced.callback());
            b.isolate({}, isolated.callback());
            g.turn();
        }
        EXPECT_EQ(look(g), Seen::open);
        quiesced.section.end();
        EXPECT_EQ(look(g), Seen::open);
        isolated.section.end();
        EXPECT_EQ(look(g), Seen::gone);
    });
}

TEST(DroppedHandle, ClosesWhenItsTokenIsClosed) {
    in_world([] {
        SteppedGraph g;
        Opened opened;
        {
            BlockBackend b = g.backend("vda", g.leaf("disk"));
            g.graph.open_token({b.id()}, {}, opened.callback());
            g.turn();
        }
        EXPECT_EQ(look(g), Seen::closing);
        opened.token.close();
        EXPECT_EQ(look(g), Seen::gone);
    });
}

TEST(DroppedHandle, ClosesAfterItsQueuedSection) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        Begun queued;
        Begun live;
        std::optional<BlockBackend> b = g.backend("vda", disk);
        BlockBackend first = g.backend("vdb", disk);
        first.isolate({}, live.callback());
        b->isolate({}, queued.callback());
        g.turn();
        EXPECT_FALSE(queued.error.has_value());
        b.reset();
        EXPECT_EQ(look(g), Seen::open);
        live.section.end();
        g.turn();
        ASSERT_TRUE(queued.section.live());
        EXPECT_EQ(look(g), Seen::open);
        queued.section.end();
        EXPECT_EQ(look(g), Seen::gone);
        g.close(first);
    });
}

TEST(DroppedHandle, ClosesAfterAChangeOfItsRoot) {
    in_world([] {
        SteppedGraph g;
        Done changed;
        Results results;
        {
            BlockBackend b = g.backend("vda", g.leaf("disk"));
            g.send(b, results);
            g.graph.remove_medium(b.id(), {}, changed.callback());
        }
        g.turn();
        EXPECT_EQ(look(g), Seen::open);
        EXPECT_FALSE(changed.error.has_value());
        g.on_loop([&] { g.leaves[0]->let_go(); });
        ASSERT_TRUE(changed.error.has_value());
        EXPECT_FALSE(*changed.error) << changed.error->message;
        EXPECT_EQ(look(g), Seen::gone);
    });
}

// Destroys the handle inside its own notification.
class Quitter final : public SectionListener {
public:
    void section_begin() override { backend.reset(); }
    void section_end() override { ADD_FAILURE() << "told after its handle had gone"; }
    std::optional<BlockBackend> backend;
};

TEST(DroppedHandle, ClosesFromInsideItsNotification) {
    in_world([] {
        SteppedGraph g;
        Quitter quitter;
        quitter.backend = g.backend("vda", g.leaf("disk"));
        EXPECT_FALSE(quitter.backend->set_listener(&quitter));
        Begun all;
        g.graph.quiesce_all({}, {}, all.callback());
        g.turn();
        EXPECT_FALSE(quitter.backend.has_value());
        EXPECT_EQ(look(g), Seen::gone);
        all.section.end();
        g.turn();
    });
}

TEST(DroppedHandle, CloseSaysWhatBeganIt) {
    in_world([] {
        SteppedGraph g;
        Results results;
        {
            BlockBackend b = g.backend("vda", g.leaf("disk"));
            g.send(b, results);
        }
        const std::vector<Explanation> pending = g.graph.explain_all();
        ASSERT_EQ(pending.size(), 1U);
        EXPECT_EQ(pending[0].subject, "close s2 of b1 'vda' begun when its handle was destroyed");
        g.on_loop([&] { g.leaves[0]->let_go(); });
        EXPECT_EQ(look(g), Seen::gone);
    });
}

// The end of the section is notified in a task that the loop gets round to after all has gone.
TEST(DestroyedGraph, MayGoBeforeItsLoopServesANotification) {
    in_world([] {
        CountingListener listener;
        const auto loop = SteppedGraph::make_loop("loop0");
        const auto turn = [&] {
            while (loop->run_once(std::chrono::nanoseconds(0))) {
            }
        };
        {
            Graph graph;
            EXPECT_FALSE(graph.add_loop(*loop));
            BlockBackend b(graph, "vda", *loop);
            EXPECT_FALSE(b.set_listener(&listener));
            Begun begun;
            b.self_quiesce({}, begun.callback());
            turn();
            EXPECT_EQ(listener.begun, 1);
            begun.section.end();
        }
        turn();
        EXPECT_EQ(listener.ended, 0);
    });
}

// The loop that counts the last request done may look a moment later who watches; another thread
// has seen the count, been told and destroyed the graph meanwhile.
TEST(DestroyedGraph, MayGoWhileALoopReturnsFromItsLastCompletion) {
    in_world(
        [] {
            const auto home = SteppedGraph::make_loop("home");
            const auto sender = SteppedGraph::make_loop("sender");
            os::thread home_runner("home", [&] { home->run(); });
            os::thread sender_runner("sender", [&] { sender->run(); });
            {
                Graph graph;
                EXPECT_FALSE(graph.add_loop(*home));
                EXPECT_FALSE(graph.add_loop(*sender));
                const NodeId disk =
                    graph.add_node("disk", std::make_unique<NullDriver>(NullOptions{}), *home);
                BlockBackend b(graph, "vda", *home);
                EXPECT_FALSE(blocking::insert_medium(graph, b.id(), disk));
                os::mutex mutex;
                os::condition condition;
                bool sent = false;
                sender->post([&] {
                    EXPECT_FALSE(b.submit(Io::flush(), {[](void*, std::error_code) {}, nullptr}));
                    const os::mutex_lock lock(mutex);
                    sent = true;
                    condition.notify_one();
                });
                {
                    os::mutex_lock lock(mutex);
                    while (!sent) {
                        condition.wait(lock);
                    }
                }
                EXPECT_FALSE(blocking::close(b));
            }
            for (EventLoop* loop : {home.get(), sender.get()}) {
                loop->stop();
            }
            home_runner.join();
            sender_runner.join();
        },
        300);
}

}  // namespace
}  // namespace blkdrain::testing
