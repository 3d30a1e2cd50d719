// SPDX-License-Identifier: Apache-2.0
//
// Several clients and loops on the simulated machine, in the order that the input asks for; every
// announced step is one the reference takes, and what is left at the end is what it has.
#include <cstddef>
#include <cstdint>
#include <span>

#include "implementation_run.h"
#include "input.h"
#include "target.h"

namespace blkdrain_fuzz {
namespace {

blkdrain_props::Scenario scenario_of(std::span<const std::uint8_t> bytes) {
    blkdrain_props::Scenario scenario = scenario_without_expectations(bytes);
    scenario.header.pace = blkdrain_props::Pace::free;
    return scenario;
}

}  // namespace

const Target target{"scenario_fuzzer", scenario_of, "simulated", record_schedule};

}  // namespace blkdrain_fuzz

// NOLINTNEXTLINE(readability-identifier-naming): the name every engine looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    blkdrain_fuzz::run_on_implementation(blkdrain_fuzz::scenario_of({data, size}));
    return 0;
}
