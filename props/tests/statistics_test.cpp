// SPDX-License-Identifier: Apache-2.0
#include "harness/statistics.h"

#include <memory>

#include <gtest/gtest.h>

namespace blkdrain_props {
namespace {

TEST(StatisticsTest, a_blocking_operation_that_hardly_blocks_is_below_the_threshold) {
    const auto count = std::make_unique<SuiteCount>();
    (*count)[Opcode::drain] = {1000, 900, 49, 100, 0};
    ASSERT_EQ(below_threshold(*count).size(), 1U);
    EXPECT_NE(below_threshold(*count)[0].find("drain"), std::string::npos);
    (*count)[Opcode::drain].blocked = 50;
    EXPECT_TRUE(below_threshold(*count).empty());
}

TEST(StatisticsTest, an_operation_that_never_succeeds_is_below_the_threshold) {
    const auto count = std::make_unique<SuiteCount>();
    (*count)[Opcode::send] = {1000, 0, 0, 1000, 0};
    EXPECT_EQ(below_threshold(*count).size(), 1U);
}

TEST(StatisticsTest, few_uses_prove_nothing) {
    const auto count = std::make_unique<SuiteCount>();
    (*count)[Opcode::drain] = {enough_uses - 1, 0, 0, 0, 0};
    EXPECT_TRUE(below_threshold(*count).empty());
}

TEST(StatisticsTest, what_never_kept_a_request_is_below_the_threshold) {
    const auto count = std::make_unique<SuiteCount>();
    count->kept.fill(1);
    count->kept[static_cast<std::size_t>(Kept::gate_and_rate)] = 0;
    EXPECT_TRUE(below_threshold(*count).empty());
    count->followed = enough_scenarios;
    ASSERT_EQ(below_threshold(*count).size(), 1U);
    EXPECT_NE(below_threshold(*count)[0].find("GATE and RATE"), std::string::npos);
}

TEST(StatisticsTest, what_pct_promises_adds_up) {
    const auto counts = std::make_unique<Counts>();
    SuiteCount& scheduled = (*counts)[static_cast<std::size_t>(Suite::scheduled)];
    scheduled.scenarios = 3;
    scheduled[Opcode::send] = {10, 10, 0, 0, 0};
    scheduled.promised(1, 0.25);
    scheduled.promised(1, 0.25);
    scheduled.promised(2, 0.001);
    scheduled.promised(2, 0);
    EXPECT_NE(table(*counts).find("at least 0.4375 (depth 1), 0.0010 (depth 2), 0.0000 (depth 3); "
                                  "25.0 % of them were too long to count\n"),
              std::string::npos)
        << table(*counts);
}

TEST(StatisticsTest, counts_add_up) {
    const auto one = std::make_unique<SuiteCount>();
    const auto two = std::make_unique<SuiteCount>();
    one->scenarios = 1;
    two->scenarios = 2;
    (*one)[Opcode::end] = {1, 2, 3, 4, 5, 6, 7};
    (*two)[Opcode::end] = {10, 20, 30, 40, 50, 60, 70};
    one->add(*two);
    EXPECT_EQ(one->scenarios, 3U);
    EXPECT_EQ((*one)[Opcode::end].blocked, 33U);
    EXPECT_EQ((*one)[Opcode::end].given_up, 55U);
    EXPECT_EQ((*one)[Opcode::end].timed_out, 66U);
    EXPECT_EQ((*one)[Opcode::end].skipped, 77U);
}

}  // namespace
}  // namespace blkdrain_props
