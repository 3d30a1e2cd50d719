// SPDX-License-Identifier: Apache-2.0
#include "harness/minimise.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "harness/deviations.h"
#include "harness/generate.h"
#include "harness/operations.h"

namespace blkdrain_props {

namespace {

using Fails = std::function<bool(const Scenario&)>;

// The first simpler scenario that fails; none: this one is minimal.
std::optional<Scenario> step(const Scenario& from, const Fails& fails) {
    for (const Scenario& candidate : simpler(from)) {
        if (fails(candidate)) {
            return candidate;
        }
    }
    // Operations that only make sense together, like a begin and its end.
    for (std::size_t client = 0; client < from.programs.size(); ++client) {
        for (std::size_t first = 0; first < from.programs[client].size(); ++first) {
            for (std::size_t second = first + 1; second < from.programs[client].size(); ++second) {
                Scenario candidate = from;
                erase_operation(candidate, client, second);
                erase_operation(candidate, client, first);
                if (fails(canonical(candidate))) {
                    return canonical(candidate);
                }
            }
        }
    }
    if (from.header.strategy != Strategy::default_order) {
        Scenario candidate = from;
        candidate.header.strategy = Strategy::default_order;
        candidate.header.seed = 0;
        candidate.header.pace = Pace::free;  // in steps the loops would be no threads any more
        if (fails(canonical(candidate))) {
            return canonical(candidate);
        }
    }
    return std::nullopt;
}

// Without those of its deviations that it fails without, of all that `counts` says: halves first,
// then ever smaller runs, from the end. Afterwards each one of these that is left is needed.
template <class Counts>
Scenario with_fewer(Scenario best, const Fails& fails, const Counts& counts) {
    const auto places = [&counts](const Scenario& scenario) {
        std::vector<std::size_t> found;
        for (std::size_t i = 0; i < scenario.deviations.size(); ++i) {
            if (counts(scenario.deviations[i])) {
                found.push_back(i);
            }
        }
        return found;
    };
    std::size_t chunk = std::max<std::size_t>(best.deviations.size(), 1);
    for (;;) {
        bool removed = false;
        const std::vector<std::size_t> at = places(best);
        for (std::size_t end = at.size(); end > 0;) {
            const std::size_t begin = end > chunk ? end - chunk : 0;
            Scenario candidate = best;
            for (std::size_t i = end; i > begin; --i) {
                candidate.deviations.erase(at[i - 1]);
            }
            if (fails(candidate)) {
                best = candidate;
                removed = true;
            }
            end = begin;
        }
        if (chunk > 1) {
            chunk /= 2;
        } else if (!removed) {
            return best;
        }
    }
}

// Switches of threads first: they are what makes a schedule hard to follow.
Scenario with_fewer_deviations(const Scenario& from, const Fails& fails) {
    return with_fewer(
        with_fewer(from, fails,
                   [](const Deviation& deviation) { return deviation.question == Question::run; }),
        fails, [](const Deviation&) { return true; });
}

// Two that only make sense together, like a switch and the one back. Of too many it would take
// long.
constexpr std::size_t paired_deviations_max = 48;

std::optional<Scenario> without_two_deviations(const Scenario& from, const Fails& fails) {
    if (from.deviations.size() > paired_deviations_max) {
        return std::nullopt;
    }
    for (std::size_t second = from.deviations.size(); second > 1; --second) {
        for (std::size_t first = second - 1; first > 0; --first) {
            Scenario candidate = from;
            candidate.deviations.erase(second - 1);
            candidate.deviations.erase(first - 1);
            if (fails(candidate)) {
                return candidate;
            }
        }
    }
    return std::nullopt;
}

// The same schedule with one deviation at a slightly other point, as it must be when an operation
// or loop that is gone took some of them.
constexpr std::size_t repaired_shift_max = 4;

std::optional<Scenario> repaired(const Scenario& broken, const Fails& fails) {
    for (std::size_t i = 0; i < broken.deviations.size(); ++i) {
        for (std::size_t shift = 1; shift <= repaired_shift_max; ++shift) {
            for (const int direction : {-1, 1}) {
                const int point = broken.deviations[i].point + direction * static_cast<int>(shift);
                if (point < 0 || point > UINT16_MAX) {
                    continue;
                }
                Scenario candidate = broken;
                candidate.deviations[i].point = static_cast<std::uint16_t>(point);
                candidate = canonical(candidate);
                if (fails(candidate)) {
                    return candidate;
                }
            }
        }
    }
    return std::nullopt;
}

// Of schedules with more deviations it would take long to try each without each operation.
constexpr std::size_t repaired_deviations_max = 6;

// One operation, client or loop less with a schedule that is a little different.
std::optional<Scenario> step_with_repair(const Scenario& from, const Fails& fails) {
    if (from.deviations.empty()) {
        return std::nullopt;
    }
    if (from.header.loops > 1) {
        Scenario candidate = from;
        --candidate.header.loops;
        candidate = canonical(candidate);
        if (fails(candidate)) {
            return candidate;
        }
        if (std::optional<Scenario> found = repaired(candidate, fails)) {
            return found;
        }
    }
    for (std::size_t client = 0; client < from.programs.size(); ++client) {
        for (std::size_t i = from.programs[client].size(); i > 0; --i) {
            Scenario candidate = from;
            erase_operation(candidate, client, i - 1);
            // What was to happen in the operation that is gone may happen in the one before.
            for (const Deviation& deviation : from.deviations) {
                if (i > 1 && deviation.client == client && deviation.operation == i - 1) {
                    Deviation moved = deviation;
                    --moved.operation;
                    candidate.deviations.push_back(moved);
                }
            }
            candidate = canonical(candidate);
            if (fails(candidate)) {
                return candidate;
            }
            if (candidate.deviations.size() > repaired_deviations_max) {
                continue;
            }
            if (std::optional<Scenario> found = repaired(candidate, fails)) {
                return found;
            }
        }
    }
    return std::nullopt;
}

}  // namespace

Scenario minimise(const Scenario& failing, const std::function<bool(const Scenario&)>& fails,
                  std::uint32_t runs_max) {
    Scenario best = canonical(failing);
    std::uint32_t runs = 0;
    const Fails limited = [&](const Scenario& candidate) {
        return runs++ < runs_max && fails(candidate);
    };
    best = with_fewer_deviations(best, limited);
    while (runs < runs_max) {
        if (const std::optional<Scenario> next = step(best, limited)) {
            best = *next;
            continue;
        }
        const std::size_t before = best.deviations.size();
        best = with_fewer_deviations(best, limited);
        if (best.deviations.size() < before) {
            continue;
        }
        std::optional<Scenario> next = step_with_repair(best, limited);
        if (!next) {
            next = without_two_deviations(best, limited);
        }
        if (!next) {
            break;
        }
        best = *next;
    }
    return best;
}

}  // namespace blkdrain_props
