// SPDX-License-Identifier: Apache-2.0
//
// Schedules of whole scenarios: what the strategies of the check do, and that each can be told as
// deviations.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "check/protocol.h"
#include "harness/adapters/schedule_control.h"
#include "sim/strategies/default_order.h"
#include "sim/strategies/pct.h"
#include "suites/suite_runner.h"

namespace blkdrain_props {
namespace {

class Schedules : public SuiteTest {
protected:
    ~Schedules() override { schedule_control() = {}; }

    static std::uint64_t seed_of_nth(std::uint64_t n) {
        return seed_of(11, Suite::scheduled, 0, n);
    }
};

TEST_F(Schedules, every_run_can_be_told_as_deviations) {
    std::uint32_t told = 0;
    for (std::uint64_t n = 0; n < 400; ++n) {
        const Scenario scenario = scenario_of(Suite::scheduled, seed_of_nth(n));
        Outcome first;
        const std::optional<Scenario> again =
            as_deviations(scenario, [&](const Scenario& s) { first = run(s); });
        if (!again) {
            continue;
        }
        std::size_t taken = 0;
        schedule_control().taken = [&](const Deviation&) { ++taken; };
        const Outcome second = run(*again);
        schedule_control().taken = nullptr;
        ASSERT_EQ(first.trace_hash, second.trace_hash) << to_text(*again);
        ASSERT_EQ(first.events, second.events);
        EXPECT_TRUE(again->deviations.empty() || schedule_control().without_effect.empty())
            << to_text(*again);
        EXPECT_EQ(taken, again->deviations.size());
        ++told;
    }
    EXPECT_GT(told, 390U);
}

// A check whose threads are never preempted proves nothing, and looks exactly like one that works.
std::uint32_t runs_with_preemptions(std::uint32_t runs,
                                    const std::function<Outcome(const Scenario&)>& run) {
    std::uint32_t found = 0;
    for (std::uint64_t n = 0; n < runs; ++n) {
        bool departs = false;
        schedule_control().record = [&](const Deviation&) { departs = true; };
        run(scenario_of(Suite::scheduled, seed_of(12, Suite::scheduled, 0, n)));
        found += departs ? 1 : 0;
    }
    schedule_control().record = nullptr;
    return found;
}

TEST_F(Schedules, nearly_every_run_of_the_check_leaves_the_default_order) {
    EXPECT_GT(runs_with_preemptions(300, [this](const Scenario& s) { return run(s); }), 270U);
}

TEST_F(Schedules, a_strategy_that_never_preempts_is_noticed) {
    blkdrain::sim::DefaultOrder never;
    schedule_control().strategy = &never;
    EXPECT_EQ(runs_with_preemptions(300, [this](const Scenario& s) { return run(s); }), 0U);
}

TEST_F(Schedules, pct_promises_what_the_run_allows) {
    const auto promised = [this](const std::string& header, const std::string& behind = "") {
        run((header + "\n\nnode n0\nbackend b0 on n0\n\nsend b0 read loop 0\n" + behind +
             "client 1\ndrain b0\n")
                .c_str());
        return schedule_control().promise;
    };
    const std::string pct = "scenario 3 loops 2 strategy pct depth 2 ";
    // Two loops and two clients, each with a store buffer where stores wait.
    EXPECT_DOUBLE_EQ(promised(pct + "horizon 5000 seed 1 pace free"),
                     blkdrain::sim::Pct::bound(4, 5000, 2));
    EXPECT_DOUBLE_EQ(promised(pct + "horizon 5000 seed 1 memory tso pace free"),
                     blkdrain::sim::Pct::bound(8, 5000, 2));
    // The run has more choices, or not all of them are drawn, or not by PCT, or the host acts, too.
    EXPECT_EQ(promised(pct + "horizon 5 seed 1 pace free"), 0);
    EXPECT_EQ(promised(pct + "horizon 5000 seed 1 pace free", "when loop0 at 3: run client0\n"), 0);
    EXPECT_EQ(promised("scenario 3 loops 2 strategy random seed 1 pace free"), 0);
    EXPECT_EQ(promised(pct + "horizon 5000 seed 1"), 0);
}

TEST_F(Schedules, deviations_that_match_nothing_are_listed_and_change_nothing) {
    const char* const text =
        "scenario 2 pace free\n\nnode n0\nbackend b0 on n0\n\n"
        "send b0 read loop 0\ndrain b0\n";
    const Outcome plain = run(text);
    const Outcome with = run((std::string(text) + "when client0 at 60000: run loop0\n").c_str());
    EXPECT_EQ(plain.trace_hash, with.trace_hash);
    ASSERT_EQ(schedule_control().without_effect.size(), 1U);
    EXPECT_EQ(to_text(schedule_control().without_effect[0]), "when client0 at 60000: run loop0");
}

TEST_F(Schedules, conflicts_are_told_without_changing_the_run_and_can_be_reversed) {
    std::uint32_t reversals = 0;
    std::uint32_t reversed = 0;
    for (std::uint64_t n = 0; n < 100; ++n) {
        Scenario scenario = scenario_of(Suite::scheduled, seed_of_nth(n));
        scenario.header.strategy = Strategy::default_order;
        scenario = canonical(scenario);
        schedule_control().conflict = nullptr;
        const Outcome plain = run(scenario);
        std::vector<Conflict> conflicts;
        schedule_control().conflict = [&](const Conflict& conflict) {
            conflicts.push_back(conflict);
        };
        const Outcome watched = run(scenario);
        ASSERT_EQ(plain.trace_hash, watched.trace_hash);
        const auto first = std::ranges::find_if(
            conflicts, [](const Conflict& conflict) { return conflict.reversal.has_value(); });
        if (first == conflicts.end()) {
            continue;
        }
        const Conflict wanted = *first;
        conflicts.clear();
        scenario.deviations.push_back(*wanted.reversal);
        run(canonical(scenario));
        EXPECT_TRUE(schedule_control().without_effect.empty()) << to_text(scenario);
        ++reversals;
        reversed += std::ranges::any_of(conflicts, [&](const Conflict& conflict) {
            return conflict.first == wanted.second && conflict.second == wanted.first;
        });
    }
    EXPECT_GT(reversals, 50U);
    EXPECT_GT(reversed, reversals / 2);
}

}  // namespace
}  // namespace blkdrain_props
