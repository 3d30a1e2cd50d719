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
        std::uint32_t own = 0;
        std::uint32_t threads = 0;
        bool late = false;
        for (std::uint32_t i = 0; i < choice.count; ++i) {
            const ThreadView& each = *choice.enabled[i];
            own = &each == choice.current ? i : own;
            threads += each.id < store_buffer_id(0) ? 1 : 0;
            late = late || each.id == store_buffer_id(choice.current->id);
        }
        const std::uint32_t late_now = late ? late_++ : UINT32_MAX;
        for (std::size_t k = 0; k < at_.size(); ++k) {
            if (at_[k] == now || at_[k] / 8 == late_now) {
                at_.erase(at_.begin() + static_cast<std::ptrdiff_t>(k));
                // Anybody but the one that runs.
                return threads == 1 ? own : (own + 1 + draw_.below(threads - 1)) % threads;
            }
        }
        if (threads == choice.count || draw_.below(8) != 0) {
            return own;
        }
        return threads + draw_.below(choice.count - threads);
    }

private:
    Draw draw_;
    std::vector<std::uint32_t> at_;
    std::uint32_t asked_ = 0;
    std::uint32_t late_ = 0;
};

}  // namespace blkdrain::sim
