// SPDX-License-Identifier: Apache-2.0
//
// One worked example a rule, event by event. In most, b0 -> n0 -> n1 <- b1.
#include "words.h"

namespace blkdrain_ref::words {
namespace {

using Rules = Chain;

TEST_F(Rules, r01_a_deaf_owner_is_gated_all_the_same) {
    happens(listen(b0));
    begins(self_quiesce(s1, b0));
    happens(send(r0, b0));  // the notification is still on its way
    refused(admit(r0), Code::admitted_while_gated, 2);
    happens(notify(b0, Notice::begin));
    refused(admit(r0), Code::admitted_while_gated, 2);
}

TEST_F(Rules, r02_after_effective_no_operation_starts) {
    begins(isolate(s1, b1));
    happens(send(r0, b0), token_request(t0, {b0}));
    refused(admit(r0), Code::admitted_while_gated, 2);
    refused(token_open(t0), Code::opened_while_gated, 4);
    happens(end(s1), admit(r0), token_open(t0));
}

TEST_F(Rules, r03_a_request_is_done_after_its_dispatch) {
    happens(remove_medium(s1, b0), finish(s1));
    happens(drain(d1, b0));
    happens(drain_done(d1));
    runs(r0, b0);
    happens(drain(d0, b0));
    refused(complete(r0), Code::wrong_result, 3);
    happens(complete(r0) >> Error::no_medium);
    refused(drain_done(d0), Code::drain_early, 10);  // the callback runs
    happens(done(r0), drain_done(d0));
}

TEST_F(Rules, r04_a_request_under_an_open_token_has_no_gate) {
    happens(token_request(t0, {b0, b1}), token_open(t0));
    begins(self_quiesce(s1, b0));
    happens(under(send(r0, b0), t0), admit(r0));
    happens(token_request(t1, {b0, b1}));
    refused(token_open(t1), Code::opened_while_gated, 4);  // it waits for b0 and holds b1 neither
    happens(under(send(r1, b0), t1) >> Error::bad_token);
}

TEST_F(Rules, r05_gated_is_a_set_of_sections) {
    begins(self_quiesce(s1, b0));
    begins(isolate(s2, b1));
    happens(end(s1));  // in any order
    EXPECT_TRUE(gated(state, b0));
    happens(end(s2));
    EXPECT_FALSE(gated(state, b0));
    refused(end(s2), Code::no_such_object, 5);  // once
}

TEST_F(Rules, r06_exempt_is_who_the_section_names_on_every_path) {
    happens(backend(b2));
    happens(insert_medium(s1, b2, n0), finish(s1));
    begins(isolate(s1, b1, {b0}));
    EXPECT_FALSE(gated(state, b0));
    EXPECT_FALSE(gated(state, b1));
    EXPECT_TRUE(gated(state, b2));
}

TEST_F(Rules, r07_each_begin_waits_for_its_own_milestone) {
    runs(r0, b0);
    begins(self_quiesce(s1, b0));
    begins(self_quiesce(s2, b0));
    happens(send(r1, b0), quiet_wait(d0, s2));  // r1 came later: nothing waits for it
    refused(quiet_done(d0), Code::quiet_early, 7);
    ends(r0);
    happens(quiet_done(d0));
}

TEST_F(Rules, r08_everything_that_waits_is_asynchronous) {
    runs(r0, b0);
    happens(drain(d0, b0), send(r1, b1));  // the caller goes on
    happens(admit(r1), complete(r1), done(r1));
    EXPECT_FALSE(must(drain_done(d0)));
    ends(r0);
    EXPECT_TRUE(must(drain_done(d0)));
}

TEST_F(Rules, r09_notifications_alternate_momentary_sections_included) {
    happens(listen(b0));
    happens(detach(s1, n0, 0));
    happens(finish(s1));
    refused(notify(b0, Notice::end), Code::notified_out_of_order, 9);
    happens(notify(b0, Notice::begin), notify(b0, Notice::end));
    refused(notify(b0, Notice::begin), Code::notified_without_cause, 9);
    happens(in_notification(attach(s1, n0, n1)) >> Error::busy);
}

TEST_F(Rules, r10_a_drain_covers_requests_tokens_and_chains) {
    happens(token_request(t0, {b0}), token_open(t0));
    runs(r0, b0);
    happens(drain(d1, b0));
    runs(r1, b0);  // later, and no child of a covered one: not covered
    happens(complete(r0), from(send(r2, b0), r0), done(r0));
    happens(token_close(t0));
    EXPECT_EQ(refused(drain_done(d1), Code::drain_early, 11),
              "drain_done s9 b0: drain early, as request r2 is waiting (R11)");
    happens(admit(r2));
    EXPECT_EQ(refused(drain_done(d1), Code::drain_early, 10),
              "drain_done s9 b0: drain early, as request r2 is admitted (R10)");
    ends(r2);
    happens(drain_done(d1));
}

TEST_F(Rules, r11_a_drain_waits_for_a_waiting_request) {
    begins(self_quiesce(s1, b0));
    happens(send(r0, b0), drain(d0, b0));
    refused(drain_done(d0), Code::drain_early, 11);
    happens(end(s1), admit(r0));
    ends(r0);
    happens(drain_done(d0));
}

TEST_F(Rules, r12_a_wait_for_what_its_caller_holds_fails) {
    begins(self_quiesce(s1, b0));
    runs(r1, b1);
    happens(send(r0, b0), drain(d0, b0), holding(drain(d1, b0), s1));
    EXPECT_TRUE(must(drain_done(d1) >> Error::would_deadlock));
    refused(drain_done(d0) >> Error::would_deadlock, Code::not_hostage, 12);
    happens(drain_done(d1) >> Error::would_deadlock);
    happens(holding(drain(d1, b0), s1), drain_done(d1) >> Error::would_deadlock);
    EXPECT_EQ(explain(state, d0).at(0).blockers, Blockers{.gate = true});
}

// One request a second, and one more at once.
constexpr Rate one_a_second{.rate = 1, .burst = 1};

TEST_F(Rules, r13_nothing_hurries_a_limiter) {
    happens(group(g0), limit(g0, iops_total, one_a_second), join(g0, b0));
    runs(r0, b0);
    happens(send(r1, b0), drain(d0, b0));
    EXPECT_EQ(blockers(state, {}, *find(state, r1)), Blockers{.rate = true});
    refused(admit(r1), Code::admitted_over_limit, 13);
    for (int pairs = 0; pairs < 3; ++pairs) {  // the clock stands still
        begins(self_quiesce(s1, b0));
        happens(end(s1));
        refused(admit(r1), Code::admitted_over_limit, 13);
    }
    happens(clock(1));
    EXPECT_TRUE(must(admit(r1)));
}

TEST_F(Rules, r13_a_gated_request_is_not_charged_and_a_tokens_goes_through_the_limiter) {
    happens(group(g0), limit(g0, iops_total, one_a_second), join(g0, b0));
    happens(token_request(t0, {b0}), token_open(t0));
    begins(self_quiesce(s1, b0));
    happens(send(r0, b0), clock(billion));
    refused(admit(r0), Code::admitted_while_gated, 2);
    happens(under(send(r1, b0), t0), admit(r1), under(send(r2, b0), t0));
    refused(admit(r2), Code::admitted_over_limit, 13);
    refused(clock(1), Code::clock_goes_back, 13);
}

TEST_F(Rules, r13_large_requests_cost_more_and_flushes_nothing) {
    happens(group(g0), limit(g0, iops_total, {.rate = 1, .burst = 3}, 512), join(g0, b0));
    happens(of_bytes(send(r0, b0), 1025), admit(r0), send(r1, b0));  // three
    refused(admit(r1), Code::admitted_over_limit, 13);
    happens(flushing(send(r2, b0)), admit(r2), clock(1), admit(r1));
    happens(limit(g0, iops_total, {}), limit(g0, bps_total, {.rate = 512, .burst = 1}));
    happens(of_bytes(send(r3, b0), 512), admit(r3));
    EXPECT_EQ(find(state, g0)->buckets[bps_total].level, 512 * billion);
}

TEST_F(Rules, r13_a_peak_is_a_second_bucket) {
    happens(group(g0), join(g0, b0),
            limit(g0, iops_read, {.rate = 1, .burst = 9, .peak = 5, .peak_burst = 1}));
    happens(send(r0, b0), admit(r0), send(r1, b0));
    refused(admit(r1), Code::admitted_over_limit, 13);
    happens(clock(1), admit(r1), send(r2, b0), clock(billion / 5));
    refused(admit(r2), Code::admitted_over_limit, 13);
    happens(clock(billion / 5 + 1), admit(r2));
}

TEST_F(Rules, r14_a_drain_touches_nobody) {
    runs(r0, b0);
    const State before = state;
    happens(drain(d0, b0));
    EXPECT_EQ(View(state).covered().backends, BackendSet{});
    State after = state;
    after.sections.clear();
    EXPECT_EQ(to_string(after), to_string(before));
}

TEST_F(Rules, r15_a_drain_does_not_wait_for_internal_requests) {
    happens(internal_start(n0), drain(d0, b0), drain_done(d0));
}

TEST_F(Rules, r16_plugged_requests_leave_as_one_batch) {
    happens(plug(l0), send(r0, b0), send(r1, b1), send(r2, b0));
    refused(admit(r0), Code::admitted_plugged, 16);
    EXPECT_EQ(blockers(state, {}, *find(state, r0)), Blockers{.plug = true});
    EXPECT_TRUE(must(unplug(l0)));  // at the latest when the loop polls
    happens(drain(d0, b0));         // takes the plug off what it covers
    refused(line_up(r1), Code::plugged_still, 16);
    refused(line_up(r2), Code::overtook, 18);
    happens(line_up(r0), admit(r0), line_up(r2), admit(r2), unplug(l0), line_up(r1), admit(r1));
    refused(unplug(l0), Code::not_plugged, 16);
}

TEST_F(Rules, r16_a_begin_closes_its_gates_first) {
    happens(plug(l0), send(r0, b0));
    happens(self_quiesce(s1, b0), line_up(r0), effective(s1));
    EXPECT_EQ(blockers(state, {b0}, *find(state, r0)), Blockers{.gate = true});
    happens(send(r1, b0));
    EXPECT_EQ(blockers(state, {b0}, *find(state, r1)), (Blockers{.gate = true, .plug = true}));
    begins(self_quiesce(s2, b1));  // it does not cover r1
    EXPECT_TRUE(find(state, r1)->plugged);
    happens(unplug(l0), line_up(r1), end(s1), admit(r0), admit(r1));
}

TEST_F(Rules, r17_an_error_completes_like_a_success) {
    runs(r0, b0);
    happens(drain(d0, b0), complete(r0) >> Error::io_error, done(r0));
    refused(drain_done(d0) >> Error::io_error, Code::wrong_result, 10);
    happens(drain_done(d0));
}

TEST_F(Rules, r18_an_end_releases_in_order_and_as_one_step) {
    begins(self_quiesce(s1, b0));
    happens(send(r0, b0), send(r1, b0), send(r2, b0, Direction::write));
    happens(end(s1));
    refused(admit(r1), Code::overtook, 18);
    refused(self_quiesce(s2, b0), Code::not_released, 18);
    happens(admit(r0), admit(r1), admit(r2));
    begins(self_quiesce(s2, b0));
}

TEST_F(Rules, r19_a_settle_needs_quiet_backends) {
    happens(settle(s1, n1) >> Error::not_quiesced);
    begins(quiesce_all(s1));
    happens(settle(s2, n1));
    refused(finish(s2), Code::finished_early, 19);
    settles(s2, n0);
    settles(s2, n1);
    happens(finish(s2));
}

TEST_F(Rules, r20_drained_settles_parents_before_children) {
    runs(r0, b0);
    happens(drained(s1, n1), effective(s1));
    refused(settle_start(n0, s1), Code::settled_early, 20);
    ends(r0);
    EXPECT_EQ(refused(settle_start(n1, s1), Code::settled_out_of_order, 20),
              "settle_start s1 n1: settled out of order, as node n0 is not settled (R20)");
    settles(s1, n0);
    refused(settle_start(n0, s1), Code::settled_twice, 20);
    refused(idle(s1), Code::idle_early, 20);
    settles(s1, n1);
    happens(idle(s1), end(s1));
}

TEST_F(Rules, r21_a_stopped_node_starts_nothing_and_a_settle_error_is_told) {
    happens(drained(s1, n1), effective(s1));
    refused(internal_start(n1), Code::wrong_result, 21);
    happens(internal_start(n1) >> Error::stopped);
    settles(s1, n0);
    happens(settle_start(n1, s1), settle_done(n1) >> Error::io_error);
    refused(idle(s1), Code::wrong_result, 20);
    happens(idle(s1) >> Error::io_error);
    happens(drained(s2, n1), effective(s2), idle(s2) >> Error::io_error);  // not settled again
    happens(end(s1), end(s2));
    EXPECT_EQ(find(state, n1)->settle, Settle::none);
}

TEST_F(Rules, r22_internal_requests_are_counted_at_their_node) {
    happens(internal_start(n1), drained(s1, n1), effective(s1));
    refused(settle_start(n0, s1), Code::settled_early, 20);
    happens(internal_end(n1));
    refused(internal_end(n1), Code::no_internal_request, 22);
    settles(s1, n0);
}

TEST_F(Rules, r23_conflicting_isolates_queue_and_gate_nothing) {
    happens(backend(b2), insert_medium(s1, b2, n0));
    happens(finish(s1));
    begins(isolate(s1, b0));
    EXPECT_TRUE(gated(state, b2));
    happens(trying(isolate(s2, b2)) >> Error::conflict);
    happens(isolate(s2, b2));
    EXPECT_FALSE(gated(state, b0));
    refused(effective(s2), Code::isolated_in_conflict, 23);
    happens(end(s1), effective(s2));
    EXPECT_TRUE(gated(state, b0));
}

TEST_F(Rules, r24_a_change_waits_for_quiet_and_leaves_no_gap) {
    happens(node(n2), backend(b2));
    happens(insert_medium(s1, b2, n2), finish(s1));
    begins(isolate(s1, b1));
    happens(send(r0, b2));
    happens(admit(r0), attach(s2, n2, n1));  // b2 enters the scope of s1
    EXPECT_TRUE(gated(state, b2));
    refused(finish(s2), Code::finished_early, 24);
    ends(r0);
    happens(finish(s2));
    EXPECT_TRUE(gated(state, b2));
    happens(attach(s2, n1, n2) >> Error::cycle);
}

TEST_F(Rules, r25_an_abandoned_begin_gives_everything_back) {
    runs(r0, b0);
    happens(drained(s1, n1), effective(s1), send(r1, b1));
    happens(token_request(t0, {b1}), abandon(t0) >> Error::timed_out);  // at its deadline
    happens(abandon(s1));
    refused(admit(r1), Code::admitted_while_gated, 2);
    happens(release(s1), admit(r1));
}

TEST_F(Rules, r26_a_pending_operation_says_what_it_waits_for) {
    runs(r0, b0);
    happens(token_request(t0, {b1}), token_open(t0), internal_start(n0));
    happens(drained(s1, n1), effective(s1));
    const Items items = explain(state, s1);
    ASSERT_EQ(items.size(), 3u);
    EXPECT_EQ(items[0].request, r0);
    EXPECT_EQ(items[0].state, RequestState::admitted);
    EXPECT_EQ(items[1].token, t0);
    EXPECT_EQ(items[2].node, n0);
}

TEST_F(Rules, r27_close_cancels_what_waits_and_waits_for_the_rest) {
    runs(r0, b0);
    begins(self_quiesce(s1, b1));
    happens(close_backend(s2, b1) >> Error::busy, end(s1));
    begins(isolate(s1, b1));
    happens(send(r1, b0), close_backend(s2, b0));
    happens(send(r2, b0) >> Error::closing);
    happens(complete(r1) >> Error::cancelled, done(r1));
    refused(finish(s2), Code::finished_early, 27);
    ends(r0);
    happens(finish(s2), end(s1));
    happens(close_node(s1, n1) >> Error::busy, close_node(s1, n0));
    settles(s1, n0);
    happens(node_closed(s1, n0), finish(s1));  // n1 has b1 and stays
    EXPECT_NE(find(state, n1), nullptr);
}

TEST_F(Rules, r28_a_component_moves_to_another_loop_as_a_whole) {
    happens(context(s1, n1, l1));
    settles(s1, n0);
    settles(s1, n1);
    happens(finish(s1));
    EXPECT_EQ(find(state, b0)->loop, l1);
    happens(node(n2, l0, true));
    happens(attach(s1, n2, n1) >> Error::context);  // n2 is pinned, n1 has other parents
}

TEST_F(Rules, r31_a_stop_waits_for_the_backends_of_devices_and_for_nothing_else) {
    happens(backend(b2), insert_medium(s0, b2, n1), finish(s0));
    runs(r0, b0);
    runs(r1, b2);  // of a job: no device
    happens(internal_start(n1));
    const BackendSet devices{b0, b1};
    begins(self_quiesce(s1, b0));
    begins(self_quiesce(s2, b1));
    happens(send(r2, b1));  // too late: it stays where it is
    EXPECT_FALSE(gated(state, b2));
    ASSERT_EQ(unstopped(state, devices).size(), 1U);
    EXPECT_EQ(unstopped(state, devices).front().request, r0);
    ends(r0);
    EXPECT_TRUE(unstopped(state, devices).empty());
    happens(end(s2), admit(r2), end(s1));
}

// What the rules leave to be decided.

TEST_F(Rules, tokens_named_by_a_change_count_as_closed) {
    happens(token_request(t0, {b0}), token_open(t0));
    happens(naming(detach(s1, n0, 0), t0), under(send(r0, b0), t0));
    refused(admit(r0), Code::admitted_during_change, 24);
    happens(finish(s1), admit(r0));
}

TEST_F(Rules, what_was_sent_under_a_closed_token_still_counts_for_quiet) {
    happens(token_request(t0, {b0}), token_open(t0));
    happens(naming(detach(s1, n0, 0), t0), under(send(r0, b0), t0), token_close(t0));
    begins(self_quiesce(s2, b0));
    happens(quiet_wait(d0, s2));
    refused(quiet_done(d0), Code::quiet_early, 7);
    happens(finish(s1) >> Error::bad_token, admit(r0));
    ends(r0);
    happens(quiet_done(d0));
}

TEST_F(Rules, a_pending_detach_follows_its_edge) {
    happens(attach(s1, n0, n1), finish(s1));
    happens(detach(s1, n0, 0), detach(s2, n0, 1), detach(s3, n0, 1));
    happens(finish(s1), finish(s2));
    refused(finish(s3), Code::wrong_result, 24);
    happens(finish(s3) >> Error::no_such_edge);
    EXPECT_TRUE(state.edges.empty());
}

TEST_F(Rules, who_enters_an_idle_scope_is_settled_by_the_change) {
    happens(node(n2), drained(s1, n1), effective(s1));
    settles(s1, n0);
    settles(s1, n1);
    happens(idle(s1), attach(s2, n1, n2));
    refused(finish(s2), Code::finished_early, 24);
    settles(s2, n2);
    happens(finish(s2));
    EXPECT_TRUE(find(state, n2)->settled());
}

TEST_F(Rules, r29_a_waiting_request_is_removed_in_every_circumstance) {
    happens(group(g0), limit(g0, iops_total, one_a_second), join(g0, b0));
    happens(send(r0, b0), admit(r0), send(r1, b0), send(r2, b0), drain(d0, b0));
    begins(self_quiesce(s1, b0));
    happens(cancel(r1));
    EXPECT_EQ(find(state, g0)->buckets[iops_total].level, billion);            // not charged
    EXPECT_EQ(blockers(state, {}, *find(state, r2)), Blockers{.rate = true});  // next in line
    happens(cancel(r1) >> Error::too_late);
    refused(complete(r1), Code::wrong_result, 29);
    happens(complete(r1) >> Error::cancelled, done(r1), cancel(r1) >> Error::too_late);
    happens(cancel_waiting(b0), complete(r2) >> Error::cancelled, done(r2));
    ends(r0);
    happens(drain_done(d0));
}

TEST_F(Rules, r29_the_real_result_of_an_admitted_one_wins) {
    runs(r0, b0);
    runs(r1, b0);
    refused(complete(r0) >> Error::cancelled, Code::wrong_result, 3);
    happens(cancel(r0), cancel(r1));
    happens(complete(r0) >> Error::cancelled, done(r0));
    happens(complete(r1), cancel(r1) >> Error::too_late, done(r1));
}

TEST_F(Rules, r30_members_take_turns_and_keep_their_places) {
    happens(group(g0), limit(g0, iops_total, one_a_second), join(g0, b0), join(g0, b1));
    happens(join(g0, b0) >> Error::busy);
    happens(send(r0, b0), admit(r0), send(r1, b0), send(r2, b1), clock(1));
    refused(admit(r1), Code::out_of_turn, 30);
    happens(admit(r2), clock(2 * billion));
    EXPECT_TRUE(must(admit(r1)));
}

TEST_F(Rules, r30_who_is_gated_does_not_hold_up_the_others) {
    happens(group(g0), limit(g0, iops_total, one_a_second), join(g0, b0), join(g0, b1));
    happens(send(r0, b1), admit(r0), send(r1, b0), send(r2, b1));  // the turn is b0's
    begins(isolate(s1, b1));
    happens(clock(1), admit(r2), end(s1), leave(b0), admit(r1));
    refused(leave(b0), Code::no_member, 30);
}

TEST_F(Rules, an_isolate_behind_what_its_caller_holds_gives_up) {
    begins(isolate(s1, b0, {b1}));
    happens(holding(isolate(s2, b1), s1));
    EXPECT_FALSE(find(state, s2)->live());
    EXPECT_TRUE(must({.kind = Kind::abandon, .error = Error::would_deadlock, .section = s2}));
}

TEST_F(Rules, what_is_due_and_never_happens_has_a_reason) {
    happens(drain(d0, b0));
    EXPECT_EQ(sentence(refusal(state, drain_done(d0), Code::never_happened)),
              "drain_done s8 b0: never happened (R10)");
}

TEST_F(Rules, equal_states_are_equal_and_print_alike) {
    State other = state;
    EXPECT_EQ(hash(other), hash(state));
    ASSERT_FALSE(accept(other, send(r0, b0)));
    EXPECT_NE(hash(other), hash(state));
    EXPECT_EQ(to_string(state), "n0 l0\nn1 l0\nn0 -> n1\nb0 l0 n0\nb1 l0 n1\n");
}

}  // namespace
}  // namespace blkdrain_ref::words
