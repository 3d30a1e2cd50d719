// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "harness/scenario.h"

namespace blkdrain_props {

// Upper bounds, and where it says so lower ones; each scenario draws its own sizes between them.
// Larger values than the format has room for are cut.
struct Limits {
    std::size_t nodes = 6;
    std::size_t backends = 4;
    std::size_t clients = 2;
    std::size_t clients_min = 1;
    std::size_t operations = 20;  // of all clients together
    std::uint8_t loops = 2;
    std::uint8_t loops_min = 1;
    Pace pace = Pace::step;
    Strategy strategy = Strategy::default_order;
    // Instead, each scenario draws a strategy of its own: none finds everything.
    bool portfolio = false;
    // With throttle groups.
    bool throttling = true;
};

}  // namespace blkdrain_props
