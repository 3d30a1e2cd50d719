// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/strategy.h"

namespace blkdrain::sim {

// One answer that is not the one of the default order, at a point named so that it is found again
// after small changes of the program: the thread that asks, its label, its place since then, and
// the kind of question.
struct Deviation {
    std::uint32_t label = 0;
    std::uint32_t thread = 0;  // who asks; host_id
    std::uint32_t place = 0;
    ChoiceKind kind = ChoiceKind::thread;
    std::uint32_t answer = 0;  // of a thread choice: the id of the thread; else the answer

    auto key() const { return std::tie(label, thread, place, kind); }
    bool operator==(const Deviation&) const = default;
};

// Another strategy, but for the points named. The other one is asked all the same, so that it takes
// note.
//
// A deviation whose point does not occur has no effect, nor has one whose answer is not offered
// there: the base decides.
class Deviations final : public Strategy {
public:
    // `base` outlives it. Of two deviations for one point the first counts. `taken`, if there is
    // one, is told the place in `deviations` of each that has an effect, as it has it.
    Deviations(Strategy& base, std::span<const Deviation> deviations,
               std::function<void(std::size_t)> taken = nullptr)
        : base_(base), deviations_(deviations.begin(), deviations.end()), taken_(std::move(taken)) {
        for (std::size_t i = 0; i < deviations_.size(); ++i) {
            order_.push_back(i);
        }
        std::ranges::sort(order_, [this](std::size_t a, std::size_t b) {
            const auto one = deviations_[a].key();
            const auto other = deviations_[b].key();
            return one != other ? one < other : a < b;
        });
        fits_.resize(deviations_.size(), false);
    }

    std::uint32_t pick(const Choice& choice) override {
        const std::uint32_t answer = base_.pick(choice);
        const Deviation here{choice.asker->label, choice.asker->id, choice.asker->place,
                             choice.kind, 0};
        const auto found = std::ranges::lower_bound(
            order_, here.key(), {}, [this](std::size_t i) { return deviations_[i].key(); });
        if (found == order_.end() || deviations_[*found].key() != here.key()) {
            return answer;
        }
        const std::uint32_t wanted = deviations_[*found].answer;
        if (choice.kind != ChoiceKind::thread) {
            return wanted < choice.count ? take(*found, wanted) : answer;
        }
        for (std::uint32_t i = 0; i < choice.count; ++i) {
            if (choice.enabled[i]->id == wanted) {
                return take(*found, i);
            }
        }
        return answer;
    }

    void thread_created(const ThreadView& thread) override { base_.thread_created(thread); }
    bool follows() const override { return base_.follows(); }
    void performed(const ThreadView& thread) override { base_.performed(thread); }
    void touched() override { base_.touched(); }

    // By their order in `deviations`: whether the point occurred and offered the answer.
    const std::vector<bool>& fits() const { return fits_; }

private:
    std::uint32_t take(std::size_t deviation, std::uint32_t answer) {
        fits_[deviation] = true;
        if (taken_) {
            taken_(deviation);
        }
        return answer;
    }

    Strategy& base_;
    std::vector<Deviation> deviations_;
    std::function<void(std::size_t)> taken_;
    std::vector<std::size_t> order_;  // by key
    std::vector<bool> fits_;
};

// Another strategy, told as deviations from the default order: with those, Deviations over
// DefaultOrder gives the same run.
class Recording final : public Strategy {
public:
    // `base` outlives it. `sink` gets them as they occur.
    Recording(Strategy& base, std::function<void(const Deviation&)> sink)
        : base_(base), sink_(std::move(sink)) {}

    std::uint32_t pick(const Choice& choice) override {
        const std::uint32_t answer = base_.pick(choice);
        if (answer != choice.fallback && answer < choice.count) {
            sink_({choice.asker->label, choice.asker->id, choice.asker->place, choice.kind,
                   choice.kind == ChoiceKind::thread ? choice.enabled[answer]->id : answer});
        }
        return answer;
    }

    void thread_created(const ThreadView& thread) override { base_.thread_created(thread); }
    bool follows() const override { return base_.follows(); }
    void performed(const ThreadView& thread) override { base_.performed(thread); }
    void touched() override { base_.touched(); }

private:
    Strategy& base_;
    std::function<void(const Deviation&)> sink_;
};

}  // namespace blkdrain::sim
