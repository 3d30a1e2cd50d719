// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <system_error>

#include "os/real/descriptor.h"
#include "os/types.h"
#include "os/world.h"

BLKDRAIN_OS_BEGIN

class poller {
public:
    std::error_code open();

    std::error_code add(int fd, std::uint32_t events, std::uint64_t cookie);
    std::error_code modify(int fd, std::uint32_t events, std::uint64_t cookie);
    std::error_code remove(int fd);

    int wait(std::span<ready> out, duration timeout);

    int fd() const { return descriptor_.get(); }

private:
    std::error_code control(int operation, int fd, std::uint32_t events, std::uint64_t cookie);

    detail::descriptor descriptor_;
};

BLKDRAIN_OS_END
