// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "os/annotations.h"

namespace blkdrain::os {

// Holds a mutex from construction to destruction, with a gap between unlock() and lock(). Used by
// one thread.
template <class Mutex>
class BLKDRAIN_SCOPED_CAPABILITY basic_mutex_lock {
public:
    explicit basic_mutex_lock(Mutex& mutex) BLKDRAIN_ACQUIRE(mutex) : mutex_(mutex) {
        mutex_.lock();
    }

    ~basic_mutex_lock() BLKDRAIN_RELEASE() {
        if (held_) {
            mutex_.unlock();
        }
    }

    basic_mutex_lock(const basic_mutex_lock&) = delete;
    basic_mutex_lock& operator=(const basic_mutex_lock&) = delete;

    // Only while not held.
    void lock() BLKDRAIN_ACQUIRE() {
        mutex_.lock();
        held_ = true;
    }

    // Only while held.
    void unlock() BLKDRAIN_RELEASE() {
        held_ = false;
        mutex_.unlock();
    }

    bool held() const { return held_; }

    // For the condition of the same world.
    Mutex& mutex() const { return mutex_; }

private:
    Mutex& mutex_;
    bool held_ = true;
};

}  // namespace blkdrain::os
