// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/strategy.h"

namespace blkdrain::sim {

// Gives the answers of a recording (Simulation::choices()) in order, then those of the default
// order. An answer that the question does not offer is replaced by the default's and counted: the
// program is not the one recorded.
class Replay final : public Strategy {
public:
    // `answers` outlives the strategy.
    explicit Replay(std::span<const std::uint32_t> answers) : answers_(answers) {}

    std::uint32_t pick(const Choice& choice) override {
        if (next_ == answers_.size()) {
            return choice.fallback;
        }
        const std::uint32_t answer = answers_[next_++];
        if (answer >= choice.count) {
            ++misfits_;
            return choice.fallback;
        }
        return answer;
    }

    std::size_t used() const { return next_; }
    std::size_t misfits() const { return misfits_; }

private:
    std::span<const std::uint32_t> answers_;
    std::size_t next_ = 0;
    std::size_t misfits_ = 0;
};

}  // namespace blkdrain::sim
