// SPDX-License-Identifier: Apache-2.0
//
// What is said of a run in which everything stands still and something has to happen: a wake-up
// that was lost, a wait that could return.
#include <cstdio>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "canary/canaries.h"
#include "harness/adapters/schedule_control.h"
#include "sim/strategy.h"
#include "suites/suite_runner.h"

namespace blkdrain_props {
namespace {

// The default order, with the variant in force as soon as the first client runs.
class BrokenForClients final : public blkdrain::sim::Strategy {
public:
    explicit BrokenForClients(const CanaryRow& canary) : canary_(canary) {}

    std::uint32_t pick(const blkdrain::sim::Choice& choice) override {
        if (choice.asker->name == "client0") {
            release_canary(canary_);
        }
        return choice.fallback;
    }

private:
    const CanaryRow& canary_;
};

class Standstill : public SuiteTest {
protected:
    // In a process of its own, with the broken variant: a run that fails leaves its graph behind.
    // How its sentence ends and what stands in its time line; what is missing there is said in the
    // output of that process.
    void expect_found(const char* canary, const std::string& scenario, const std::string& sentence,
                      const std::string& lines) {
        EXPECT_EXIT(
            {
                release_canary(*find_canary(canary));
                tell(scenario, sentence, lines);
            },
            testing::ExitedWithCode(0), "");
    }
    // The same, with a graph that was built before it broke.
    void expect_found_later(const char* canary, const std::string& scenario,
                            const std::string& sentence, const std::string& lines) {
        EXPECT_EXIT(
            {
                BrokenForClients strategy(*find_canary(canary));
                schedule_control().strategy = &strategy;
                tell(scenario, sentence, lines);
            },
            testing::ExitedWithCode(0), "");
    }

private:
    [[noreturn]] void tell(const std::string& scenario, const std::string& sentence,
                           const std::string& lines) {
        const ParsedText parsed = parse_text(scenario);
        TextTimeLine time_line;
        const Outcome outcome = run(parsed.scenario, &time_line);
        const std::string found = outcome.violation ? outcome.violation->sentence : "";
        const bool right =
            found.ends_with(sentence) && time_line.text().find(lines) != std::string::npos;
        std::fputs((found + "\n" + time_line.text()).c_str(), stderr);
        _exit(right ? 0 : 1);
    }
};

TEST_F(Standstill,
       a_lost_wake_up_is_told_with_what_is_due_since_when_and_where_each_thread_stands) {
    expect_found("wake-dropped",
                 "scenario 3 loops 3 pace free\nnode n0 settles\nbackend b0 on n0 listening\n"
                 "set_loop n0 loop 2\n",
                 "notify b1 end: never happened (R9), due since finish s2 (event 5 of 5)",
                 "           : notify b1 end is due since finish s2 (event 5 of 5)\n"
                 "     loop0 : blocked: epoll wait poller#3, no deadline\n"
                 "     loop1 : blocked: epoll wait poller#6, no deadline\n"
                 "     loop2 : blocked: epoll wait poller#9, no deadline\n"
                 "           ! notify b1 end: never happened (R9)\n");
}

// Found while the client awaits it, before what the client does next ends the wait after all.
TEST_F(Standstill, a_wait_that_could_return_is_found_while_its_client_still_waits) {
    expect_found("drain-awaits-internal",
                 "scenario 3 pace free\nnode n0\nbackend b0 on n0\n"
                 "internal_start n0\ndrain b0\nawait w0\ninternal_end n0\n",
                 "drain_done s2 b1: never happened (R10), due since drain s2 b1 (event 2 of 2)",
                 "   client0 : w0 (drain) could return since drain s2 b1 (event 2 of 2)\n"
                 "     loop0 : blocked: epoll wait poller#3, no deadline\n"
                 "   client0 : blocked: condition wait condition#1, no deadline\n"
                 "           ! drain_done s2 b1: never happened (R10)\n");
}

// The client is inside of the library, and stays there.
TEST_F(Standstill, a_call_that_blocks_for_ever_is_found_while_its_client_is_inside) {
    expect_found("notify-dropped",
                 "scenario 3 pace free\nnode n0\nbackend b0 on n0\nblocking: drain b0\n",
                 "drain w0 ended with ok but its owner was not told (R10)",
                 "     loop0 : blocked: epoll wait poller#3, no deadline\n"
                 "   client0 : blocked: condition wait condition#0, no deadline\n");
}

// The library refuses it without a word, which the loop that is blocked was to bring: there is
// nothing to give up.
TEST_F(Standstill, a_call_that_blocks_for_ever_and_has_begun_nothing_ends_the_run) {
    expect_found("loop-blocked",
                 "scenario 3 loops 2 pace free\nnode n0\nnode n1 loop 1\n"
                 "backend b0 on n1 loop 1 listening\nbackend b1 on n0\nbackend b2 empty loop 1\n"
                 "hold n0 on\nsend b1 read loop 0\nin notification of b0: blocking: drain b1\n"
                 "quiesce_all\nclose_backend b2\nblocking: isolate b2\n",
                 "close_backend w1 ended with ok but its owner was not told (R27)",
                 "     loop0 : blocked: epoll wait poller#3, no deadline\n"
                 "     loop1 : blocked: condition wait condition#2, no deadline\n"
                 "   client0 : blocked: condition wait condition#0, no deadline\n");
}

TEST_F(Standstill, loops_that_never_sleep_are_told_with_what_each_is_at_and_what_the_model_says) {
    // Not even the graph is there when the loops are to be idle for the first time.
    expect_found("never-idle", "scenario 3 loops 2 pace free\nnode n0\nbackend b0 on n0\n",
                 "the threads never come to rest: step limit: loop0: epoll wait poller#3, can go "
                 "on; loop1: start, can go on; the reference: nothing is due",
                 "     loop0 : can go on: epoll wait poller#3\n"
                 "     loop1 : can go on: start\n");
}

TEST_F(Standstill, a_loop_that_never_sleeps_is_told_with_what_it_keeps_from_happening) {
    expect_found_later("never-idle",
                       "scenario 3 loops 2 pace free\nnode n0 loop 1\n"
                       "backend b0 on n0 loop 1 listening\nsend b0 read loop 0\ndrained n0\n",
                       "; loop1: epoll wait poller#6, no deadline, can go on; the reference: "
                       "notify b1 begin is due since begin s2 drained n1 (event 1 of 6)",
                       "           : notify b1 begin is due since begin s2 drained n1 (event 1 of "
                       "6)\n"
                       "     loop0 : can go on: ");
}

}  // namespace
}  // namespace blkdrain_props
