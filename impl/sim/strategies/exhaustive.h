// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "sim/strategy.h"

namespace blkdrain::sim {

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
    struct Bound {
        Cost cost = Cost::departures;
        std::uint32_t max = std::numeric_limits<std::uint32_t>::max();
    };

    explicit Exhaustive(const Bound& bound) : bound_(bound) {}
    // Resumes at the run that begins with these answers, as answers() gave them.
    Exhaustive(const Bound& bound, std::span<const std::uint32_t> answers)
        : bound_(bound), resume_(answers.begin(), answers.end()) {}

    std::uint32_t pick(const Choice& choice) override {
        if (depth_ < path_.size()) {
            Step& step = path_[depth_++];
            if (step.count != choice.count || step.fallback != choice.fallback) {
                diverged_ = true;
                return choice.fallback;
            }
            spent_ += step.cost(step.answer);
            return step.answer;
        }
        Step step;
        step.count = choice.count;
        step.fallback = choice.fallback;
        step.spent = spent_;
        step.answer = choice.fallback;
        step.rule = rule_for(choice);
        if (depth_ < resume_.size() && resume_[depth_] < choice.count) {
            step.answer = resume_[depth_];
            step.tried = distance(step, step.answer);
        }
        ++depth_;
        spent_ += step.cost(step.answer);
        path_.push_back(step);
        return step.answer;
    }

    // After a run: prepares the next one. False: there is none, the enumeration is complete.
    bool next() {
        resume_.clear();
        // What the run did not get to is gone: it ended earlier than the one before.
        path_.resize(depth_);
        depth_ = 0;
        spent_ = 0;
        while (!path_.empty()) {
            Step& step = path_.back();
            while (++step.tried < step.count) {
                const std::uint32_t answer = (step.fallback + step.tried) % step.count;
                if (step.spent + step.cost(answer) <= bound_.max) {
                    step.answer = answer;
                    return true;
                }
            }
            path_.pop_back();
        }
        return false;
    }

    // Of the present or the last run.
    std::vector<std::uint32_t> answers() const {
        std::vector<std::uint32_t> answers;
        for (std::size_t i = 0; i < depth_; ++i) {
            answers.push_back(path_[i].answer);
        }
        return answers;
    }
    // A run asked something else than the one before at the same place: the program does not depend
    // on the answers alone.
    bool diverged() const { return diverged_; }

    // How many answers the bound allows at each choice of the last run: what a random probe of the
    // tree needs (Knuth's estimate).
    std::vector<std::uint32_t> widths() const {
        std::vector<std::uint32_t> widths;
        for (std::size_t i = 0; i < depth_; ++i) {
            std::uint32_t width = 0;
            for (std::uint32_t answer = 0; answer < path_[i].count; ++answer) {
                width += path_[i].spent + path_[i].cost(answer) <= bound_.max ? 1 : 0;
            }
            widths.push_back(width);
        }
        return widths;
    }

private:
    enum class Rule : std::uint8_t { free, one, circle };
    struct Step {
        std::uint32_t count = 0;
        std::uint32_t fallback = 0;
        std::uint32_t answer = 0;
        std::uint32_t tried = 0;  // distance of the answer from the fallback, in a circle
        std::uint32_t spent = 0;  // before this one
        Rule rule = Rule::one;

        std::uint32_t cost(std::uint32_t of) const {
            const std::uint32_t passed = (of + count - fallback) % count;
            return rule == Rule::free ? 0 : rule == Rule::circle ? passed : passed != 0 ? 1 : 0;
        }
    };

    static std::uint32_t distance(const Step& step, std::uint32_t answer) {
        return (answer + step.count - step.fallback) % step.count;
    }

    Rule rule_for(const Choice& choice) const {
        const bool thread = choice.kind == ChoiceKind::thread;
        switch (bound_.cost) {
            case Cost::preemptions:
                // Letting a store reach memory instead of running on takes the thread nothing.
                return thread && choice.current != nullptr &&
                               choice.enabled[choice.fallback] == choice.current
                           ? Rule::one
                           : Rule::free;
            case Cost::delays:
                return thread ? Rule::circle : Rule::one;
            case Cost::departures:
                break;
        }
        return Rule::one;
    }

    Bound bound_;
    std::vector<std::uint32_t> resume_;
    std::vector<Step> path_;
    std::size_t depth_ = 0;
    std::uint32_t spent_ = 0;
    bool diverged_ = false;
};

}  // namespace blkdrain::sim
