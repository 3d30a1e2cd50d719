// SPDX-License-Identifier: Apache-2.0
#include "harness/judge.h"

#include <string>

#include <gtest/gtest.h>

namespace blkdrain_props {
namespace {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;

class JudgeTest : public testing::Test {
protected:
    JudgeTest() { judge_.reset(); }

    ref::Event make(Kind kind) {
        ref::Event event;
        event.kind = kind;
        return event;
    }
    void backend() {
        ref::Event event = make(Kind::backend_new);
        event.backend = {1};
        event.loop = {0};
        judge_.announce(event);
    }
    void send(std::uint32_t id) {
        ref::Event event = make(Kind::send);
        event.request = {id};
        event.backend = {1};
        judge_.announce(event);
    }
    void on_request(Kind kind, std::uint32_t id, ref::Error error = ref::Error::ok) {
        ref::Event event = make(kind);
        event.request = {id};
        event.error = error;
        judge_.announce(event);
    }
    Observed seen() {
        Observed observed;
        observed.backends.push_back({1, 0, 0, false, false});
        return observed;
    }

    Judge judge_;
};

TEST_F(JudgeTest, first_refusal_is_the_violation) {
    backend();
    on_request(Kind::admit, 7);
    ASSERT_TRUE(judge_.failed());
    EXPECT_EQ(judge_.found()->detector, "trace");
    const std::string first = judge_.found()->sentence;
    on_request(Kind::admit, 8);
    EXPECT_EQ(judge_.found()->sentence, first);
}

TEST_F(JudgeTest, what_is_due_at_rest_is_a_violation_of_liveness) {
    backend();
    send(1);
    judge_.nothing_is_due();
    ASSERT_TRUE(judge_.failed());
    EXPECT_EQ(judge_.found()->detector, "liveness");
    EXPECT_NE(judge_.found()->rule, 0);
}

TEST_F(JudgeTest, it_says_what_is_due_and_that_nothing_is) {
    EXPECT_EQ(judge_.what_is_due(), "nothing is due");
    backend();
    EXPECT_EQ(judge_.what_is_due(), "nothing is due");
    send(1);
    EXPECT_EQ(judge_.what_is_due(), "admit r1 is due");
    EXPECT_FALSE(judge_.failed());
}

TEST_F(JudgeTest, of_what_is_due_it_says_since_when) {
    judge_.date_dues(true);
    judge_.reset();
    backend();
    send(1);
    send(2);
    on_request(Kind::admit, 1);
    on_request(Kind::complete, 1, ref::Error::no_medium);
    std::string told;
    for (const Due& due : judge_.dues()) {
        told += ref::to_string(due.event) + " " + judge_.since(due) + "\n";
    }
    EXPECT_EQ(told,
              "admit r2 since admit r1 (event 4 of 5)\n"
              "done r1 since complete r1 -> no_medium (event 5 of 5)\n");
    EXPECT_EQ(judge_.what_is_due(), "admit r2 is due since admit r1 (event 4 of 5), and 1 more");
    judge_.nothing_is_due();
    ASSERT_TRUE(judge_.failed());
    EXPECT_EQ(judge_.found()->sentence,
              "admit r2 b1: never happened (R18), due since admit r1 (event 4 of 5)");
}

TEST_F(JudgeTest, equal_states_are_fine_and_each_difference_is_found) {
    backend();
    send(1);
    on_request(Kind::admit, 1);
    Observed observed = seen();
    observed.requests.push_back({1, 1, 0, Observed::State::admitted, false, false, false});
    judge_.same_state(observed);
    EXPECT_FALSE(judge_.failed());

    const auto differs = [&](auto change, int rule) {
        Judge fresh;
        fresh.reset();
        fresh.adopt(judge_.model(), {});
        Observed other = observed;
        change(other);
        fresh.same_state(other);
        ASSERT_TRUE(fresh.failed());
        EXPECT_EQ(fresh.found()->rule, rule) << fresh.found()->sentence;
    };
    differs([](Observed& o) { o.requests.clear(); }, 3);
    differs([](Observed& o) { o.requests[0].state = Observed::State::waiting; }, 3);
    differs([](Observed& o) { o.requests[0].id = 2; }, 3);
    differs([](Observed& o) { o.backends[0].gated = true; }, 5);
    differs([](Observed& o) { o.backends[0].root = 1; }, 24);
    differs([](Observed& o) { o.backends[0].loop = 1; }, 28);
    differs([](Observed& o) { o.backends[0].closing = true; }, 27);
    differs([](Observed& o) { o.nodes.push_back({1}); }, 27);
    differs([](Observed& o) { o.tokens.push_back({1, true}); }, 4);
    differs([](Observed& o) { o.operations.push_back({1, Observed::Phase::pending}); }, 7);
}

TEST_F(JudgeTest, explanations_are_compared_with_what_the_model_waits_for) {
    backend();
    send(1);
    on_request(Kind::admit, 1);
    ref::Event drain = make(Kind::drain);
    drain.wait = {1};
    drain.backend = {1};
    judge_.announce(drain);
    Observed observed = seen();
    observed.requests.push_back({1, 1, 0, Observed::State::admitted, false, false, false});
    observed.operations.push_back({1, Observed::Phase::pending});
    observed.explained = true;
    const Observed::Item right{false, 1, Observed::Awaited::request, 1, Observed::State::admitted};
    observed.items = {right};
    judge_.same_state(observed);
    EXPECT_FALSE(judge_.failed()) << judge_.found()->sentence;
    observed.items.clear();
    judge_.same_state(observed);
    ASSERT_TRUE(judge_.failed());
    EXPECT_EQ(judge_.found()->rule, 26);
}

TEST_F(JudgeTest, explanations_are_compared_with_states_blockers_and_circles) {
    backend();
    send(1);
    on_request(Kind::admit, 1);
    ref::Event drain = make(Kind::drain);
    drain.wait = {1};
    drain.backend = {1};
    judge_.announce(drain);
    const ref::State model = judge_.model();
    const Observed::Item right{false, 1, Observed::Awaited::request, 1, Observed::State::admitted};
    Observed::Item other_state = right;
    other_state.state = Observed::State::completing;
    Observed::Item gated = right;
    gated.gate = true;
    const Observed::Item circle{false, 1, Observed::Awaited::operation_in_circle, 1};
    for (const std::vector<Observed::Item>& wrong :
         {std::vector{other_state}, std::vector{gated}, std::vector{right, circle}}) {
        judge_.reset();
        judge_.start_with(model);
        Observed observed = seen();
        observed.requests.push_back({1, 1, 0, Observed::State::admitted, false, false, false});
        observed.operations.push_back({1, Observed::Phase::pending});
        observed.explained = true;
        observed.items = wrong;
        judge_.same_state(observed);
        ASSERT_TRUE(judge_.failed());
        EXPECT_EQ(judge_.found()->rule, 26);
    }
}

TEST_F(JudgeTest, knows_the_outcome_of_what_is_over) {
    backend();
    ref::Event drain = make(Kind::drain);
    drain.wait = {3};
    drain.backend = {1};
    judge_.announce(drain);
    EXPECT_FALSE(judge_.outcome_of_operation(3));
    ref::Event done = make(Kind::drain_done);
    done.wait = {3};
    judge_.announce(done);
    EXPECT_EQ(judge_.outcome_of_operation(3), Result::ok);
    EXPECT_FALSE(judge_.outcome_of_operation(2));
    EXPECT_FALSE(judge_.failed());
}

TEST_F(JudgeTest, equal_traces_have_equal_hashes) {
    Judge other;
    other.reset();
    EXPECT_EQ(judge_.trace_hash(), other.trace_hash());
    backend();
    EXPECT_NE(judge_.trace_hash(), other.trace_hash());
    judge_.reset();
    EXPECT_EQ(judge_.trace_hash(), other.trace_hash());
}

}  // namespace
}  // namespace blkdrain_props
