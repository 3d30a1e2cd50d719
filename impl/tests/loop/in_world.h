// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include <gtest/gtest.h>

#if defined(BLKDRAIN_WORLD_SIM)
#include "sim/simulation.h"
#include "sim/strategies/default_order.h"
#include "sim/strategies/random.h"
#endif

namespace blkdrain::testing {

// Runs `body` in the world the test is compiled for: once as it is in the real one; in the
// simulated one as its first thread, under the default order and then under `schedules` random
// ones. There a run that hangs (a lost wake-up) is a failure that names who waits for what.
inline void in_world(const std::function<void()>& body, [[maybe_unused]] int schedules = 60) {
#if defined(BLKDRAIN_WORLD_SIM)
    for (int number = 0; number <= schedules; ++number) {
        sim::DefaultOrder in_order;
        // Even ones preempt everywhere, odd ones rarely.
        sim::RandomOrder random(static_cast<std::uint64_t>(number), number % 2 == 0 ? 256 : 24);
        sim::Options options;
        options.spurious = number % 3 == 2;
        sim::Strategy& strategy = number == 0 ? static_cast<sim::Strategy&>(in_order) : random;
        sim::Simulation simulation(strategy, options);
        simulation.spawn("main", body);
        const sim::Outcome outcome = simulation.run();
        ASSERT_TRUE(outcome.finished()) << "schedule " << number << ": " << outcome.to_string();
        ASSERT_FALSE(::testing::Test::HasFailure()) << "in schedule " << number;
    }
#else
    body();
#endif
}

}  // namespace blkdrain::testing
