// SPDX-License-Identifier: Apache-2.0
//
// The check of the model alone: every state that can be reached within bounds, family of operations by family,
// since their product is too large. Prints what was covered.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "explore.h"

namespace blkdrain_ref {
namespace {

constexpr SectionKind isolate = SectionKind::isolate, drained = SectionKind::drained,
                      quiesce_all = SectionKind::quiesce_all,
                      self_quiesce = SectionKind::self_quiesce, change = SectionKind::change,
                      context = SectionKind::context, settle = SectionKind::settle,
                      close_backend = SectionKind::close_backend,
                      close_node = SectionKind::close_node;

Coverage& total() {
    static Coverage coverage;
    return coverage;
}

void explore_all(const char* title, const std::vector<State>& starts, const Bounds& bounds,
                 std::uint32_t probe) {
    Coverage& all = total();
    const std::uint64_t states = all.states, steps = all.steps;
    for (const State& start : starts) {
        const std::string objection = explore(start, bounds, probe, all);
        ASSERT_EQ(objection, "") << title;
    }
    std::printf("  %-28s %6zu graphs %8llu states %9llu steps\n", title, starts.size(),
                static_cast<unsigned long long>(all.states - states),
                static_cast<unsigned long long>(all.steps - steps));
}

std::vector<State> graphs_up_to(std::uint32_t nodes, std::uint32_t backends) {
    std::vector<State> all;
    for (std::uint32_t n = 0; n <= nodes; ++n)
        for (std::uint32_t b = 0; b <= backends; ++b)
            for (State& state : all_graphs(n, b))
                all.push_back(std::move(state));
    return all;
}

TEST(Model, graphs_are_counted_right) {
    EXPECT_EQ(all_graphs(1, 0).size(), 1u);
    EXPECT_EQ(all_graphs(2, 0).size(), 2u);
    EXPECT_EQ(all_graphs(3, 0).size(), 6u);
    EXPECT_EQ(all_graphs(4, 0).size(), 31u);
}

TEST(Model, one_backend) {
    std::vector<State> starts = all_graphs(1, 1);
    explore_all("drain, chains, tokens", starts,
                {.requests = 2, .tokens = 1, .waits = 1, .chains = true, .drains = true}, 8);
    explore_all("order", starts,
                {.requests = 3, .sections = 1, .kinds = {self_quiesce}, .writes = true}, 8);
    explore_all("drain under a section", starts,
                {.requests = 2, .tokens = 1, .sections = 1, .waits = 1, .kinds = {self_quiesce},
                 .drains = true, .holding = true, .abandoning = true}, 16);
    explore_all("notifications", starts,
                {.requests = 1, .sections = 2, .kinds = {self_quiesce, isolate, quiesce_all, drained},
                 .listening = true}, 16);
}

TEST(Model, sections) {
    explore_all("one section", graphs_up_to(3, 2),
                {.requests = 1, .sections = 1, .waits = 1, .internal = 1,
                 .kinds = {isolate, drained, quiesce_all, self_quiesce}, .also = true}, 16);
}

}  // namespace
}  // namespace blkdrain_ref
