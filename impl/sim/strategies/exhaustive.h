// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "sim/strategies/draw.h"
#include "sim/strategies/reduction.h"
#include "sim/strategy.h"

namespace blkdrain::sim {

// What the schedules of an enumeration may depart from the default order.
struct ScheduleBound {
    enum class Cost : std::uint8_t {
        // An answer costs one if a thread that could run on is preempted; all else is free.
        preemptions,
        // Every answer other than the default order's costs one: preemptions, another thread than
        // the first after one that blocked, another event or waiter than the first.
        departures,
        // A thread answer costs as many as there are threads passed over, in a circle; other
        // answers than the default order's cost one.
        delays,
    };
    Cost cost = Cost::departures;
    std::uint32_t max = std::numeric_limits<std::uint32_t>::max();
    // Leave out schedules that differ from an enumerated one in the order of steps alone that
    // commute (see Reduction). With sequential memory only, and not with Cost::delays.
    bool reduce = false;

    // What it costs to answer `passed` further on, in a circle, than the default order.
    std::uint32_t cost_of(const Choice& choice, std::uint32_t passed) const {
        const bool thread = choice.kind == ChoiceKind::thread;
        const bool preempts = thread && choice.current != nullptr &&
                              choice.enabled[choice.fallback] == choice.current;
        if (passed == 0 || (cost == Cost::preemptions && !preempts)) {
            return 0;
        }
        return cost == Cost::delays && thread ? passed : 1;
    }
};

// Enumerates the schedules of one program, depth first, one per run:
//
//     Exhaustive strategy(bound);
//     do {
//         run the program with it
//     } while (strategy.next());
//
// The first run is the default order; then the last answer that has an alternative within the bound
// is changed, and so on. Where it stands is the answers of the present run so far: an enumeration
// can be resumed from them.
class Exhaustive final : public Strategy {
public:
    using Bound = ScheduleBound;
    using Cost = ScheduleBound::Cost;

    explicit Exhaustive(const Bound& bound) : bound_(bound) {}
    // Resumes at the run that begins with these answers, as answers() gave them.
    Exhaustive(const Bound& bound, std::span<const std::uint32_t> answers)
        : bound_(bound), resume_(answers.begin(), answers.end()) {}

    std::uint32_t pick(const Choice& choice) override {
        if (by_default_) {
            return choice.fallback;
        }
        if (depth_ < path_.size()) {
            const std::size_t index = depth_++;
            Step& step = path_[index];
            if (step.count != choice.count || step.fallback != choice.fallback) {
                diverged_ = true;
                return choice.fallback;
            }
            spent_ += step.tried == 0 ? 0 : step.costs;
            if (step.tried != 0 && step.costs != 0 && spent_ == bound_.max && step.threads != 0) {
                reduction_.departs(point_of(index), step.answer, index + 1 == path_.size());
            }
            return step.answer;
        }
        Step step;
        step.count = choice.count;
        step.fallback = choice.fallback;
        step.spent = spent_;
        if (bound_.reduce && choice.kind == ChoiceKind::thread) {
            enter(step, choice);
        }
        step.answer = choice.fallback;
        if (depth_ < resume_.size() && resume_[depth_] < choice.count) {
            step.answer = resume_[depth_];
            step.tried = (step.answer + choice.count - choice.fallback) % choice.count;
        }
        step.grows = bound_.cost == Cost::delays && choice.kind == ChoiceKind::thread;
        step.costs = bound_.cost_of(choice, std::max(step.tried, 1U));
        ++depth_;
        spent_ += step.tried == 0 ? 0 : step.costs;
        path_.push_back(step);
        return step.answer;
    }

    // The rest of this run, and of every one at this place, goes by the default order: other orders
    // of it are not enumerated.
    void by_default_from_here() { by_default_ = true; }

    bool follows() const override { return bound_.reduce; }
    void performed(const ThreadView& thread) override { reduction_.performed(thread); }
    void touched() override {
        if (!reduction_.touched() && last_thread_step_ < path_.size()) {
            path_[last_thread_step_].touches = true;
        }
    }

    // After a run: prepares the next one. False: there is none, the enumeration is complete.
    bool next() {
        resume_.clear();
        by_default_ = false;
        reduction_.run_ends();
        // What the run did not get to is gone: it ended earlier than the one before.
        while (path_.size() > depth_) {
            drop_last();
        }
        depth_ = 0;
        spent_ = 0;
        last_thread_step_ = Reduction::none;
        while (!path_.empty()) {
            Step& step = path_.back();
            while (++step.tried < step.count) {
                step.costs = step.grows ? step.tried : step.costs;
                if (step.spent + step.costs <= bound_.max) {
                    step.answer = (step.fallback + step.tried) % step.count;
                    if (step.spent + step.costs < bound_.max) {
                        reduction_.forget();
                    } else if (step.costs != 0 && step.threads != 0 &&
                               reduction_.redundant(point_of(path_.size() - 1), step.answer)) {
                        ++left_out_;
                        continue;
                    }
                    return true;
                }
            }
            drop_last();
        }
        return false;
    }
    // Departures that were not made because others are equivalent; with Cost::departures one run
    // each.
    std::uint64_t left_out() const { return left_out_; }

    // Of the run that is over, or, after next(), those that the coming run begins with.
    std::vector<std::uint32_t> answers() const {
        std::vector<std::uint32_t> answers;
        for (const Step& step : path_) {
            answers.push_back(step.answer);
        }
        return answers;
    }
    // A run asked something else than the one before at the same place: the program does not depend
    // on the answers alone.
    bool diverged() const { return diverged_; }

private:
    struct Step {
        std::uint32_t count = 0;
        std::uint32_t fallback = 0;
        std::uint32_t answer = 0;
        std::uint32_t tried = 0;  // distance of the answer from the fallback, in a circle
        std::uint32_t spent = 0;  // before this one
        std::uint32_t costs = 0;  // the answer, if it is not the fallback
        bool grows = false;       // with the distance
        // To reduce: a thread choice with so many enabled, from threads_[first_thread].
        std::uint32_t threads = 0;
        std::size_t first_thread = 0;
        std::size_t next = Reduction::none;
        bool touches = false;
    };

    void drop_last() {
        threads_.resize(threads_.size() - path_.back().threads);
        path_.pop_back();
    }

    // A thread choice that the enumeration comes to for the first time.
    void enter(Step& step, const Choice& choice) {
        step.threads = choice.count;
        step.first_thread = threads_.size();
        for (const ThreadView* const thread : choice.enabled) {
            threads_.push_back({thread->id, thread->place, thread->pending});
        }
        // Of a step of the default order alone: others are never looked at. Where other questions
        // are free their answers lead to several next choices, of which one says nothing.
        const bool alone =
            bound_.cost != Cost::preemptions || last_thread_step_ + 1 == path_.size();
        if (last_thread_step_ < path_.size() && path_[last_thread_step_].tried == 0 && alone) {
            path_[last_thread_step_].next = path_.size();
        }
        last_thread_step_ = path_.size();
    }

    Reduction::Point point_of(std::size_t index) const {
        const Step& step = path_[index];
        return {index, std::span(threads_).subspan(step.first_thread, step.threads), step.fallback,
                step.next, step.touches};
    }

    Bound bound_;
    std::vector<std::uint32_t> resume_;
    std::vector<Step> path_;
    std::vector<Reduction::Thread> threads_;
    Reduction reduction_;
    std::size_t last_thread_step_ = Reduction::none;  // in this run, of those entered
    std::uint64_t left_out_ = 0;
    std::size_t depth_ = 0;
    std::uint32_t spent_ = 0;
    bool by_default_ = false;
    bool diverged_ = false;
};

// One random run through the same schedules, for an estimate of how many there are (Knuth 1975):
// the mean of weight() over many runs is their number. Departures are drawn seldom, as they are few
// in an enumeration.
class Probe final : public Strategy {
public:
    Probe(const ScheduleBound& bound, std::uint64_t seed) : bound_(bound), draw_(seed) {}

    std::uint32_t pick(const Choice& choice) override {
        if (by_default_) {
            return choice.fallback;
        }
        std::uint32_t allowed = 0;
        for (std::uint32_t passed = 1; passed < choice.count; ++passed) {
            allowed += spent_ + bound_.cost_of(choice, passed) <= bound_.max ? 1 : 0;
        }
        if (allowed == 0) {
            return choice.fallback;
        }
        constexpr std::uint32_t one_in = 32;
        if (draw_.below(one_in) != 0) {
            weight_ *= static_cast<double>(one_in) / (one_in - 1);
            return choice.fallback;
        }
        weight_ *= static_cast<double>(one_in) * allowed;
        std::uint32_t skip = draw_.below(allowed);
        std::uint32_t passed = 1;
        while (spent_ + bound_.cost_of(choice, passed) > bound_.max || skip-- != 0) {
            ++passed;
        }
        spent_ += bound_.cost_of(choice, passed);
        return (choice.fallback + passed) % choice.count;
    }

    void by_default_from_here() { by_default_ = true; }  // as above

    double weight() const { return weight_; }

private:
    ScheduleBound bound_;
    Draw draw_;
    std::uint32_t spent_ = 0;
    double weight_ = 1;
    bool by_default_ = false;
};

}  // namespace blkdrain::sim
