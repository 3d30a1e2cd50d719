// SPDX-License-Identifier: Apache-2.0
//
// The library, in the world this file is compiled for: simulated, or real threads with real epoll.
// Follows what the library announces, has it judged, and hears the owners and the scripted drivers.
#pragma once

#include <memory>

#include "canary/canaries.h"
#include "harness/adapter.h"

namespace blkdrain_props {

std::unique_ptr<Adapter> make_implementation_adapter(HarnessCanary canary = HarnessCanary::none);

// Breaks the library for the rest of the process; before any adapter is made.
void release_canary(const CanaryRow& canary);

}  // namespace blkdrain_props
