// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "sim/strategies/draw.h"
#include "sim/strategy.h"

namespace blkdrain::sim {

// Probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010). Every thread has a priority;
// the highest that is enabled runs. At depth - 1 instants, drawn from the first `horizon` thread
// choices, the thread that runs falls below all others.
//
// The guarantee: an error that needs `depth` order constraints between steps is met with at least
// the probability bound(threads, horizon, depth), if the run has at most `horizon` thread choices.
//
// A thread that yields falls below all others as well: it waits for somebody, who must get to run.
class Pct final : public Strategy {
public:
    // depth >= 1; horizon >= 1.
    Pct(std::uint64_t seed, std::uint32_t depth, std::uint32_t horizon) : draw_(seed) {
        for (std::uint32_t i = 1; i < depth; ++i) {
            changes_.push_back(draw_.below(horizon));
        }
    }

    // 1 / (n k^(d-1))
    static double bound(std::uint32_t threads, std::uint32_t horizon, std::uint32_t depth) {
        return 1.0 / (threads * std::pow(static_cast<double>(horizon), depth - 1.0));
    }

    void thread_created(const ThreadView& thread) override {
        if (priorities_.size() <= thread.id) {
            priorities_.resize(thread.id + 1, 0);
        }
        priorities_[thread.id] = low_max + (draw_.next() >> 2);
    }

    std::uint32_t pick(const Choice& choice) override {
        if (choice.kind != ChoiceKind::thread) {
            return draw_.answer(choice);
        }
        for (const std::uint32_t change : changes_) {
            if (change == asked_ && choice.current != nullptr) {
                fall(*choice.current);
            }
        }
        ++asked_;
        if (choice.current != nullptr && choice.current->pending.kind == OperationKind::yield) {
            fall(*choice.current);
        }
        std::uint32_t best = 0;
        for (std::uint32_t i = 1; i < choice.count; ++i) {
            if (priorities_[choice.enabled[i]->id] > priorities_[choice.enabled[best]->id]) {
                best = i;
            }
        }
        return best;
    }

private:
    static constexpr std::uint64_t low_max = std::uint64_t{1} << 62;

    void fall(const ThreadView& thread) { priorities_[thread.id] = --lowest_; }

    Draw draw_;
    std::vector<std::uint32_t> changes_;
    std::vector<std::uint64_t> priorities_;  // by thread
    std::uint64_t lowest_ = low_max;
    std::uint32_t asked_ = 0;
};

}  // namespace blkdrain::sim
