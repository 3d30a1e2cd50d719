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

using Kind = WaitItem::Kind;

constexpr auto gate = static_cast<std::uint8_t>(Blocker::gate);
constexpr auto order = static_cast<std::uint8_t>(Blocker::order);

std::string at(int line) {
    return " begun at explain_test.cpp:" + std::to_string(line);
}

void expect_text(const WaitItem& item, const std::vector<std::string>& parts) {
    for (const std::string& part : parts) {
        EXPECT_TRUE(contains(item.text, part)) << part << " in: " << item.text;
    }
}

// --- requests: backend, node, state, blockers, age ---

TEST(Explain, WaitingRequestsNameEverySectionAndWhoIsBefore) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        BlockBackend b = g.backend("vda", disk);
        Begun own;
        Begun all;
        const int own_line = __LINE__ + 1;
        b.self_quiesce({}, own.callback());
        const int all_line = __LINE__ + 1;
        g.graph.quiesce_all({}, {}, all.callback());
        g.turn();
        Results results;
        g.send(b, results);
        g.send(b, results);
        pass(std::chrono::milliseconds(2));
        Done drained;
        const int drain_line = __LINE__ + 1;
        const Wait wait = b.drain({}, drained.callback());

        const Explanation why = wait.explain();
        EXPECT_EQ(why.subject, "drain s4 of b1 'vda'" + at(drain_line));
        ASSERT_EQ(why.items.size(), 2U);
        for (const WaitItem& item : why.items) {
            EXPECT_EQ(item.kind, Kind::request);
            EXPECT_EQ(item.backend, b.id());
            EXPECT_EQ(item.node, disk);
            EXPECT_EQ(item.state, RequestState::waiting);
            EXPECT_GE(item.age, std::chrono::milliseconds(2));
            EXPECT_LT(item.age, std::chrono::minutes(1));
            expect_text(item,
                        {"request r" + std::to_string(item.id) +
                             " of b1 'vda' on n1 'disk': WAITING, sent ",
                         " ms ago, GATE of ", "self-quiesced section s2 of b1 'vda'" + at(own_line),
                         "quiesce_all section s3" + at(all_line)});
        }
        EXPECT_EQ(why.items[0].blockers, gate);
        EXPECT_FALSE(contains(why.items[0].text, "ORDER")) << why.items[0].text;
        EXPECT_EQ(why.items[1].blockers, gate | order);
        expect_text(why.items[1], {"ORDER behind r" + std::to_string(why.items[0].id)});

        own.section.end();
        all.section.end();
        g.turn();
        g.on_loop([&] { g.leaves[0]->let_go(); });
        g.close(b);
    });
}

TEST(Explain, AdmittedRequestsHaveAnAge) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        BlockBackend b = g.backend("vda", disk);
        Results results;
        g.send(b, results);
        pass(std::chrono::milliseconds(2));
        // A loop that never sleeps looks at the clock every few rounds.
        for (int round = 0; round < 32; ++round) {
            g.loop->run_once(std::chrono::nanoseconds(0));
        }
        g.send(b, results);
        Done drained;
        const Explanation why = b.drain({}, drained.callback()).explain();
        ASSERT_EQ(why.items.size(), 2U);
        for (const WaitItem& item : why.items) {
            EXPECT_EQ(item.state, RequestState::admitted);
            EXPECT_EQ(item.blockers, 0);
            EXPECT_EQ(item.node, disk);
            expect_text(item, {"of b1 'vda' on n1 'disk': ADMITTED, sent "});
        }
        EXPECT_GE(why.items[0].age, why.items[1].age + std::chrono::milliseconds(2));
        g.on_loop([&] { g.leaves[0]->let_go(); });
        g.close(b);
    });
}

TEST(Explain, CompletingRequestsToo) {
    in_world([] {
        struct Asker {
            BlockBackend* backend;
            Done drained;
            Explanation why;
            static void completed(void* context, std::error_code) {
                auto& self = *static_cast<Asker*>(context);
                self.why = self.backend->drain({}, self.drained.callback()).explain();
            }
        };
        SteppedGraph g;
        BlockBackend b = g.backend("vda");
        Asker asker{&b, {}, {}};
        g.on_loop([&] { EXPECT_FALSE(b.submit(Io::flush(), {Asker::completed, &asker})); });
        ASSERT_EQ(asker.why.items.size(), 1U);
        EXPECT_EQ(asker.why.items[0].state, RequestState::completing);
        EXPECT_EQ(asker.why.items[0].node, NodeId{});
        expect_text(asker.why.items[0], {"of b1 'vda': COMPLETING, sent "});
        EXPECT_TRUE(asker.drained.error.has_value());
        g.close(b);
    });
}

// No section gates a request under a token; a change that names the token keeps it (R24).
TEST(Explain, RequestUnderATokenNamesTheChangeThatNamesTheToken) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        const NodeId filter = g.filter("filter");
        BlockBackend b = g.backend("vda", disk);
        Opened opened;
        const int token_line = __LINE__ + 1;
        g.graph.open_token({b.id()}, {}, opened.callback());
        g.turn();
        Results results;
        g.send(b, results);
        Done changed;
        const int change_line = __LINE__ + 1;
        ChangeOptions named;
        named.tokens = {opened.token.id()};
        g.graph.insert_filter(disk, filter, named, changed.callback());
        g.on_loop([&] {
            EXPECT_FALSE(
                b.submit(Io::flush(), {[](void*, std::error_code) {}, nullptr}, opened.token));
        });
        Done drained;
        const Explanation why = b.drain({}, drained.callback()).explain();
        ASSERT_EQ(why.items.size(), 3U);
        const WaitItem& kept = why.items[1];
        EXPECT_EQ(kept.state, RequestState::waiting);
        EXPECT_EQ(kept.blockers, gate);
        expect_text(kept, {" ms ago, GATE of insert_filter s2 of n2 'filter' above n1 'disk'" +
                           at(change_line)});
        EXPECT_EQ(why.items[2].kind, Kind::token);
        EXPECT_EQ(why.items[2].id, opened.token.id().value);
        EXPECT_EQ(why.items[2].text, "operation token t1 on b1 'vda', opened at explain_test.cpp:" +
                                         std::to_string(token_line));

        g.on_loop([&] { g.leaves[0]->let_go(); });
        ASSERT_TRUE(changed.error.has_value());
        EXPECT_FALSE(*changed.error) << changed.error->message;
        g.on_loop([&] { g.leaves[0]->let_go(); });
        opened.token.close();
        g.close(b);
    });
}

// --- what else there is to wait for ---

TEST(Explain, SettlingNodeNamesTheSectionThatSettlesIt) {
    in_world([] {
        SteppedGraph g;
        SettlingDriver* driver = nullptr;
        const NodeId disk = g.leaf("disk", driver);
        Begun first;
        const int line = __LINE__ + 1;
        const Wait wait = g.graph.drained(disk, {}, first.callback());
        g.turn();
        const std::string text =
            "settle of n1 'disk' for drained section s1 of n1 'disk'" + at(line);
        // Another section waits for the same settle.
        Begun second;
        const Wait other = g.graph.drained(disk, {}, second.callback());
        for (const Explanation& why : {wait.explain(), other.explain()}) {
            ASSERT_EQ(why.items.size(), 1U);
            EXPECT_EQ(why.items[0].kind, Kind::settling);
            EXPECT_EQ(why.items[0].id, disk.value);
            EXPECT_EQ(why.items[0].text, text);
        }
        g.on_loop([&] { driver->settlement->complete({}); });
        first.section.end();
        second.section.end();
    });
}

TEST(Explain, InternalRequestsNameTheSectionThatStopsTheNode) {
    in_world([] {
        SteppedGraph g;
        SettlingDriver* driver = nullptr;
        const NodeId disk = g.leaf("disk", driver);
        Done settled;
        g.graph.settle(disk, {}, settled.callback());
        g.turn();
        g.on_loop([&] { driver->settlement->complete({}); });
        EXPECT_FALSE(driver->node->begin_internal());
        Begun all;
        const int line = __LINE__ + 1;
        g.graph.quiesce_all({}, {}, all.callback());
        g.turn();
        Done quiet;
        const Wait wait = g.graph.quiet(all.section.id(), {}, quiet.callback());
        const Explanation why = wait.explain();
        EXPECT_TRUE(contains(why.subject, "wait for quiet s3 of s2")) << why.subject;
        ASSERT_EQ(why.items.size(), 1U);
        EXPECT_EQ(why.items[0].kind, Kind::internal);
        EXPECT_EQ(why.items[0].id, disk.value);
        EXPECT_EQ(
            why.items[0].text,
            "internal requests of n1 'disk' (1), stopped by quiesce_all section s2" + at(line));
        driver->node->end_internal();
        g.turn();
        EXPECT_TRUE(quiet.error.has_value());
        all.section.end();
    });
}

TEST(Explain, OpeningNamesTheSections) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda");
        BlockBackend other = g.backend("vdb");
        Begun begun;
        const int section_line = __LINE__ + 1;
        other.self_quiesce({}, begun.callback());
        g.turn();
        Opened opened;
        const int token_line = __LINE__ + 1;
        const Wait wait = g.graph.open_token({b.id(), other.id()}, {}, opened.callback());
        const Explanation why = g.graph.explain(wait.token());
        EXPECT_EQ(why.subject, "opening of t1 on b1 'vda', b2 'vdb'" + at(token_line));
        ASSERT_EQ(why.items.size(), 1U);
        EXPECT_EQ(why.items[0].kind, Kind::section);
        EXPECT_EQ(why.items[0].id, begun.section.id().value);
        EXPECT_EQ(why.items[0].text, "self-quiesced section s1 of b2 'vdb'" + at(section_line));
        begun.section.end();
        g.turn();
        EXPECT_TRUE(opened.token.open());
        EXPECT_TRUE(g.graph.explain(wait.token()).items.empty());
        opened.token.close();
        g.close(b);
        g.close(other);
    });
}

// A change waits for a settle pass of somebody else over the edge.
TEST(Explain, ChangeAndCloseNameWhatTheyWaitFor) {
    in_world([] {
        SteppedGraph g;
        SettlingDriver* driver = nullptr;
        const NodeId disk = g.leaf("disk", driver);
        const NodeId filter = g.filter("filter");
        BlockBackend b = g.backend("vda", disk);
        Results results;
        g.on_loop(
            [&] { EXPECT_FALSE(b.submit(Io::flush(), {[](void*, std::error_code) {}, nullptr})); });
        Done closed;
        const Wait closing = b.close({}, closed.callback());
        const Explanation close = closing.explain();
        EXPECT_TRUE(contains(close.subject, "close s2 of b1 'vda'")) << close.subject;
        ASSERT_EQ(close.items.size(), 1U);
        EXPECT_EQ(close.items[0].kind, Kind::request);
        g.on_loop([&] { driver->let_go(); });
        ASSERT_TRUE(closed.error.has_value());

        Begun drained;
        g.graph.drained(disk, {}, drained.callback());
        g.turn();
        Done attached;
        const Wait attaching = g.graph.attach(filter, "file", disk, {}, attached.callback());
        const Explanation change = attaching.explain();
        EXPECT_TRUE(contains(change.subject, "attach s4 of n1 'disk' under n2 'filter' begun at "))
            << change.subject;
        ASSERT_EQ(change.items.size(), 1U);
        EXPECT_EQ(change.items[0].kind, Kind::section);
        expect_text(change.items[0], {"drained section s3 of n1 'disk'"});
        EXPECT_EQ(g.graph.explain_all().size(), 2U);
        EXPECT_EQ(g.graph.explain(attaching.id()).text(), change.text());
        g.on_loop([&] { driver->settlement->complete({}); });
        ASSERT_TRUE(attached.error.has_value());
        drained.section.end();
    });
}

// The line of named options is that of the options.
TEST(Explain, NamedOptionsHaveALine) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda");
        Begun begun;
        const int line = __LINE__ + 1;
        IsolateOptions options;
        options.only_now = true;
        b.isolate(options, begun.callback());
        g.turn();
        Done closed;
        b.close({}, closed.callback());
        g.turn();
        ASSERT_TRUE(closed.error.has_value());
        EXPECT_TRUE(contains(closed.error->message, at(line))) << closed.error->message;
        begun.section.end();
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
