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
