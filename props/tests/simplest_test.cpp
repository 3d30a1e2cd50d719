// SPDX-License-Identifier: Apache-2.0
#include "harness/simplest.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <gtest/gtest.h>

#include "harness/told_schedule.h"

namespace blkdrain_props {
namespace {

constexpr std::uint32_t runs_max = 4'000;

// Two clients, drawn by a strategy.
Scenario drawn(std::uint64_t seed) {
    Scenario scenario;
    scenario.header.pace = Pace::free;
    scenario.header.strategy = Strategy::random;
    scenario.header.seed = seed;
    for (int client = 0; client < 2; ++client) {
        Program program;
        program.push_back({});
        scenario.programs.push_back(program);
    }
    return scenario;
}

Deviation switch_at(std::size_t point) {
    Deviation deviation;
    deviation.actor = Actor::client_first;
    deviation.point = static_cast<std::uint16_t>(point);
    deviation.answer = Actor::client_first + 1;
    return deviation;
}

// Every drawn schedule is as many switches as its seed says, but for large ones.
std::optional<Scenario> as_deviations(const Scenario& scenario) {
    ToldSchedule schedule(scenario);
    for (std::size_t point = 0; point < std::min<std::size_t>(scenario.header.seed, 32); ++point) {
        schedule.add(switch_at(point));
    }
    return schedule.scenario();
}

// It is the fourth of them that matters.
bool fails(const Scenario& scenario) {
    return scenario.header.strategy == Strategy::default_order
               ? std::find(scenario.deviations.begin(), scenario.deviations.end(), switch_at(3)) !=
                     scenario.deviations.end()
               : scenario.header.seed > 3;
}

TEST(Simplest, ends_as_the_deviations_that_matter) {
    const Scenario small = simplest(drawn(9), fails, as_deviations, runs_max);
    EXPECT_EQ(small.header.strategy, Strategy::default_order);
    ASSERT_EQ(small.deviations.size(), 1U);
    EXPECT_EQ(small.deviations[0], switch_at(3));
}

TEST(Simplest, keeps_the_strategy_of_what_cannot_be_told) {
    const auto too_long = [](const Scenario&) { return std::optional<Scenario>(); };
    const Scenario small = simplest(drawn(9), fails, too_long, runs_max);
    EXPECT_NE(small.header.strategy, Strategy::default_order);
    EXPECT_TRUE(fails(small));
}

TEST(Simplest, keeps_the_strategy_of_what_does_not_fail_when_told) {
    const auto drawn_alone = [](const Scenario& scenario) {
        return scenario.header.strategy != Strategy::default_order;
    };
    const Scenario small = simplest(drawn(9), drawn_alone, as_deviations, runs_max);
    EXPECT_TRUE(drawn_alone(small));
}

}  // namespace
}  // namespace blkdrain_props
