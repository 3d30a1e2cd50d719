// SPDX-License-Identifier: Apache-2.0
//
// Schedules of whole scenarios: what the strategies of the check do, and that each can be told as
// deviations.
#include <algorithm>
#include <array>
#include <cstddef>
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
#include "sim/strategies/preemptions.h"
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

// How many runs of the check there were of a strategy, and in how many of them a thread was put in
// the place of one that could go on.
struct Preempted {
    std::uint32_t runs = 0;
    std::uint32_t preempted = 0;
};
using ByStrategy = std::array<Preempted, strategy_count>;

ByStrategy preempted_runs(const std::function<Outcome(const Scenario&)>& run) {
    ByStrategy all{};
    for (std::uint64_t n = 0; n < 600; ++n) {
        bool preempted = false;
        schedule_control().preempted = [&] { preempted = true; };
        const Scenario scenario =
            scenario_of(Suite::scheduled, seed_of(12, Suite::scheduled, 0, n));
        run(scenario);
        Preempted& of_it = all[static_cast<std::size_t>(scenario.header.strategy)];
        ++of_it.runs;
        of_it.preempted += preempted ? 1 : 0;
    }
    schedule_control().preempted = nullptr;
    return all;
}

std::uint32_t preempted_at_all(const ByStrategy& all) {
    std::uint32_t sum = 0;
    for (const Preempted& of_one : all) {
        sum += of_one.preempted;
    }
    return sum;
}

// A check whose threads are never preempted proves nothing, and looks exactly like one that works.
TEST_F(Schedules, each_strategy_of_the_check_preempts) {
    const ByStrategy all = preempted_runs([this](const Scenario& s) { return run(s); });
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (static_cast<Strategy>(i) != Strategy::default_order) {
            EXPECT_GT(all[i].runs, 40U) << strategy_words[i];
            EXPECT_GT(all[i].preempted, all[i].runs / 4) << strategy_words[i];
        }
    }
}

TEST_F(Schedules, a_strategy_that_never_preempts_is_noticed) {
    blkdrain::sim::DefaultOrder never;
    schedule_control().strategy = &never;
    EXPECT_EQ(preempted_at_all(preempted_runs([this](const Scenario& s) { return run(s); })), 0U);
}

// Which does much else: it draws who follows one that blocked, events, faults, late stores.
TEST_F(Schedules, a_strategy_that_draws_all_but_preemptions_is_noticed) {
    std::uint32_t drawn = 0;
    blkdrain::sim::Preemptions never(1, 0, 1);
    schedule_control().strategy = &never;
    schedule_control().record = [&](const Deviation&) { ++drawn; };
    EXPECT_EQ(preempted_at_all(preempted_runs([this](const Scenario& s) { return run(s); })), 0U);
    EXPECT_GT(drawn, 600U);
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
