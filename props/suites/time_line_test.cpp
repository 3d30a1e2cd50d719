// SPDX-License-Identifier: Apache-2.0
//
// What time lines are told of the simulated world: where things happen, when a schedule departs and
// who wakes whom.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "harness/adapters/schedule_control.h"
#include "harness/report.h"
#include "harness/text.h"
#include "suites/suite_runner.h"

namespace blkdrain_props {
namespace {

class TimeLines : public SuiteTest {
protected:
    ~TimeLines() override { schedule_control() = {}; }

    std::string told(const std::string& text) {
        const ParsedText parsed = parse_text(text);
        EXPECT_FALSE(parsed.error) << parsed.error->text();
        TextTimeLine time_line;
        schedule_control().taken = [&](const Deviation& d) { time_line.deviation(d); };
        EXPECT_FALSE(run(parsed.scenario, &time_line).violation);
        return time_line.text();
    }
};

constexpr const char* two_loops =
    "\nnode n0\nbackend b0 on n0\n\nclient 0\nsend b0 read loop 1\n\nclient 1\ndrain b0\n";

TEST_F(TimeLines, events_stand_with_the_thread_that_they_happen_on) {
    const std::string text = told(std::string("scenario 3 loops 2 pace free") + two_loops);
    EXPECT_NE(text.find("     loop1 | admit"), std::string::npos) << text;
    EXPECT_NE(text.find("   client1 | drain s"), std::string::npos) << text;
}

TEST_F(TimeLines, in_steps_who_is_on_no_loop_is_not_named) {
    const std::string text = told(std::string("scenario 3 loops 2") + two_loops);
    EXPECT_NE(text.find("     loop1 | admit"), std::string::npos) << text;
    EXPECT_NE(text.find("           | drain s"), std::string::npos) << text;
}

TEST_F(TimeLines, deviations_stand_where_they_take_effect) {
    const std::string text = told(
        "scenario 3 loops 2 pace free\nnode n0\nbackend b0 on n0\n\nclient 0\nsend b0 read loop 1\n"
        "when client0 at 1: run client1\n\nclient 1\ndrain b0\n");
    const std::size_t mark = text.find("~ client1 runs instead of client0 (when client0 at 1)\n");
    ASSERT_NE(mark, std::string::npos) << text;
    EXPECT_GT(text.find("1. client 1: drain"), mark) << text;  // the send comes to its loop later
}

TEST_F(TimeLines, who_wakes_whom_is_told_on_either_carrier) {
    std::string told_of;
    schedule_control().woke = [&](std::uint8_t waker, std::uint8_t woken) {
        told_of += name_of_actor(waker) + " wakes " + name_of_actor(woken) + "\n";
    };
    told(std::string("scenario 3 loops 2 pace free") + two_loops);
    EXPECT_NE(told_of.find("client0 wakes loop1\n"), std::string::npos) << told_of;
    EXPECT_NE(told_of.find("world wakes loop0\n"), std::string::npos) << told_of;

    const std::string on_fibers = std::exchange(told_of, "");
    schedule_control().system_threads = true;
    told(std::string("scenario 3 loops 2 pace free") + two_loops);
    EXPECT_EQ(told_of, on_fibers);
}

}  // namespace
}  // namespace blkdrain_props
