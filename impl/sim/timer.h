// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <system_error>

#include "os/types.h"
#include "os/world.h"
#include "sim/handle.h"

BLKDRAIN_OS_BEGIN

class timer_handle {
public:
    std::error_code open() {
        handle_.open();
        return {};
    }

    void arm(time_point deadline) {
        handle_.reach(sim::OperationKind::arm).descriptors().arm(handle_.fd(), deadline);
    }

    void disarm() { handle_.reach(sim::OperationKind::disarm).descriptors().disarm(handle_.fd()); }

    bool clear() {
        return handle_.reach(sim::OperationKind::clear).descriptors().clear_timer(handle_.fd());
    }

    int fd() const { return handle_.fd(); }

private:
    sim::Handle handle_{sim::DescriptorTable::Kind::timer, sim::ObjectClass::timer};
};

BLKDRAIN_OS_END
