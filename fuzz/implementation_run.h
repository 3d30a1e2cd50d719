// SPDX-License-Identifier: Apache-2.0
//
// What the targets that run the library have in common. Compiled once for each world.
#pragma once

#include <functional>

#include "harness/scenario.h"

namespace blkdrain_fuzz {

// Runs the scenario on the library in the world that the target is linked with, and has it judged:
// returns if all is as the rules want it, else reports a finding with the scenario and its time
// line. One scenario in eight (by its seed) is also asked what its pending operations wait for.
//
// The environment variable BLKDRAIN_CANARY releases a deliberately broken variant (./dev check
// --list-canaries), to see that it is found.
void run_on_implementation(const blkdrain_props::Scenario& scenario);

// Runs it the same way and tells of each answer that is not the default order's, as it is given:
// with these as its deviations and in default order, it runs so again. Reports nothing.
void record_schedule(const blkdrain_props::Scenario& scenario,
                     const std::function<void(const blkdrain_props::Deviation&)>& answer);

}  // namespace blkdrain_fuzz
