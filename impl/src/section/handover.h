// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include <blkdrain/world.h>

#include "os/backend.h"
#include "os/canary.h"
#include "os/linger.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// One result, handed from a loop to the thread that waits for it.
template <class Result>
class Handover {
public:
    void put(Result result) {
        // Notified under the lock: the waiter destroys this as soon as it gets the lock back.
        const os::mutex_lock lock(mutex_);
        result_.emplace(std::move(result));
        linger();
        if (!canary(Canary::notify_dropped)) {
            arrived_.notify_one();
        }
    }

    Result take() {
        look_for_a_while();
        os::mutex_lock lock(mutex_);
        while (!result_) {
            arrived_.wait(lock);
        }
        return std::move(*result_);
    }

private:
    // The loop is spared a system call, and the waiter its wake-up, if the result comes soon.
    void look_for_a_while() {
        if constexpr (!os::clock_stands_still) {
            const os::time_point end = os::now() + std::chrono::microseconds(20);
            while (os::now() < end) {
                const os::mutex_lock lock(mutex_);
                if (result_) {
                    return;
                }
            }
        }
    }

    os::mutex mutex_;  // guards result_
    os::condition arrived_;
    std::optional<Result> result_;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
