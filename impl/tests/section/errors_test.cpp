// SPDX-License-Identifier: Apache-2.0
//
// Misuse and refusal: each is a specified error whose message names the objects.
#include <gtest/gtest.h>

#include <blkdrain/blocking.h>

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

TEST(Errors, BlockingCallOnALoopThreadIsRefused) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        std::optional<Error> error;
        g.on_loop([&] { error = blocking::drain(b); });
        expect_error(error, Errc::would_block_loop, {"loop0"});
        std::optional<Error> section;
        g.on_loop([&] { section = blocking::quiesce_all(g.graph, {}).error; });
        expect_error(section, Errc::would_block_loop, {"loop0"});
        g.close(b);
    });
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
        expect_error(g.graph.end(begun.section), Errc::ended, {});
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

class ChangingListener final : public SectionListener {
public:
    ChangingListener(SteppedGraph& graph, NodeId parent, NodeId child)
        : g(graph), above(parent), below(child) {}

    void section_begin() override { g.graph.attach(above, "file", below, {}, done.callback()); }
    void section_end() override {}

    SteppedGraph& g;
    NodeId above;
    NodeId below;
    Done done;
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
        expect_error(listener.done.error, Errc::busy, {"notification"});
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
