// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "harness/scenario.h"

namespace blkdrain_props {

// Looks for a scenario of fewer operations that fails where minimise() finds none: with one of its
// operations exchanged for one like another of them, or like itself, that has an operand of its
// own, and then minimised. So it comes from one way into the failure to another, shorter one. Ends
// as soon as there are no more of them than is_small() allows. Asks `fails` at most `runs_max`
// times.
Scenario exchange(const Scenario& failing, const std::function<bool(const Scenario&)>& fails,
                  std::uint32_t runs_max);

}  // namespace blkdrain_props
