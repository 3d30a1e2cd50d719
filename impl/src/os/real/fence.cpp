// SPDX-License-Identifier: Apache-2.0
#include "os/real/fence.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <blkdrain/detail/check.h>

BLKDRAIN_OS_BEGIN

namespace {

long membarrier(int command) {
    return ::syscall(__NR_membarrier, command, 0U, 0);
}

}  // namespace

namespace detail {

const bool process_barrier_available = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;

}  // namespace detail

void fence_process() {
    // The caller's own order is not left to the system call.
    fence_full();
    if (detail::process_barrier_available) {
        // Cannot fail once registered; were it to, light fences elsewhere would order nothing.
        BLKDRAIN_CHECK(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0,
                       "the kernel withdrew the process-wide barrier");
    }
}

BLKDRAIN_OS_END
