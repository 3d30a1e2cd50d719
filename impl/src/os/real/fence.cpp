// SPDX-License-Identifier: Apache-2.0
#include "os/real/fence.h"

#include <chrono>

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <blkdrain/detail/check.h>

#include "os/real/clock.h"

BLKDRAIN_OS_BEGIN

namespace {

long membarrier(int command) {
    return ::syscall(__NR_membarrier, command, 0U, 0);
}

// As long as the barrier may take that is waited for in vain else.
constexpr duration patience = std::chrono::microseconds(20);
constexpr int spins_per_reading = 16;

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

void fence_process(std::span<fence_peer* const> peers) {
    fence_full();
    if (!detail::process_barrier_available) {
        return;
    }
    time_point deadline{};
    int spins = 0;
    const auto patient = [&] {
        spin_hint();
        if (spins++ % spins_per_reading != 0) {
            return true;
        }
        const time_point time = now();
        if (deadline == time_point{}) {
            deadline = time + patience;
        }
        return time < deadline;
    };
    if (!meet(peers, patient)) {
        fence_process();
    }
}

BLKDRAIN_OS_END
