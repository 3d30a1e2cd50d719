// SPDX-License-Identifier: Apache-2.0
#include "mutate.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "harness/bytes.h"
#include "harness/deviations.h"
#include "harness/operations.h"

namespace blkdrain_fuzz {

using namespace blkdrain_props;

namespace {

constexpr std::size_t moves_max = 4;

const Move& any_move(Random& random) {
    const std::array groups{program_moves(), graph_moves(), header_moves(), schedule_moves()};
    std::size_t total = 0;
    for (const auto& group : groups) {
        for (const Move& move : group) {
            total += move.weight;
        }
    }
    std::size_t at = random.below(total);
    for (const auto& group : groups) {
        for (const Move& move : group) {
            if (at < move.weight) {
                return move;
            }
            at -= move.weight;
        }
    }
    return program_moves().front();
}

// The beginning of one program and the end of another.
Program spliced(const Program& a, const Program& b, Random& random) {
    Program result;
    const std::size_t head = random.below(a.size() + 1);
    for (std::size_t i = 0; i < head; ++i) {
        result.push_back(a[i]);
    }
    for (std::size_t i = random.below(b.size() + 1); i < b.size(); ++i) {
        result.push_back(b[i]);
    }
    return result;
}

}  // namespace

void mutate(Scenario& scenario, Random& random) {
    // One is enough most of the time.
    const std::size_t count = random.once_in(2) ? 1 : 1 + random.below(moves_max);
    for (std::size_t i = 0; i < count; ++i) {
        // A move that finds nothing to do makes way for another.
        for (int attempt = 0; attempt < 4 && !any_move(random).apply(scenario, random); ++attempt) {
        }
    }
    scenario = canonical(scenario);
}

Scenario cross(const Scenario& a, const Scenario& b, Random& random) {
    Scenario result = a;
    const auto take_deviations_of_other = [&] {
        for (const Deviation& deviation : b.deviations) {
            result.deviations.push_back(deviation);
        }
    };
    switch (random.below(3)) {
        case 0:  // the graph of one under the programs of the other
            result.programs = b.programs;
            take_deviations_of_other();
            break;
        case 1:  // each client begins as one and goes on as the other
            for (std::size_t i = 0; i < result.programs.size(); ++i) {
                result.programs[i] =
                    spliced(a.programs[i], b.programs[random.below(b.programs.size())], random);
            }
            take_deviations_of_other();
            break;
        default:  // the clients of both beside each other
            for (const Program& program : b.programs) {
                result.programs.push_back(program);
            }
            break;
    }
    if (random.once_in(2)) {
        result.header = b.header;
    }
    result.header.loops = std::max(a.header.loops, b.header.loops);
    return canonical(result);
}

bool cut_to(Scenario& scenario, std::size_t size_max) {
    std::array<std::uint8_t, encoded_size_max> room{};
    while (encode(scenario, room) > size_max) {
        const auto longest = std::max_element(
            scenario.programs.begin(), scenario.programs.end(),
            [](const Program& x, const Program& y) { return x.size() < y.size(); });
        if (!longest->empty()) {
            erase_operation(scenario, static_cast<std::size_t>(longest - scenario.programs.begin()),
                            longest->size() - 1);
        } else if (!scenario.deviations.empty()) {
            scenario.deviations.pop_back();
        } else {
            return false;
        }
    }
    return true;
}

}  // namespace blkdrain_fuzz
