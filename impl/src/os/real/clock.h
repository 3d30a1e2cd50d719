// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "os/types.h"
#include "os/world.h"

BLKDRAIN_OS_BEGIN

inline constexpr bool clock_stands_still = false;

inline time_point now() {
    return std::chrono::steady_clock::now();
}

BLKDRAIN_OS_END
