// SPDX-License-Identifier: Apache-2.0
#include "harness/edge_roles.h"

#include <gtest/gtest.h>

#include "harness/operations.h"

namespace blkdrain_props {
namespace {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;
using Op = ref::ChangeOp;

// n1 over n2 as data, n3 as journal; then changes, each at once.
class EdgeRolesTest : public ::testing::Test {
protected:
    static constexpr std::uint8_t client = Actor::client_first;

    EdgeRolesTest() : roles_(graph()) {}

    static GraphSpec graph() {
        GraphSpec graph;
        NodeSpec parent;
        parent.children.push_back({Role::data, 1});
        parent.children.push_back({Role::journal, 2});
        graph.nodes.push_back(parent);
        graph.nodes.push_back({});
        graph.nodes.push_back({});
        return graph;
    }

    void attach_as(Role role, std::uint8_t actor = client) {
        Record record;
        record.opcode = Opcode::attach;
        record.c = static_cast<std::uint8_t>(role);
        roles_.operation(actor, record);
    }
    ref::Section begin(Op op, std::uint32_t node, std::uint32_t other,
                       std::uint8_t actor = client) {
        ref::Event event;
        event.kind = Kind::change;
        event.op = op;
        event.node = {node};
        event.other = {other};
        event.section = {++last_};
        roles_.event(event, {}, actor);
        ref::Section section{event};
        section.id = event.section;
        section.kind = ref::SectionKind::change;
        return section;
    }
    void finish(const ref::Section& section, ref::Error error = ref::Error::ok) {
        ref::State before;
        before.sections.push_back(section);
        ref::Event event;
        event.kind = Kind::finish;
        event.section = section.id;
        event.error = error;
        roles_.event(event, before, 0);
    }
    void change(Op op, std::uint32_t node, std::uint32_t other = 0) {
        roles_.operation(client, {});
        finish(begin(op, node, other));
    }

    EdgeRoles roles_;
    std::uint32_t last_ = 0;
};

TEST_F(EdgeRolesTest, are_those_of_the_graph_at_the_start) {
    EXPECT_EQ(roles_.of({1}, 0), "data");
    EXPECT_EQ(roles_.of({1}, 1), "journal");
    EXPECT_EQ(roles_.of({1}, 2), "");
    EXPECT_EQ(roles_.of({9}, 0), "");
}

TEST_F(EdgeRolesTest, follow_what_is_detached_and_filtered) {
    change(Op::detach, 1);
    EXPECT_EQ(roles_.of({1}, 0), "journal");
    change(Op::insert_filter, 1, 5);
    EXPECT_EQ(roles_.of({5}, 0), "file");
    change(Op::remove_filter, 5);
    EXPECT_EQ(roles_.of({5}, 0), "");
    change(Op::replace, 1, 2);
    EXPECT_EQ(roles_.of({1}, 0), "journal");
}

TEST_F(EdgeRolesTest, each_attach_has_that_of_who_began_it) {
    attach_as(Role::backing);
    attach_as(Role::data, client + 1);
    const ref::Section first = begin(Op::attach, 2, 3);
    const ref::Section second = begin(Op::attach, 3, 4, client + 1);
    finish(second);
    finish(first);
    EXPECT_EQ(roles_.of({2}, 0), "backing");
    EXPECT_EQ(roles_.of({3}, 0), "data");
}

TEST_F(EdgeRolesTest, a_change_that_fails_changes_none) {
    attach_as(Role::backing);
    finish(begin(Op::attach, 2, 3), ref::Error::closing);
    EXPECT_EQ(roles_.of({2}, 0), "");
}

}  // namespace
}  // namespace blkdrain_props
