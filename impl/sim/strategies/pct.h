// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/strategies/draw.h"
#include "sim/strategy.h"

namespace blkdrain::sim {

// Probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010). Every thread, and every store
// buffer, has a priority; the highest that is enabled runs. At depth - 1 changes, drawn from the
// first `horizon` thread choices, the one that would run falls below all that have not fallen, and
// among those that have, to a place that is drawn, too.
//
// The guarantee: an error that needs `depth` order constraints between steps, whatever else is
// drawn, and shows in runs with fewer than `horizon` thread choices, is met with at least the
// probability bound(threads, horizon, depth). In the paper every step counts, and who took it
// falls. Here choices count, and who would run falls: since it was last chosen among several its
// priority has made no difference, so that one change stands for all of the paper's in between.
// Several can so come together at one choice; each takes the next highest there, and which comes
// first is drawn as if each were one more choice for those drawn after it.
//
// A thread that yields falls below all others as well: it waits for somebody, who must get to run.
// The guarantee is for runs in which nobody does.
class Pct final : public Strategy {
public:
    // depth >= 1; horizon >= 1.
    Pct(std::uint64_t seed, std::uint32_t depth, std::uint32_t horizon)
        : draw_(seed), depth_(depth), horizon_(horizon), lowest_(low_max - depth) {
        // Places in a row of the choices and the changes before them.
        for (std::uint32_t i = 1; i < depth; ++i) {
            const std::uint32_t place = draw_.below(horizon + i - 1);
            for (Change& other : changes_) {
                other.at += other.at >= place ? 1 : 0;
            }
            changes_.push_back({place, low_max - i});
        }
        std::ranges::sort(changes_, {}, &Change::at);
        for (std::uint32_t i = 0; i < changes_.size(); ++i) {
            changes_[i].at -= i;
        }
    }

    // 1 / (n k (k+1) ... (k+d-2)), which is hardly less than the 1 / (n k^(d-1)) of the paper
    static double bound(std::uint32_t threads, std::uint32_t horizon, std::uint32_t depth) {
        double ways = threads;
        for (std::uint32_t i = 1; i < depth; ++i) {
            ways *= horizon + (i - 1.0);
        }
        return 1.0 / ways;
    }

    // After the run: the bound for it; 0 if it had too many choices, so that there is none.
    double promise() const { return asked_ < horizon_ ? bound(threads_, horizon_, depth_) : 0; }

    void thread_created(const ThreadView& thread) override {
        if (priorities_.size() <= thread.id) {
            priorities_.resize(thread.id + 1, 0);
        }
        priorities_[thread.id] = low_max + (draw_.next() >> 2);
        ++threads_;
    }

    std::uint32_t pick(const Choice& choice) override {
        if (choice.kind != ChoiceKind::thread) {
            return draw_.answer(choice);
        }
        if (choice.current != nullptr && choice.current->pending.kind == OperationKind::yield) {
            priority_of(*choice.current) = --lowest_;
        }
        for (const Change& change : changes_) {
            if (change.at == asked_) {
                priority_of(*choice.enabled[highest(choice)]) = change.priority;
            }
        }
        ++asked_;
        return highest(choice);
    }

private:
    struct Change {
        std::uint32_t at;        // the number of the choice
        std::uint64_t priority;  // of who falls there
    };

    static constexpr std::uint64_t low_max = std::uint64_t{1} << 62;

    std::uint64_t& priority_of(const ThreadView& thread) { return priorities_[thread.id]; }

    std::uint32_t highest(const Choice& choice) {
        std::uint32_t best = 0;
        for (std::uint32_t i = 1; i < choice.count; ++i) {
            if (priority_of(*choice.enabled[i]) > priority_of(*choice.enabled[best])) {
                best = i;
            }
        }
        return best;
    }

    Draw draw_;
    std::uint32_t depth_;
    std::uint32_t horizon_;
    std::vector<Change> changes_;            // in their order
    std::vector<std::uint64_t> priorities_;  // by thread
    std::uint64_t lowest_;                   // of who yielded last
    std::uint32_t threads_ = 0;
    std::uint32_t asked_ = 0;
};

}  // namespace blkdrain::sim
