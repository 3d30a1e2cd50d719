// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sim/strategy.h"

namespace blkdrain::sim {

// Seeded numbers, the same on every machine (splitmix64).
class Draw {
public:
    explicit Draw(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }

    // 0..count-1. Multiply-shift: a bias below 2^-24 for the few answers there are.
    std::uint32_t below(std::uint32_t count) {
        return static_cast<std::uint32_t>(((next() >> 32) * count) >> 32);
    }

    // For questions that are not about threads: uniform, but no fault more often than once in 16
    // times, or nothing else would ever happen.
    std::uint32_t answer(const Choice& choice) {
        if (is_fault(choice.kind)) {
            return below(16) == 0 ? 1 : 0;
        }
        return below(choice.count);
    }

private:
    std::uint64_t state_;
};

}  // namespace blkdrain::sim
