// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>

#include "harness/operations.h"
#include "mutate.h"

namespace blkdrain_fuzz {

using namespace blkdrain_props;

namespace {

constexpr std::size_t usual_depth_max = 3;
constexpr std::size_t usual_horizon_max = 512;

// One that is not `value`.
template <class T>
T another(T value, std::size_t count, Random& random) {
    return static_cast<T>((static_cast<std::size_t>(value) + 1 + random.below(count - 1)) % count);
}

bool change_seed(Scenario& scenario, Random& random) {
    std::uint64_t& seed = scenario.header.seed;
    switch (random.below(3)) {
        case 0:
            ++seed;
            break;
        case 1:
            seed ^= std::uint64_t{1} << random.below(64);
            break;
        default:
            seed = random.word();
            break;
    }
    return true;
}

void draw_depth(Header& header, Random& random) {
    header.depth = static_cast<std::uint8_t>(1 + random.below(usual_depth_max));
    header.horizon = static_cast<std::uint16_t>(1 + random.below(usual_horizon_max));
}

bool change_strategy(Scenario& scenario, Random& random) {
    Header& header = scenario.header;
    header.strategy = another(header.strategy, strategy_count, random);
    draw_depth(header, random);
    return true;
}

bool change_depth(Scenario& scenario, Random& random) {
    if (!has_depth(scenario.header.strategy)) {
        return false;
    }
    draw_depth(scenario.header, random);
    return true;
}

bool change_memory(Scenario& scenario, Random& random) {
    scenario.header.memory = another(scenario.header.memory, memory_words.size(), random);
    return true;
}

bool change_faults(Scenario& scenario, Random& random) {
    scenario.header.faults = another(scenario.header.faults, fault_words.size(), random);
    return true;
}

bool change_pace(Scenario& scenario, Random&) {
    scenario.header.pace = scenario.header.pace == Pace::step ? Pace::free : Pace::step;
    return true;
}

bool change_loops(Scenario& scenario, Random& random) {
    const auto loops = static_cast<std::uint8_t>(1 + random.below(loops_max));
    if (loops == scenario.header.loops) {
        return false;
    }
    scenario.header.loops = loops;
    return true;
}

constexpr std::array moves{
    Move{"change_seed", 8, change_seed},     Move{"change_strategy", 2, change_strategy},
    Move{"change_depth", 1, change_depth},   Move{"change_memory", 1, change_memory},
    Move{"change_faults", 1, change_faults}, Move{"change_pace", 1, change_pace},
    Move{"change_loops", 2, change_loops},
};

}  // namespace

std::span<const Move> header_moves() {
    return moves;
}

}  // namespace blkdrain_fuzz
