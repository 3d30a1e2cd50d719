// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "sim/options.h"
#include "sim/strategy.h"

namespace blkdrain::sim {

// Another strategy, with somebody who is told of each preemption: an answer that puts a thread in
// the place of one that could go on. A store that reaches memory takes no thread's place.
class PreemptionWatch final : public Strategy {
public:
    // `base` outlives it.
    PreemptionWatch(Strategy& base, std::function<void()> told)
        : base_(base), told_(std::move(told)) {}

    std::uint32_t pick(const Choice& choice) override {
        const std::uint32_t answer = base_.pick(choice);
        if (choice.kind == ChoiceKind::thread && answer < choice.count &&
            preempts(choice, *choice.enabled[answer])) {
            told_();
        }
        return answer;
    }

    void thread_created(const ThreadView& thread) override { base_.thread_created(thread); }
    bool follows() const override { return base_.follows(); }
    void performed(const ThreadView& thread) override { base_.performed(thread); }
    void touched() override { base_.touched(); }

private:
    static bool preempts(const Choice& choice, const ThreadView& chosen) {
        return can_go_on(choice) && &chosen != choice.current && chosen.id < store_buffer_id(0);
    }

    Strategy& base_;
    std::function<void()> told_;
};

}  // namespace blkdrain::sim
