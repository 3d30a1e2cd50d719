// SPDX-License-Identifier: Apache-2.0
#include "harness/told_schedule.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace blkdrain_props {
namespace {

Scenario drawn() {
    Scenario scenario;
    scenario.header.pace = Pace::free;
    scenario.header.strategy = Strategy::pct;
    scenario.header.depth = 2;
    scenario.header.horizon = 300;
    scenario.header.seed = 7;
    scenario.programs.push_back({});
    scenario.programs.push_back({});
    scenario.deviations.push_back(
        {Deviation::at_start, 0, Actor::world, Question::run, 1, Actor::client_first});
    return scenario;
}

Deviation nth(std::uint16_t point) {
    return {Deviation::at_start, 0,     Actor::client_first,
            Question::run,       point, Actor::client_first + 1};
}

TEST(ToldSchedule, is_in_default_order_with_what_was_recorded_alone) {
    ToldSchedule schedule(drawn());
    schedule.add(nth(4));
    schedule.add(nth(2));
    const std::optional<Scenario> told = schedule.scenario();
    ASSERT_TRUE(told);
    EXPECT_EQ(told->header.strategy, Strategy::default_order);
    EXPECT_EQ(told->header.seed, 0U);
    EXPECT_EQ(told->header.depth, 0U);
    EXPECT_EQ(told->header.pace, Pace::free);
    ASSERT_EQ(told->deviations.size(), 2U);
    EXPECT_EQ(told->deviations[0], nth(2));
    EXPECT_EQ(told->deviations[1], nth(4));
}

TEST(ToldSchedule, that_is_too_long_is_none) {
    ToldSchedule schedule(drawn());
    for (std::uint16_t point = 0; point < deviations_max; ++point) {
        schedule.add(nth(point));
    }
    EXPECT_TRUE(schedule.scenario());
    schedule.add(nth(deviations_max));
    EXPECT_FALSE(schedule.scenario());
}

TEST(ToldSchedule, comes_back_from_lines_up_to_where_the_process_has_died) {
    const std::string lines = line_of(nth(3)) + line_of(nth(60'000)) +
                              "==1==ERROR: AddressSanitizer: heap-use-after-free\n" +
                              line_of(nth(9));
    const std::optional<Scenario> read = told(drawn(), lines);
    ASSERT_TRUE(read);
    ASSERT_EQ(read->deviations.size(), 2U);
    EXPECT_EQ(read->deviations[0], nth(3));
    EXPECT_EQ(read->deviations[1], nth(60'000));
}

}  // namespace
}  // namespace blkdrain_props
