// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <blkdrain/detail/check.h>
#include <blkdrain/detail/task.h>
#include <blkdrain/world.h>

#include "loop/task_list.h"
#include "os/backend.h"
#include "os/canary.h"
#include "os/linger.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// Tasks from any thread to one consumer, and the question whether the consumer must be woken.
//
// Invariants
//  I1  head_ is a stack, newest first, linked through Task::next. Producers only put tasks on top;
//      the consumer only takes the whole stack. So what a producer compares with is on top whenever
//      the exchange succeeds, be it the task it has read or a later one at the same address (no
//      ABA), and a stack turned around is in the order of the pushes.
//  I2  asleep_ is true only while the consumer promises nothing: it has announced that it looks
//      again only after a wake-up. It starts true.
//  I3  Only the consumer makes asleep_ true. Whoever makes it false has the next step: the consumer
//      looks for itself, a producer wakes the consumer. So each sleep costs one wake-up at most,
//      and a consumer that is awake costs its producers none.
//  I4  No wake-up is lost. A producer writes head_, then reads asleep_; the consumer writes
//      asleep_, then reads head_. All four are sequentially consistent, so at least one of them
//      sees the other's write: the producer wakes, or the consumer stays up.
class RemoteQueue {
public:
    // Any thread. True: the caller must wake the consumer now, nobody else will.
    [[nodiscard]] bool push(Task& task) {
        BLKDRAIN_CHECK(task.next == &task, "a task is posted once at a time");
        // relaxed: a guess, the exchange below verifies it.
        Task* top = head_.load(std::memory_order_relaxed);
        do {
            task.next = top;
            // seq_cst: publishes the task (release), and is the producer's write of I4.
        } while (!head_.compare_exchange_weak(top, &task, std::memory_order_seq_cst));
        linger();
        return claim_wake_up();
    }

    // Any thread, after a write of the caller's own (sequentially consistent) that the consumer
    // reads after prepare_sleep: the same handshake for something that is not a task.
    [[nodiscard]] bool claim_wake_up() {
        // seq_cst: the producer's read of I4.
        if (!asleep_.load(std::memory_order_seq_cst)) {
            return false;
        }
        // acq_rel: one of several producers gets the duty (I3), and orders itself after the
        // consumer's announcement.
        return asleep_.exchange(false, std::memory_order_acq_rel);
    }

    // Consumer: a guess.
    [[nodiscard]] bool looks_empty() const {
        // relaxed: orders nothing; take_all and prepare_sleep do.
        return head_.load(std::memory_order_relaxed) == nullptr;
    }

    // Consumer: appends everything pushed so far to `into`, oldest first.
    void take_all(TaskList& into) {
        // An empty stack needs no bus lock; what is missed here is seen before sleeping.
        if (looks_empty()) {
            return;
        }
        // acquire: what the producers did before their pushes.
        Task* const newest = head_.exchange(nullptr, std::memory_order_acquire);
        Task* oldest = nullptr;
        for (Task* task = newest; task != nullptr;) {
            Task* const before = task->next;
            task->next = oldest;
            oldest = task;
            task = before;
        }
        if (oldest != nullptr) {
            into.append(*oldest, *newest);
        }
    }

    // Consumer: announces sleep. From now on a push asks for a wake-up. True: nothing is queued.
    [[nodiscard]] bool prepare_sleep() {
        // seq_cst, both: the consumer's write and read of I4.
        asleep_.store(true, canary(Canary::wake_flag_relaxed) ? std::memory_order_relaxed
                                                              : std::memory_order_seq_cst);
        return head_.load(std::memory_order_seq_cst) == nullptr || canary(Canary::look_forgotten);
    }

    // Consumer: from now on it looks by itself before it sleeps again. A wake-up that a producer
    // has claimed before may still come and then finds nothing.
    void wake_up() {
        // relaxed: a producer that still reads true wakes in vain, nothing else.
        asleep_.store(false, std::memory_order_relaxed);
    }

private:
    os::atomic<Task*> head_{nullptr};
    os::atomic<bool> asleep_{true};
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
