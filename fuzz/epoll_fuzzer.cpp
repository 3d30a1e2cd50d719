// SPDX-License-Identifier: Apache-2.0
//
// The real seam in the fuzzer's own thread: real epoll, eventfd and timerfd, the loops run round by
// round, no other thread and a clock of its own: the input alone decides what happens.
#include <cstddef>
#include <cstdint>
#include <span>

#include "implementation_run.h"
#include "input.h"
#include "target.h"

namespace blkdrain_fuzz {

// Its own world cannot be had elsewhere; the simulated one mostly shows the same.
const Target target{"epoll_fuzzer", scenario_without_expectations, "simulated", nullptr};

}  // namespace blkdrain_fuzz

// NOLINTNEXTLINE(readability-identifier-naming): the name every engine looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    blkdrain_fuzz::run_on_implementation(
        blkdrain_fuzz::scenario_without_expectations({data, size}));
    return 0;
}
