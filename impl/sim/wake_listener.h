// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/strategy.h"

namespace blkdrain::sim {

// Told when what one thread does ends the wait of another: for a poller, a condition, a mutex or
// the end of a thread. That time passes is nobody's doing, unless somebody calls advance().
//
// One who waits may be told of again before it runs: a third got hold of the mutex in between.
class WakeListener {
public:
    // `waker`: the host is the one with host_id.
    virtual void woke(const ThreadView& waker, const ThreadView& woken) = 0;

protected:
    ~WakeListener() = default;
};

}  // namespace blkdrain::sim
