// SPDX-License-Identifier: Apache-2.0
#include "harness/simplest.h"

#include <chrono>

#include "harness/minimise.h"
#include "harness/redraw.h"

namespace blkdrain_props {

namespace {

constexpr std::uint32_t redrawing_runs_max = 200'000;
constexpr std::chrono::seconds redrawing_time_max{20};

}  // namespace

Scenario simplest(const Scenario& failing, const std::function<bool(const Scenario&)>& fails,
                  const std::function<std::optional<Scenario>(const Scenario&)>& as_deviations,
                  std::uint32_t minimising_runs_max) {
    const std::optional<Scenario> told = as_deviations(failing);
    const Scenario minimal =
        minimise(told && fails(*told) ? *told : failing, fails, minimising_runs_max);
    const auto until = std::chrono::steady_clock::now() + redrawing_time_max;
    return redraw(
        minimal,
        [&](const Scenario& candidate) {
            return std::chrono::steady_clock::now() < until && fails(candidate);
        },
        as_deviations, redrawing_runs_max);
}

}  // namespace blkdrain_props
