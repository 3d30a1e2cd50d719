// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <system_error>

#include "os/real/descriptor.h"
#include "os/types.h"
#include "os/world.h"

BLKDRAIN_OS_BEGIN

class timer_handle {
public:
    std::error_code open();

    void arm(time_point deadline);
    void disarm();
    bool clear();

    int fd() const { return descriptor_.get(); }

private:
    void set(duration since_clock_start);

    detail::descriptor descriptor_;
};

BLKDRAIN_OS_END
