// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <system_error>

#include "os/world.h"
#include "sim/handle.h"

BLKDRAIN_OS_BEGIN

class wake_handle {
public:
    std::error_code open() {
        handle_.open();
        return {};
    }

    void signal() { handle_.reach(sim::OperationKind::signal).descriptors().signal(handle_.fd()); }

    bool clear() {
        return handle_.reach(sim::OperationKind::clear).descriptors().clear_wake(handle_.fd());
    }

    int fd() const { return handle_.fd(); }

private:
    sim::Handle handle_{sim::DescriptorTable::Kind::wake, sim::ObjectClass::wake};
};

BLKDRAIN_OS_END
