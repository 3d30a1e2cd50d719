// SPDX-License-Identifier: Apache-2.0
//
// What a fuzz target tells about itself to the replay program (replay_main.cpp). The engine knows
// it by LLVMFuzzerTestOneInput alone.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "harness/scenario.h"

namespace blkdrain_fuzz {

struct Target {
    const char* name;
    // The scenario that the bytes mean to this target, canonical. Null: it does not read scenarios.
    blkdrain_props::Scenario (*scenario)(std::span<const std::uint8_t> bytes);
    // What ./dev replay runs that scenario on, to show the same. Null: it cannot.
    const char* adapter;
    // Runs that scenario and tells of each answer that is not the default order's, as it is given.
    // Null: it has no schedule.
    void (*record)(const blkdrain_props::Scenario& scenario,
                   const std::function<void(const blkdrain_props::Deviation&)>& answer);
};

// Each target defines its own.
extern const Target target;

}  // namespace blkdrain_fuzz
