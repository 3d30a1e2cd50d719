// SPDX-License-Identifier: Apache-2.0
//
// One generator for all uses: seeded runs, RapidCheck (generate_rapidcheck.h) and whatever else can
// answer the question "pick one of n". A Source is anything with
//
//     std::uint32_t pick(std::uint32_t n);   // 0..n-1; n >= 1
#pragma once

#include <cstdint>
#include <vector>

#include "harness/generator.h"
#include "harness/limits.h"
#include "harness/scenario.h"

namespace blkdrain_props {

// The seeded source: the same seed gives the same picks on every machine (splitmix64).
class SeededSource {
public:
    explicit SeededSource(std::uint64_t seed) : state_(seed) {}

    std::uint32_t pick(std::uint32_t n) {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
        z ^= z >> 31U;
        // The high half of a 32 x 32 product: no division, and no bias that matters for n this
        // small.
        return static_cast<std::uint32_t>(((z & 0xffffffffULL) * n) >> 32U);
    }

private:
    std::uint64_t state_;
};

// A canonical scenario. The same picks give the same scenario.
template <class Source>
Scenario generate(Source& source, const Limits& limits) {
    Scenario scenario;
    detail::Generator<Source>(source, limits).into(scenario);
    return scenario;
}

// Scenarios one step simpler, likeliest to still show what this one shows first: without a client;
// without a half, a quarter, ... or one of the operations; without a backend or node of the start;
// operands and switches at their simplest. All canonical and different from `scenario`; empty when
// nothing is left to take away.
std::vector<Scenario> simpler(const Scenario& scenario);

}  // namespace blkdrain_props
