// SPDX-License-Identifier: Apache-2.0
//
// What is one island and what are two, and that what happens on one is judged by itself.
#include "harness/islands.h"

#include <string>

#include <gtest/gtest.h>

namespace blkdrain_props {
namespace {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;
using Verdict = BlackBox::Verdict;

// b1 on n1, b2 on n2.
class IslandsTest : public testing::Test {
protected:
    IslandsTest() { start(false); }
    void start(bool whole) {
        ref::State state;
        for (const std::uint32_t id : {1U, 2U}) {
            state.nodes.push_back({.id = {id}, .loop = {0}});
            state.backends.push_back({.id = {id}, .loop = {0}, .root = {id}});
        }
        islands_.start(state, {}, whole);
    }
    Ticket call(ref::Event event) {
        const Ticket ticket = ++tickets_;
        islands_.see({.kind = Seen::Kind::called,
                      .ticket = ticket,
                      .time = BlackBox::no_deadline,
                      .events = {event}});
        return ticket;
    }
    void returned(Ticket ticket) { islands_.see({.kind = Seen::Kind::returned, .ticket = ticket}); }
    Ticket sent(std::uint32_t backend) {
        const Ticket ticket = call(
            {.kind = Kind::send, .backend = {backend}, .request = {tickets_ + 1}, .loop = {0}});
        returned(ticket);
        return ticket;
    }
    void reached(Ticket ticket, std::uint32_t node) {
        islands_.see({.kind = Seen::Kind::reached, .ticket = ticket, .node = {node}});
    }
    Verdict at_rest() {
        islands_.see({.kind = Seen::Kind::rest});
        return islands_.explain();
    }

    Islands islands_;
    Ticket tickets_ = no_ticket;
};

TEST_F(IslandsTest, graphs_apart_are_islands) {
    reached(sent(1), 1);
    reached(sent(2), 2);
    EXPECT_EQ(at_rest(), Verdict::explained);
    EXPECT_EQ(islands_.count(), 2U);
}

TEST_F(IslandsTest, whole_is_one) {
    start(true);
    EXPECT_EQ(at_rest(), Verdict::explained);
    EXPECT_EQ(islands_.count(), 1U);
}

TEST_F(IslandsTest, what_is_missing_on_one_is_refused) {
    reached(sent(1), 1);
    sent(2);
    ASSERT_EQ(at_rest(), Verdict::refused);
    const std::string sentence = islands_.violation().sentence;
    EXPECT_EQ(islands_.violation().rule, 18) << sentence;
    // The first request is none of them.
    EXPECT_NE(sentence.find("explained are the 2 observations before"), std::string::npos)
        << sentence;
    EXPECT_NE(sentence.find("one of the 2 parts of the run"), std::string::npos) << sentence;
}

TEST_F(IslandsTest, an_edge_joins_them_after_the_fact) {
    reached(sent(1), 1);
    EXPECT_EQ(at_rest(), Verdict::explained);
    const Ticket attach = call({.kind = Kind::change,
                                .op = ref::ChangeOp::attach,
                                .node = {1},
                                .other = {2},
                                .section = {tickets_ + 1}});
    returned(attach);
    EXPECT_EQ(at_rest(), Verdict::explained);
    EXPECT_EQ(islands_.count(), 1U);
}

TEST_F(IslandsTest, new_object_is_one_of_its_own) {
    returned(call({.kind = Kind::node_new, .node = {3}, .loop = {0}}));
    EXPECT_EQ(at_rest(), Verdict::explained);
    EXPECT_EQ(islands_.count(), 3U);
}

TEST_F(IslandsTest, plugged_loop_joins_what_is_sent_there) {
    reached(sent(1), 1);
    returned(call({.kind = Kind::plug, .loop = {0}}));
    sent(1);
    sent(2);
    static_cast<void>(islands_.explain());
    EXPECT_EQ(islands_.count(), 1U);
}

TEST_F(IslandsTest, quiesce_all_joins_everything) {
    returned(call({.kind = Kind::node_new, .node = {3}, .loop = {0}}));
    call({.kind = Kind::begin,
          .section_kind = ref::SectionKind::quiesce_all,
          .section = {tickets_ + 1}});
    static_cast<void>(islands_.explain());
    EXPECT_EQ(islands_.count(), 1U);
}

// A request that turns up where no edge leads to.
TEST_F(IslandsTest, node_of_another_one_is_no_excuse) {
    const Ticket request = sent(1);
    reached(request, 2);
    EXPECT_EQ(at_rest(), Verdict::refused);
    EXPECT_EQ(islands_.count(), 1U);
}

}  // namespace
}  // namespace blkdrain_props
