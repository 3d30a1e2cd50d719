// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "canary/canaries.h"

namespace blkdrain_fuzz {

// Releases, once, the broken variant that the environment variable BLKDRAIN_CANARY names, if there
// is one. Returns that of the harness, which its adapter has to be given. Before anything of the
// library is used.
blkdrain_props::HarnessCanary canary_of_environment();

}  // namespace blkdrain_fuzz
