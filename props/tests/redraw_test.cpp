// SPDX-License-Identifier: Apache-2.0
#include "harness/redraw.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include <gtest/gtest.h>

#include "harness/operations.h"

namespace blkdrain_props {
namespace {

Scenario with_sends(std::size_t sends, std::size_t deviations) {
    Scenario scenario;
    scenario.header.pace = Pace::free;
    scenario.graph.nodes.push_back(NodeSpec{});
    BackendSpec backend;
    backend.root = 0;
    scenario.graph.backends.push_back(backend);
    Program program;
    for (std::size_t i = 0; i < sends; ++i) {
        Record send;
        send.opcode = Opcode::send;
        program.push_back(send);
    }
    scenario.programs.push_back(program);
    for (std::size_t point = 0; point < deviations; ++point) {
        Deviation deviation;
        deviation.client = 0;
        deviation.actor = Actor::client_first;
        deviation.point = static_cast<std::uint16_t>(point);
        scenario.deviations.push_back(deviation);
    }
    return canonical(scenario);
}

// What a drawn schedule does: one switch, at a point that depends on its seed.
std::optional<Scenario> one_switch(const Scenario& scenario) {
    Scenario told = scenario;
    told.deviations.clear();
    Deviation deviation;
    deviation.client = 0;
    deviation.actor = Actor::client_first;
    deviation.point = static_cast<std::uint16_t>(scenario.header.seed % 16);
    told.deviations.push_back(deviation);
    told.header.strategy = Strategy::default_order;
    told.header.seed = 0;
    return canonical(told);
}

bool switches_at(const Scenario& scenario, std::uint16_t point) {
    return std::any_of(scenario.deviations.begin(), scenario.deviations.end(),
                       [point](const Deviation& d) { return d.point == point; });
}

TEST(Redraw, finds_a_schedule_of_one_switch_where_removal_is_stuck) {
    // As it is each of its five deviations is needed; another schedule, a single switch, fails as
    // well.
    const auto fails = [](const Scenario& s) {
        if (s.header.strategy != Strategy::default_order) {
            return s.header.seed % 16 == 9;
        }
        return s.deviations.size() >= 5 || switches_at(s, 9);
    };
    const Scenario small = redraw(with_sends(1, 5), fails, one_switch, 10'000);
    EXPECT_EQ(switches(small), 1U);
    EXPECT_TRUE(fails(small));
    EXPECT_TRUE(is_small(small));
}

TEST(Redraw, has_two_clients_do_what_one_did_where_that_spares_switches) {
    const auto fails = [](const Scenario& s) {
        if (s.programs.size() == 1) {
            return s.header.strategy == Strategy::default_order && s.deviations.size() >= 5;
        }
        return s.header.strategy != Strategy::default_order ? s.header.seed % 16 == 9
                                                            : switches_at(s, 9);
    };
    const Scenario small = redraw(with_sends(2, 5), fails, one_switch, 10'000);
    EXPECT_EQ(small.programs.size(), 2U);
    EXPECT_EQ(switches(small), 1U);
}

TEST(Redraw, keeps_operations_that_matter) {
    const auto sends = [](const Scenario& s) {
        std::size_t count = 0;
        for (const Program& program : s.programs) {
            count += program.size();
        }
        return count;
    };
    // Removing operations one by one does not get from nine to two.
    const auto fails = [&](const Scenario& s) { return sends(s) == 9 || sends(s) == 2; };
    const Scenario small = redraw(with_sends(9, 0), fails, one_switch, 10'000);
    EXPECT_EQ(sends(small), 2U);
}

TEST(Redraw, what_cannot_be_simpler_stays) {
    const Scenario failing = with_sends(8, 0);
    std::uint32_t runs = 0;
    const Scenario same = redraw(
        failing,
        [&](const Scenario& s) {
            ++runs;
            return s == failing;
        },
        one_switch, 5'000);
    EXPECT_EQ(same, failing);
    EXPECT_LE(runs, 5'000U);
}

TEST(Redraw, what_is_small_is_not_looked_at) {
    const Scenario small = with_sends(2, 1);
    EXPECT_EQ(redraw(
                  small,
                  [](const Scenario&) {
                      ADD_FAILURE() << "was run";
                      return false;
                  },
                  one_switch, 5'000),
              small);
}

}  // namespace
}  // namespace blkdrain_props
