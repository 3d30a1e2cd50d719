// SPDX-License-Identifier: Apache-2.0
//
// Where clients of a free run wait for an operation of theirs to end, or for everybody to have come
// to rest.
#pragma once

#include <cstdint>
#include <functional>

#include "os/backend.h"

namespace blkdrain_props {

class ClientGate {
public:
    void open() {
        running_ = 0;
        waiting_.store(0, std::memory_order_relaxed);
        releases_ = 0;
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

    void changed() {
        if (waiting_.load(std::memory_order_seq_cst) != 0) {
            const blkdrain::os::mutex_lock lock(mutex_);
            changed_.notify_all();
        }
    }

    // Everything is at rest: who waits goes on. False: nobody does.
    bool release() {
        const blkdrain::os::mutex_lock lock(mutex_);
        if (waiting_.load(std::memory_order_relaxed) == 0) {
            return false;
        }
        ++releases_;
        changed_.notify_all();
        return true;
    }

    [[nodiscard]] std::uint32_t waiting() const { return waiting_.load(std::memory_order_seq_cst); }
    [[nodiscard]] std::uint32_t running() {
        const blkdrain::os::mutex_lock lock(mutex_);
        return running_;
    }

private:
    blkdrain::os::mutex mutex_;  // running_, releases_
    blkdrain::os::condition changed_;
    blkdrain::os::atomic<std::uint32_t> waiting_{0};
    std::uint32_t running_ = 0;
    std::uint64_t releases_ = 0;
};

}  // namespace blkdrain_props
