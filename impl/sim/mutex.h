// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "os/annotations.h"
#include "os/mutex_lock.h"
#include "os/types.h"
#include "os/world.h"
#include "sim/machine.h"

BLKDRAIN_OS_BEGIN

class BLKDRAIN_CAPABILITY("mutex") mutex {
public:
    mutex() = default;
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;

    // On the host a free mutex is taken, and one that nobody wants is given back, right here.
    void lock() BLKDRAIN_ACQUIRE() {
        if (sim::this_fiber == nullptr && state_.owner == nullptr && state_.contenders == 0)
            [[likely]] {
            state_.owner = &sim::host_owner;
        } else {
            sim::Machine::current().lock(state_);
        }
    }
    void unlock() BLKDRAIN_RELEASE() {
        if (sim::this_fiber == nullptr && state_.owner == &sim::host_owner &&
            state_.contenders == 0) [[likely]] {
            state_.owner = nullptr;
        } else {
            sim::Machine::current().unlock(state_);
        }
    }
    bool try_lock() BLKDRAIN_TRY_ACQUIRE(true) { return sim::Machine::current().try_lock(state_); }

private:
    friend class condition;
    sim::MutexState state_;
};

using mutex_lock = basic_mutex_lock<mutex>;

class condition {
public:
    condition() = default;
    condition(const condition&) = delete;
    condition& operator=(const condition&) = delete;

    void wait(mutex_lock& lock) {
        sim::Machine::current().wait(state_, lock.mutex().state_, nullptr);
    }

    bool wait_until(mutex_lock& lock, time_point deadline) {
        return sim::Machine::current().wait(state_, lock.mutex().state_, &deadline);
    }

    void notify_one() { sim::Machine::current().notify_one(state_); }
    void notify_all() { sim::Machine::current().notify_all(state_); }

private:
    sim::ConditionState state_;
};

BLKDRAIN_OS_END
