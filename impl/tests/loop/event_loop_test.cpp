// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <blkdrain/event_loop.h>

#include "in_world.h"
#include "loop/loop_core.h"
#include "os/backend.h"

namespace blkdrain {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using testing::in_world;

constexpr nanoseconds no_wait{0};
constexpr nanoseconds for_ever{-1};

std::unique_ptr<EventLoop> make_loop(const char* name = "loop") {
    std::error_code error;
    std::unique_ptr<EventLoop> loop = EventLoop::create(name, error);
    EXPECT_FALSE(error) << error.message();
    return loop;
}

// What a foreign loop sees of fd().
bool readable(const EventLoop& loop) {
    os::poller poller;
    EXPECT_FALSE(poller.open());
    EXPECT_FALSE(poller.add(loop.fd(), os::event_in, 0));
    std::array<os::ready, 1> ready{};
    // A wait may end early for no reason; several in a row are not expected to.
    for (int attempt = 0; attempt < 20; ++attempt) {
        if (poller.wait(ready, os::duration(0)) == 1) {
            return true;
        }
    }
    return false;
}

// Rounds until one does something, since waits may end for no reason.
void run_until_busy(EventLoop& loop) {
    while (!loop.run_once(for_ever)) {
    }
}

TEST(EventLoop, RunsTasksInOrderAndNeverInsideTheCall) {
    in_world([] {
        const auto loop = make_loop();
        std::vector<int> ran;
        loop->post([&] {
            ran.push_back(1);
            loop->post([&] { ran.push_back(3); });
            EXPECT_EQ(ran.back(), 1);
        });
        loop->post([&] { ran.push_back(2); });
        EXPECT_TRUE(ran.empty());
        EXPECT_TRUE(loop->run_once(no_wait));
        EXPECT_EQ(ran, (std::vector{1, 2}));
        EXPECT_TRUE(loop->run_once(no_wait));
        EXPECT_EQ(ran, (std::vector{1, 2, 3}));
        EXPECT_FALSE(loop->run_once(no_wait));
    });
}

TEST(EventLoop, KnowsWhoRunsIt) {
    in_world([] {
        const auto loop = make_loop("disk");
        const auto other = make_loop();
        EXPECT_EQ(loop->name(), "disk");
        EXPECT_FALSE(loop->is_current());
        EXPECT_EQ(EventLoop::current(), nullptr);
        bool ran = false;
        loop->post([&] {
            EXPECT_TRUE(loop->is_current());
            EXPECT_FALSE(other->is_current());
            EXPECT_EQ(EventLoop::current(), loop.get());
            ran = true;
        });
        loop->run_once(no_wait);
        EXPECT_TRUE(ran);
        EXPECT_EQ(EventLoop::current(), nullptr);
    });
}

// A descriptor that is never ready. With one, every round asks the poller.
class QuietDevice {
public:
    explicit QuietDevice(EventLoop& loop) : loop_(loop) {
        EXPECT_FALSE(handle_.open());
        EXPECT_FALSE(loop.add_fd(handle_.fd(), os::event_in, [](std::uint32_t) {}));
    }
    ~QuietDevice() { loop_.remove_fd(handle_.fd()); }

private:
    EventLoop& loop_;
    os::wake_handle handle_;
};

TEST(EventLoop, DescriptorIsReadableWhileTasksWait) {
    in_world([] {
        const auto loop = make_loop();
        const QuietDevice device(*loop);
        EXPECT_FALSE(readable(*loop));
        EXPECT_FALSE(loop->run_once(no_wait));
        EXPECT_FALSE(readable(*loop));
        loop->post([&] { loop->post([] {}); });
        EXPECT_TRUE(readable(*loop));
        EXPECT_TRUE(loop->run_once(no_wait));
        EXPECT_TRUE(readable(*loop)) << "a task was left for the next round";
        EXPECT_TRUE(loop->run_once(no_wait));
        loop->run_once(no_wait);
        EXPECT_FALSE(readable(*loop));
    });
}

TEST(EventLoop, DescriptorThatIsAskedForLateKnowsWhatWasPostedBefore) {
    in_world([] {
        const auto loop = make_loop();
        const QuietDevice device(*loop);
        bool ran = false;
        EXPECT_FALSE(loop->run_once(no_wait));
        loop->post([&] { ran = true; });
        EXPECT_TRUE(readable(*loop));
        while (readable(*loop)) {
            loop->run_once(no_wait);
        }
        EXPECT_TRUE(ran);
        loop->post([] {});
        EXPECT_TRUE(readable(*loop));
        loop->run_once(no_wait);
    });
}

TEST(EventLoop, DescriptorIsReadableWhileTimersAreDue) {
    in_world([] {
        const auto loop = make_loop();
        const EventLoop::TimerId cancelled = loop->start_timer(no_wait, [] {});
        EXPECT_TRUE(readable(*loop));
        EXPECT_TRUE(loop->cancel_timer(cancelled));
        EXPECT_FALSE(readable(*loop));

        loop->start_timer(milliseconds(1), [&] { loop->start_timer(no_wait, [] {}); });
        run_until_busy(*loop);
        EXPECT_TRUE(readable(*loop)) << "a timer started meanwhile is due";
        EXPECT_TRUE(loop->run_once(no_wait));
        loop->run_once(no_wait);
        EXPECT_FALSE(readable(*loop));
    });
}

TEST(EventLoop, DescriptorIsReadableWhileDevicesAreReady) {
    in_world([] {
        const auto loop = make_loop();
        os::wake_handle device;
        ASSERT_FALSE(device.open());
        ASSERT_FALSE(
            loop->add_fd(device.fd(), os::event_in, [&](std::uint32_t) { device.clear(); }));
        EXPECT_FALSE(readable(*loop));
        device.signal();
        EXPECT_TRUE(readable(*loop));
        run_until_busy(*loop);
        EXPECT_FALSE(readable(*loop));
        loop->remove_fd(device.fd());
    });
}

// Returns after `duration` without anything having to happen in between.
void pause(os::duration duration) {
    os::mutex mutex;
    os::condition never;
    os::mutex_lock lock(mutex);
    const os::time_point end = os::now() + duration;
    while (os::now() < end) {
        never.wait_until(lock, end);
    }
}

// In the simulated world a loop that spins never lets the clock pass, and the run hits its limit.
TEST(EventLoop, SleepsWhenIdle) {
    in_world([] {
        const auto loop = make_loop();
        loop->start_timer(std::chrono::hours(1), [] {});
        std::uint64_t rounds_before = 0;
        std::uint64_t busy_before = 0;
        std::uint64_t rounds_after = 0;
        std::uint64_t busy_after = 0;
        os::thread runner("runner", [&] { loop->run(); });
        loop->post([&] {
            rounds_before = loop->core().rounds();
            busy_before = loop->busy_rounds();
        });
        pause(milliseconds(50));
        loop->post([&] {
            rounds_after = loop->core().rounds();
            busy_after = loop->busy_rounds();
        });
        pause(milliseconds(50));
        loop->stop();
        runner.join();
        EXPECT_EQ(busy_after, busy_before + 1);
        EXPECT_LE(rounds_after, rounds_before + 20);
    });
}

TEST(EventLoop, RunsTimersByDeadlineThenByAge) {
    in_world([] {
        const auto loop = make_loop();
        std::vector<int> ran;
        const auto note = [&ran](int name) { return [&ran, name] { ran.push_back(name); }; };
        os::time_point start;
        std::vector<EventLoop::TimerId> timers;
        do {
            // Again if we were stopped in between: then the deadlines are in another order.
            for (const EventLoop::TimerId timer : timers) {
                EXPECT_TRUE(loop->cancel_timer(timer));
            }
            start = os::now();
            timers = {loop->start_timer(milliseconds(4), note(3)),
                      loop->start_timer(milliseconds(2), note(1)),
                      loop->start_timer(milliseconds(3), note(2)),
                      loop->start_timer(milliseconds(1), note(0))};
        } while (os::now() - start >= milliseconds(1));
        EXPECT_TRUE(loop->cancel_timer(timers.back()));
        EXPECT_FALSE(loop->cancel_timer(timers.back()));
        while (ran.size() < 3) {
            loop->run_once(for_ever);
        }
        EXPECT_GE(os::now() - start, milliseconds(4));
        EXPECT_EQ(ran, (std::vector{1, 2, 3}));
        EXPECT_FALSE(loop->run_once(no_wait));
    });
}

TEST(EventLoop, WaitsNoLongerThanToldAndNoLongerThanItsFirstTimer) {
    in_world([] {
        const auto loop = make_loop();
        bool ran = false;
        loop->start_timer(milliseconds(20), [&] { ran = true; });
        EXPECT_FALSE(loop->run_once(milliseconds(1)));
        EXPECT_FALSE(ran);
        const os::time_point start = os::now();
        while (!ran) {
            loop->run_once(std::chrono::hours(1));
        }
        EXPECT_LT(os::now() - start, std::chrono::minutes(1));
    });
}

TEST(EventLoop, TimerStartedByATimerWaitsForTheNextRound) {
    in_world([] {
        const auto loop = make_loop();
        int ran = 0;
        loop->start_timer(no_wait, [&] {
            ++ran;
            loop->start_timer(nanoseconds(-5), [&] { ++ran; });
        });
        run_until_busy(*loop);
        EXPECT_EQ(ran, 1);
        run_until_busy(*loop);
        EXPECT_EQ(ran, 2);
    });
}

TEST(EventLoop, TimerMayCancelAnotherThatIsDue) {
    in_world([] {
        const auto loop = make_loop();
        EventLoop::TimerId second = 0;
        bool cancelled = false;
        loop->start_timer(no_wait, [&] { cancelled = loop->cancel_timer(second); });
        second = loop->start_timer(no_wait, [] { FAIL() << "cancelled before"; });
        run_until_busy(*loop);
        EXPECT_TRUE(cancelled);
    });
}

// Level-triggered, and a handler may take away itself and others whose events are fetched already.
TEST(EventLoop, RunsHandlersOfReadyDescriptorsUntilTheyAreRemoved) {
    in_world([] {
        const auto loop = make_loop();
        std::array<os::wake_handle, 3> devices;
        std::array<int, 3> ran{};
        for (std::size_t i = 0; i < devices.size(); ++i) {
            ASSERT_FALSE(devices[i].open());
            ASSERT_FALSE(loop->add_fd(devices[i].fd(), os::event_in, [&, i](std::uint32_t events) {
                EXPECT_EQ(events, os::event_in);
                ++ran[i];
                for (os::wake_handle& device : devices) {
                    loop->remove_fd(device.fd());
                }
            }));
        }
        EXPECT_EQ(loop->add_fd(devices[0].fd(), os::event_in, [](std::uint32_t) {}),
                  std::errc::file_exists);
        for (os::wake_handle& device : devices) {
            device.signal();
        }
        run_until_busy(*loop);
        EXPECT_EQ(ran[0] + ran[1] + ran[2], 1);
        EXPECT_FALSE(loop->run_once(no_wait));

        int again = 0;
        ASSERT_FALSE(loop->add_fd(devices[0].fd(), os::event_in, [&](std::uint32_t) { ++again; }));
        run_until_busy(*loop);
        run_until_busy(*loop);
        EXPECT_EQ(again, 2) << "still readable, so reported again";
        loop->remove_fd(devices[0].fd());
    });
}

// The event of the first registration must not reach the second one of the same descriptor.
TEST(EventLoop, EventFetchedForARemovedDescriptorFindsNobody) {
    in_world([] {
        const auto loop = make_loop();
        std::array<os::wake_handle, 2> devices;
        int second_registration = 0;
        const auto swap = [&](std::uint32_t) {
            for (os::wake_handle& device : devices) {
                device.clear();
                loop->remove_fd(device.fd());
                EXPECT_FALSE(loop->add_fd(device.fd(), os::event_in,
                                          [&](std::uint32_t) { ++second_registration; }));
            }
        };
        for (os::wake_handle& device : devices) {
            ASSERT_FALSE(device.open());
            ASSERT_FALSE(loop->add_fd(device.fd(), os::event_in, swap));
            device.signal();
        }
        run_until_busy(*loop);
        for (int i = 0; i < 5; ++i) {
            EXPECT_FALSE(loop->run_once(no_wait));
        }
        EXPECT_EQ(second_registration, 0);
        for (os::wake_handle& device : devices) {
            loop->remove_fd(device.fd());
        }
    });
}

TEST(EventLoop, RefusesADescriptorThePollerRefuses) {
    in_world([] {
        const auto loop = make_loop();
        EXPECT_TRUE(loop->add_fd(-1, os::event_in, [](std::uint32_t) {}));
        EXPECT_TRUE(loop->add_fd(-1, os::event_in, [](std::uint32_t) {})) << "not remembered";
        loop->remove_fd(-1);
    });
}

// A task that posts itself again keeps the loop busy for ever; timers and descriptors have their
// turn all the same.
TEST(EventLoop, BusyTasksStarveNeitherTimersNorDescriptors) {
    in_world([] {
        const auto loop = make_loop();
        os::wake_handle device;
        ASSERT_FALSE(device.open());
        device.signal();
        bool timer_ran = false;
        bool handler_ran = false;
        std::function<void()> spin = [&] {
            if (!timer_ran || !handler_ran) {
                loop->post(spin);
            } else {
                loop->stop();
            }
        };
        loop->post(spin);
        loop->start_timer(no_wait, [&] { timer_ran = true; });
        ASSERT_FALSE(loop->add_fd(device.fd(), os::event_in, [&](std::uint32_t) {
            handler_ran = true;
            device.clear();
        }));
        loop->run();
        EXPECT_TRUE(timer_ran);
        EXPECT_TRUE(handler_ran);
        loop->remove_fd(device.fd());
    });
}

TEST(EventLoop, StopEndsOneRun) {
    in_world([] {
        const auto loop = make_loop();
        int ran = 0;
        loop->post([&] { ++ran; });
        loop->stop();
        loop->run();
        EXPECT_EQ(ran, 1) << "one round is made";
        loop->post([&] {
            ++ran;
            loop->stop();
        });
        loop->run();
        EXPECT_EQ(ran, 2);
        os::thread stopper("stopper", [&] { loop->stop(); });
        loop->run();
        stopper.join();
    });
}

TEST(EventLoop, StopFromAnotherThreadMakesItsWritesVisible) {
    in_world([] {
        const auto loop = make_loop();
        int written = 0;
        os::thread stopper("stopper", [&] {
            written = 7;
            loop->stop();
        });
        loop->run();
        EXPECT_EQ(written, 7);
        stopper.join();
    });
}

TEST(EventLoop, DestructionRunsWhatWasPosted) {
    in_world([] {
        auto loop = make_loop();
        int ran = 0;
        loop->post([&] {
            EventLoop* const current = EventLoop::current();
            ASSERT_NE(current, nullptr);
            current->post([&] { ++ran; });
            ++ran;
        });
        loop.reset();
        EXPECT_EQ(ran, 2);
    });
}

// Each thread's tasks run in its order, whatever the loop does meanwhile.
TEST(EventLoop, KeepsTheOrderOfEachThread) {
    in_world([] {
        constexpr int posters = 3;
#if defined(BLKDRAIN_WORLD_SIM)
        constexpr int posts = 4;
#else
        constexpr int posts = 5'000;
#endif
        const auto loop = make_loop();
        std::array<int, posters> next{};
        int ran = 0;
        std::vector<os::thread> threads;
        for (int poster = 0; poster < posters; ++poster) {
            threads.emplace_back("poster", [&, poster] {
                for (int number = 0; number < posts; ++number) {
                    loop->post([&, poster, number] {
                        EXPECT_EQ(number, next[static_cast<std::size_t>(poster)]++);
                        if (++ran == posters * posts) {
                            loop->stop();
                        }
                    });
                }
            });
        }
        loop->run();
        for (os::thread& thread : threads) {
            thread.join();
        }
        EXPECT_EQ(ran, posters * posts);
    });
}

// A loop that looks for an hour before it sleeps: whatever it does not find by looking hangs.
TEST(EventLoop, PollingFindsPostsStopsAndTimers) {
    in_world([] {
        const auto loop = make_loop();
        loop->set_polling(std::chrono::hours(1));
        EXPECT_FALSE(loop->run_once(no_wait));
        EXPECT_FALSE(loop->run_once(milliseconds(1)));
        os::atomic<int> ran{0};
        loop->start_timer(milliseconds(1), [&] { ran.store(1, std::memory_order_relaxed); });
        while (ran.load(std::memory_order_relaxed) == 0) {
            loop->run_once(for_ever);
        }
        os::thread runner("runner", [&] { loop->run(); });
        loop->post([&] { loop->post([&] { ran.store(2, std::memory_order_relaxed); }); });
        while (ran.load(std::memory_order_relaxed) == 1) {
            os::spin_hint();
        }
        loop->stop();
        runner.join();
    });
}

// A stop is for run alone: a round that polls waits for its timer all the same.
TEST(EventLoop, PollingRoundIsNotEndedByAStop) {
    in_world([] {
        const auto loop = make_loop();
        loop->set_polling(std::chrono::hours(1));
        loop->stop();
        bool ran = false;
        loop->start_timer(milliseconds(5), [&] { ran = true; });
        int rounds = 0;
        while (!ran) {
            loop->run_once(for_ever);
            ++rounds;
        }
        EXPECT_LT(rounds, 100);
    });
}

// Two loops answer each other; a lost wake-up would hang both.
void ping_pong(nanoseconds polling) {
    in_world([polling] {
#if defined(BLKDRAIN_WORLD_SIM)
        constexpr int turns = 6;
#else
        constexpr int turns = 20'000;
#endif
        const auto left = make_loop("left");
        const auto right = make_loop("right");
        left->set_polling(polling);
        right->set_polling(polling);
        int count = 0;
        std::function<void()> turn = [&] {
            if (++count == turns) {
                left->stop();
                right->stop();
                return;
            }
            (left->is_current() ? *right : *left).post(turn);
        };
        left->post(turn);
        os::thread runner("right", [&] { right->run(); });
        left->run();
        runner.join();
        EXPECT_EQ(count, turns);
    });
}

TEST(EventLoop, TwoLoopsWakeEachOther) {
    ping_pong(no_wait);
}

TEST(EventLoop, TwoLoopsFindEachOthersPostsByPolling) {
    ping_pong(nanoseconds(1));  // and often do not
    ping_pong(std::chrono::hours(1));
}

// A loop without a thread of its own: somebody polls fd() and makes one round when it is readable.
TEST(EventLoop, IsDrivenByAForeignLoopThroughItsDescriptor) {
    in_world(
        [] {
#if defined(BLKDRAIN_WORLD_SIM)
            constexpr int posts = 4;
#else
            constexpr int posts = 2'000;
#endif
            const auto loop = make_loop();
            const QuietDevice device(*loop);
            int ran = 0;
            os::thread poster("poster", [&] {
                for (int i = 0; i < posts; ++i) {
                    loop->post([&] { ++ran; });
                }
            });
            os::poller foreign;
            ASSERT_FALSE(foreign.open());
            ASSERT_FALSE(foreign.add(loop->fd(), os::event_in, 0));
            std::array<os::ready, 1> ready{};
            while (ran < posts) {
                foreign.wait(ready, os::duration(-1));
                loop->run_once(no_wait);
            }
            poster.join();
        },
        500);
}

#if !defined(BLKDRAIN_WORLD_SIM)
TEST(EventLoopDeathTest, DoesNotNest) {
    const auto nest_once = [] {
        const auto loop = make_loop();
        loop->post([&] { loop->run_once(no_wait); });
        loop->run_once(no_wait);
    };
    const auto nest_another = [] {
        const auto loop = make_loop();
        const auto other = make_loop();
        loop->post([&] { other->run(); });
        loop->run();
    };
    EXPECT_DEATH(nest_once(), "event loops do not nest");
    EXPECT_DEATH(nest_another(), "event loops do not nest");
}

TEST(EventLoopDeathTest, IsRunByOneThreadAtATime) {
    const auto run_twice = [] {
        const auto loop = make_loop();
        loop->post([&] { os::thread("second", [&] { loop->run_once(no_wait); }).join(); });
        loop->run_once(no_wait);
    };
    EXPECT_DEATH(run_twice(), "one thread at a time");
}

TEST(EventLoopDeathTest, IsNotDestroyedByWhatItRuns) {
    const auto destroy_inside = [] {
        auto loop = make_loop();
        EventLoop& runs = *loop;
        runs.post([&] { loop.reset(); });
        runs.run_once(no_wait);
    };
    EXPECT_DEATH(destroy_inside(), "not destroyed by what it runs");
}
#endif

}  // namespace
}  // namespace blkdrain
