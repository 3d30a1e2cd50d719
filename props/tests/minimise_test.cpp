// SPDX-License-Identifier: Apache-2.0
#include "harness/minimise.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "harness/generate.h"
#include "harness/operations.h"

namespace blkdrain_props {
namespace {

std::size_t count(const Scenario& scenario, Opcode opcode) {
    std::size_t found = 0;
    for (const Program& program : scenario.programs) {
        found += static_cast<std::size_t>(std::count_if(
            program.begin(), program.end(), [&](const Record& r) { return r.opcode == opcode; }));
    }
    return found;
}

std::size_t size(const Scenario& scenario) {
    std::size_t found = 0;
    for (const Program& program : scenario.programs) {
        found += program.size();
    }
    return found;
}

Scenario with(std::size_t sends, std::size_t drains) {
    for (std::uint64_t seed = 1;; ++seed) {
        SeededSource source(seed);
        const Scenario scenario = generate(source, Limits{});
        if (count(scenario, Opcode::send) >= sends && count(scenario, Opcode::drain) >= drains) {
            return scenario;
        }
    }
}

TEST(MinimiseTest, keeps_only_the_operations_that_matter) {
    const Scenario minimal = minimise(
        with(2, 1),
        [](const Scenario& s) {
            return count(s, Opcode::send) >= 2 && count(s, Opcode::drain) >= 1;
        },
        100'000);
    EXPECT_EQ(size(minimal), 3U);
    EXPECT_EQ(minimal.programs.size(), 1U);
    EXPECT_EQ(minimal.graph.nodes.size(), 0U);
}

TEST(MinimiseTest, removes_pairs_that_only_leave_together) {
    // As many drains as sends: no single removal keeps failing.
    Scenario scenario;
    Program program;
    for (int i = 0; i < 4; ++i) {
        Record send;
        send.opcode = Opcode::send;
        program.push_back(send);
        Record drain;
        drain.opcode = Opcode::drain;
        program.push_back(drain);
    }
    NodeSpec node;
    scenario.graph.nodes.push_back(node);
    BackendSpec backend;
    backend.root = 0;
    scenario.graph.backends.push_back(backend);
    scenario.programs.push_back(program);
    const Scenario minimal = minimise(
        canonical(scenario),
        [](const Scenario& s) {
            return count(s, Opcode::send) == count(s, Opcode::drain) && count(s, Opcode::send) > 0;
        },
        100'000);
    EXPECT_EQ(size(minimal), 2U);
}

TEST(MinimiseTest, prefers_the_default_order) {
    Scenario scenario = with(1, 0);
    scenario.header.strategy = Strategy::random;
    scenario.header.seed = 5;
    const Scenario minimal =
        minimise(scenario, [](const Scenario& s) { return count(s, Opcode::send) >= 1; }, 100'000);
    EXPECT_EQ(minimal.header.strategy, Strategy::default_order);
}

TEST(MinimiseTest, prefers_the_default_order_of_threads_to_steps_in_a_drawn_one) {
    Scenario scenario = with(1, 0);
    scenario.header.pace = Pace::step;
    scenario.header.strategy = Strategy::random;
    scenario.header.seed = 5;
    const Scenario minimal = minimise(
        scenario,
        [](const Scenario& s) {
            return s.header.pace == Pace::free || s.header.strategy != Strategy::default_order;
        },
        100'000);
    EXPECT_EQ(minimal.header.strategy, Strategy::default_order);
}

// Two preemptions in different operations, among many others.
Scenario with_deviations() {
    Scenario scenario = with(2, 1);
    scenario.header.pace = Pace::free;
    for (std::uint16_t point = 0; point < 100; ++point) {
        Deviation deviation;
        deviation.client = 0;
        deviation.operation = static_cast<std::uint8_t>(point % scenario.programs[0].size());
        deviation.point = point;
        scenario.deviations.push_back(deviation);
    }
    return canonical(scenario);
}

bool deviates_at(const Scenario& scenario, std::uint16_t point) {
    return std::any_of(scenario.deviations.begin(), scenario.deviations.end(),
                       [&](const Deviation& d) { return d.point == point; });
}

TEST(MinimiseTest, keeps_only_the_deviations_that_matter) {
    const Scenario minimal = minimise(
        with_deviations(),
        [](const Scenario& s) { return deviates_at(s, 17) && deviates_at(s, 60); }, 100'000);
    EXPECT_EQ(minimal.deviations.size(), 2U);
}

TEST(MinimiseTest, removes_deviations_that_only_leave_together) {
    // There and back.
    const Scenario minimal = minimise(
        with_deviations(),
        [](const Scenario& s) {
            return deviates_at(s, 17) && deviates_at(s, 33) == deviates_at(s, 60);
        },
        100'000);
    EXPECT_EQ(minimal.deviations.size(), 1U);
}

TEST(MinimiseTest, takes_switches_of_threads_away_before_other_deviations) {
    Scenario scenario = with_deviations();
    for (std::size_t i = 0; i < scenario.deviations.size(); i += 2) {
        scenario.deviations[i].question = Question::event;
    }
    // One of either kind is enough.
    const Scenario minimal = minimise(
        canonical(scenario), [](const Scenario& s) { return !s.deviations.empty(); }, 100'000);
    ASSERT_EQ(minimal.deviations.size(), 1U);
    EXPECT_EQ(minimal.deviations[0].question, Question::event);
}

TEST(MinimiseTest, repairs_a_schedule_that_no_longer_lines_up) {
    // The more operations there are, the later the instant.
    const auto fails = [](const Scenario& s) {
        return s.programs.size() == 1 && !s.programs[0].empty() &&
               deviates_at(s, static_cast<std::uint16_t>(10 + 2 * s.programs[0].size()));
    };
    Scenario scenario = with(2, 1);
    while (scenario.programs.size() > 1) {
        scenario.programs.pop_back();
    }
    scenario.header.pace = Pace::free;
    Deviation deviation;
    deviation.client = 0;
    deviation.point = static_cast<std::uint16_t>(10 + 2 * scenario.programs[0].size());
    scenario.deviations.push_back(deviation);
    ASSERT_TRUE(fails(canonical(scenario)));
    const Scenario minimal = minimise(scenario, fails, 100'000);
    EXPECT_EQ(minimal.programs[0].size(), 1U);
    EXPECT_EQ(minimal.deviations.size(), 1U);
}

TEST(MinimiseTest, stops_at_its_bound_with_something_that_fails) {
    const auto fails = [](const Scenario& s) { return count(s, Opcode::send) >= 2; };
    std::uint32_t runs = 0;
    const Scenario found = minimise(
        with(2, 0),
        [&](const Scenario& s) {
            ++runs;
            return fails(s);
        },
        3);
    EXPECT_LE(runs, 3U);
    EXPECT_TRUE(fails(found));
}

}  // namespace
}  // namespace blkdrain_props
