// SPDX-License-Identifier: Apache-2.0
#include "harness/linearise.h"

#include <gtest/gtest.h>

#include <blkdrain_ref/step.h>

namespace blkdrain_props {
namespace {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;

ref::Event event(Kind kind) {
    ref::Event made;
    made.kind = kind;
    return made;
}

ref::Event on_request(Kind kind, std::uint32_t request) {
    ref::Event made = event(kind);
    made.request = {request};
    if (kind == Kind::send) {
        made.backend = {1};
    }
    return made;
}

ref::Event on_drain(Kind kind) {
    ref::Event made = event(kind);
    made.wait = {1};
    if (kind == Kind::drain) {
        made.backend = {1};
    }
    return made;
}

// A backend without a medium on loop 0.
ref::State one_backend() {
    ref::State state;
    ref::Event born = event(Kind::backend_new);
    born.backend = {1};
    born.loop = {0};
    EXPECT_FALSE(ref::accept(state, born));
    return state;
}

class LineariserTest : public testing::Test {
protected:
    void add(const ref::Event& event, std::uint32_t thread, std::uint64_t since,
             std::uint64_t until) {
        events_.push_back({event, thread, since, until});
    }
    Order search() { return Lineariser().search(one_backend(), events_, goal_); }
    std::vector<TimedEvent> events_;
    std::function<bool(const ref::State&)> goal_ = [](const ref::State&) { return true; };
};

TEST_F(LineariserTest, order_of_announcement_is_taken_when_it_is_right) {
    add(on_request(Kind::send, 1), 0, 1, 1);
    add(on_request(Kind::admit, 1), 0, 2, 2);
    add(on_drain(Kind::drain), 1, 3, 3);
    const Order order = search();
    ASSERT_TRUE(order.found);
    ASSERT_EQ(order.events.size(), 3U);
    EXPECT_EQ(order.events[0].kind, Kind::send);
    EXPECT_EQ(order.events[2].kind, Kind::drain);
}

TEST_F(LineariserTest, an_event_announced_late_takes_effect_in_its_interval) {
    // The drain returned after the request was done; the other thread said so later.
    add(on_request(Kind::send, 1), 0, 1, 1);
    add(on_request(Kind::admit, 1), 0, 2, 2);
    ref::Event complete = on_request(Kind::complete, 1);
    complete.error = ref::Error::no_medium;
    add(complete, 0, 3, 3);
    add(on_drain(Kind::drain), 1, 4, 4);
    add(on_drain(Kind::drain_done), 1, 6, 6);
    add(on_request(Kind::done, 1), 0, 5, 7);
    const Order order = search();
    ASSERT_TRUE(order.found);
    EXPECT_EQ(order.events[4].kind, Kind::done);
    EXPECT_EQ(order.events[5].kind, Kind::drain_done);
}

TEST_F(LineariserTest, an_event_is_not_moved_out_of_its_interval) {
    add(on_request(Kind::send, 1), 0, 1, 1);
    add(on_request(Kind::admit, 1), 0, 2, 2);
    ref::Event complete = on_request(Kind::complete, 1);
    complete.error = ref::Error::no_medium;
    add(complete, 0, 3, 3);
    add(on_drain(Kind::drain), 1, 4, 4);
    add(on_drain(Kind::drain_done), 1, 5, 5);
    add(on_request(Kind::done, 1), 0, 6, 7);
    const Order order = search();
    ASSERT_FALSE(order.found);
    ASSERT_TRUE(order.reason);
    EXPECT_EQ(order.reason->rule, 10);
    EXPECT_EQ(order.events.size(), 4U);
}

TEST_F(LineariserTest, threads_keep_their_own_order) {
    // The admission cannot come before the send, though its interval is wide enough.
    add(on_request(Kind::admit, 1), 0, 1, 5);
    add(on_request(Kind::send, 1), 0, 1, 6);
    EXPECT_FALSE(search().found);
}

TEST_F(LineariserTest, goes_back_when_the_first_acceptable_order_does_not_lead_to_the_goal) {
    // Both orders are accepted; the state tells whether the drain covers the request.
    add(on_drain(Kind::drain), 1, 1, 3);
    add(on_request(Kind::send, 1), 0, 1, 4);
    goal_ = [](const ref::State& state) {
        return !state.sections.empty() && state.sections[0].requests.size() == 1;
    };
    const Order order = search();
    ASSERT_TRUE(order.found);
    EXPECT_EQ(order.events[0].kind, Kind::send);
}

TEST_F(LineariserTest, no_events_is_an_order) {
    EXPECT_TRUE(search().found);
}

TEST_F(LineariserTest, says_when_no_order_leads_to_the_goal) {
    add(on_drain(Kind::drain), 1, 1, 3);
    add(on_request(Kind::send, 1), 0, 1, 4);
    goal_ = [](const ref::State&) { return false; };
    const Order order = search();
    EXPECT_FALSE(order.found);
    EXPECT_FALSE(order.reason);
}

TEST_F(LineariserTest, gives_up_after_the_bound) {
    // Twelve sends of as many threads in any order: more orders than the bound, no goal.
    for (std::uint32_t i = 0; i < 12; ++i) {
        add(on_request(Kind::send, i + 1), i, 1, 100 + i);
    }
    goal_ = [](const ref::State&) { return false; };
    const Order order = search();
    EXPECT_FALSE(order.found);
    EXPECT_TRUE(order.exhausted);
}

}  // namespace
}  // namespace blkdrain_props
