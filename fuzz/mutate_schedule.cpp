// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>

#include "last_run.h"
#include "mutate.h"

namespace blkdrain_fuzz {

using namespace blkdrain_props;

namespace {

// An actor seldom comes to more points within one operation.
constexpr std::size_t usual_points = 40;

Deviation* any_deviation(Scenario& scenario, Random& random) {
    auto& deviations = scenario.deviations;
    return deviations.empty() ? nullptr : &deviations[random.below(deviations.size())];
}

// Mostly who runs: that is the only question that every run asks.
void draw_answer(Deviation& deviation, Random& random) {
    deviation.question =
        random.once_in(4) ? static_cast<Question>(random.below(question_count)) : Question::run;
    deviation.answer = deviation.question == Question::run ? random.byte_below(Actor::count)
                                                           : random.byte_below(3);
}

void draw_operation(Deviation& deviation, const Scenario& scenario, Random& random) {
    deviation.client = random.byte_below(scenario.programs.size() + 2);
    if (deviation.client >= scenario.programs.size()) {
        deviation.client =
            deviation.client == scenario.programs.size() ? Deviation::at_start : Deviation::at_end;
    } else if (const std::size_t size = scenario.programs[deviation.client].size(); size != 0) {
        deviation.operation = random.byte_below(size);
    }
}

bool add_deviation(Scenario& scenario, Random& random) {
    Deviation deviation;
    draw_operation(deviation, scenario, random);
    deviation.actor = random.byte_below(Actor::world + 1);
    deviation.point = static_cast<std::uint16_t>(random.below(usual_points));
    draw_answer(deviation, random);
    return scenario.deviations.push_back(deviation);
}

bool delete_deviation(Scenario& scenario, Random& random) {
    if (scenario.deviations.empty()) {
        return false;
    }
    scenario.deviations.erase(random.below(scenario.deviations.size()));
    return true;
}

bool shift_deviation(Scenario& scenario, Random& random) {
    Deviation* const deviation = any_deviation(scenario, random);
    if (deviation == nullptr) {
        return false;
    }
    if (deviation->point == 0 || random.once_in(2)) {
        ++deviation->point;
    } else {
        --deviation->point;
    }
    return true;
}

bool change_deviation(Scenario& scenario, Random& random) {
    Deviation* const deviation = any_deviation(scenario, random);
    if (deviation == nullptr) {
        return false;
    }
    switch (random.below(3)) {
        case 0:
            draw_operation(*deviation, scenario, random);
            break;
        case 1:
            deviation->actor = random.byte_below(Actor::world + 1);
            break;
        default:
            draw_answer(*deviation, random);
            break;
    }
    return true;
}

bool same_point(const Deviation& one, const Deviation& other) {
    return one.client == other.client && one.operation == other.operation &&
           one.actor == other.actor && one.question == other.question && one.point == other.point;
}

// Two operations of the run before that conflicted come in the other order.
bool steer(Scenario& scenario, Random& random) {
    const LastRun& last = last_run();
    if (last.reversals.empty() || !(last.programs == scenario.programs)) {
        return false;
    }
    const Deviation& reversal = last.reversals[random.below(last.reversals.size())];
    for (Deviation& deviation : scenario.deviations) {
        if (same_point(deviation, reversal)) {
            deviation = reversal;
            return true;
        }
    }
    return scenario.deviations.push_back(reversal);
}

constexpr std::array moves{
    Move{"add_deviation", 4, add_deviation},
    Move{"delete_deviation", 3, delete_deviation},
    Move{"shift_deviation", 4, shift_deviation},
    Move{"change_deviation", 2, change_deviation},
    Move{"steer", 3, steer},
};

}  // namespace

LastRun& last_run() {
    static LastRun run;
    return run;
}

std::span<const Move> schedule_moves() {
    return moves;
}

}  // namespace blkdrain_fuzz
