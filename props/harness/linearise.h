// SPDX-License-Identifier: Apache-2.0
//
// Finds an order of effects for events announced by threads that ran in parallel. An event took
// effect somewhere in its interval; events of one thread took effect in their order, and one whose
// interval ended before another's began came first. Depth first; the order of announcement is tried
// first, so a right implementation is judged in linear time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_set>
#include <vector>

#include <blkdrain_ref/step.h>

namespace blkdrain_props {

struct TimedEvent {
    blkdrain_ref::Event event;
    std::uint32_t thread = 0;
    std::uint64_t since = 0;  // stamps of one counter; since <= until
    std::uint64_t until = 0;
};

struct Order {
    bool found = false;
    blkdrain_ref::State state;  // after all events
    std::vector<blkdrain_ref::Event>
        events;  // in the order found; else the longest that was accepted
    // Not found: why the event that was announced first of those that could come next was refused
    // there. None: all events were accepted in some order, but none led to the goal.
    std::optional<blkdrain_ref::Reason> reason;
    bool exhausted = false;  // gave up after `steps_max`
};

class Lineariser {
public:
    static constexpr std::size_t steps_max = 20'000;

    // `events` by announcement (ascending `until`). `goal` says whether the state after all of them
    // is the right one.
    Order search(const blkdrain_ref::State& from, const std::vector<TimedEvent>& events,
                 const std::function<bool(const blkdrain_ref::State&)>& goal);

private:
    struct Node {
        blkdrain_ref::State before;           // only if there is another candidate
        std::size_t tried = 0;                // how many of the candidates
        std::vector<std::size_t> candidates;  // indices of events, by announcement
    };

    void list_candidates(std::vector<std::size_t>& into) const;
    [[nodiscard]] bool seen_before(const blkdrain_ref::State& state);

    const std::vector<TimedEvent>* events_ = nullptr;
    std::vector<std::vector<std::size_t>> threads_;  // the events of each, in order
    std::vector<std::size_t> next_;                  // by thread
    std::unordered_set<std::uint64_t> seen_;  // positions and states from which the rest was tried
};

}  // namespace blkdrain_props
