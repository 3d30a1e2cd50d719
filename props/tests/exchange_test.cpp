// SPDX-License-Identifier: Apache-2.0
#include "harness/exchange.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "harness/operations.h"
#include "harness/redraw.h"
#include "harness/text.h"

namespace blkdrain_props {
namespace {

Scenario scenario_of(const char* text) {
    const ParsedText parsed = parse_text(text);
    EXPECT_FALSE(parsed.error) << parsed.error->text();
    return parsed.scenario;
}

std::size_t count(const Scenario& scenario, Opcode opcode) {
    std::size_t all = 0;
    for (const Program& program : scenario.programs) {
        all += static_cast<std::size_t>(
            std::count_if(program.begin(), program.end(),
                          [opcode](const Record& record) { return record.opcode == opcode; }));
    }
    return all;
}

// Minimal, where six requests and a drain are what it takes.
const Scenario long_way = scenario_of(
    "scenario 3\nbackend b0 empty\n"
    "send b@0 read loop 0\nsend b@0 read loop 0\nsend b@0 read loop 0\nsend b@0 read loop 0\n"
    "send b@0 read loop 0\nsend b@0 read loop 0\ndrain b@0\n");

bool fails_the_long_way(const Scenario& scenario) {
    return count(scenario, Opcode::send) >= 6 && count(scenario, Opcode::drain) >= 1;
}

TEST(Exchange, comes_to_a_shorter_way_into_the_failure) {
    // So do two drains, to which taking away does not lead.
    const Scenario found = exchange(
        long_way,
        [](const Scenario& scenario) {
            return fails_the_long_way(scenario) || count(scenario, Opcode::drain) >= 2;
        },
        10'000);
    EXPECT_EQ(to_text(found), "scenario 3\n\ndrain b@0\ndrain b@0\n");
}

TEST(Exchange, tries_other_operands) {
    const Scenario found = exchange(
        long_way,
        [](const Scenario& scenario) {
            const Program& program = scenario.programs[0];
            return fails_the_long_way(scenario) ||
                   (count(scenario, Opcode::send) >= 2 &&
                    std::any_of(program.begin(), program.end(), [](const Record& record) {
                        return record.opcode == Opcode::send &&
                               record.b == static_cast<std::uint8_t>(IoWord::flush);
                    }));
        },
        10'000);
    EXPECT_EQ(operations(found), 2U) << to_text(found);
}

TEST(Exchange, what_has_no_other_way_stays) {
    EXPECT_EQ(exchange(long_way, fails_the_long_way, 10'000), long_way);
}

TEST(Exchange, what_is_small_is_not_looked_at) {
    const Scenario small = scenario_of("scenario 3\nbackend b0 empty\ndrain b@0\ndrain b@0\n");
    std::uint32_t runs = 0;
    EXPECT_EQ(exchange(small, [&](const Scenario&) { return ++runs != 0; }, 10'000), small);
    EXPECT_EQ(runs, 0U);
}

TEST(Exchange, runs_are_limited) {
    std::uint32_t runs = 0;
    exchange(long_way, [&](const Scenario&) { return ++runs == 0; }, 10);
    EXPECT_EQ(runs, 10U);
}

}  // namespace
}  // namespace blkdrain_props
