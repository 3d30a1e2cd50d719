// SPDX-License-Identifier: Apache-2.0
#include "harness/minimise.h"

#include <cstddef>
#include <optional>
#include <vector>

#include "harness/generate.h"
#include "harness/operations.h"

namespace blkdrain_props {

namespace {

// The first simpler scenario that fails; none: this one is minimal.
template <class Fails>
std::optional<Scenario> step(const Scenario& from, Fails fails) {
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
                candidate.programs[client].erase(second);
                candidate.programs[client].erase(first);
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
        if (fails(canonical(candidate))) {
            return canonical(candidate);
        }
    }
    return std::nullopt;
}

}  // namespace

Scenario minimise(const Scenario& failing, const std::function<bool(const Scenario&)>& fails,
                  std::uint32_t runs_max) {
    Scenario best = canonical(failing);
    std::uint32_t runs = 0;
    const auto limited = [&](const Scenario& candidate) {
        return runs++ < runs_max && fails(candidate);
    };
    while (runs < runs_max) {
        const std::optional<Scenario> next = step(best, limited);
        if (!next) {
            break;
        }
        best = *next;
    }
    return best;
}

}  // namespace blkdrain_props
