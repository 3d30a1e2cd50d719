// SPDX-License-Identifier: Apache-2.0
//
// The same scenario has the same trace, byte for byte, whatever ran before it.
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "harness/generate.h"
#include "suites/suite_runner.h"

namespace blkdrain_props {
namespace {

class Determinism : public SuiteTest {
protected:
    std::string trace(const Scenario& scenario) {
        TextTimeLine time_line;
        run(scenario, &time_line);
        return time_line.text();
    }
    void same_twice(const Limits& limits) {
        constexpr std::uint64_t scenarios = 100;
        std::vector<std::string> first;
        for (std::uint64_t seed = 0; seed < scenarios; ++seed) {
            SeededSource source(seed);
            first.push_back(trace(generate(source, limits)));
        }
        for (std::uint64_t seed = scenarios; seed-- > 0;) {
            SeededSource source(seed);
            ASSERT_EQ(trace(generate(source, limits)), first[seed]) << "seed " << seed;
        }
    }
};

TEST_F(Determinism, same_seed_same_trace_in_steps) {
    Limits limits;
    limits.loops = loops_max;
    same_twice(limits);
}

TEST_F(Determinism, same_seed_same_trace_whatever_the_strategy) {
    Limits limits;
    limits.loops = loops_max;
    limits.clients = clients_max;
    limits.pace = Pace::free;
    limits.portfolio = true;
    same_twice(limits);
}

}  // namespace
}  // namespace blkdrain_props
