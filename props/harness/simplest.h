// SPDX-License-Identifier: Apache-2.0
//
// The whole reduction of a scenario whose schedule counts, whatever has found it and chosen that.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "harness/scenario.h"

namespace blkdrain_props {

// Tells the schedule as deviations, in which form it can be shrunk as well; then minimise(); what
// is still large then, redraw(), for up to 20 s. `fails` is called at most `minimising_runs_max`
// times before that. `as_deviations`: as for redraw(). What no longer fails when told so, or is too
// long for it, keeps its strategy, unless a smaller one is found that does not.
Scenario simplest(const Scenario& failing, const std::function<bool(const Scenario&)>& fails,
                  const std::function<std::optional<Scenario>(const Scenario&)>& as_deviations,
                  std::uint32_t minimising_runs_max);

}  // namespace blkdrain_props
