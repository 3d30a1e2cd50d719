// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace blkdrain_props {

// Where a simulated thread stands that has not ended.
struct StandingThread {
    std::uint8_t actor;     // Actor
    std::string operation;  // what it is about to do: "epoll wait poller#3, no deadline"
    bool blocked;           // it cannot go on by itself
};

}  // namespace blkdrain_props
