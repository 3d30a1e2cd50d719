// SPDX-License-Identifier: Apache-2.0
#include "harness/exchange.h"

#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/minimise.h"
#include "harness/operations.h"
#include "harness/redraw.h"
#include "harness/text.h"

namespace blkdrain_props {

namespace {

using Fails = std::function<bool(const Scenario&)>;

constexpr std::uint8_t operands_tried = 10;  // of each, from 0: every word there is for limits
constexpr std::uint32_t reducing_runs = 1'000;

// The operations of a scenario, and like each of them those that differ in one operand.
std::vector<Record> operations_like_those_of(const Scenario& scenario) {
    std::vector<Record> all;
    std::set<std::string> seen;
    for (const Program& program : scenario.programs) {
        for (const Record& record : program) {
            for (std::uint8_t Record::* const operand :
                 {&Record::a, &Record::b, &Record::c, &Record::d}) {
                for (std::uint8_t value = 0; value < operands_tried; ++value) {
                    Record like = record;
                    like.*operand = value;
                    like = canonical(like);
                    if (seen.insert(to_text(like)).second) {
                        all.push_back(like);
                    }
                }
            }
        }
    }
    return all;
}

// The first that is found.
std::optional<Scenario> shorter(const Scenario& than, const Fails& fails) {
    const std::vector<Record> likely = operations_like_those_of(than);
    for (std::size_t client = 0; client < than.programs.size(); ++client) {
        for (std::size_t i = 0; i < than.programs[client].size(); ++i) {
            for (const Record& other : likely) {
                Scenario candidate = than;
                candidate.programs[client][i] = other;
                candidate = canonical(candidate);
                if (candidate == than || !fails(candidate)) {
                    continue;
                }
                const Scenario reduced = minimise(candidate, fails, reducing_runs);
                if (operations(reduced) < operations(than)) {
                    return reduced;
                }
            }
        }
    }
    return std::nullopt;
}

}  // namespace

Scenario exchange(const Scenario& failing, const Fails& fails, std::uint32_t runs_max) {
    std::uint32_t runs = 0;
    const Fails limited = [&](const Scenario& candidate) {
        return runs++ < runs_max && fails(candidate);
    };
    Scenario best = failing;
    while (operations(best) > small_operations) {
        const std::optional<Scenario> found = shorter(best, limited);
        if (!found) {
            break;
        }
        best = *found;
    }
    return best;
}

}  // namespace blkdrain_props
