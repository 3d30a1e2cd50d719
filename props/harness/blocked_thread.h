// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace blkdrain_props {

// A simulated thread that cannot go on by itself.
struct BlockedThread {
    std::uint8_t actor;     // Actor
    std::string operation;  // "epoll wait poller#3, no deadline"
};

}  // namespace blkdrain_props
