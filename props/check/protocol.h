// SPDX-License-Identifier: Apache-2.0
//
// What the front end and its workers share: the page that says how far a worker is and on which
// scenario it died, and how scenarios follow from a seed (machines: any_machine of it).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "harness/generate.h"
#include "harness/scenario.h"
#include "harness/statistics.h"
#include "machine/machine_outcome.h"

namespace blkdrain_props {

// One per worker, in memory that both map. Written by the worker, but for `stop`. The counts may be
// read half-written; they are exact when the worker has ended.
struct SharedPage {
    std::atomic<std::uint32_t> stop{0};
    std::atomic<std::uint32_t> violated{0};       // what follows is complete
    std::atomic<std::uint64_t> scenario_seed{0};  // of the scenario or machine that runs
    SuiteCount counts;
    MachineCounts machines;
    std::int32_t rule = 0;
    std::uint32_t step = 0;
    std::array<char, 32> detector{};
    std::array<char, 64> code{};
    std::array<char, 1024> sentence{};
};

constexpr std::uint64_t mix_seed(std::uint64_t z) {
    z += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
}

// The seed of the n-th scenario or machine of a worker. Sequential ones are even, and every other
// scenario on real threads is one of them; the rest is odd there, with several clients.
constexpr std::uint64_t seed_of(std::uint64_t base, Suite suite, std::uint32_t worker,
                                std::uint64_t n) {
    if (suite == Suite::real && n % 2 == 0) {
        return seed_of(base, Suite::sequential, worker, n / 2);
    }
    const std::uint64_t seed =
        mix_seed(mix_seed(mix_seed(base + static_cast<std::uint64_t>(suite)) + worker) + n);
    return suite == Suite::sequential ? seed & ~std::uint64_t{1}
           : suite == Suite::real     ? seed | 1U
                                      : seed;
}

// A fourth loop is a thread more to run, and shows nothing that three do not; on real threads it
// lets more of them meet.
inline constexpr std::uint8_t simulated_loops = 3;

inline Scenario scenario_of(Suite suite, std::uint64_t seed) {
    Limits limits;
    limits.throttling = true;
    limits.loops = simulated_loops;
    limits.clients = 1;
    if (suite == Suite::scheduled) {
        limits.clients = clients_max;
        limits.operations = 28;
        limits.pace = Pace::free;
        limits.portfolio = true;
    } else if (suite == Suite::real && (seed & 1U) != 0) {
        limits.clients = clients_max;
        limits.clients_min = 2;
        limits.loops = loops_max;
        limits.loops_min = 2;
        limits.operations = 28;
        limits.pace = Pace::free;
    }
    SeededSource source(seed);
    return generate(source, limits);
}

// Asking every pending operation what it waits for is slow: done for one scenario of eight.
constexpr bool explains(std::uint64_t seed) {
    return seed / 2 % 8 == 0;
}

// On real threads: in one scenario of two, whichever suite it comes from.
constexpr bool lingers(std::uint64_t seed) {
    return seed / 256 % 2 == 0;
}

// The black box takes twice as long as the run that it looks at: one of 32.
constexpr bool asks_both_judges(std::uint64_t seed) {
    return seed / 16 % 32 == 0;
}

}  // namespace blkdrain_props
