// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <chrono>

#include <gtest/gtest.h>

#include "os/backend.h"
#include "sim/simulation.h"

namespace os_test {

// Three threads that use something of everything.
struct Mixture {
    blkdrain::os::atomic<int> number{0};
    blkdrain::os::mutex mutex;
    blkdrain::os::condition condition;
    blkdrain::os::poller poller;
    blkdrain::os::wake_handle wake;
    blkdrain::os::timer_handle timer;
    int turns = 0;

    void spawn_into(blkdrain::sim::Simulation& simulation) {
        ASSERT_FALSE(poller.open());
        ASSERT_FALSE(wake.open());
        ASSERT_FALSE(timer.open());
        ASSERT_FALSE(poller.add(wake.fd(), blkdrain::os::event_in, 1));
        ASSERT_FALSE(poller.add(timer.fd(), blkdrain::os::event_in, 2));
        for (const char* name : {"client0", "client1"}) {
            simulation.spawn(name, [this] {
                for (int i = 0; i < 4; ++i) {
                    number.fetch_add(1, std::memory_order_relaxed);
                    blkdrain::os::mutex_lock lock(mutex);
                    ++turns;
                    condition.notify_one();
                }
                wake.signal();
            });
        }
        simulation.spawn("loop", [this] {
            {
                blkdrain::os::mutex_lock lock(mutex);
                while (turns < 3) {
                    condition.wait(lock);
                }
            }
            timer.arm(blkdrain::os::now() + std::chrono::nanoseconds(50));
            for (bool expired = false; !expired;) {
                std::array<blkdrain::os::ready, 4> events;
                poller.wait(events, blkdrain::os::duration(-1));
                wake.clear();
                expired = timer.clear();
            }
        });
    }
};

}  // namespace os_test
