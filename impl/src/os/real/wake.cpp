// SPDX-License-Identifier: Apache-2.0
#include "os/real/wake.h"

#include <cerrno>
#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

#include <blkdrain/detail/check.h>

BLKDRAIN_OS_BEGIN

std::error_code wake_handle::open() {
    BLKDRAIN_CHECK(fd() < 0, "wake handle opened twice");
    const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) {
        return {errno, std::system_category()};
    }
    descriptor_.reset(fd);
    return {};
}

void wake_handle::signal() {
    const std::uint64_t one = 1;
    // EAGAIN: the counter is full, so the handle is signalled already.
    const bool written = ::write(fd(), &one, sizeof one) == sizeof one || errno == EAGAIN;
    BLKDRAIN_CHECK(written, "wake handle: signal failed, it is not open");
}

bool wake_handle::clear() {
    std::uint64_t count = 0;
    const bool read = ::read(fd(), &count, sizeof count) == sizeof count;
    BLKDRAIN_CHECK(read || errno == EAGAIN, "wake handle: clear failed, it is not open");
    return read;
}

BLKDRAIN_OS_END
