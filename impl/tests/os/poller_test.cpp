// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>

#include <gtest/gtest.h>

#include "os/backend.h"
#include "worlds.h"

namespace {

namespace os = blkdrain::os;
using os_test::in_world;
using os_test::under_many_schedules;
using std::chrono::hours;
using std::chrono::milliseconds;

constexpr os::duration at_once = os::duration::zero();
constexpr os::duration for_ever = os::duration(-1);

// What polls report within a few attempts, by cookie: one wait may report any part of it, or
// nothing at all.
std::map<std::uint64_t, std::uint32_t> ready_now(os::poller& poller) {
    std::map<std::uint64_t, std::uint32_t> seen;
    for (int attempt = 0; attempt < 100; ++attempt) {
        std::array<os::ready, 4> events;
        const int count = poller.wait(events, at_once);
        for (const os::ready& event : std::span(events).first(static_cast<std::size_t>(count))) {
            seen[event.cookie] |= event.events;
        }
    }
    return seen;
}

using Seen = std::map<std::uint64_t, std::uint32_t>;

struct PollerTest : testing::Test {
    static void with_two_handles(void (*body)(os::poller& poller, os::wake_handle& first,
                                              os::wake_handle& second)) {
        in_world([body] {
            os::poller poller;
            os::wake_handle first;
            os::wake_handle second;
            ASSERT_FALSE(poller.open());
            ASSERT_FALSE(first.open());
            ASSERT_FALSE(second.open());
            body(poller, first, second);
        });
    }
};

TEST_F(PollerTest, level_reports_while_the_condition_holds) {
    with_two_handles([](os::poller& poller, os::wake_handle& first, os::wake_handle& second) {
        EXPECT_FALSE(poller.add(first.fd(), os::event_in, 1));
        EXPECT_FALSE(poller.add(second.fd(), os::event_in, 2));
        EXPECT_EQ(ready_now(poller), Seen{});
        first.signal();
        EXPECT_EQ(ready_now(poller), (Seen{{1, os::event_in}}));
        EXPECT_EQ(ready_now(poller), (Seen{{1, os::event_in}}));
        second.signal();
        EXPECT_EQ(ready_now(poller), (Seen{{1, os::event_in}, {2, os::event_in}}));
        EXPECT_TRUE(first.clear());
        EXPECT_EQ(ready_now(poller), (Seen{{2, os::event_in}}));
    });
}

TEST_F(PollerTest, a_wait_reports_at_most_what_fits) {
    with_two_handles([](os::poller& poller, os::wake_handle& first, os::wake_handle& second) {
        EXPECT_FALSE(poller.add(first.fd(), os::event_in, 1));
        EXPECT_FALSE(poller.add(second.fd(), os::event_in, 2));
        first.signal();
        second.signal();
        std::array<os::ready, 1> one;
        EXPECT_LE(poller.wait(one, at_once), 1);
    });
}

TEST_F(PollerTest, edge_reports_once_per_occurrence) {
    with_two_handles([](os::poller& poller, os::wake_handle& first, os::wake_handle&) {
        EXPECT_FALSE(poller.add(first.fd(), os::event_in | os::event_edge, 1));
        first.signal();
        EXPECT_EQ(ready_now(poller), (Seen{{1, os::event_in}}));
        EXPECT_EQ(ready_now(poller), Seen{});
        first.signal();
        EXPECT_EQ(ready_now(poller), (Seen{{1, os::event_in}}));
    });
}

TEST_F(PollerTest, adding_or_modifying_a_ready_descriptor_is_an_occurrence) {
    with_two_handles([](os::poller& poller, os::wake_handle& first, os::wake_handle&) {
        first.signal();
        EXPECT_FALSE(poller.add(first.fd(), os::event_in | os::event_edge, 1));
        EXPECT_EQ(ready_now(poller), (Seen{{1, os::event_in}}));
        EXPECT_FALSE(poller.modify(first.fd(), os::event_in | os::event_edge, 7));
        EXPECT_EQ(ready_now(poller), (Seen{{7, os::event_in}}));
    });
}

TEST_F(PollerTest, oneshot_reports_once_until_modified) {
    with_two_handles([](os::poller& poller, os::wake_handle& first, os::wake_handle&) {
        EXPECT_FALSE(poller.add(first.fd(), os::event_in | os::event_oneshot, 1));
        first.signal();
        EXPECT_EQ(ready_now(poller), (Seen{{1, os::event_in}}));
        first.signal();
        EXPECT_EQ(ready_now(poller), Seen{});
        EXPECT_FALSE(poller.modify(first.fd(), os::event_in | os::event_oneshot, 1));
        EXPECT_EQ(ready_now(poller), (Seen{{1, os::event_in}}));
    });
}

TEST_F(PollerTest, a_removed_or_closed_descriptor_is_not_reported) {
    in_world([] {
        os::poller poller;
        ASSERT_FALSE(poller.open());
        auto handle = std::make_unique<os::wake_handle>();
        ASSERT_FALSE(handle->open());
        handle->signal();
        EXPECT_FALSE(poller.add(handle->fd(), os::event_in, 1));
        EXPECT_FALSE(poller.remove(handle->fd()));
        EXPECT_EQ(ready_now(poller), Seen{});
        EXPECT_FALSE(poller.add(handle->fd(), os::event_in, 1));
        const int old = handle->fd();
        handle.reset();
        EXPECT_EQ(ready_now(poller), Seen{});
        os::wake_handle successor;
        ASSERT_FALSE(successor.open());
        EXPECT_EQ(successor.fd(), old) << "the lowest free number is reused";
        successor.signal();
        EXPECT_EQ(ready_now(poller), Seen{});
        EXPECT_EQ(poller.remove(old).value(), ENOENT);
    });
}

TEST_F(PollerTest, errors_say_what_is_wrong) {
    with_two_handles([](os::poller& poller, os::wake_handle& first, os::wake_handle& second) {
        EXPECT_FALSE(poller.add(first.fd(), os::event_in, 1));
        EXPECT_EQ(poller.add(first.fd(), os::event_in, 1).value(), EEXIST);
        EXPECT_EQ(poller.modify(second.fd(), os::event_in, 1).value(), ENOENT);
        EXPECT_EQ(poller.remove(second.fd()).value(), ENOENT);
        EXPECT_EQ(poller.add(-1, os::event_in, 1).value(), EBADF);
        EXPECT_EQ(poller.add(poller.fd(), os::event_in, 1).value(), EINVAL);
        os::poller other;
        ASSERT_FALSE(other.open());
        EXPECT_FALSE(poller.add(other.fd(), os::event_in, 3));
        EXPECT_EQ(other.add(poller.fd(), os::event_in, 4).value(), ELOOP);
        EXPECT_EQ(poller.add(-1, os::event_in, 1), std::errc::bad_file_descriptor);
    });
}

TEST_F(PollerTest, a_poller_can_be_waited_on) {
    with_two_handles([](os::poller& outer, os::wake_handle& first, os::wake_handle&) {
        os::poller inner;
        ASSERT_FALSE(inner.open());
        EXPECT_FALSE(outer.add(inner.fd(), os::event_in, 9));
        EXPECT_FALSE(inner.add(first.fd(), os::event_in, 1));
        EXPECT_EQ(ready_now(outer), Seen{});
        first.signal();
        EXPECT_EQ(ready_now(outer), (Seen{{9, os::event_in}}));
        EXPECT_EQ(ready_now(inner), (Seen{{1, os::event_in}}));
        EXPECT_TRUE(first.clear());
        EXPECT_EQ(ready_now(outer), Seen{});
    });
}

TEST_F(PollerTest, a_timeout_ends_the_wait_not_before_its_time) {
    with_two_handles([](os::poller& poller, os::wake_handle& first, os::wake_handle&) {
        EXPECT_FALSE(poller.add(first.fd(), os::event_in, 1));
        const os::time_point deadline = os::now() + std::chrono::microseconds(1500);
        std::array<os::ready, 4> events;
        while (os::now() < deadline) {
            EXPECT_EQ(poller.wait(events, deadline - os::now()), 0);
        }
    });
}

TEST_F(PollerTest, a_signal_from_another_thread_ends_a_wait) {
    under_many_schedules([] {
        os::poller poller;
        os::wake_handle wake;
        ASSERT_FALSE(poller.open());
        ASSERT_FALSE(wake.open());
        ASSERT_FALSE(poller.add(wake.fd(), os::event_in, 5));
        const int rounds = os_test::races_per_run;
        os::atomic<int> sent{0};
        os::thread sender("sender", [&] {
            for (int i = 0; i < rounds; ++i) {
                sent.fetch_add(1, std::memory_order_release);
                wake.signal();
            }
        });
        // No wake-up is lost: whoever clears first and looks afterwards sees everything announced.
        while (sent.load(std::memory_order_acquire) < rounds) {
            std::array<os::ready, 4> events;
            if (poller.wait(events, for_ever) == 1) {
                EXPECT_EQ(events[0].cookie, 5U);
                wake.clear();
            }
        }
        sender.join();
    });
}

TEST_F(PollerTest, adding_takes_effect_on_a_wait_under_way) {
    under_many_schedules([] {
        os::poller poller;
        os::wake_handle wake;
        ASSERT_FALSE(poller.open());
        ASSERT_FALSE(wake.open());
        wake.signal();
        os::thread waiter("waiter", [&] {
            std::array<os::ready, 4> events;
            while (poller.wait(events, for_ever) == 0) {
            }
            EXPECT_EQ(events[0].cookie, 6U);
        });
        EXPECT_FALSE(poller.add(wake.fd(), os::event_in, 6));
        waiter.join();
    });
}

TEST_F(PollerTest, each_oneshot_goes_to_one_of_two_waiters) {
    under_many_schedules([] {
        os::poller poller;
        os::wake_handle first;
        os::wake_handle second;
        ASSERT_FALSE(poller.open());
        ASSERT_FALSE(first.open());
        ASSERT_FALSE(second.open());
        ASSERT_FALSE(poller.add(first.fd(), os::event_in | os::event_oneshot, 1));
        ASSERT_FALSE(poller.add(second.fd(), os::event_in | os::event_oneshot, 2));
        os::atomic<int> reported{0};
        const auto wait = [&] {
            std::array<os::ready, 1> events;
            int count = 0;
            while (count == 0) {
                count = poller.wait(events, for_ever);
            }
            reported.fetch_add(static_cast<int>(events[0].cookie), std::memory_order_relaxed);
        };
        os::thread a("a", wait);
        os::thread b("b", wait);
        first.signal();
        second.signal();
        a.join();
        b.join();
        EXPECT_EQ(reported.load(std::memory_order_relaxed), 3);
    });
}

TEST(WakeHandle, signals_before_a_clear_are_one) {
    in_world([] {
        os::wake_handle wake;
        ASSERT_FALSE(wake.open());
        EXPECT_FALSE(wake.clear());
        wake.signal();
        wake.signal();
        EXPECT_TRUE(wake.clear());
        EXPECT_FALSE(wake.clear());
    });
}

TEST(WakeHandle, clear_sees_what_was_done_before_the_signal) {
    under_many_schedules([] {
        os::wake_handle wake;
        ASSERT_FALSE(wake.open());
        os::atomic<int> payload{0};
        os::thread sender("sender", [&] {
            payload.store(1, std::memory_order_relaxed);
            wake.signal();
        });
        while (!wake.clear()) {
            os::spin_hint();
        }
        EXPECT_EQ(payload.load(std::memory_order_relaxed), 1);
        sender.join();
    });
}

struct TimerTest : testing::Test {
    static void with_timer(void (*body)(os::poller& poller, os::timer_handle& timer)) {
        in_world([body] {
            os::poller poller;
            os::timer_handle timer;
            ASSERT_FALSE(poller.open());
            ASSERT_FALSE(timer.open());
            ASSERT_FALSE(poller.add(timer.fd(), os::event_in, 3));
            body(poller, timer);
        });
    }

    static void wait_for_expiry(os::poller& poller) {
        std::array<os::ready, 4> events;
        int count = 0;
        while (count == 0) {
            count = poller.wait(events, for_ever);
        }
        EXPECT_EQ(events[0].cookie, 3U);
        EXPECT_EQ(events[0].events, os::event_in);
    }
};

TEST_F(TimerTest, expires_at_its_deadline_and_not_before) {
    with_timer([](os::poller& poller, os::timer_handle& timer) {
        const os::time_point deadline = os::now() + milliseconds(1);
        timer.arm(deadline);
        wait_for_expiry(poller);
        EXPECT_GE(os::now(), deadline);
        EXPECT_TRUE(timer.clear());
        EXPECT_FALSE(timer.clear());
        EXPECT_EQ(ready_now(poller), Seen{});
    });
}

TEST_F(TimerTest, a_deadline_in_the_past_expires_soon) {
    with_timer([](os::poller& poller, os::timer_handle& timer) {
        timer.arm(os::now() - milliseconds(1));
        wait_for_expiry(poller);
        EXPECT_TRUE(timer.clear());
        timer.arm(os::time_point{});
        wait_for_expiry(poller);
        EXPECT_TRUE(timer.clear());
    });
}

TEST_F(TimerTest, disarm_forgets_deadline_and_expiry) {
    with_timer([](os::poller& poller, os::timer_handle& timer) {
        timer.arm(os::now() + hours(1));
        timer.disarm();
        EXPECT_FALSE(timer.clear());
        timer.arm(os::now());
        wait_for_expiry(poller);
        timer.disarm();
        EXPECT_FALSE(timer.clear());
        EXPECT_EQ(ready_now(poller), Seen{});
    });
}

TEST_F(TimerTest, arm_replaces_the_deadline_before) {
    with_timer([](os::poller& poller, os::timer_handle& timer) {
        timer.arm(os::now());
        wait_for_expiry(poller);
        timer.arm(os::time_point::max());
        EXPECT_FALSE(timer.clear());
        timer.arm(os::now() + milliseconds(1));
        wait_for_expiry(poller);
        EXPECT_TRUE(timer.clear());
    });
}

TEST(TimerAndWake, the_earlier_of_two_timers_is_first) {
    in_world([] {
        os::poller poller;
        os::timer_handle early;
        os::timer_handle late;
        ASSERT_FALSE(poller.open());
        ASSERT_FALSE(early.open());
        ASSERT_FALSE(late.open());
        ASSERT_FALSE(poller.add(late.fd(), os::event_in, 2));
        ASSERT_FALSE(poller.add(early.fd(), os::event_in, 1));
        late.arm(os::now() + hours(1));
        early.arm(os::now() + milliseconds(1));
        std::array<os::ready, 4> events;
        int count = 0;
        while (count == 0) {
            count = poller.wait(events, for_ever);
        }
        EXPECT_EQ(count, 1);
        EXPECT_EQ(events[0].cookie, 1U);
    });
}

TEST(HandleDeathTest, use_before_open_stops_the_process) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(in_world([] {
                     os::wake_handle wake;
                     wake.signal();
                 }),
                 "not open");
    EXPECT_DEATH(in_world([] {
                     os::timer_handle timer;
                     timer.disarm();
                 }),
                 "not open");
}

}  // namespace
