// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <system_error>

#include "os/types.h"
#include "os/world.h"
#include "sim/handle.h"

BLKDRAIN_OS_BEGIN

class poller {
public:
    std::error_code open() {
        handle_.open();
        return {};
    }

    std::error_code add(int fd, std::uint32_t events, std::uint64_t cookie) {
        return handle_.reach(sim::OperationKind::poller_add)
            .descriptors()
            .add(handle_.fd(), fd, events, cookie);
    }

    std::error_code modify(int fd, std::uint32_t events, std::uint64_t cookie) {
        return handle_.reach(sim::OperationKind::poller_modify)
            .descriptors()
            .modify(handle_.fd(), fd, events, cookie);
    }

    std::error_code remove(int fd) {
        return handle_.reach(sim::OperationKind::poller_remove)
            .descriptors()
            .remove(handle_.fd(), fd);
    }

    int wait(std::span<ready> out, duration timeout) {
        return handle_.machine().poll(handle_.fd(), out, timeout);
    }

    int fd() const { return handle_.fd(); }

private:
    sim::Handle handle_{sim::DescriptorTable::Kind::poller, sim::ObjectClass::poller};
};

BLKDRAIN_OS_END
