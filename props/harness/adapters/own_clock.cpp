// SPDX-License-Identifier: Apache-2.0
#include "harness/adapters/own_clock.h"

#include <cstdio>
#include <cstdlib>

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace blkdrain_props {

namespace {

using std::chrono::nanoseconds;

// Thirty years after the machine was started.
constexpr nanoseconds start = std::chrono::hours(24 * 365 * 30);
nanoseconds now = start;

}  // namespace

void reset_own_clock() {
    now = start;
    // Not a matter of course: something else could have been linked in front of it.
    if (std::chrono::steady_clock::now().time_since_epoch() != now) {
        std::fprintf(stderr, "own_clock: this process still reads the machine's clock\n");
        std::abort();
    }
}

void advance_own_clock(nanoseconds by) {
    now += by;
}

}  // namespace blkdrain_props

// Instead of the C library's.
extern "C" __attribute__((visibility("default"))) int clock_gettime(clockid_t id,
                                                                    timespec* time) noexcept {
    if (id != CLOCK_MONOTONIC) {
        return static_cast<int>(syscall(SYS_clock_gettime, id, time));
    }
    const auto seconds = std::chrono::floor<std::chrono::seconds>(blkdrain_props::now);
    time->tv_sec = static_cast<time_t>(seconds.count());
    time->tv_nsec = static_cast<long>((blkdrain_props::now - seconds).count());
    return 0;
}
