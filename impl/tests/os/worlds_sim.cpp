// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "sim/simulation.h"
#include "sim/strategies/default_order.h"
#include "sim/strategies/random.h"
#include "worlds.h"

namespace os_test {

const int races_per_run = 3;
const bool time_is_virtual = true;

namespace {

void run(blkdrain::sim::Strategy& strategy, const blkdrain::sim::Options& options,
         const std::function<void()>& body, std::uint64_t seed) {
    blkdrain::sim::Simulation simulation(strategy, options);
    simulation.spawn("main", body);
    const blkdrain::sim::Outcome outcome = simulation.run();
    EXPECT_TRUE(outcome.finished()) << "seed " << seed << ": " << outcome.to_string();
}

void run_seeds(std::uint64_t count, const std::function<void()>& body) {
    for (std::uint64_t seed = 1; seed <= count && !testing::Test::HasFailure(); ++seed) {
        blkdrain::sim::RandomOrder strategy(seed);
        blkdrain::sim::Options options;
        // Every option has its share: each is allowed by the contract.
        options.spurious = seed % 4 == 0;
        options.elide = static_cast<blkdrain::sim::Elide>(seed % 3);
        if (seed % 16 == 5) {
            options.carrier = blkdrain::sim::Carrier::threads;
        }
        run(strategy, options, body, seed);
    }
}

}  // namespace

void in_world(const std::function<void()>& body) {
    blkdrain::sim::DefaultOrder strategy;
    run(strategy, {}, body, 0);
    run_seeds(20, body);
}

void under_many_schedules(const std::function<void()>& body) {
    run_seeds(1000, body);
}

}  // namespace os_test
