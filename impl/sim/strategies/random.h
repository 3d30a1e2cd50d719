// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sim/strategies/draw.h"
#include "sim/strategy.h"

namespace blkdrain::sim {

// Picks uniformly from a seeded generator, the same on every machine.
//
// switch_per_256 is how often, of 256 thread choices, another than the default order's answer is
// considered at all: 256 (the default) is uniform at every point, small values make long runs with
// few preemptions.
class RandomOrder final : public Strategy {
public:
    explicit RandomOrder(std::uint64_t seed, std::uint32_t switch_per_256 = 256)
        : draw_(seed), switch_per_256_(switch_per_256) {}

    std::uint32_t pick(const Choice& choice) override {
        const std::uint64_t bits = draw_.next();
        const auto low = static_cast<std::uint32_t>(bits & 0xff);
        if (choice.kind == ChoiceKind::thread) {
            if (low >= switch_per_256_) {
                return choice.fallback;
            }
        } else if (is_fault(choice.kind)) {
            // Rare, or nothing else would ever happen.
            return low < 16 ? 1 : 0;
        }
        // Multiply-shift: a bias below 2^-24 for the few answers there are.
        return static_cast<std::uint32_t>(((bits >> 32) * choice.count) >> 32);
    }

private:
    Draw draw_;
    std::uint32_t switch_per_256_;
};

}  // namespace blkdrain::sim
