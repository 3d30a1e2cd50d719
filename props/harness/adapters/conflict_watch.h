// SPDX-License-Identifier: Apache-2.0
//
// Watches the operations of a run for those that conflict.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "harness/adapters/schedule_control.h"
#include "harness/adapters/schedule_names.h"
#include "harness/scenario.h"
#include "sim/operation.h"
#include "sim/options.h"
#include "sim/strategies/deviations.h"
#include "sim/strategy.h"

namespace blkdrain_props {

// Another strategy, and what comes of its answers.
class ConflictWatch final : public blkdrain::sim::Strategy {
public:
    // `base` and `scenario` outlive it; `base` is not told of what is performed.
    ConflictWatch(blkdrain::sim::Strategy& base, const Scenario& scenario,
                  std::function<void(const Conflict&)> told)
        : base_(base), names_(scenario), scenario_(scenario), told_(std::move(told)) {}

    std::uint32_t pick(const blkdrain::sim::Choice& choice) override {
        const std::uint32_t answer = base_.pick(choice);
        if (choice.kind == blkdrain::sim::ChoiceKind::thread) {
            asked_ = {choice.asker->label, choice.asker->id, choice.asker->place, 0};
            for (const blkdrain::sim::ThreadView* const thread : choice.enabled) {
                asked_.offered |= bit(thread->id);
            }
        }
        return answer;
    }

    void thread_created(const blkdrain::sim::ThreadView& thread) override {
        base_.thread_created(thread);
    }

    bool follows() const override { return true; }
    void performed(const blkdrain::sim::ThreadView& thread) override {
        const Step step{thread.id, thread.label, thread.pending.kind, thread.pending.object_class,
                        std::exchange(asked_, {})};
        const blkdrain::sim::Operation& operation = thread.pending;
        // What an unlock conflicts with comes after it in any order; the lock is what matters.
        if (operation.object_class == blkdrain::sim::ObjectClass::none ||
            operation.kind == blkdrain::sim::OperationKind::unlock) {
            return;
        }
        Object& object = object_of(operation);
        if (operation.writes) {
            conflict(object.last, step);
            object.last_write = step;
        } else {
            conflict(object.last_write, step);
        }
        object.last = step;
    }

private:
    // A question who runs: where, and whom it could be.
    struct Asked {
        std::uint32_t label = 0;
        std::uint32_t thread = 0;
        std::uint32_t place = 0;
        std::uint64_t offered = 0;
    };
    struct Step {
        std::uint32_t thread = 0;
        std::uint32_t label = 0;
        blkdrain::sim::OperationKind kind{};
        blkdrain::sim::ObjectClass object_class{};
        Asked asked;  // right before it
    };
    struct Object {
        std::optional<Step> last;
        std::optional<Step> last_write;
    };

    // Store buffers have none: only threads are let run earlier.
    static std::uint64_t bit(std::uint32_t thread) {
        return thread < blkdrain::sim::store_buffer_id(0) ? std::uint64_t{1} << (thread % 64) : 0;
    }

    std::uint32_t site(const Step& step) const {
        std::uint32_t site = static_cast<std::uint32_t>(step.kind) << 8U |
                             static_cast<std::uint32_t>(step.object_class);
        const std::optional<Deviation> point =
            names_.from_sim({step.label, step.thread, 0, blkdrain::sim::ChoiceKind::waiter, 0});
        if (point && point->client < scenario_.programs.size() &&
            point->actor == Actor::client_first + point->client) {
            const Record& record = scenario_.programs[point->client][point->operation];
            site |= (1U + static_cast<std::uint32_t>(record.opcode)) << 16U;
        }
        return site;
    }

    Object& object_of(const blkdrain::sim::Operation& operation) {
        std::vector<Object>& objects = objects_[static_cast<std::size_t>(operation.object_class)];
        if (operation.object >= objects.size()) {
            objects.resize(operation.object + 1);
        }
        return objects[operation.object];
    }

    void conflict(const std::optional<Step>& first, const Step& second) const {
        if (!first || first->thread == second.thread) {
            return;
        }
        Conflict conflict{site(*first), site(second), std::nullopt};
        const Asked& asked = first->asked;
        if ((asked.offered & bit(second.thread)) != 0) {
            conflict.reversal = names_.from_sim({asked.label, asked.thread, asked.place,
                                                 blkdrain::sim::ChoiceKind::thread, second.thread});
        }
        told_(conflict);
    }

    blkdrain::sim::Strategy& base_;
    ScheduleNames names_;
    const Scenario& scenario_;
    std::function<void(const Conflict&)> told_;
    Asked asked_;
    std::array<std::vector<Object>, blkdrain::sim::object_class_count> objects_;  // by number
};

}  // namespace blkdrain_props
