// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/options.h"
#include "sim/strategies/draw.h"
#include "sim/strategy.h"

namespace blkdrain::sim {

// Preemption bounding (Musuvathi and Qadeer, PLDI 2007), at random: a thread runs until it blocks,
// but for `preemptions` instants drawn from the first `horizon` thread choices, where any other may
// take its place. Who follows a thread that blocked, when a store that waits reaches memory, and
// every other question, is drawn.
class Preemptions final : public Strategy {
public:
    Preemptions(std::uint64_t seed, std::uint32_t preemptions, std::uint32_t horizon)
        : draw_(seed) {
        for (std::uint32_t i = 0; i < preemptions; ++i) {
            at_.push_back(draw_.below(horizon));
        }
    }

    std::uint32_t pick(const Choice& choice) override {
        if (choice.kind != ChoiceKind::thread) {
            return draw_.answer(choice);
        }
        const std::uint32_t now = asked_++;
        if (!can_go_on(choice)) {
            return draw_.below(choice.count);
        }
        const auto own = static_cast<std::uint32_t>(
            std::ranges::find(choice.enabled, choice.current) - choice.enabled.begin());
        for (const std::uint32_t at : at_) {
            if (at == now) {
                // Anybody but the one that runs.
                return (own + 1 + draw_.below(choice.count - 1)) % choice.count;
            }
        }
        std::uint32_t buffers = 0;
        while (choice.enabled[choice.count - 1 - buffers]->id >= store_buffer_id(0)) {
            ++buffers;
        }
        const std::uint32_t drawn = buffers == 0 ? 0 : draw_.below(1 + buffers);
        return drawn == 0 ? own : choice.count - drawn;
    }

private:
    Draw draw_;
    std::vector<std::uint32_t> at_;
    std::uint32_t asked_ = 0;
};

}  // namespace blkdrain::sim
