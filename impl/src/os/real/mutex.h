// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>

#include "os/annotations.h"
#include "os/mutex_lock.h"
#include "os/real/fence.h"
#include "os/types.h"
#include "os/world.h"

BLKDRAIN_OS_BEGIN

class BLKDRAIN_CAPABILITY("mutex") mutex {
public:
    mutex() = default;
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;

    void lock() BLKDRAIN_ACQUIRE() {
        for (int spins = 1; !native_.try_lock(); spins *= 2) {
            if (spins > spins_max) {
                native_.lock();
                return;
            }
            for (int spin = 0; spin < spins; ++spin) {
                spin_hint();
            }
        }
    }
    void unlock() BLKDRAIN_RELEASE() { native_.unlock(); }
    bool try_lock() BLKDRAIN_TRY_ACQUIRE(true) { return native_.try_lock(); }

private:
    friend class condition;

    // Some microseconds in all: what is done under a lock takes less than to sleep and be woken.
    // Ever longer pauses, or those who wait take the cache line from the holder.
    static constexpr int spins_max = 256;

    std::mutex native_;
};

using mutex_lock = basic_mutex_lock<mutex>;

class condition {
public:
    condition() = default;
    condition(const condition&) = delete;
    condition& operator=(const condition&) = delete;

    void wait(mutex_lock& lock) {
        std::unique_lock<std::mutex> native(lock.mutex().native_, std::adopt_lock);
        native_.wait(native);
        native.release();
    }

    bool wait_until(mutex_lock& lock, time_point deadline) {
        std::unique_lock<std::mutex> native(lock.mutex().native_, std::adopt_lock);
        const std::cv_status status = native_.wait_until(native, deadline);
        native.release();
        return status == std::cv_status::no_timeout;
    }

    void notify_one() { native_.notify_one(); }
    void notify_all() { native_.notify_all(); }

private:
    std::condition_variable native_;
};

BLKDRAIN_OS_END
