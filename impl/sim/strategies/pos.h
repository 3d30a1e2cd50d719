// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sim/strategies/draw.h"
#include "sim/strategy.h"

namespace blkdrain::sim {

// Whether the order of the two can make a difference.
inline bool race(const Operation& a, const Operation& b) {
    return a.object_class == b.object_class && a.object == b.object &&
           a.object_class != ObjectClass::none && (a.writes || b.writes);
}

// Partial order sampling (Yuan et al., CAV 2018): every pending operation has a random priority and
// the highest is performed; those that race with it draw theirs anew. So each order of two racing
// operations gets its chance, however far apart they are, and orders that make no difference cost
// little.
class PartialOrders final : public Strategy {
public:
    explicit PartialOrders(std::uint64_t seed) : draw_(seed) {}

    void thread_created(const ThreadView& thread) override {
        if (priorities_.size() <= thread.id) {
            priorities_.resize(thread.id + 1, 0);
        }
        priorities_[thread.id] = draw_.next();
    }

    std::uint32_t pick(const Choice& choice) override {
        if (choice.kind != ChoiceKind::thread) {
            return draw_.answer(choice);
        }
        if (choice.current != nullptr) {
            // It has performed the last one; what is pending now is new. (A thread that yields
            // waits for others: last of all.)
            priorities_[choice.current->id] =
                choice.current->pending.kind == OperationKind::yield ? 0 : draw_.next();
        }
        std::uint32_t best = 0;
        for (std::uint32_t i = 1; i < choice.count; ++i) {
            if (priorities_[choice.enabled[i]->id] > priorities_[choice.enabled[best]->id]) {
                best = i;
            }
        }
        for (std::uint32_t i = 0; i < choice.count; ++i) {
            if (i != best && race(choice.enabled[i]->pending, choice.enabled[best]->pending)) {
                priorities_[choice.enabled[i]->id] = draw_.next();
            }
        }
        return best;
    }

private:
    Draw draw_;
    std::vector<std::uint64_t> priorities_;  // by thread
};

}  // namespace blkdrain::sim
