// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/strategy.h"

namespace blkdrain::sim {

// Runs each thread until it blocks, then the lowest id; events in order of registration; nothing
// spurious. The canonical schedule from which all others are told as deviations.
class DefaultOrder final : public Strategy {
public:
    std::uint32_t pick(const Choice& choice) override { return choice.fallback; }
};

}  // namespace blkdrain::sim
