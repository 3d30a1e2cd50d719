// SPDX-License-Identifier: Apache-2.0
#include "harness/redraw.h"

#include <algorithm>
#include <array>
#include <vector>

#include "harness/deviations.h"
#include "harness/generate.h"
#include "harness/minimise.h"
#include "harness/operations.h"

namespace blkdrain_props {

namespace {

using Fails = std::function<bool(const Scenario&)>;
using AsDeviations = std::function<std::optional<Scenario>(const Scenario&)>;

constexpr std::uint32_t schedules_of_the_same = 1'000;
constexpr std::uint32_t schedules_of_smaller = 200;
constexpr std::uint32_t schedules_of_tiny = 400;
constexpr std::size_t tiny_operations_max = 3;
constexpr std::size_t tiny_programs_max = 60;  // of one size
constexpr std::uint8_t depth_drawn_max = 3;
// In turn. Those first whose schedules have few deviations; the others meet faults and late stores.
constexpr std::array strategies{Strategy::delays,        Strategy::preemptions,   Strategy::delays,
                                Strategy::random,        Strategy::delays,        Strategy::pct,
                                Strategy::weighted_walk, Strategy::partial_orders};
// Where stores wait, those that let them wait for long.
constexpr std::array strategies_tso{
    Strategy::pct,    Strategy::preemptions, Strategy::pct, Strategy::partial_orders,
    Strategy::random, Strategy::preemptions, Strategy::pct, Strategy::weighted_walk};
static_assert(strategies.size() == strategies_tso.size());
constexpr std::uint32_t reducing_runs = 1'000;

std::size_t objects(const Scenario& scenario) {
    return operations(scenario) + scenario.programs.size() + scenario.graph.nodes.size() +
           scenario.graph.backends.size();
}

// What a reader has to keep in mind.
std::size_t burden(const Scenario& scenario) {
    return objects(scenario) + scenario.deviations.size() + switches(scenario);
}

// The scenario with so many of its operations, each choice of them in turn, but not more than
// tiny_programs_max, evenly spread.
std::vector<Scenario> choices_of(const Scenario& scenario, std::size_t size) {
    struct Place {
        std::size_t client;
        std::size_t operation;
    };
    std::vector<Place> places;
    for (std::size_t client = 0; client < scenario.programs.size(); ++client) {
        for (std::size_t i = 0; i < scenario.programs[client].size(); ++i) {
            places.push_back({client, i});
        }
    }
    if (size >= places.size()) {
        return {};
    }
    std::vector<Scenario> all;
    std::vector<bool> kept(places.size(), false);
    std::fill(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(size), true);
    do {
        Scenario candidate = scenario;
        for (std::size_t i = places.size(); i > 0; --i) {
            if (!kept[i - 1]) {
                erase_operation(candidate, places[i - 1].client, places[i - 1].operation);
            }
        }
        all.push_back(canonical(candidate));
    } while (std::prev_permutation(kept.begin(), kept.end()));
    std::vector<Scenario> some;
    const std::size_t stride = (all.size() + tiny_programs_max - 1) / tiny_programs_max;
    for (std::size_t i = 0; i < all.size(); i += stride) {
        some.push_back(all[i]);
    }
    return some;
}

// The scenario with what a client does last done by a client of its own: a schedule need not come
// in between the two then, and back. Every way to divide one of its programs.
std::vector<Scenario> divided(const Scenario& scenario) {
    std::vector<Scenario> all;
    for (std::size_t client = 0; client < scenario.programs.size(); ++client) {
        const Program& program = scenario.programs[client];
        for (std::size_t first = program.size(); first > 1; --first) {
            Scenario candidate = scenario;
            candidate.deviations.clear();
            Program last;
            for (std::size_t i = first - 1; i < program.size(); ++i) {
                last.push_back(program[i]);
                erase_operation(candidate, client, first - 1);
            }
            if (candidate.programs.push_back(last)) {
                all.push_back(canonical(candidate));
            }
        }
    }
    return all;
}

class Redrawing {
public:
    Redrawing(const Fails& fails, const AsDeviations& as_deviations, std::uint32_t runs_max)
        : fails_(fails), as_deviations_(as_deviations), left_(runs_max) {}

    // One with less of a burden, if any is found: all in turn, and again with other seeds.
    std::optional<Scenario> better(const Scenario& than) {
        for (; left_ > 0; ++round_) {
            if (const std::optional<Scenario> found = better_in_this_round(than)) {
                return found;
            }
        }
        return std::nullopt;
    }

private:
    std::optional<Scenario> better_in_this_round(const Scenario& than) {
        if (const std::optional<Scenario> found = better(than, than, schedules_of_the_same)) {
            return found;
        }
        for (const Scenario& candidate : divided(than)) {
            if (const std::optional<Scenario> found =
                    better(candidate, than, schedules_of_smaller)) {
                return found;
            }
        }
        for (std::size_t size = 1; size <= tiny_operations_max; ++size) {
            for (const Scenario& candidate : choices_of(than, size)) {
                if (const std::optional<Scenario> found =
                        better(candidate, than, schedules_of_tiny)) {
                    return found;
                }
            }
        }
        for (const Scenario& candidate : simpler(than)) {
            if (objects(candidate) < objects(than)) {
                if (const std::optional<Scenario> found =
                        better(candidate, than, schedules_of_smaller)) {
                    return found;
                }
            }
        }
        return std::nullopt;
    }

    // The program under drawn schedules.
    std::optional<Scenario> better(const Scenario& program, const Scenario& than,
                                   std::uint32_t schedules) {
        // Of visible operations, about: an operation of the scenario and what the loops do for it.
        constexpr std::size_t points_per_operation = 60;
        Scenario drawn = program;
        drawn.deviations.clear();
        drawn.header.pace = Pace::free;
        drawn.header.horizon =
            static_cast<std::uint16_t>(points_per_operation * (1 + operations(program)));
        const auto& likely = program.header.memory == Memory::tso ? strategies_tso : strategies;
        for (std::uint32_t i = 0; i < schedules && left_ > 0; ++i, --left_) {
            drawn.header.strategy = likely[i % likely.size()];
            drawn.header.depth = static_cast<std::uint8_t>(1 + i % depth_drawn_max);
            drawn.header.seed = 1 + i + std::uint64_t{round_} * schedules_of_the_same;
            if (!fails_(canonical(drawn))) {
                continue;
            }
            const std::optional<Scenario> told = as_deviations_(canonical(drawn));
            if (!told || !fails_(*told)) {
                continue;
            }
            const Scenario reduced = minimise(*told, fails_, reducing_runs);
            if (burden(reduced) < burden(than)) {
                return reduced;
            }
        }
        return std::nullopt;
    }

    const Fails& fails_;
    const AsDeviations& as_deviations_;
    std::uint32_t left_;
    std::uint32_t round_ = 0;
};

}  // namespace

std::size_t operations(const Scenario& scenario) {
    std::size_t count = 0;
    for (const Program& program : scenario.programs) {
        count += program.size();
    }
    return count;
}

std::size_t switches(const Scenario& scenario) {
    return static_cast<std::size_t>(std::count_if(
        scenario.deviations.begin(), scenario.deviations.end(), [](const Deviation& deviation) {
            return deviation.question == Question::run && deviation.answer < Actor::stores_first &&
                   deviation.answer != deviation.actor;
        }));
}

bool is_small(const Scenario& scenario) {
    return scenario.graph.nodes.size() <= small_nodes && operations(scenario) <= small_operations &&
           switches(scenario) <= small_switches &&
           scenario.header.strategy == Strategy::default_order;
}

Scenario redraw(const Scenario& failing, const Fails& fails, const AsDeviations& as_deviations,
                std::uint32_t runs_max) {
    Redrawing redrawing(fails, as_deviations, runs_max);
    Scenario best = failing;
    while (!is_small(best)) {
        const std::optional<Scenario> found = redrawing.better(best);
        if (!found) {
            break;
        }
        best = *found;
    }
    return best;
}

}  // namespace blkdrain_props
