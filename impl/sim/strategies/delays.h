// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sim/strategies/draw.h"
#include "sim/strategy.h"

namespace blkdrain::sim {

// Delay bounding (Emmi et al., POPL 2011), at random: the default order, but for `delays` instants
// drawn from the first `horizon` thread choices. There the thread whose turn it is is passed over
// and the next one by id runs, in a circle. All other questions get the default order's answer.
//
// strategies/exhaustive.h enumerates the same schedules instead.
class Delays final : public Strategy {
public:
    Delays(std::uint64_t seed, std::uint32_t delays, std::uint32_t horizon) {
        Draw draw(seed);
        for (std::uint32_t i = 0; i < delays; ++i) {
            at_.push_back(draw.below(horizon));
        }
    }

    std::uint32_t pick(const Choice& choice) override {
        if (choice.kind != ChoiceKind::thread) {
            return choice.fallback;
        }
        std::uint32_t answer = choice.fallback;
        for (const std::uint32_t at : at_) {
            answer = at == asked_ ? (answer + 1) % choice.count : answer;
        }
        ++asked_;
        return answer;
    }

private:
    std::vector<std::uint32_t> at_;
    std::uint32_t asked_ = 0;
};

}  // namespace blkdrain::sim
