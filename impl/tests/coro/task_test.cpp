// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <blkdrain/coro.h>

#include "../loop/in_world.h"
#include "../loop/small_stack.h"
#include "coro_fixture.h"
#include "os/backend.h"

namespace blkdrain::testing {
namespace {

using coro::Task;
using Entry = Ledger::Entry;

Task<int> answer(Entry /*alive*/, int value) {
    co_return value;
}

Task<std::unique_ptr<int>> boxed(Entry /*alive*/, int value) {
    co_return std::make_unique<int>(value);
}

Task<int> failing(Entry /*alive*/) {
    throw std::runtime_error("as told");
    co_return 0;
}

TEST(Task, GivesItsResultToWhoAwaitsIt) {
    in_world([] {
        Ledger ledger;
        const auto loop = make_loop();
        int sum = 0;
        const auto body = [&]() -> Task<void> {
            const int one = co_await answer(ledger.entry(), 1);
            Task<int> later = answer(ledger.entry(), 2);
            const int two = co_await later;
            const std::unique_ptr<int> four = co_await boxed(ledger.entry(), 4);
            sum = one + two + *four;
        };
        run(*loop, body());
        EXPECT_EQ(sum, 7);
    });
}

TEST(Task, PassesAnExceptionToWhoAwaitsIt) {
    in_world([] {
        Ledger ledger;
        const auto loop = make_loop();
        std::string caught;
        const auto middle = [&]() -> Task<int> { co_return co_await failing(ledger.entry()); };
        const auto body = [&]() -> Task<void> {
            try {
                co_await middle();
            } catch (const std::runtime_error& error) {
                caught = error.what();
            }
        };
        run(*loop, body());
        EXPECT_EQ(caught, "as told");
    });
}

TEST(Task, RunsOnlyWhenAwaitedAndIsFreedInAnyCase) {
    in_world([] {
        Ledger ledger;
        const auto loop = make_loop();
        bool ran = false;
        const auto child = [&](Entry) -> Task<void> {
            ran = true;
            co_return;
        };
        {
            Task<void> task = child(ledger.entry());
            EXPECT_EQ(ledger.alive(), 1);
            Task<void> moved = std::move(task);
            EXPECT_EQ(ledger.alive(), 1);
            moved = child(ledger.entry());
            EXPECT_EQ(ledger.alive(), 1);
        }
        EXPECT_EQ(ledger.alive(), 0);
        EXPECT_FALSE(ran);
    });
}

TEST(Task, RunsOnTheLoopItIsSpawnedOn) {
    in_world([] {
        Ledger ledger;
        const auto loop = make_loop();
        EventLoop* seen = nullptr;
        const auto body = [&](Entry) -> Task<void> {
            seen = EventLoop::current();
            co_await coro::co_next_round();
            EXPECT_EQ(EventLoop::current(), seen);
            co_await coro::co_sleep(std::chrono::milliseconds(1));
            EXPECT_EQ(EventLoop::current(), seen);
            loop->stop();
        };
        os::thread spawner("spawner", [&] { coro::spawn(*loop, body(ledger.entry())); });
        loop->run();
        spawner.join();
        EXPECT_EQ(seen, loop.get());
    });
}

TEST(Task, NextRoundLetsOthersRun) {
    in_world([] {
        const auto loop = make_loop();
        std::string order;
        const auto body = [&](char name) -> Task<void> {
            for (int i = 0; i < 3; ++i) {
                order += name;
                co_await coro::co_next_round();
            }
        };
        coro::spawn(*loop, body('a'));
        run(*loop, body('b'));
        EXPECT_EQ(order, "ababab");
    });
}

TEST(Task, SleepsAsLongAsTold) {
    in_world([] {
        const auto loop = make_loop();
        const auto body = []() -> Task<void> {
            co_await coro::co_sleep(std::chrono::milliseconds(5));
        };
        const os::time_point start = os::now();
        run(*loop, body());
        EXPECT_GE(os::now() - start, std::chrono::milliseconds(5));
    });
}

TEST(Task, LongLoopsOverAwaitsNeedNoStack) {
    in_world(
        [] {
            on_small_stack([] {
                Ledger ledger;
                const auto loop = make_loop();
                int sum = 0;
                const auto body = [&]() -> Task<void> {
                    for (int i = 0; i < 100'000; ++i) {
                        sum += co_await answer(ledger.entry(), 1);
                    }
                };
                run(*loop, body());
                EXPECT_EQ(sum, 100'000);
            });
        },
        0);
}

Task<int> depth(Entry /*alive*/, Ledger& ledger, int levels) {
    if (levels == 0) {
        co_await coro::co_next_round();
        co_return 0;
    }
    const int below = co_await depth(ledger.entry(), ledger, levels - 1);
    co_return below + 1;
}

// Going down, and coming back after a suspension at the bottom.
TEST(Task, LongChainsOfTasksNeedNoStack) {
    in_world(
        [] {
            on_small_stack([] {
                Ledger ledger;
                const auto loop = make_loop();
                int reached = 0;
                const auto body = [&]() -> Task<void> {
                    reached = co_await depth(ledger.entry(), ledger, 100'000);
                };
                run(*loop, body());
                EXPECT_EQ(reached, 100'000);
            });
        },
        0);
}

#if !defined(BLKDRAIN_WORLD_SIM)
TEST(TaskDeathTest, ExceptionOfASpawnedTaskEndsTheProcess) {
    const auto throwing = [] {
        const auto loop = make_loop();
        const auto body = []() -> Task<void> {
            throw std::runtime_error("as told");
            co_return;
        };
        coro::spawn(*loop, body());
        loop->run_once(std::chrono::nanoseconds(-1));
    };
    EXPECT_DEATH(throwing(), "as told");
}

TEST(TaskDeathTest, TaskIsAwaitedOnce) {
    const auto twice = [] {
        const auto loop = make_loop();
        const auto body = []() -> Task<void> {
            Task<void> pause = []() -> Task<void> { co_return; }();
            co_await pause;
            co_await pause;
        };
        run(*loop, body());
    };
    EXPECT_DEATH(twice(), "a task is awaited once");
}
#endif

}  // namespace
}  // namespace blkdrain::testing
