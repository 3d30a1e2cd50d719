// SPDX-License-Identifier: Apache-2.0
//
// Where clients of a free run wait for an operation of theirs to end, here or inside of a call that
// blocks, or for everybody to have come to rest.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "os/backend.h"

namespace blkdrain_props {

class ClientGate {
public:
    void open() {
        running_ = 0;
        waiting_.store(0, std::memory_order_relaxed);
        releases_ = 0;
        blocked_.clear();
    }

    void client_starts() {
        const blkdrain::os::mutex_lock lock(mutex_);
        ++running_;
    }
    void client_ends() {
        const blkdrain::os::mutex_lock lock(mutex_);
        --running_;
        changed_.notify_all();
    }

    void await(const std::function<bool()>& over) {
        blkdrain::os::mutex_lock lock(mutex_);
        // seq_cst, here and in changed(): either the waiter sees what was changed or the other one
        // sees the waiter.
        waiting_.fetch_add(1, std::memory_order_seq_cst);
        const std::uint64_t entered = releases_;
        while (releases_ == entered && !over()) {
            changed_.wait(lock);
        }
        waiting_.fetch_sub(1, std::memory_order_seq_cst);
    }

    // `give_up`, by which `call` is to return, is done by release() while this one is inside.
    // False: the call has not got as far as that.
    void block(const std::function<void()>& call, const std::function<bool()>& give_up) {
        {
            const blkdrain::os::mutex_lock lock(mutex_);
            blocked_.push_back(&give_up);
            waiting_.fetch_add(1, std::memory_order_relaxed);
        }
        call();
        const blkdrain::os::mutex_lock lock(mutex_);
        if (std::erase(blocked_, &give_up) != 0) {
            waiting_.fetch_sub(1, std::memory_order_relaxed);
        }
    }

    void changed() {
        if (waiting_.load(std::memory_order_seq_cst) != 0) {
            const blkdrain::os::mutex_lock lock(mutex_);
            changed_.notify_all();
        }
    }

    // Everything is at rest: who waits here goes on; if nobody does, the call that blocks longest
    // is given up. False: nobody waits, or that call has begun nothing that could be given up.
    bool release() {
        const blkdrain::os::mutex_lock lock(mutex_);
        const std::uint32_t waiting = waiting_.load(std::memory_order_relaxed);
        if (waiting > blocked_.size()) {
            ++releases_;
            changed_.notify_all();
            return true;
        }
        if (waiting == 0 || !(*blocked_.front())()) {
            return false;
        }
        blocked_.erase(blocked_.begin());
        waiting_.fetch_sub(1, std::memory_order_relaxed);
        return true;
    }

    // Also those inside of a call that was not given up.
    [[nodiscard]] std::uint32_t waiting() const { return waiting_.load(std::memory_order_seq_cst); }
    [[nodiscard]] std::uint32_t running() {
        const blkdrain::os::mutex_lock lock(mutex_);
        return running_;
    }

private:
    blkdrain::os::mutex mutex_;  // running_, releases_, blocked_
    blkdrain::os::condition changed_;
    blkdrain::os::atomic<std::uint32_t> waiting_{0};
    std::uint32_t running_ = 0;
    std::uint64_t releases_ = 0;
    std::vector<const std::function<bool()>*> blocked_;
};

}  // namespace blkdrain_props
