// SPDX-License-Identifier: Apache-2.0
//
// The same scenario has the same trace, byte for byte, whatever ran before it and whatever carries
// its threads.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "harness/adapters/schedule_control.h"
#include "harness/generate.h"
#include "suites/suite_runner.h"

namespace blkdrain_props {
namespace {

// Where the events of a run were announced.
class Announcers final : public TimeLine {
public:
    void event(const blkdrain_ref::Event& /*event*/, const blkdrain_ref::State& /*before*/,
               std::uint8_t /*actor*/) override {
        threads.insert(std::this_thread::get_id());
    }
    void operation(unsigned /*client*/, std::uint8_t /*actor*/, const Record& /*record*/,
                   const char* /*where*/, bool /*skipped*/) override {}
    void outcome(unsigned /*client*/, Slot /*wait*/, Opcode /*opcode*/,
                 Result /*result*/) override {}
    void at_rest(const Judge& /*judge*/) override {}
    void healing() override {}

    std::set<std::thread::id> threads;
};

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
    // On how many threads of the system events of one run were announced, at most.
    std::size_t same_on_threads(const Limits& limits) {
        std::size_t most = 0;
        for (std::uint64_t seed = 0; seed < 100; ++seed) {
            SeededSource source(seed);
            const Scenario scenario = generate(source, limits);
            Announcers on_fibers;
            const Outcome expected = run(scenario, &on_fibers);
            EXPECT_LE(on_fibers.threads.size(), 1U);
            Announcers on_threads;
            schedule_control().system_threads = true;
            const Outcome outcome = run(scenario, &on_threads);
            schedule_control() = {};
            EXPECT_EQ(outcome.trace_hash, expected.trace_hash) << "seed " << seed;
            EXPECT_EQ(outcome.events, expected.events);
            most = std::max(most, on_threads.threads.size());
        }
        return most;
    }
    static Limits in_steps() {
        Limits limits;
        limits.loops = loops_max;
        return limits;
    }
    static Limits at_their_own_pace() {
        Limits limits = in_steps();
        limits.clients = clients_max;
        limits.pace = Pace::free;
        limits.portfolio = true;
        return limits;
    }
};

TEST_F(Determinism, same_seed_same_trace_in_steps) {
    same_twice(in_steps());
}

TEST_F(Determinism, same_seed_same_trace_whatever_the_strategy) {
    same_twice(at_their_own_pace());
}

TEST_F(Determinism, same_trace_on_threads_of_the_system_in_steps) {
    EXPECT_GT(same_on_threads(in_steps()), 2U) << "or they were not used";
}

TEST_F(Determinism, same_trace_on_threads_of_the_system_whatever_the_strategy) {
    EXPECT_GT(same_on_threads(at_their_own_pace()), 2U) << "or they were not used";
}

}  // namespace
}  // namespace blkdrain_props
