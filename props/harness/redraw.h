// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "harness/scenario.h"

namespace blkdrain_props {

// Of all clients together.
std::size_t operations(const Scenario& scenario);

// Deviations that switch to another thread: what a reader has to follow. At least as many as there
// are preemptions.
std::size_t switches(const Scenario& scenario);

// Whether a person sees at a glance what happens: no more nodes at the start, operations and
// switches than that, and nothing drawn.
inline constexpr std::size_t small_nodes = 4;
inline constexpr std::size_t small_operations = 6;
inline constexpr std::size_t small_switches = 2;
bool is_small(const Scenario& scenario);

// Looks for a simpler scenario that fails where minimise() finds none: under a schedule that is
// simpler as a whole, then with what one of its clients does last done by another one, then with
// one, two or three of its operations alone, then with an operation or object less, each under
// drawn schedules that have nothing to do with the one before; and all that again with others.
// `as_deviations`: the scenario in default order, with what its strategy did as deviations; none:
// it cannot be. Asks `fails` at most `runs_max` times and a reduction's worth beyond. Ends as soon
// as the result is small.
Scenario redraw(const Scenario& failing, const std::function<bool(const Scenario&)>& fails,
                const std::function<std::optional<Scenario>(const Scenario&)>& as_deviations,
                std::uint32_t runs_max);

}  // namespace blkdrain_props
