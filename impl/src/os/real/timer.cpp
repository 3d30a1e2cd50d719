// SPDX-License-Identifier: Apache-2.0
#include "os/real/timer.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>

#include <sys/timerfd.h>
#include <unistd.h>

#include <blkdrain/detail/check.h>

BLKDRAIN_OS_BEGIN

std::error_code timer_handle::open() {
    BLKDRAIN_CHECK(fd() < 0, "timer opened twice");
    const int fd = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0) {
        return {errno, std::system_category()};
    }
    descriptor_.reset(fd);
    return {};
}

void timer_handle::set(duration since_clock_start) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_clock_start);
    itimerspec setting{};
    setting.it_value.tv_sec = static_cast<time_t>(seconds.count());
    setting.it_value.tv_nsec = static_cast<long>((since_clock_start - seconds).count());
    BLKDRAIN_CHECK(::timerfd_settime(fd(), TFD_TIMER_ABSTIME, &setting, nullptr) == 0,
                   "timer: arming failed, it is not open");
}

void timer_handle::arm(time_point deadline) {
    // Zero would disarm; nothing before the clock's start is distinguishable from its start.
    set(std::max(deadline.time_since_epoch(), duration(1)));
}

void timer_handle::disarm() {
    set(duration::zero());
}

bool timer_handle::clear() {
    std::uint64_t expirations = 0;
    const bool read = ::read(fd(), &expirations, sizeof expirations) == sizeof expirations;
    BLKDRAIN_CHECK(read || errno == EAGAIN, "timer: clear failed, it is not open");
    return read;
}

BLKDRAIN_OS_END
