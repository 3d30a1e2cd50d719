// SPDX-License-Identifier: Apache-2.0
//
// Clients that take turns: after every operation the world comes to rest, and then the whole
// observable state is the reference's. The loops run on one stack, so this is the fastest.
#include <cstddef>
#include <cstdint>
#include <span>

#include "harness/operations.h"
#include "implementation_run.h"
#include "input.h"
#include "target.h"

namespace blkdrain_fuzz {
namespace {

blkdrain_props::Scenario scenario_of(std::span<const std::uint8_t> bytes) {
    blkdrain_props::Scenario scenario = scenario_without_expectations(bytes);
    scenario.header.pace = blkdrain_props::Pace::step;
    scenario.header.strategy = blkdrain_props::Strategy::default_order;
    scenario.deviations.clear();
    return blkdrain_props::canonical(scenario);
}

}  // namespace

const Target target{"sequential_fuzzer", scenario_of, "simulated", nullptr};

}  // namespace blkdrain_fuzz

// NOLINTNEXTLINE(readability-identifier-naming): the name every engine looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    blkdrain_fuzz::run_on_implementation(blkdrain_fuzz::scenario_of({data, size}));
    return 0;
}
