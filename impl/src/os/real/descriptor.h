// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include <unistd.h>

#include "os/world.h"

BLKDRAIN_OS_BEGIN

namespace detail {

// Owns one file descriptor.
class descriptor {
public:
    descriptor() = default;
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() { reset(-1); }

    int get() const { return fd_; }

    void reset(int fd) {
        const int old = std::exchange(fd_, fd);
        if (old >= 0) {
            ::close(old);
        }
    }

private:
    int fd_ = -1;
};

}  // namespace detail

BLKDRAIN_OS_END
