// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include <gtest/gtest.h>

#include "os/backend.h"
#include "worlds.h"

namespace {

namespace os = blkdrain::os;
using os_test::in_world;
using os_test::under_many_schedules;
using std::chrono::hours;
using std::chrono::milliseconds;

constexpr auto relaxed = std::memory_order_relaxed;

TEST(Mutex, can_be_taken_again_after_unlock) {
    in_world([] {
        os::mutex mutex;
        mutex.lock();
        mutex.unlock();
        os::mutex_lock lock(mutex);
        lock.unlock();
        EXPECT_FALSE(lock.held());
        lock.lock();
        EXPECT_TRUE(lock.held());
    });
}

TEST(Mutex, try_lock_fails_while_another_thread_holds_it) {
    in_world([] {
        os::mutex mutex;
        os::mutex_lock lock(mutex);
        os::thread other("other", [&mutex] {
            if (mutex.try_lock()) {
                ADD_FAILURE() << "two holders";
                mutex.unlock();
            }
        });
        other.join();
    });
}

TEST(Mutex, try_lock_succeeds_in_the_end_when_nobody_holds_it) {
    in_world([] {
        os::mutex mutex;
        while (!mutex.try_lock()) {
        }
        mutex.unlock();
    });
}

TEST(Mutex, excludes) {
    under_many_schedules([] {
        os::mutex mutex;
        int count = 0;
        os::atomic<int> inside{0};
        const auto work = [&] {
            for (int i = 0; i < os_test::races_per_run; ++i) {
                os::mutex_lock lock(mutex);
                EXPECT_EQ(inside.fetch_add(1, relaxed), 0);
                ++count;
                inside.fetch_sub(1, relaxed);
            }
        };
        os::thread first("first", work);
        os::thread second("second", work);
        work();
        first.join();
        second.join();
        EXPECT_EQ(count, 3 * os_test::races_per_run);
    });
}

TEST(Condition, notify_without_a_waiter_has_no_effect) {
    in_world([] {
        os::mutex mutex;
        os::condition condition;
        condition.notify_one();
        condition.notify_all();
        os::mutex_lock lock(mutex);
        const os::time_point deadline = os::now() + milliseconds(2);
        while (condition.wait_until(lock, deadline)) {
        }
        EXPECT_GE(os::now(), deadline);
    });
}

TEST(Condition, wait_until_a_deadline_in_the_past_returns_false) {
    in_world([] {
        os::mutex mutex;
        os::condition condition;
        os::mutex_lock lock(mutex);
        const os::time_point past = os::now() - milliseconds(1);
        while (condition.wait_until(lock, past)) {
        }
        EXPECT_TRUE(lock.held());
    });
}

TEST(Condition, handshake_loses_no_notification) {
    under_many_schedules([] {
        os::mutex mutex;
        os::condition condition;
        int turn = 0;
        const int rounds = os_test::races_per_run;
        const auto play = [&](int parity) {
            for (int i = 0; i < rounds; ++i) {
                os::mutex_lock lock(mutex);
                while (turn % 2 != parity) {
                    condition.wait(lock);
                }
                ++turn;
                condition.notify_one();
            }
        };
        os::thread other("other", [&] { play(1); });
        play(0);
        other.join();
        EXPECT_EQ(turn, 2 * rounds);
    });
}

TEST(Condition, notify_all_ends_every_wait) {
    under_many_schedules([] {
        os::mutex mutex;
        os::condition condition;
        bool open = false;
        const auto wait = [&] {
            os::mutex_lock lock(mutex);
            while (!open) {
                condition.wait(lock);
            }
        };
        os::thread first("first", wait);
        os::thread second("second", wait);
        {
            os::mutex_lock lock(mutex);
            open = true;
            condition.notify_all();
        }
        first.join();
        second.join();
    });
}

TEST(Condition, notification_before_the_deadline_ends_the_wait) {
    under_many_schedules([] {
        os::mutex mutex;
        os::condition condition;
        bool open = false;
        os::thread opener("opener", [&] {
            os::mutex_lock lock(mutex);
            open = true;
            condition.notify_one();
        });
        {
            os::mutex_lock lock(mutex);
            const os::time_point deadline = os::now() + hours(1);
            while (!open) {
                EXPECT_TRUE(condition.wait_until(lock, deadline));
            }
            EXPECT_LT(os::now(), deadline);
        }
        opener.join();
    });
}

}  // namespace
