// SPDX-License-Identifier: Apache-2.0
//
// Histories written by hand, of b1 on n1: those that the rules allow, and those that they do not.
#include "harness/black_box.h"

#include <gtest/gtest.h>

#include "harness/call_event.h"

namespace blkdrain_props {
namespace {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;
using Verdict = BlackBox::Verdict;

class BlackBoxTest : public testing::Test {
protected:
    BlackBoxTest() {
        ref::State state;
        state.nodes.push_back({.id = {1}, .loop = {0}});
        state.backends.push_back({.id = {1}, .loop = {0}, .listening = true, .root = {1}});
        state.groups.push_back({.id = {1}});
        box_.start(state, {});
    }

    Ticket call(ref::Event event, std::uint64_t deadline = BlackBox::no_deadline) {
        const Ticket ticket = ++tickets_;
        if (event.kind == Kind::send) {
            event.request = {ticket};
            event.backend = {1};
            event.loop = {0};
        } else if (event.kind == Kind::drain || event.kind == Kind::begin) {
            event.backend = {1};
            name_pending(event, event.kind, ticket);
        }
        box_.see(
            {.kind = Seen::Kind::called, .ticket = ticket, .time = deadline, .events = {event}});
        return ticket;
    }
    Ticket send() { return call({.kind = Kind::send}); }
    Ticket drain(std::uint64_t deadline = BlackBox::no_deadline) {
        return call({.kind = Kind::drain}, deadline);
    }
    Ticket quiesce() {
        return call({.kind = Kind::begin, .section_kind = ref::SectionKind::self_quiesce});
    }
    Ticket sent() {
        const Ticket ticket = send();
        returned(ticket);
        return ticket;
    }
    void of_call(Seen::Kind kind, Ticket ticket, Result result) {
        box_.see({.kind = kind, .result = result, .ticket = ticket});
    }
    void returned(Ticket ticket) { of_call(Seen::Kind::returned, ticket, Result::ok); }
    void over(Ticket ticket, Result result = Result::ok) {
        of_call(Seen::Kind::outcome, ticket, result);
    }
    void reached(Ticket ticket) {
        box_.see({.kind = Seen::Kind::reached, .ticket = ticket, .node = {1}});
    }
    void answered(Ticket ticket, Result result = Result::ok) {
        of_call(Seen::Kind::answered, ticket, result);
    }
    void completed(Ticket ticket, Result result = Result::ok) {
        of_call(Seen::Kind::completed, ticket, result);
        of_call(Seen::Kind::dispatched, ticket, Result::ok);
    }
    void told(Seen::Kind kind) { box_.see({.kind = kind, .backend = {1}}); }
    void time(std::uint64_t time) { box_.see({.kind = Seen::Kind::time, .time = time}); }
    Verdict at_rest() {
        box_.see({.kind = Seen::Kind::rest});
        return box_.explain();
    }
    void expect_refused(int rule) {
        ASSERT_EQ(at_rest(), Verdict::refused);
        EXPECT_EQ(box_.violation().rule, rule) << box_.violation().sentence;
        EXPECT_EQ(box_.violation().detector, "black_box");
    }

    BlackBox box_;
    Ticket tickets_ = no_ticket;
};

TEST_F(BlackBoxTest, request_goes_its_way) {
    const Ticket request = sent();
    reached(request);
    answered(request);
    completed(request);
    EXPECT_EQ(at_rest(), Verdict::explained);
}

TEST_F(BlackBoxTest, request_may_be_driven_before_its_send_returns) {
    const Ticket request = send();
    reached(request);
    returned(request);
    EXPECT_EQ(at_rest(), Verdict::explained);
}

TEST_F(BlackBoxTest, completion_without_an_answer_is_refused) {
    const Ticket request = sent();
    reached(request);
    completed(request);
    EXPECT_EQ(at_rest(), Verdict::refused);
}

TEST_F(BlackBoxTest, completion_with_another_result_than_the_drivers_is_refused) {
    const Ticket request = sent();
    reached(request);
    answered(request, Result::io_error);
    completed(request, Result::ok);
    EXPECT_EQ(at_rest(), Verdict::refused);
}

TEST_F(BlackBoxTest, answer_that_nobody_was_told_of_is_refused_at_rest) {
    const Ticket request = sent();
    reached(request);
    answered(request);
    expect_refused(3);
}

TEST_F(BlackBoxTest, drain_ends_after_what_it_covers) {
    const Ticket request = sent();
    const Ticket wait = drain();
    returned(wait);
    reached(request);
    answered(request);
    completed(request);
    over(wait);
    EXPECT_EQ(at_rest(), Verdict::explained);
}

TEST_F(BlackBoxTest, drain_that_ends_before_what_it_covers_is_refused) {
    const Ticket request = sent();
    const Ticket wait = drain();
    returned(wait);
    reached(request);
    over(wait);
    answered(request);
    completed(request);
    expect_refused(10);
}

TEST_F(BlackBoxTest, drain_that_ends_inside_a_completion_is_refused) {
    const Ticket request = sent();
    const Ticket wait = drain();
    returned(wait);
    reached(request);
    answered(request);
    of_call(Seen::Kind::completed, request, Result::ok);
    over(wait);
    of_call(Seen::Kind::dispatched, request, Result::ok);
    expect_refused(10);
}

TEST_F(BlackBoxTest, drain_need_not_cover_what_is_sent_while_it_is_called) {
    const Ticket wait = drain();
    const Ticket request = send();
    returned(wait);
    returned(request);
    reached(request);
    over(wait);
    EXPECT_EQ(at_rest(), Verdict::explained);
}

TEST_F(BlackBoxTest, drain_that_never_ends_is_refused_at_rest) {
    returned(drain());
    expect_refused(10);
}

TEST_F(BlackBoxTest, request_that_meets_a_begin_may_be_before_it_or_after_it) {
    for (const bool before : {true, false}) {
        SCOPED_TRACE(before);
        const Ticket section = quiesce();
        const Ticket request = send();
        returned(request);
        returned(section);
        over(section);
        told(Seen::Kind::told_begin);
        if (before) {
            reached(request);
            answered(request);
            completed(request);
        }
        ASSERT_EQ(at_rest(), Verdict::explained);
        const Ticket end = call({.kind = Kind::end, .section = {section}});
        returned(end);
        told(Seen::Kind::told_end);
        if (!before) {
            reached(request);
        }
        EXPECT_EQ(at_rest(), Verdict::explained);
    }
}

TEST_F(BlackBoxTest, request_sent_after_a_begin_and_driven_before_its_end_is_refused) {
    const Ticket section = quiesce();
    returned(section);
    over(section);
    told(Seen::Kind::told_begin);
    reached(sent());
    expect_refused(2);
}

TEST_F(BlackBoxTest, owner_who_is_not_told_is_noticed_at_rest) {
    const Ticket section = quiesce();
    returned(section);
    over(section);
    expect_refused(9);
}

TEST_F(BlackBoxTest, wait_gives_up_after_its_deadline_and_no_earlier) {
    const Ticket request = sent();
    reached(request);
    const Ticket wait = drain(5);
    returned(wait);
    time(5);
    over(wait, Result::timed_out);
    ASSERT_EQ(at_rest(), Verdict::explained);
    const Ticket hasty = drain(9);
    returned(hasty);
    over(hasty, Result::timed_out);
    EXPECT_EQ(at_rest(), Verdict::refused);
}

TEST_F(BlackBoxTest, limit_lets_through_what_time_allows) {
    returned(call({.kind = Kind::join, .backend = {1}, .group = {1}}));
    returned(call({.kind = Kind::limit, .bucket = 0, .group = {1}, .rate = {1, 1, 0, 0}}));
    const Ticket first = sent();
    const Ticket second = sent();
    reached(first);
    ASSERT_EQ(at_rest(), Verdict::explained);
    time(1'000'000'000);
    reached(second);
    ASSERT_EQ(at_rest(), Verdict::explained);
    reached(sent());
    expect_refused(13);
}

TEST_F(BlackBoxTest, abandon_of_what_is_over_does_nothing) {
    const Ticket wait = drain();
    returned(wait);
    const Ticket late =
        call({.kind = Kind::abandon, .error = ref::Error::cancelled, .wait = {wait}});
    returned(late);
    over(wait);
    EXPECT_EQ(at_rest(), Verdict::explained);
}

TEST_F(BlackBoxTest, violation_says_how_far_the_history_is_explained) {
    const Ticket request = sent();
    reached(request);
    completed(request, Result::cancelled);
    ASSERT_EQ(at_rest(), Verdict::refused);
    const std::string sentence = box_.violation().sentence;
    EXPECT_NE(sentence.find("nothing explains that the completion of request r1 is called"),
              std::string::npos)
        << sentence;
    EXPECT_NE(sentence.find("explained are the 3 observations before, the last: the driver of n1 "
                            "is given request r1"),
              std::string::npos)
        << sentence;
}

TEST_F(BlackBoxTest, too_many_ways_are_given_up_and_no_verdict) {
    std::vector<Ticket> requests;
    std::vector<Ticket> waits;
    for (int i = 0; i < 10; ++i) {
        requests.push_back(send());
        waits.push_back(drain());
    }
    for (int i = 0; i < 10; ++i) {
        returned(requests[static_cast<std::size_t>(i)]);
        returned(waits[static_cast<std::size_t>(i)]);
    }
    for (const Ticket request : requests) {
        reached(request);
    }
    for (const Ticket wait : waits) {
        over(wait);
    }
    for (const Ticket request : requests) {
        answered(request);
        completed(request);
    }
    reached(requests[0]);  // again
    EXPECT_EQ(at_rest(), Verdict::given_up);
    EXPECT_GT(box_.steps(), BlackBox::steps_max);
}

}  // namespace
}  // namespace blkdrain_props
