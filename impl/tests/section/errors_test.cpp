// SPDX-License-Identifier: Apache-2.0
//
// Misuse and refusal: each is a specified error whose message names the objects. Blocking calls on
// loops: blocking_test.cpp.
#include <gtest/gtest.h>

#include "graph_fixture.h"

namespace blkdrain::testing {
namespace {

using Done = SteppedGraph::Done;
using Begun = SteppedGraph::Begun;

void expect_error(const std::optional<Error>& error, Errc code,
                  const std::vector<std::string>& names) {
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->code, make_error_code(code)) << error->message;
    for (const std::string& name : names) {
        EXPECT_NE(error->message.find(name), std::string::npos) << error->message;
    }
}

TEST(Errors, ForeignSectionIsNotEnded) {
    in_world([] {
        SteppedGraph g;
        SteppedGraph other;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        Begun begun;
        b.self_quiesce({}, begun.callback());
        g.turn();
        ASSERT_TRUE(begun.section.live());
        const std::string name = "s" + std::to_string(begun.section.id().value);
        expect_error(other.graph.end(begun.section), Errc::foreign_section, {name});
        EXPECT_TRUE(begun.section.live());
        EXPECT_FALSE(g.graph.end(begun.section));
        expect_error(g.graph.end(begun.section), Errc::ended, {name});
        Section none;
        expect_error(g.graph.end(none), Errc::ended, {"empty"});
        g.close(b);
    });
}

TEST(Errors, NodeWithParentsIsNotClosed) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        const NodeId filter = g.filter("filter");
        attach(g, filter, disk);
        BlockBackend b = g.backend("vda", disk);
        Done done;
        g.graph.close(disk, {}, done.callback());
        g.turn();
        expect_error(done.error, Errc::busy, {"disk", "filter", "vda"});
        g.close(b);
    });
}

TEST(Errors, CycleIsRefused) {
    in_world([] {
        SteppedGraph g;
        const NodeId lower = g.filter("lower");
        const NodeId upper = g.filter("upper");
        attach(g, upper, lower);
        Done done;
        g.graph.attach(lower, "file", upper, {}, done.callback());
        g.turn();
        expect_error(done.error, Errc::cycle, {"lower", "upper"});
        Done self;
        g.graph.attach(lower, "file", lower, {}, self.callback());
        g.turn();
        expect_error(self.error, Errc::cycle, {"lower"});
    });
}

// On begin, attaches `child` under `parent` in `graph` and moves `child`.
class ChangingListener final : public SectionListener {
public:
    ChangingListener(SteppedGraph& graph, NodeId parent, NodeId child)
        : g(graph), above(parent), below(child) {}

    void section_begin() override {
        g.graph.attach(above, "file", below, {}, done.callback());
        g.graph.set_event_loop(below, *g.loop, {}, moved.callback());
    }
    void section_end() override {}

    SteppedGraph& g;
    NodeId above;
    NodeId below;
    Done done;
    Done moved;
};

TEST(Errors, GraphChangeFromANotificationIsBusy) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        BlockBackend b = g.backend("vda", disk);
        ChangingListener listener(g, g.filter("filter"), disk);
        EXPECT_FALSE(b.set_listener(&listener));
        Begun begun;
        b.self_quiesce({}, begun.callback());
        g.turn();
        expect_error(listener.done.error, Errc::busy,
                     {"attach of n1 'disk' under n2 'filter': the notification of b1 'vda' is "
                      "being served"});
        expect_error(listener.moved.error, Errc::busy,
                     {"set_event_loop of n1 'disk': the notification of b1 'vda'"});
        EXPECT_FALSE(b.set_listener(nullptr));
        begun.section.end();
        g.close(b);
    });
}

// Graphs share nothing: only the graph that notifies must not be changed.
TEST(Errors, AnotherGraphIsChangedFromANotification) {
    in_world([] {
        SteppedGraph g;
        SteppedGraph other;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        const NodeId disk = other.leaf("disk");
        ChangingListener listener(other, other.filter("filter"), disk);
        EXPECT_FALSE(b.set_listener(&listener));
        Begun begun;
        b.self_quiesce({}, begun.callback());
        g.turn();
        ASSERT_TRUE(listener.done.error.has_value());
        EXPECT_FALSE(*listener.done.error) << listener.done.error->message;
        EXPECT_FALSE(b.set_listener(nullptr));
        begun.section.end();
        g.close(b);
    });
}

TEST(Errors, HolderOfASectionIsNotClosed) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        Begun begun;
        b.isolate({}, begun.callback());
        g.turn();
        Done done;
        b.close({}, done.callback());
        g.turn();
        expect_error(done.error, Errc::busy, {"vda", "isolated section", "errors_test.cpp"});
        begun.section.end();
        g.close(b);
    });
}

TEST(Errors, ClosedAndUnknownObjectsAreNoSuchObject) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        Done done;
        g.graph.close(disk, {}, done.callback());
        g.turn();
        ASSERT_FALSE(*done.error) << done.error->message;
        g.graph.close(disk, {}, done.callback());
        g.turn();
        expect_error(done.error, Errc::no_such_object, {"n1"});
        Begun begun;
        g.graph.drained(NodeId{77}, {}, begun.callback());
        g.turn();
        expect_error(begun.error, Errc::no_such_object, {"n77"});
    });
}

// Ids that name nothing, 0 among them, wherever a change takes one.
TEST(Errors, ChangeNamesTheOperandThatDoesNotExist) {
    in_world([] {
        SteppedGraph g;
        Graph& graph = g.graph;
        const NodeId disk = g.leaf("disk");
        BlockBackend b = g.backend("vda");
        for (const std::uint32_t id : {0U, 77U}) {
            const NodeId no_node{id};
            const BackendId no_backend{id};
            const std::string n = "there is no n" + std::to_string(id);
            const std::string no_b = "there is no b" + std::to_string(id);
            struct Case {
                std::function<void(const DoneCallback&)> change;
                std::string message;
            };
            const std::vector<Case> cases = {
                {[&](const DoneCallback& done) { graph.attach(no_node, "file", disk, {}, done); },
                 "attach of n1 'disk' under n" + std::to_string(id) + ": " + n},
                {[&](const DoneCallback& done) { graph.attach(disk, "file", no_node, {}, done); },
                 n},
                {[&](const DoneCallback& done) { graph.detach(no_node, 0, {}, done); }, n},
                {[&](const DoneCallback& done) { graph.replace(no_node, disk, {}, done); }, n},
                {[&](const DoneCallback& done) { graph.replace(disk, no_node, {}, done); }, n},
                {[&](const DoneCallback& done) { graph.insert_filter(no_node, disk, {}, done); },
                 n},
                {[&](const DoneCallback& done) { graph.insert_filter(disk, no_node, {}, done); },
                 n},
                {[&](const DoneCallback& done) { graph.remove_filter(no_node, {}, done); }, n},
                {[&](const DoneCallback& done) { graph.insert_medium(b.id(), no_node, {}, done); },
                 "into b1 'vda': " + n},
                {[&](const DoneCallback& done) { graph.insert_medium(no_backend, disk, {}, done); },
                 no_b},
                {[&](const DoneCallback& done) { graph.remove_medium(no_backend, {}, done); },
                 no_b},
                {[&](const DoneCallback& done) {
                     graph.set_event_loop(no_node, *g.loop, {}, done);
                 },
                 n},
                {[&](const DoneCallback& done) { graph.settle(no_node, {}, done); }, n},
                {[&](const DoneCallback& done) { graph.close(no_node, {}, done); }, n},
            };
            for (const Case& c : cases) {
                Done done;
                c.change(done.callback());
                g.turn();
                expect_error(done.error, Errc::no_such_object, {c.message});
            }
        }
        g.close(b);
    });
}

TEST(Errors, LoopThatWasNotAddedIsNoSuchObject) {
    in_world([] {
        const auto stranger = SteppedGraph::make_loop("stranger");
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        Done done;
        g.graph.set_event_loop(disk, *stranger, {}, done.callback());
        g.turn();
        expect_error(done.error, Errc::no_such_object, {"n1 'disk'", "'stranger'"});
    });
}

// A graph without loops reports where the call says.
TEST(Errors, GraphWithoutLoopsRefuses) {
    in_world([] {
        const auto loop = SteppedGraph::make_loop("loop");
        Graph graph;
        Begun begun;
        WaitOptions options;
        options.loop = loop.get();
        graph.drained(NodeId{1}, options, begun.callback());
        loop->run_once(std::chrono::nanoseconds(0));
        expect_error(begun.error, Errc::no_such_object, {"n1"});
    });
}

TEST(Errors, NullCallbacksAreTolerated) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        BlockBackend b = g.backend("vda", disk);
        b.drain({}, nullptr);
        b.isolate({}, nullptr);
        b.self_quiesce({}, nullptr);
        g.graph.drained(disk, {}, nullptr);
        g.graph.open_token({b.id()}, {}, nullptr);
        g.graph.remove_medium(b.id(), {}, nullptr);
        g.graph.drained(NodeId{77}, {}, nullptr);
        g.graph.open_token({BackendId{77}}, {}, nullptr);
        g.graph.close(NodeId{77}, {}, nullptr);
        g.turn();
        // The sections and the token nobody got have ended.
        Snapshot snapshot;
        g.graph.snapshot(snapshot);
        EXPECT_TRUE(snapshot.operations.empty());
        EXPECT_TRUE(snapshot.tokens.empty());
        EXPECT_FALSE(snapshot.backends[0].gated);
        g.close(b);
    });
}

TEST(Errors, ChangesThatDoNotFitTheGraphAreRefused) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        const NodeId filter = g.filter("filter");
        attach(g, filter, disk);
        BlockBackend b = g.backend("vda", filter);
        BlockBackend empty = g.backend("vdb");
        Done done;
        g.graph.insert_medium(b.id(), disk, {}, done.callback());
        g.turn();
        expect_error(done.error, Errc::has_medium, {"b1 'vda'", "n2 'filter'", "n1 'disk'"});
        g.graph.remove_medium(empty.id(), {}, done.callback());
        g.turn();
        expect_error(done.error, Errc::no_medium, {"b2 'vdb'"});
        g.graph.insert_filter(disk, filter, {}, done.callback());
        g.turn();
        expect_error(done.error, Errc::not_filter, {"n2 'filter'", "n1 'disk'"});
        g.graph.remove_filter(disk, {}, done.callback());
        g.turn();
        expect_error(done.error, Errc::not_filter, {"n1 'disk'"});
        g.graph.detach(filter, 1, {}, done.callback());
        g.turn();
        expect_error(done.error, Errc::no_such_edge, {"detach of child 1 of n2 'filter'"});
        g.close(b);
        g.close(empty);
    });
}

TEST(Errors, ClosedTokensAreRefused) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        BlockBackend other = g.backend("vdb");
        SteppedGraph::Opened opened;
        g.graph.open_token({b.id()}, {}, opened.callback());
        g.turn();
        const TokenId id = opened.token.id();
        g.on_loop([&] {
            EXPECT_EQ(other.submit(Io::flush(), {}, id), make_error_code(Errc::bad_token));
        });
        opened.token.close();
        g.on_loop(
            [&] { EXPECT_EQ(b.submit(Io::flush(), {}, id), make_error_code(Errc::bad_token)); });
        ChangeOptions options;
        options.tokens = {id};
        Done done;
        g.graph.remove_medium(b.id(), options, done.callback());
        g.turn();
        expect_error(done.error, Errc::bad_token, {"remove_medium of b1 'vda'", "t1"});
        g.close(b);
        g.close(other);
    });
}

TEST(Errors, StoppedNodeStartsNothing) {
    in_world([] {
        SteppedGraph g;
        SettlingDriver* driver = nullptr;
        const NodeId disk = g.leaf("disk", driver);
        Begun begun;
        g.graph.drained(disk, {}, begun.callback());
        g.turn();
        EXPECT_EQ(driver->node->begin_internal(), make_error_code(Errc::stopped));
        g.on_loop([&] { driver->settlement->complete({}); });
        begun.section.end();
        EXPECT_FALSE(driver->node->begin_internal());
        driver->node->end_internal();
    });
}

TEST(Errors, LoopsOfAGraphAreLimited) {
    in_world(
        [] {
            std::vector<std::unique_ptr<EventLoop>> loops;
            Graph graph;
            for (std::size_t i = 0; i < Graph::loops_max; ++i) {
                loops.push_back(SteppedGraph::make_loop("loop"));
                EXPECT_FALSE(graph.add_loop(*loops.back()));
            }
            loops.push_back(SteppedGraph::make_loop("last"));
            expect_error(graph.add_loop(*loops.back()), Errc::too_many_loops, {"last", "64"});
        },
        0);
}

class PinnedListener final : public SectionListener {
public:
    void section_begin() override {}
    void section_end() override {}
    [[nodiscard]] bool may_move(const EventLoop& /*loop*/) const override { return false; }
};

TEST(Errors, BackendHasOneListener) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda");
        PinnedListener first;
        PinnedListener second;
        EXPECT_FALSE(b.set_listener(&first));
        expect_error(b.set_listener(&second), Errc::busy, {"b1 'vda'"});
        EXPECT_FALSE(b.set_listener(nullptr));
        EXPECT_FALSE(b.set_listener(&second));
        EXPECT_FALSE(b.set_listener(nullptr));
        g.close(b);
    });
}

TEST(Errors, ContextChangeListsEveryRefuser) {
    in_world([] {
        const auto target = SteppedGraph::make_loop("target");
        SteppedGraph g;
        EXPECT_FALSE(g.graph.add_loop(*target));
        PinnedDriver* driver = nullptr;
        const NodeId disk = g.leaf("disk", driver);
        const NodeId backing = g.leaf("backing", driver);
        const NodeId filter = g.filter("filter");
        attach(g, filter, disk);
        attach(g, filter, backing);
        BlockBackend b = g.backend("vda", filter);
        BlockBackend mobile = g.backend("vdb", filter);
        PinnedListener listener;
        EXPECT_FALSE(b.set_listener(&listener));
        Done done;
        g.graph.set_event_loop(filter, *target, {}, done.callback());
        g.turn();
        expect_error(done.error, Errc::context,
                     {"n3 'filter'", "n1 'disk'", "n2 'backing'", "b1 'vda'"});
        EXPECT_FALSE(contains(done.error->message, "vdb")) << done.error->message;
        EXPECT_FALSE(b.set_listener(nullptr));
        g.close(b);
        g.close(mobile);
    });
}

TEST(Errors, JoiningAcrossLoopsNamesWhoStays) {
    in_world([] {
        const auto away = SteppedGraph::make_loop("away");
        SteppedGraph g;
        EXPECT_FALSE(g.graph.add_loop(*away));
        PinnedDriver* driver = nullptr;
        const NodeId upper = g.leaf("upper", driver);
        const NodeId lower = g.graph.add_node("lower", std::make_unique<PinnedDriver>(), *away);
        Done done;
        g.graph.attach(upper, "file", lower, {}, done.callback());
        g.turn();
        expect_error(done.error, Errc::context,
                     {"attach of n2 'lower' under n1 'upper'", "because of n2 'lower' n1 'upper'"});
        BlockBackend b = g.backend("vda");
        PinnedListener listener;
        EXPECT_FALSE(b.set_listener(&listener));
        g.graph.insert_medium(b.id(), lower, {}, done.callback());
        g.turn();
        expect_error(done.error, Errc::context, {"because of n2 'lower' b1 'vda'"});
        EXPECT_FALSE(b.set_listener(nullptr));
        g.close(b);
    });
}

TEST(Errors, ChangeThatBringsTwoIsolatesTogetherNamesThem) {
    in_world([] {
        SteppedGraph g;
        const NodeId top = g.filter("top");
        const NodeId bottom = g.leaf("bottom");
        BlockBackend guest = g.backend("guest", top);
        BlockBackend job = g.backend("job", bottom);
        Begun by_guest;
        Begun by_job;
        guest.isolate({}, by_guest.callback());
        job.isolate({}, by_job.callback());
        g.turn();
        ASSERT_TRUE(by_guest.section.live());
        ASSERT_TRUE(by_job.section.live());
        Done done;
        g.graph.attach(top, "file", bottom, {}, done.callback());
        g.turn();
        expect_error(done.error, Errc::conflict,
                     {"attach of n2 'bottom' under n1 'top'", "of b1 'guest' begun at errors_test",
                      "of b2 'job' begun at errors_test"});
        by_guest.section.end();
        by_job.section.end();
        g.close(guest);
        g.close(job);
    });
}

TEST(Errors, EndedSectionIsNamedToWhoWaitsForItsQuiet) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        std::vector<std::error_code> results;
        g.send(b, results);
        Begun begun;
        b.self_quiesce({}, begun.callback());
        g.turn();
        const std::string name = "of s" + std::to_string(begun.section.id().value);
        Done done;
        g.graph.quiet(begun.section.id(), {}, done.callback());
        begun.section.end();
        g.turn();
        expect_error(done.error, Errc::cancelled, {"wait for quiet", name, "has ended"});
        g.on_loop([&] { g.leaves[0]->let_go(); });
        g.close(b);
    });
}

TEST(Errors, TokenGivenUpSaysWhy) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda");
        Begun begun;
        b.self_quiesce({}, begun.callback());
        g.turn();
        SteppedGraph::Opened late;
        WaitOptions options;
        options.deadline = std::chrono::milliseconds(1);
        g.graph.open_token({b.id()}, options, late.callback());
        pass(std::chrono::milliseconds(2));
        g.turn();
        expect_error(late.error, Errc::timed_out, {"opening of t1 on b1 'vda'", "deadline"});
        SteppedGraph::Opened unwanted;
        Wait wait = g.graph.open_token({b.id()}, {}, unwanted.callback());
        EXPECT_TRUE(wait.abandon());
        g.turn();
        expect_error(unwanted.error, Errc::cancelled, {"opening of t2 on b1 'vda'", "given up"});
        begun.section.end();
        g.close(b);
    });
}

TEST(Errors, SendingOutsideALoopIsRefused) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        EXPECT_EQ(b.submit(Io::flush(), {}), make_error_code(Errc::not_on_loop));
        g.close(b);
    });
}

TEST(Errors, SettleNeedsQuietParentsAndListsThem) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        BlockBackend b = g.backend("vda", disk);
        Done done;
        g.graph.settle(disk, {}, done.callback());
        g.turn();
        expect_error(done.error, Errc::not_quiesced, {"vda", "disk"});
        Begun begun;
        b.self_quiesce({}, begun.callback());
        g.turn();
        g.graph.settle(disk, {}, done.callback());
        g.turn();
        EXPECT_FALSE(*done.error) << done.error->message;
        begun.section.end();
        g.close(b);
    });
}

}  // namespace
}  // namespace blkdrain::testing
