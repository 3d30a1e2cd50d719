// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <system_error>
#include <utility>

#include <gtest/gtest.h>

#include <blkdrain/coro.h>
#include <blkdrain/event_loop.h>

#include "os/backend.h"

namespace blkdrain::testing {

inline std::unique_ptr<EventLoop> make_loop(const char* name = "loop") {
    std::error_code error;
    std::unique_ptr<EventLoop> loop = EventLoop::create(name, error);
    EXPECT_FALSE(error) << error.message();
    return loop;
}

// Counts the frames that are alive: every coroutine of a test takes an Entry, which lives in its
// frame.
class Ledger {
public:
    Ledger() = default;
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;
    ~Ledger() { EXPECT_EQ(alive(), 0) << "a coroutine's frame was not freed"; }

    class Entry {
    public:
        explicit Entry(Ledger& ledger) noexcept : ledger_(&ledger) {
            // relaxed, here and below: read when all threads have been joined.
            ledger.alive_.fetch_add(1, std::memory_order_relaxed);
        }
        Entry(Entry&& other) noexcept : Entry(*other.ledger_) {}
        Entry& operator=(Entry&&) = delete;
        ~Entry() { ledger_->alive_.fetch_sub(1, std::memory_order_relaxed); }

    private:
        Ledger* ledger_;
    };

    Entry entry() noexcept { return Entry(*this); }
    [[nodiscard]] int alive() const { return alive_.load(std::memory_order_relaxed); }

private:
    os::atomic<int> alive_{0};
};

inline coro::Task<void> mark_end(coro::Task<void> task, bool& over) {
    co_await task;
    over = true;
}

// Runs `task` on `loop` to its end, on this thread.
inline void run(EventLoop& loop, coro::Task<void> task) {
    bool over = false;
    coro::spawn(loop, mark_end(std::move(task), over));
    EXPECT_FALSE(over) << "nothing runs inside spawn";
    while (!over) {
        loop.run_once(std::chrono::nanoseconds(-1));
    }
}

}  // namespace blkdrain::testing
