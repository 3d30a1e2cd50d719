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

// Looks at its graph wherever it is asked or dies.
class CuriousDriver final : public HoldingDriver {
public:
    CuriousDriver(const Graph& graph, int& looks) : graph_(graph), looks_(looks) {}
    ~CuriousDriver() override { look(); }

    [[nodiscard]] bool settles() const override {
        look();
        return false;
    }

private:
    void look() const {
        Snapshot snapshot;
        graph_.snapshot(snapshot);
        ++looks_;
    }

    const Graph& graph_;
    int& looks_;
};

TEST(DestroyedGraph, ItsDriversMayStillCallIt) {
    in_world([] {
        int looks = 0;
        {
            SteppedGraph g;
            Done done;
            g.graph.close(g.graph.add_node(
                              "closed", std::make_unique<CuriousDriver>(g.graph, looks), *g.loop),
                          {}, done.callback());
            g.turn();
            g.graph.add_node("left", std::make_unique<CuriousDriver>(g.graph, looks), *g.loop);
        }
        EXPECT_EQ(looks, 4);
    });
}

// Its node is at work on its own account until it dies.
class BusyDriver final : public Driver {
public:
    BusyDriver(int& begun, int& refused) : begun_(begun), refused_(refused) {}
    ~BusyDriver() override {
        node_->end_internal();
        refused_ += node_->begin_internal() == make_error_code(Errc::no_such_object) ? 1 : 0;
    }
    void submit(Node& node, Request& request) override {
        node_ = &node;
        begun_ += node.begin_internal() ? 0 : 1;
        request.complete({});
    }

private:
    Node* node_ = nullptr;
    int& begun_;
    int& refused_;
};

TEST(DestroyedGraph, ItsNodesMayStillEndWorkOfTheirOwn) {
    in_world([] {
        int begun = 0;
        int refused = 0;
        {
            SteppedGraph g;
            const NodeId disk =
                g.graph.add_node("disk", std::make_unique<BusyDriver>(begun, refused), *g.loop);
            BlockBackend b = g.backend("vda", disk);
            Results results;
            g.send(b, results);
            EXPECT_EQ(results, Results{{}});
            EXPECT_EQ(begun, 1);
            Done done;
            b.close({}, done.callback());
            g.turn();
        }
        EXPECT_EQ(refused, 1);
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

// A request on one loop; closes its backend, told on another, and destroys the graph. `completed`
// runs in the request's completion.
void destroy_behind_the_last_completion(std::function<void()> completed) {
    const auto home = SteppedGraph::make_loop("home");
    const auto sender = SteppedGraph::make_loop("sender");
    os::thread home_runner("home", [&] { home->run(); });
    os::thread sender_runner("sender", [&] { sender->run(); });
    {
        Graph graph;
        EXPECT_FALSE(graph.add_loop(*home));
        EXPECT_FALSE(graph.add_loop(*sender));
        const NodeId disk = graph.add_node("disk", std::make_unique<NullDriver>(), *home);
        BlockBackend b(graph, "vda", *home);
        EXPECT_FALSE(blocking::insert_medium(graph, b.id(), disk));
        os::mutex mutex;
        os::condition condition;
        bool sent = false;  // guarded by mutex
        const Completion completion{[](void* context, std::error_code) {
                                        (*static_cast<std::function<void()>*>(context))();
                                    },
                                    &completed};
        sender->post([&] {
            EXPECT_FALSE(b.submit(Io::flush(), completion));
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
}

#if defined(BLKDRAIN_WORLD_SIM)
// Once armed, the sender goes on for some steps and then runs only when nobody else can.
class StarvesTheSender final : public sim::Strategy {
public:
    explicit StarvesTheSender(unsigned steps) : steps_(steps) {}

    std::uint32_t pick(const sim::Choice& choice) override {
        if (choice.kind != sim::ChoiceKind::thread || !armed ||
            choice.enabled[choice.fallback]->name != "sender") {
            return choice.fallback;
        }
        if (steps_ > 0) {
            --steps_;
            return choice.fallback;
        }
        return choice.fallback == 0 ? 1 : 0;
    }

    bool armed = false;

private:
    unsigned steps_;
};
#endif

// The loop that counts the last request done looks a moment later who watches. By then another
// thread may have seen the count, been told and destroyed the graph.
TEST(DestroyedGraph, MayGoWhileALoopReturnsFromItsLastCompletion) {
#if defined(BLKDRAIN_WORLD_SIM)
    for (unsigned steps = 0; steps < 40; ++steps) {
        StarvesTheSender strategy(steps);
        sim::Options options;
        options.elide = sim::Elide::nothing;  // the loop's cells are its own so far
        sim::Simulation simulation(strategy, options);
        simulation.spawn(
            "main", [&] { destroy_behind_the_last_completion([&] { strategy.armed = true; }); });
        const sim::Outcome outcome = simulation.run();
        ASSERT_TRUE(outcome.finished()) << "after " << steps << ": " << outcome.to_string();
    }
#else
    destroy_behind_the_last_completion([] {});
#endif
}

#if !defined(BLKDRAIN_WORLD_SIM)
// What the header of the graph says about misuse.
TEST(GraphDeathTest, IsNotDestroyedTooEarly) {
    const auto in_a_completion = [] {
        const auto loop = SteppedGraph::make_loop("loop");
        auto graph = std::make_unique<Graph>();
        static_cast<void>(graph->add_loop(*loop));
        BlockBackend b(*graph, "vda", *loop);
        loop->post([&] {
            const Completion completion{[](void* context, std::error_code) {
                                            static_cast<std::unique_ptr<Graph>*>(context)->reset();
                                        },
                                        &graph};
            static_cast<void>(b.submit(Io::flush(), completion));
        });
        loop->run();
    };
    // All that they name outlives the graph.
    const auto with_a_section = [] {
        Begun begun;
        BlockBackend b;
        SteppedGraph g;
        b = g.backend("vda");
        b.self_quiesce({}, begun.callback());
        g.turn();
    };
    const auto with_a_token = [] {
        Opened opened;
        BlockBackend b;
        SteppedGraph g;
        b = g.backend("vda");
        g.graph.open_token({b.id()}, {}, opened.callback());
        g.turn();
    };
    EXPECT_DEATH(in_a_completion(), "requests are done before their graph is destroyed");
    EXPECT_DEATH(with_a_section(), "sections and operations are over before their graph");
    EXPECT_DEATH(with_a_token(), "operation tokens are closed before their graph");
}

TEST(GraphDeathTest, KnowsTheLoopsItUses) {
    const auto loop = SteppedGraph::make_loop("loop");
    Graph graph;
    EXPECT_DEATH(graph.add_node("n", std::make_unique<NullDriver>(), *loop),
                 "a loop is added to the graph before it is used there");
    EXPECT_DEATH(BlockBackend(graph, "b", *loop),
                 "a loop is added to the graph before it is used there");
    EXPECT_DEATH(graph.drained(NodeId{1}, {}, nullptr), "a graph has a loop before it is asked");
}
#endif

}  // namespace
}  // namespace blkdrain::testing
