// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/strategies/draw.h"
#include "sim/strategy.h"

namespace blkdrain::sim {

// A random walk weighted by what remains (URW of Zhao et al., ASPLOS 2025): a thread is chosen with
// a probability in proportion to the visible operations that it still has before it. If the
// estimates are right, all interleavings are equally likely, however unequal the threads; a plain
// random order nearly always ends short threads first.
class WeightedWalk final : public Strategy {
public:
    // `expected`: by thread id, how many visible operations it is thought to perform in the run. A
    // thread beyond its estimate, or without one, counts as having one operation before it.
    WeightedWalk(std::uint64_t seed, std::span<const std::uint32_t> expected)
        : draw_(seed), remaining_(expected.begin(), expected.end()) {}

    std::uint32_t pick(const Choice& choice) override {
        if (choice.kind != ChoiceKind::thread) {
            return draw_.answer(choice);
        }
        std::uint64_t total = 0;
        for (const ThreadView* thread : choice.enabled) {
            total += weight_of(*thread);
        }
        std::uint64_t left = draw_.below(static_cast<std::uint32_t>(total));
        std::uint32_t answer = 0;
        while (left >= weight_of(*choice.enabled[answer])) {
            left -= weight_of(*choice.enabled[answer]);
            ++answer;
        }
        const std::uint32_t id = choice.enabled[answer]->id;
        if (id < remaining_.size() && remaining_[id] > 1) {
            --remaining_[id];
        }
        return answer;
    }

private:
    std::uint32_t weight_of(const ThreadView& thread) const {
        return thread.id < remaining_.size() && remaining_[thread.id] > 1 ? remaining_[thread.id]
                                                                          : 1;
    }

    Draw draw_;
    std::vector<std::uint32_t> remaining_;  // by thread
};

}  // namespace blkdrain::sim
