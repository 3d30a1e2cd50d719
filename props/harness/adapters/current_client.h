// SPDX-License-Identifier: Apache-2.0
//
// The client whose thread this is.
#pragma once

#include "os/backend.h"

namespace blkdrain_props {

struct CurrentClientTag {};
// Null in threads of nobody's. Whose number it is set it, and lives until the thread ends.
using CurrentClient = blkdrain::os::thread_slot<CurrentClientTag, unsigned>;

}  // namespace blkdrain_props
