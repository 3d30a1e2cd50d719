// SPDX-License-Identifier: Apache-2.0
//
// Makes a failing scenario smaller as long as it fails in the same way.
#pragma once

#include <cstdint>
#include <functional>

#include "harness/scenario.h"

namespace blkdrain_props {

// `fails`: the scenario fails with the signature looked for. Called at most `runs_max` times.
// Greedy: the first simpler one that still fails is taken, until none is. First of the deviations
// of its schedule only those are kept that are needed, for each that is left may be all that keeps
// an operation; then fewer operations, pairs of them, clients, objects of the start, simpler
// operands, last the default order instead of a drawn one, and again fewer deviations, each time
// those first that switch threads. At the end operations are taken away with a schedule that is
// repaired: a deviation moved to the operation before or by a few points; and pairs of deviations.
Scenario minimise(const Scenario& failing, const std::function<bool(const Scenario&)>& fails,
                  std::uint32_t runs_max);

}  // namespace blkdrain_props
