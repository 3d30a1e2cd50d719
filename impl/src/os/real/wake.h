// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <system_error>

#include "os/real/descriptor.h"
#include "os/world.h"

BLKDRAIN_OS_BEGIN

class wake_handle {
public:
    std::error_code open();

    void signal();
    bool clear();

    int fd() const { return descriptor_.get(); }

private:
    detail::descriptor descriptor_;
};

BLKDRAIN_OS_END
