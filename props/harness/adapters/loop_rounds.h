// SPDX-License-Identifier: Apache-2.0
//
// Takes the rounds of a loop in a simulated thread of its own, one whenever the host says so. The
// loop does what it would do on the host's stack; only a debugger sees the difference.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <blkdrain/event_loop.h>

#include "os/backend.h"
#include "sim/simulation.h"

namespace blkdrain_props {

// Used by the host, which the thread never meets: it runs only inside take() and after end().
class LoopRounds {
public:
    // Lives until the simulation is gone.
    LoopRounds(blkdrain::sim::Simulation& simulation, const char* name, blkdrain::EventLoop& loop)
        : loop_(loop) {
        simulation.spawn(name, [this] { run(); });
    }

    // Whether there was anything to do in it. Stops the process if the round does not come to an
    // end.
    bool take() {
        next_ = Next::round;
        told_.notify_one();
        blkdrain::sim::quiesce();
        if (next_ != Next::wait) {
            std::fprintf(stderr, "a round of %s does not end: %s\n", loop_.name().c_str(),
                         blkdrain::sim::standing().to_string().c_str());
            std::abort();
        }
        return busy_;
    }

    // The thread ends when the simulation runs next.
    void end() {
        next_ = Next::end;
        told_.notify_one();
    }

private:
    enum class Next : std::uint8_t { wait, round, end };

    void run() {
        blkdrain::os::mutex_lock lock(mutex_);
        while (next_ != Next::end) {
            if (next_ == Next::round) {
                busy_ = loop_.run_once(std::chrono::nanoseconds(0));
                next_ = Next::wait;
            }
            told_.wait(lock);
        }
    }

    blkdrain::EventLoop& loop_;
    blkdrain::os::mutex mutex_;  // nobody else's: the condition wants one
    blkdrain::os::condition told_;
    Next next_ = Next::wait;
    bool busy_ = false;
};

}  // namespace blkdrain_props
