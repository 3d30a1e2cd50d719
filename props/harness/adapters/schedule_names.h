// SPDX-License-Identifier: Apache-2.0
//
// Deviations in a scenario's words and in the simulator's. Loops are its first threads, clients
// follow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "harness/scenario.h"
#include "sim/options.h"
#include "sim/simulation.h"
#include "sim/strategies/deviations.h"
#include "sim/strategy.h"

namespace blkdrain_props {

static_assert(static_cast<int>(Question::run) ==
              static_cast<int>(blkdrain::sim::ChoiceKind::thread));
static_assert(static_cast<int>(Question::waiter) ==
              static_cast<int>(blkdrain::sim::ChoiceKind::waiter));
static_assert(static_cast<int>(Question::taken) ==
              static_cast<int>(blkdrain::sim::ChoiceKind::event_count));
static_assert(static_cast<int>(Question::event) ==
              static_cast<int>(blkdrain::sim::ChoiceKind::event));
static_assert(static_cast<int>(Question::spurious) ==
              static_cast<int>(blkdrain::sim::ChoiceKind::spurious));
static_assert(static_cast<int>(Question::time) ==
              static_cast<int>(blkdrain::sim::ChoiceKind::time));

// 0: the start.
inline std::uint32_t label_of(std::uint8_t client, std::uint8_t operation) {
    if (client == Deviation::at_start) {
        return 0;
    }
    const auto room = static_cast<std::uint32_t>(operations_max);
    return 1 + (client == Deviation::at_end ? clients_max * room : client * room + operation);
}

class ScheduleNames {
public:
    explicit ScheduleNames(const Scenario& scenario)
        : loops_(scenario.header.loops),
          clients_(static_cast<std::uint32_t>(scenario.programs.size())) {}

    blkdrain::sim::Deviation to_sim(const Deviation& deviation) const {
        return {label_of(deviation.client, deviation.operation), thread(deviation.actor),
                deviation.point, static_cast<blkdrain::sim::ChoiceKind>(deviation.question),
                deviation.question == Question::run ? thread(deviation.answer)
                                                    : std::uint32_t{deviation.answer}};
    }

    // None: a thread or number that scenarios have no word for.
    std::optional<Deviation> from_sim(const blkdrain::sim::Deviation& from) const {
        Deviation to;
        if (from.label != 0) {
            const std::uint32_t number = from.label - 1;
            to.client = static_cast<std::uint8_t>(number / operations_max);
            to.operation = static_cast<std::uint8_t>(number % operations_max);
            if (to.client >= clients_max) {
                to.client = Deviation::at_end;
            }
        }
        const std::optional<std::uint8_t> asker = actor(from.thread);
        to.question = static_cast<Question>(from.kind);
        const std::optional<std::uint8_t> answer =
            to.question == Question::run ? actor(from.answer) : small(from.answer, UINT8_MAX);
        if (!asker || !answer || from.place > UINT16_MAX) {
            return std::nullopt;
        }
        to.actor = *asker;
        to.point = static_cast<std::uint16_t>(from.place);
        to.answer = *answer;
        return to;
    }

private:
    static std::optional<std::uint8_t> small(std::uint32_t value, std::uint32_t max) {
        return value <= max ? std::optional(static_cast<std::uint8_t>(value)) : std::nullopt;
    }

    std::uint32_t thread(std::uint8_t actor) const {
        if (actor == Actor::world) {
            return blkdrain::sim::host_id;
        }
        if (actor > Actor::world) {
            return blkdrain::sim::store_buffer_id(
                thread(static_cast<std::uint8_t>(actor - Actor::stores_first)));
        }
        return actor < Actor::client_first
                   ? std::uint32_t{actor}
                   : loops_ + static_cast<std::uint32_t>(actor - Actor::client_first);
    }

    std::optional<std::uint8_t> actor(std::uint32_t thread) const {
        if (thread == blkdrain::sim::host_id) {
            return Actor::world;
        }
        if (thread >= blkdrain::sim::store_buffer_id(0)) {
            const auto owner = actor(thread - blkdrain::sim::store_buffer_id(0));
            return owner ? small(*owner + std::uint32_t{Actor::stores_first}, UINT8_MAX) : owner;
        }
        if (thread < loops_) {
            return static_cast<std::uint8_t>(thread);
        }
        return thread - loops_ < clients_ ? small(Actor::client_first + thread - loops_, UINT8_MAX)
                                          : std::nullopt;
    }

    std::uint32_t loops_;
    std::uint32_t clients_;
};

}  // namespace blkdrain_props
