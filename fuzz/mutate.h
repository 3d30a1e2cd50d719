// SPDX-License-Identifier: Apache-2.0
//
// Small changes of a scenario that keep it one: what the fuzzing engine does to inputs instead of
// flipping bytes. Every result is canonical; the same source gives the same result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "harness/generate.h"
#include "harness/scenario.h"

namespace blkdrain_fuzz {

// Picks for one mutation, from the seed that the engine gives.
class Random {
public:
    explicit Random(std::uint64_t seed) : source_(seed) {}

    // 0..n-1; n >= 1
    std::size_t below(std::size_t n) { return source_.pick(static_cast<std::uint32_t>(n)); }
    std::uint8_t byte_below(std::size_t n) { return static_cast<std::uint8_t>(below(n)); }
    bool once_in(std::size_t n) { return below(n) == 0; }
    std::uint64_t word() {
        std::uint64_t value = 0;
        for (int i = 0; i < 4; ++i) {
            value = value << 16U | below(1U << 16U);
        }
        return value;
    }

private:
    blkdrain_props::SeededSource source_;
};

// One kind of change. False: there was nothing to do it to, or no room; the scenario is as before.
struct Move {
    std::string_view name;
    unsigned weight;  // how often it is picked, relative to others
    bool (*apply)(blkdrain_props::Scenario&, Random&);
};

// Those that change operations and who performs them; the graph; loops, strategy, memory and
// faults; single answers of the schedule.
std::span<const Move> program_moves();
std::span<const Move> graph_moves();
std::span<const Move> header_moves();
std::span<const Move> schedule_moves();

// One to four moves, some of which may be none.
void mutate(blkdrain_props::Scenario& scenario, Random& random);

// The programs of one on the graph of the other, or the programs of both put together; with the
// deviations of both, as far as they still speak of the same client.
blkdrain_props::Scenario cross(const blkdrain_props::Scenario& a, const blkdrain_props::Scenario& b,
                               Random& random);

// Cuts operations off the ends of the longest programs, with their deviations, and then the other
// deviations, until the byte form has at most `size_max` bytes. False: even without them it is
// longer.
bool cut_to(blkdrain_props::Scenario& scenario, std::size_t size_max);

}  // namespace blkdrain_fuzz
