// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "os/backend.h"
#include "worlds.h"

namespace {

namespace os = blkdrain::os;
using os_test::in_world;
using os_test::under_many_schedules;

struct first_tag;
struct second_tag;
using first_slot = os::thread_slot<first_tag, int>;
using second_slot = os::thread_slot<second_tag, int>;

TEST(Thread, join_sees_what_the_body_did) {
    under_many_schedules([] {
        int before = 1;
        int after = 0;
        os::thread thread("worker", [&] { after = before + 1; });
        EXPECT_TRUE(thread.joinable());
        thread.join();
        EXPECT_FALSE(thread.joinable());
        EXPECT_EQ(after, 2);
    });
}

TEST(Thread, a_default_made_or_moved_from_one_is_not_joinable) {
    in_world([] {
        os::thread none;
        EXPECT_FALSE(none.joinable());
        os::thread thread("a name longer than fifteen bytes", [] {});
        none = std::move(thread);
        os::thread third(std::move(none));
        EXPECT_TRUE(third.joinable());
        // NOLINTNEXTLINE(bugprone-use-after-move): what is left is what is tested
        EXPECT_FALSE(none.joinable());
        third.join();
    });
}

TEST(Thread, threads_start_threads) {
    under_many_schedules([] {
        int depth = 0;
        os::thread outer("outer", [&] {
            os::thread inner("inner", [&] { depth = 2; });
            inner.join();
        });
        outer.join();
        EXPECT_EQ(depth, 2);
    });
}

TEST(ThreadSlot, is_null_in_a_new_thread_and_private_to_each) {
    under_many_schedules([] {
        int mine = 0;
        first_slot::set(&mine);
        EXPECT_EQ(second_slot::get(), nullptr);
        os::atomic<int> meetings{0};
        os::thread other("other", [&] {
            EXPECT_EQ(first_slot::get(), nullptr);
            int theirs = 0;
            first_slot::set(&theirs);
            second_slot::set(&theirs);
            meetings.fetch_add(1, std::memory_order_relaxed);
            EXPECT_EQ(first_slot::get(), &theirs);
        });
        meetings.fetch_add(1, std::memory_order_relaxed);
        EXPECT_EQ(first_slot::get(), &mine);
        other.join();
        EXPECT_EQ(first_slot::get(), &mine);
        EXPECT_EQ(second_slot::get(), nullptr);
        first_slot::set(nullptr);
    });
}

TEST(Clock, never_goes_back) {
    in_world([] {
        os::time_point last = os::now();
        for (int i = 0; i < 100; ++i) {
            const os::time_point now = os::now();
            EXPECT_GE(now, last);
            last = now;
        }
    });
}

TEST(ThreadDeathTest, destroying_a_joinable_thread_stops_the_process) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(in_world([] { os::thread thread("left", [] {}); }), "destroyed before join");
}

}  // namespace
