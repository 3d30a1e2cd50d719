// SPDX-License-Identifier: Apache-2.0
#include "loop/timer_heap.h"

#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace blkdrain::detail {
namespace {

os::time_point at(int nanoseconds) {
    return os::time_point(os::duration(nanoseconds));
}

TEST(TimerHeap, OrdersByDeadlineThenByAge) {
    TimerHeap heap;
    std::vector<int> ran;
    for (const auto& [deadline, name] :
         {std::pair{30, 0}, {10, 1}, {20, 2}, {10, 3}, {30, 4}, {10, 5}}) {
        heap.add(at(deadline), [&ran, noted = name] { ran.push_back(noted); });
    }
    while (!heap.empty()) {
        heap.pop()();
    }
    EXPECT_EQ(ran, (std::vector{1, 3, 5, 2, 0, 4}));
}

TEST(TimerHeap, CancelsOnce) {
    TimerHeap heap;
    const TimerHeap::Id first = heap.add(at(1), [] {});
    const TimerHeap::Id second = heap.add(at(2), [] {});
    EXPECT_TRUE(heap.cancel(first));
    EXPECT_FALSE(heap.cancel(first));
    EXPECT_EQ(heap.first()->deadline, at(2));
    static_cast<void>(heap.pop());
    EXPECT_FALSE(heap.cancel(second));
    EXPECT_FALSE(heap.cancel(0));
    EXPECT_FALSE(heap.first().has_value());
}

TEST(TimerHeap, NeverGivesAnIdTwice) {
    TimerHeap heap;
    std::map<TimerHeap::Id, int> seen;
    for (int i = 0; i < 1000; ++i) {
        const TimerHeap::Id id = heap.add(at(i), [] {});
        EXPECT_NE(id, 0U);
        EXPECT_EQ(++seen[id], 1);
        heap.cancel(id);
    }
}

TEST(TimerHeap, FreesTheTaskOfACancelledTimerAtOnce) {
    struct Counted {
        explicit Counted(int& alive) : alive_(&alive) { ++*alive_; }
        Counted(const Counted& other) : alive_(other.alive_) { ++*alive_; }
        ~Counted() { --*alive_; }
        int* alive_;
    };
    int alive = 0;
    TimerHeap heap;
    const TimerHeap::Id id = heap.add(at(1), [counted = Counted(alive)] {});
    EXPECT_EQ(alive, 1);
    heap.cancel(id);
    EXPECT_EQ(alive, 0);
}

// Against an ordered map: the same timers in the same order under any mixture of calls.
TEST(TimerHeap, AgreesWithAnOrderedMap) {
    for (std::uint32_t seed = 0; seed < 50; ++seed) {
        std::minstd_rand random(seed);
        TimerHeap heap;
        std::map<std::pair<os::time_point, std::uint64_t>, TimerHeap::Id> model;
        std::uint64_t ran = 0;
        for (int step = 0; step < 2000; ++step) {
            const auto choice = random() % 100;
            if (choice < 50 || model.empty()) {
                const os::time_point deadline = at(static_cast<int>(random() % 40));
                const std::uint64_t number = heap.next_number();
                const TimerHeap::Id id = heap.add(deadline, [&ran, number] { ran = number; });
                model.emplace(std::pair{deadline, number}, id);
            } else if (choice < 75) {
                auto victim = model.begin();
                std::advance(victim, random() % model.size());
                ASSERT_TRUE(heap.cancel(victim->second));
                model.erase(victim);
            } else {
                const auto [deadline, number] = model.begin()->first;
                ASSERT_EQ(heap.first()->deadline, deadline);
                ASSERT_EQ(heap.first()->number, number);
                heap.pop()();
                ASSERT_EQ(ran, number);
                model.erase(model.begin());
            }
            ASSERT_EQ(heap.size(), model.size());
        }
    }
}

}  // namespace
}  // namespace blkdrain::detail
