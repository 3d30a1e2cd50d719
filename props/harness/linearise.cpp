// SPDX-License-Identifier: Apache-2.0
#include "harness/linearise.h"

#include <algorithm>
#include <limits>

#include <blkdrain_ref/step.h>

namespace blkdrain_props {

namespace ref = blkdrain_ref;

void Lineariser::list_candidates(std::vector<std::size_t>& into) const {
    into.clear();
    std::uint64_t first_end = std::numeric_limits<std::uint64_t>::max();
    for (std::size_t thread = 0; thread < threads_.size(); ++thread) {
        if (next_[thread] < threads_[thread].size()) {
            first_end = std::min(first_end, (*events_)[threads_[thread][next_[thread]]].until);
        }
    }
    for (std::size_t thread = 0; thread < threads_.size(); ++thread) {
        if (next_[thread] < threads_[thread].size()) {
            const std::size_t head = threads_[thread][next_[thread]];
            if ((*events_)[head].since <= first_end) {
                into.push_back(head);
            }
        }
    }
    std::sort(into.begin(), into.end());
}

bool Lineariser::seen_before(const ref::State& state) {
    std::uint64_t key = ref::hash(state);
    for (const std::size_t position : next_) {
        key = (key ^ position) * 0x9e3779b97f4a7c15U;
        key ^= key >> 29U;
    }
    return !seen_.insert(key).second;
}

Order Lineariser::search(const ref::State& from, const std::vector<TimedEvent>& events,
                         const std::function<bool(const ref::State&)>& goal) {
    events_ = &events;
    threads_.clear();
    seen_.clear();
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (threads_.size() <= events[i].thread) {
            threads_.resize(events[i].thread + 1);
        }
        threads_[events[i].thread].push_back(i);
    }
    next_.assign(threads_.size(), 0);

    Order order;
    order.state = from;
    std::vector<Node> path;          // one more than `taken`: the last one chooses the next event
    std::vector<std::size_t> taken;  // indices of events
    std::size_t steps = 0;
    bool remembered = false;
    const auto write_order = [&] {
        order.events.clear();
        for (const std::size_t i : taken) {
            order.events.push_back(events[i].event);
        }
    };
    // A dead end is worth reporting if no other one came as far.
    const auto remember = [&](const std::optional<ref::Reason>& reason) {
        if (!remembered || taken.size() > order.events.size()) {
            remembered = true;
            order.reason = reason;
            write_order();
        }
    };
    const auto choose = [&] {
        Node& node = path.emplace_back();
        list_candidates(node.candidates);
        if (node.candidates.size() > 1) {
            node.before = order.state;
        }
    };
    // Takes the next candidate of the last node that the model accepts and that leads somewhere
    // new.
    const auto take = [&] {
        Node& node = path.back();
        std::optional<ref::Reason> first;
        while (node.tried < node.candidates.size() && steps < steps_max) {
            const std::size_t candidate = node.candidates[node.tried++];
            ++steps;
            const std::optional<ref::Reason> reason =
                ref::accept(order.state, events[candidate].event);
            if (reason) {
                if (!first) {
                    first = reason;
                }
                continue;
            }
            ++next_[events[candidate].thread];
            taken.push_back(candidate);
            if (node.candidates.size() == 1 || !seen_before(order.state)) {
                return true;
            }
            --next_[events[candidate].thread];
            taken.pop_back();
            order.state = node.before;
        }
        if (first) {
            remember(first);
        }
        return false;
    };

    choose();
    for (;;) {
        if (taken.size() == events.size()) {
            if (goal(order.state)) {
                write_order();
                order.reason.reset();
                order.found = true;
                return order;
            }
            remember(std::nullopt);
        } else if (take()) {
            choose();
            continue;
        }
        path.pop_back();
        order.exhausted = steps >= steps_max;
        if (path.empty() || order.exhausted) {
            return order;
        }
        --next_[events[taken.back()].thread];
        taken.pop_back();
        if (path.back().tried < path.back().candidates.size()) {
            order.state = path.back().before;
        }
    }
}

}  // namespace blkdrain_props
