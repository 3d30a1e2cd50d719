// SPDX-License-Identifier: Apache-2.0
//
// Scenarios for RapidCheck: our generator on its random numbers, our candidates when it shrinks.
#pragma once

#include <cstdint>
#include <ostream>
#include <utility>

#include <rapidcheck.h>

#include "harness/generate.h"
#include "harness/text.h"

namespace blkdrain_props {

// How RapidCheck prints a counterexample; the name is RapidCheck's.
// NOLINTNEXTLINE(readability-identifier-naming)
inline void showValue(const Scenario& scenario, std::ostream& out) {
    out << '\n' << to_text(scenario);
}

class RapidCheckSource {
public:
    explicit RapidCheckSource(const rc::Random& random) : random_(random) {}

    std::uint32_t pick(std::uint32_t n) { return static_cast<std::uint32_t>(random_.next() % n); }

private:
    rc::Random random_;
};

// RapidCheck's size has no influence: a short scenario tests little, and shrinking is ours.
inline rc::Gen<Scenario> any_scenario(const Limits& limits = {}) {
    rc::Gen<Scenario> raw([limits](const rc::Random& random, int) {
        RapidCheckSource source(random);
        return rc::shrinkable::just(generate(source, limits));
    });
    return rc::gen::shrink(std::move(raw),
                           [](const Scenario& s) { return rc::seq::fromContainer(simpler(s)); });
}

}  // namespace blkdrain_props
