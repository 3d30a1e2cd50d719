// SPDX-License-Identifier: Apache-2.0
#include "loop/remote_queue.h"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "in_world.h"
#include "os/backend.h"

namespace blkdrain::detail {
namespace {

struct Numbered : Task {
    Numbered() : Task([](Task&) {}) {}
    int producer = 0;
    int number = 0;
};

TEST(RemoteQueue, HandsOverInTheOrderOfThePushes) {
    testing::in_world([] {
        RemoteQueue queue;
        queue.wake_up();
        std::array<Numbered, 5> tasks;
        for (Numbered& task : tasks) {
            EXPECT_FALSE(queue.push(task));
        }
        TaskList taken;
        queue.take_all(taken);
        for (Numbered& task : tasks) {
            EXPECT_EQ(taken.pop_front(), &task);
        }
        EXPECT_TRUE(taken.empty());
        queue.take_all(taken);
        EXPECT_TRUE(taken.empty());
    });
}

TEST(RemoteQueue, AppendsToWhatIsThere) {
    testing::in_world([] {
        RemoteQueue queue;
        queue.wake_up();
        std::array<Numbered, 3> tasks;
        TaskList taken;
        taken.push_back(tasks[0]);
        EXPECT_FALSE(queue.push(tasks[1]));
        EXPECT_FALSE(queue.push(tasks[2]));
        queue.take_all(taken);
        for (Numbered& task : tasks) {
            EXPECT_EQ(taken.pop_front(), &task);
        }
    });
}

TEST(RemoteQueue, AsksForOneWakeUpPerSleep) {
    testing::in_world([] {
        RemoteQueue queue;
        std::array<Numbered, 5> tasks;
        EXPECT_TRUE(queue.push(tasks[0]));  // a consumer that never looked sleeps
        EXPECT_FALSE(queue.push(tasks[1]));
        queue.wake_up();
        EXPECT_FALSE(queue.push(tasks[2]));
        EXPECT_FALSE(queue.prepare_sleep());  // not with tasks queued
        TaskList taken;
        queue.take_all(taken);
        EXPECT_TRUE(queue.prepare_sleep());
        EXPECT_TRUE(queue.push(tasks[3]));
        EXPECT_FALSE(queue.push(tasks[4]));
        queue.take_all(taken);
        while (taken.pop_front() != nullptr) {
        }
        EXPECT_TRUE(queue.prepare_sleep());
        EXPECT_TRUE(queue.claim_wake_up());
        EXPECT_FALSE(queue.claim_wake_up());
    });
}

#if !defined(BLKDRAIN_WORLD_SIM)
TEST(RemoteQueueDeathTest, NoticesASecondPush) {
    RemoteQueue queue;
    queue.wake_up();
    std::array<Numbered, 2> tasks;
    static_cast<void>(queue.push(tasks[0]));
    static_cast<void>(queue.push(tasks[1]));
    EXPECT_DEATH(static_cast<void>(queue.push(tasks[1])), "a task is posted once at a time");
    TaskList taken;
    queue.take_all(taken);
    while (taken.pop_front() != nullptr) {
    }
}
#endif

// Producers push while the consumer falls asleep again and again. Nothing is lost, the order of
// each producer is kept, and the consumer is woken at most once per sleep. A lost wake-up hangs.
TEST(RemoteQueue, LosesNeitherTasksNorWakeUps) {
    testing::in_world([] {
        constexpr int producers = 3;
#if defined(BLKDRAIN_WORLD_SIM)
        constexpr int pushes = 4;
#else
        constexpr int pushes = 20'000;
#endif
        RemoteQueue queue;
        os::wake_handle wake;
        os::poller poller;
        ASSERT_FALSE(wake.open());
        ASSERT_FALSE(poller.open());
        ASSERT_FALSE(poller.add(wake.fd(), os::event_in, 0));
        os::atomic<std::uint64_t> signals{0};

        const auto tasks = std::make_unique<std::array<std::array<Numbered, pushes>, producers>>();
        std::vector<os::thread> threads;
        for (int producer = 0; producer < producers; ++producer) {
            threads.emplace_back("producer", [&, producer] {
                int number = 0;
                for (Numbered& task : (*tasks)[static_cast<std::size_t>(producer)]) {
                    task.producer = producer;
                    task.number = number++;
                    if (queue.push(task)) {
                        signals.fetch_add(1, std::memory_order_relaxed);
                        wake.signal();
                    }
                }
            });
        }

        std::array<int, producers> next{};
        std::uint64_t sleeps = 1;  // it starts asleep
        int received = 0;
        TaskList taken;
        while (received < producers * pushes) {
            queue.wake_up();
            queue.take_all(taken);
            while (Task* const task = taken.pop_front()) {
                const auto& numbered = static_cast<const Numbered&>(*task);
                EXPECT_EQ(numbered.number, next[static_cast<std::size_t>(numbered.producer)]++);
                ++received;
            }
            if (received < producers * pushes) {
                ++sleeps;
                if (queue.prepare_sleep()) {
                    std::array<os::ready, 1> ready{};
                    poller.wait(ready, os::duration(-1));
                    wake.clear();
                }
            }
        }
        for (os::thread& thread : threads) {
            thread.join();
        }
        EXPECT_LE(signals.load(std::memory_order_relaxed), sleeps);
    });
}

}  // namespace
}  // namespace blkdrain::detail
