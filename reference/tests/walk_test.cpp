// SPDX-License-Identifier: Apache-2.0
//
// Random walks through the model on random graphs, with every operation at once: what the
// exhaustive check has to leave out because of its size.
#include <random>

#include <gtest/gtest.h>

#include "explore.h"
#include "invariants.h"

namespace blkdrain_ref {
namespace {

// Everything the bounds know, on as many nodes and backends.
Bounds everything(std::uint32_t nodes, std::uint32_t backends) {
    Bounds bounds{.nodes = nodes,
                  .backends = backends,
                  .requests = 3,
                  .tokens = 2,
                  .sections = 3,
                  .waits = 2,
                  .internal = 1,
                  .loops = 2};
    for (int kind = 0; kind <= static_cast<int>(SectionKind::close_node); ++kind)
        bounds.kinds.push_back(static_cast<SectionKind>(kind));
    for (int op = 0; op <= static_cast<int>(ChangeOp::remove_filter); ++op)
        bounds.changes.push_back(static_cast<ChangeOp>(op));
    bounds.also = bounds.naming = bounds.wide = bounds.writes = bounds.chains = true;
    bounds.drains = bounds.holding = bounds.token_holding = true;
    bounds.abandoning = bounds.listening = true;
    bounds.cancelling = bounds.plugging = bounds.flushing = bounds.limiting = true;
    return bounds;
}

class Walk {
public:
    explicit Walk(std::uint32_t seed)
        : random_(seed), nodes_(1 + below(5)), backends_(1 + below(3)) {
        for (std::uint32_t i = 0; i < nodes_; ++i)
            state_.nodes.push_back({.id = {i}, .loop = {0}, .pinned = below(8) == 0});
        for (std::uint32_t parent = 0; parent < nodes_; ++parent)
            for (std::uint32_t child = parent + 1; child < nodes_; ++child)
                if (below(2) == 0)
                    add_edge(state_, {{parent}, {child}});
        for (std::uint32_t i = 0; i < backends_; ++i) {
            Backend& backend = state_.backends.emplace_back();
            backend.id = {i};
            backend.loop = {0};
            if (below(4) != 0)
                backend.root = {below(nodes_)};
        }
    }

    // Some steps on, half of them calls. Gives the first objection.
    std::string go(int steps, Coverage& coverage) {
        const Bounds bounds = everything(nodes_, backends_);
        for (int i = 0; i < steps; ++i) {
            std::vector<Event> events = enabled(state_);
            if (events.empty() || below(2) == 0)
                events = operations(state_, bounds);
            if (events.empty())
                break;
            const Event event = events[below(static_cast<std::uint32_t>(events.size()))];
            if (accept(state_, event))
                return "enumerated and refused: " + to_string(event) + text();
            for (const Violation& violation : broken_invariants(state_))
                return violation.invariant + (" is broken for " + violation.object) + text();
            ++coverage.steps;
            coverage.kinds.insert(event.kind);
        }
        const std::string wrong = wrong_enumeration(state_, bounds, coverage);
        return wrong.empty() ? wrong : wrong + text();
    }

private:
    std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }
    std::string text() const { return " in\n" + to_string(state_); }

    std::mt19937_64 random_;
    std::uint32_t nodes_, backends_;
    State state_;
};

TEST(Walk, an_event_is_accepted_exactly_when_enumerated) {
    Coverage coverage;
    for (std::uint32_t seed = 0; seed < 200; ++seed) {
        Walk walk(seed);
        for (int i = 0; i < 5; ++i)
            ASSERT_EQ(walk.go(10, coverage), "") << "seed " << seed;
    }
    for (int kind = 0; kind < Event::kinds; ++kind)
        EXPECT_TRUE(coverage.kinds.contains(static_cast<Event::Kind>(kind)))
            << name(static_cast<Event::Kind>(kind));
}

}  // namespace
}  // namespace blkdrain_ref
