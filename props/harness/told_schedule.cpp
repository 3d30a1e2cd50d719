// SPDX-License-Identifier: Apache-2.0
#include "harness/told_schedule.h"

#include <cstdint>
#include <sstream>

#include "harness/operations.h"

namespace blkdrain_props {

ToldSchedule::ToldSchedule(const Scenario& scenario) : scenario_(scenario) {
    scenario_.header.strategy = Strategy::default_order;
    scenario_.header.seed = 0;
    scenario_.deviations.clear();
}

void ToldSchedule::add(const Deviation& answer) {
    fits_ = scenario_.deviations.push_back(answer) && fits_;
}

std::optional<Scenario> ToldSchedule::scenario() const {
    return fits_ ? std::optional(canonical(scenario_)) : std::nullopt;
}

std::string line_of(const Deviation& answer) {
    std::ostringstream line;
    line << unsigned{answer.client} << ' ' << unsigned{answer.operation} << ' '
         << unsigned{answer.actor} << ' ' << static_cast<unsigned>(answer.question) << ' '
         << answer.point << ' ' << unsigned{answer.answer} << '\n';
    return line.str();
}

std::optional<Scenario> told(const Scenario& scenario, const std::string& lines) {
    ToldSchedule schedule(scenario);
    std::istringstream rest(lines);
    std::string line;
    while (std::getline(rest, line)) {
        unsigned client = 0;
        unsigned operation = 0;
        unsigned actor = 0;
        unsigned question = 0;
        unsigned point = 0;
        unsigned answer = 0;
        std::istringstream numbers(line);
        if (!(numbers >> client >> operation >> actor >> question >> point >> answer)) {
            break;
        }
        schedule.add({static_cast<std::uint8_t>(client), static_cast<std::uint8_t>(operation),
                      static_cast<std::uint8_t>(actor), static_cast<Question>(question),
                      static_cast<std::uint16_t>(point), static_cast<std::uint8_t>(answer)});
    }
    return schedule.scenario();
}

}  // namespace blkdrain_props
