// SPDX-License-Identifier: Apache-2.0
//
// The simulator's strategy that a scenario names.
#pragma once

#include <array>
#include <cstdint>
#include <iterator>
#include <variant>

#include "harness/scenario.h"
#include "sim/strategies/default_order.h"
#include "sim/strategies/delays.h"
#include "sim/strategies/pct.h"
#include "sim/strategies/pos.h"
#include "sim/strategies/preemptions.h"
#include "sim/strategies/random.h"
#include "sim/strategies/weighted_walk.h"

namespace blkdrain_props {

// Loops are the first threads, clients follow.
class ChosenStrategy {
public:
    // Valid until the next call.
    blkdrain::sim::Strategy& choose(const Scenario& scenario) {
        namespace sim = blkdrain::sim;
        const Header& header = scenario.header;
        switch (header.strategy) {
            case Strategy::default_order:
                return strategy_.emplace<sim::DefaultOrder>();
            case Strategy::random: {
                // Rarely preempted runs find other things than restless ones.
                static constexpr std::uint32_t rates[] = {256, 96, 32, 12};
                return strategy_.emplace<sim::RandomOrder>(header.seed,
                                                           rates[header.seed % std::size(rates)]);
            }
            case Strategy::pct:
                return strategy_.emplace<sim::Pct>(header.seed, header.depth, header.horizon);
            case Strategy::delays:
                return strategy_.emplace<sim::Delays>(header.seed, header.depth, header.horizon);
            case Strategy::preemptions:
                return strategy_.emplace<sim::Preemptions>(header.seed, header.depth,
                                                           header.horizon);
            case Strategy::weighted_walk:
                return strategy_.emplace<sim::WeightedWalk>(header.seed, expected(scenario));
            case Strategy::partial_orders:
                return strategy_.emplace<sim::PartialOrders>(header.seed);
        }
        return strategy_.emplace<sim::DefaultOrder>();
    }

    // Of the last one, after its run: the probability, at least, with which it met an error of its
    // depth; 0: it promises nothing.
    double promise() const {
        const auto* const pct = std::get_if<blkdrain::sim::Pct>(&strategy_);
        return pct != nullptr ? pct->promise() : 0;
    }

private:
    // Visible operations by thread, as a rule of thumb: what a client does itself, and what its
    // operations make the loops do.
    std::array<std::uint32_t, loops_max + clients_max> expected(const Scenario& scenario) {
        constexpr std::uint32_t per_operation_of_client = 8;
        constexpr std::uint32_t per_operation_of_loops = 16;
        constexpr std::uint32_t per_loop = 10;
        std::array<std::uint32_t, loops_max + clients_max> expected{};
        std::uint32_t operations = 0;
        const std::size_t loops = scenario.header.loops;
        for (std::size_t client = 0; client < scenario.programs.size(); ++client) {
            const auto size = static_cast<std::uint32_t>(scenario.programs[client].size());
            expected[loops + client] = 1 + per_operation_of_client * size;
            operations += size;
        }
        for (std::size_t loop = 0; loop < loops; ++loop) {
            expected[loop] =
                per_loop + per_operation_of_loops * operations / static_cast<std::uint32_t>(loops);
        }
        return expected;
    }

    std::variant<blkdrain::sim::DefaultOrder, blkdrain::sim::RandomOrder, blkdrain::sim::Pct,
                 blkdrain::sim::Delays, blkdrain::sim::Preemptions, blkdrain::sim::WeightedWalk,
                 blkdrain::sim::PartialOrders>
        strategy_;
};

}  // namespace blkdrain_props
