// SPDX-License-Identifier: Apache-2.0
//
// A monotonic clock that moves when told to, for a whole process: linking this replaces what
// std::chrono::steady_clock reads. Other clocks stay as they are. It starts so far ahead of the
// kernel's that a timer armed by it never fires in the kernel; who asks the clock sees it due.
//
// Used by one thread at a time.
#pragma once

#include <chrono>

namespace blkdrain_props {

// Back to where it started.
void reset_own_clock();
void advance_own_clock(std::chrono::nanoseconds by);

}  // namespace blkdrain_props
