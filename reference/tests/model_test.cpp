// SPDX-License-Identifier: Apache-2.0
//
// The check of the model alone: every state that can be reached within bounds, family of operations
// by family, since their product is too large. Prints what was covered.
#include <cstdio>

#include <gtest/gtest.h>

#include "families.h"

namespace blkdrain_ref {
namespace {

TEST(Model, graphs_are_counted_right) {
    EXPECT_EQ(all_graphs(1, 0).size(), 1u);
    EXPECT_EQ(all_graphs(2, 0).size(), 2u);
    EXPECT_EQ(all_graphs(3, 0).size(), 6u);
    EXPECT_EQ(all_graphs(4, 0).size(), 31u);
}

// One test, since what was seen is demanded of all families together.
TEST(Model, invariants_hold_and_everything_occurs) {
    Coverage all;
    for (const Family& family : families(MODEL_TEST_NODES)) {
        const std::uint64_t states = all.states, steps = all.steps;
        for (const State& start : family.starts)
            EXPECT_EQ(explore(start, family.bounds, family.probe, all), "") << family.name;
        std::printf("  %-28s %6zu graphs of up to %u nodes %8llu states %9llu steps\n", family.name,
                    family.starts.size(), family.nodes,
                    static_cast<unsigned long long>(all.states - states),
                    static_cast<unsigned long long>(all.steps - steps));
        std::fflush(stdout);
    }
    for (int kind = 0; kind < Event::kinds; ++kind)
        EXPECT_TRUE(all.kinds.contains(static_cast<Event::Kind>(kind)))
            << name(static_cast<Event::Kind>(kind));
    for (int code = 0; code < static_cast<int>(Code::count); ++code)
        EXPECT_TRUE(all.codes.contains(static_cast<Code>(code)) ||
                    static_cast<Code>(code) == Code::never_happened)  // of liveness alone
            << name(static_cast<Code>(code));
    for (const char* operation : {"drain", "quiet_wait", "token_request", "isolate", "drained",
                                  "change", "context", "settle", "close_backend", "close_node"}) {
        EXPECT_TRUE(all.blocked.contains(operation)) << operation << " never had to wait";
        EXPECT_TRUE(all.returned.contains(operation)) << operation << " never returned";
    }
    std::printf(
        "  %llu runs, %llu states, %llu steps, %llu probes\n",
        static_cast<unsigned long long>(all.runs), static_cast<unsigned long long>(all.states),
        static_cast<unsigned long long>(all.steps), static_cast<unsigned long long>(all.probes));
}

}  // namespace
}  // namespace blkdrain_ref
