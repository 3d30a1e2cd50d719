// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "harness/scenario.h"

namespace blkdrain_fuzz {

// The scenario that the bytes stand for, without its expectations: those say what its author knew
// to be true, and of a scenario out of a fuzzer nobody knows anything.
blkdrain_props::Scenario scenario_without_expectations(std::span<const std::uint8_t> bytes);

}  // namespace blkdrain_fuzz
