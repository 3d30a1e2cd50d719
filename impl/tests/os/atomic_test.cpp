// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>

#include <gtest/gtest.h>

#include "os/backend.h"
#include "worlds.h"

namespace {

namespace os = blkdrain::os;
using os_test::in_world;
using os_test::under_many_schedules;

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;
constexpr auto seq_cst = std::memory_order_seq_cst;

enum class Colour : std::uint8_t { red, green };

TEST(Atomic, keeps_what_was_stored) {
    in_world([] {
        os::atomic<int> number{7};
        EXPECT_EQ(number.load(relaxed), 7);
        number.store(8, relaxed);
        EXPECT_EQ(number.exchange(9, seq_cst), 8);
        EXPECT_EQ(number.load(acquire), 9);

        os::atomic<Colour> colour{Colour::red};
        colour.store(Colour::green, release);
        EXPECT_EQ(colour.load(acquire), Colour::green);

        int target = 0;
        os::atomic<int*> pointer{nullptr};
        pointer.store(&target, release);
        EXPECT_EQ(pointer.load(acquire), &target);
    });
}

TEST(Atomic, default_made_is_zero) {
    in_world([] {
        os::atomic<std::uint64_t> number;
        EXPECT_EQ(number.load(relaxed), 0U);
    });
}

TEST(Atomic, arithmetic_returns_the_value_before_and_wraps_around) {
    in_world([] {
        os::atomic<std::uint8_t> narrow{250};
        EXPECT_EQ(narrow.fetch_add(10, relaxed), 250);
        EXPECT_EQ(narrow.load(relaxed), 4);
        EXPECT_EQ(narrow.fetch_sub(5, relaxed), 4);
        EXPECT_EQ(narrow.load(relaxed), 255);

        os::atomic<int> number{INT32_MAX};
        EXPECT_EQ(number.fetch_add(1, relaxed), INT32_MAX);
        EXPECT_EQ(number.load(relaxed), INT32_MIN);

        os::atomic<std::uint64_t> bits{0b1100};
        EXPECT_EQ(bits.fetch_or(0b0011, relaxed), 0b1100U);
        EXPECT_EQ(bits.fetch_and(0b0110, relaxed), 0b1111U);
        EXPECT_EQ(bits.load(relaxed), 0b0110U);
    });
}

TEST(Atomic, compare_exchange_changes_on_agreement_and_tells_otherwise) {
    in_world([] {
        os::atomic<int> number{1};
        int expected = 2;
        EXPECT_FALSE(number.compare_exchange_strong(expected, 3, seq_cst));
        EXPECT_EQ(expected, 1);
        EXPECT_TRUE(number.compare_exchange_strong(expected, 3, seq_cst));
        EXPECT_EQ(number.load(relaxed), 3);

        expected = 3;
        while (!number.compare_exchange_weak(expected, 4, seq_cst)) {
            EXPECT_EQ(expected, 3);
        }
        EXPECT_EQ(number.load(relaxed), 4);
    });
}

TEST(Atomic, increments_of_two_threads_all_count) {
    under_many_schedules([] {
        os::atomic<int> count{0};
        const auto add = [&count] {
            for (int i = 0; i < os_test::races_per_run; ++i) {
                count.fetch_add(1, relaxed);
                int seen = count.load(relaxed);
                while (!count.compare_exchange_weak(seen, seen + 1, relaxed)) {
                }
            }
        };
        os::thread first("first", add);
        os::thread second("second", add);
        first.join();
        second.join();
        EXPECT_EQ(count.load(relaxed), 4 * os_test::races_per_run);
    });
}

TEST(Atomic, release_publishes_to_acquire) {
    under_many_schedules([] {
        int payload = 0;
        os::atomic<bool> ready{false};
        os::thread writer("writer", [&] {
            payload = 42;
            ready.store(true, release);
        });
        while (!ready.load(acquire)) {
            os::spin_hint();
        }
        EXPECT_EQ(payload, 42);
        writer.join();
    });
}

TEST(RefCount, release_is_true_once_at_the_last) {
    in_world([] {
        os::ref_count count;
        count.retain();
        count.retain();
        EXPECT_FALSE(count.release());
        EXPECT_FALSE(count.release());
        EXPECT_TRUE(count.release());
    });
}

TEST(RefCount, of_racing_owners_exactly_one_is_last) {
    under_many_schedules([] {
        for (int i = 0; i < os_test::races_per_run / 2; ++i) {
            os::ref_count count;
            os::atomic<int> last{0};
            int written_by_first = 0;
            count.retain();
            os::thread other("other", [&] {
                written_by_first = 1;
                if (count.release()) {
                    last.fetch_add(1, relaxed);
                }
            });
            if (count.release()) {
                EXPECT_EQ(written_by_first, 1);
                last.fetch_add(1, relaxed);
            }
            other.join();
            EXPECT_EQ(last.load(relaxed), 1);
        }
    });
}

// Two threads that each announce, fence and look, again and again: one sees the other. The hot one
// fences lightly, between `prepare(round)` and `wait(round)`, which it calls while the other looks.
template <class Prepare, class Wait, class RareFence>
void handshake(Prepare prepare, Wait wait, RareFence rare_fence) {
    const int rounds = os_test::races_per_run;
    os::atomic<int> hot{0};
    os::atomic<int> rare{0};
    os::atomic<int> hot_done{0};
    os::atomic<int> rare_done{0};
    os::atomic<int> hot_saw{0};
    os::thread thread("hot", [&] {
        for (int round = 1; round <= rounds; ++round) {
            prepare(round);
            hot.store(round, relaxed);
            os::fence_light();
            hot_saw.store(rare.load(relaxed), relaxed);
            hot_done.store(round, release);
            while (rare_done.load(acquire) < round) {
                os::spin_hint();
                wait(round);
            }
        }
    });
    for (int round = 1; round <= rounds; ++round) {
        rare.store(round, relaxed);
        rare_fence();
        const int rare_saw = hot.load(relaxed);
        while (hot_done.load(acquire) < round) {
            os::spin_hint();
        }
        EXPECT_TRUE(rare_saw == round || hot_saw.load(relaxed) == round) << "round " << round;
        rare_done.store(round, release);
    }
    thread.join();
}

TEST(Fence, store_then_load_handshake_never_loses_both_sides) {
    under_many_schedules([] { handshake([](int) {}, [](int) {}, [] { os::fence_process(); }); });
}

// With a thread that can be met: while it answers, sleeps for a while, or is long at it.
TEST(Fence, handshake_with_a_peer_never_loses_both_sides) {
    under_many_schedules([] {
        os::fence_peer peer;
        const std::array<os::fence_peer*, 1> peers{&peer};
        handshake(
            [&](int round) {
                if (round == 1) {
                    peer.enter();
                } else if (round % 3 == 0) {
                    peer.leave();
                    peer.enter();
                }
            },
            [&](int round) {
                if (round % 16 != 0) {
                    peer.pass();
                }
            },
            [&] { os::fence_process(peers); });
    });
}

TEST(Fence, full_fences_on_both_sides_do_as_well) {
    under_many_schedules([] {
        for (int round = 0; round < os_test::races_per_run / 3; ++round) {
            os::atomic<int> x{0};
            os::atomic<int> y{0};
            int saw_x = 0;
            int saw_y = 0;
            os::thread thread("other", [&] {
                x.store(1, relaxed);
                os::fence_full();
                saw_y = y.load(relaxed);
            });
            y.store(1, relaxed);
            os::fence_full();
            saw_x = x.load(relaxed);
            thread.join();
            EXPECT_TRUE(saw_x == 1 || saw_y == 1);
        }
    });
}

// What changes between the first look of a round and the hint is not slept over.
TEST(SpinHint, after_looking_at_two_things_misses_no_change_of_the_first) {
    under_many_schedules([] {
        os::atomic<int> first{0};
        os::atomic<int> second{0};
        os::atomic<bool> seen{false};
        os::thread writer("writer", [&] {
            first.store(1, release);
            second.store(1, release);
            while (!seen.load(acquire)) {
                os::spin_hint();
            }
        });
        while (first.load(acquire) + second.load(acquire) < 2) {
            os::spin_hint();
        }
        seen.store(true, release);
        writer.join();
    });
}

}  // namespace
