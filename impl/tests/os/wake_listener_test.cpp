// SPDX-License-Identifier: Apache-2.0
#include "sim/wake_listener.h"

#include <array>
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "os/backend.h"
#include "sim/simulation.h"
#include "sim/strategies/default_order.h"

namespace {

namespace os = blkdrain::os;
namespace sim = blkdrain::sim;
using std::chrono::hours;

constexpr os::duration for_ever = os::duration(-1);

class WakeListener : public ::testing::Test, sim::WakeListener {
protected:
    WakeListener() : simulation_(strategy_, options()) {}

    void woke(const sim::ThreadView& waker, const sim::ThreadView& woken) override {
        told_ += (waker.id == sim::host_id ? "host" : waker.name) + " wakes " + woken.name + "\n";
    }

    sim::DefaultOrder strategy_;
    std::string told_;
    sim::Simulation simulation_;

private:
    sim::Options options() {
        sim::Options options;
        options.wakes = this;
        return options;
    }
};

TEST_F(WakeListener, is_told_who_notifies_and_not_who_hands_over_the_mutex) {
    os::mutex mutex;
    os::condition condition;
    simulation_.spawn("one", [&] {
        os::mutex_lock lock(mutex);
        condition.wait(lock);
    });
    simulation_.spawn("other", [&] {
        os::mutex_lock lock(mutex);
        condition.wait(lock);
    });
    simulation_.spawn("notifier", [&] {
        os::mutex_lock lock(mutex);
        condition.notify_all();
    });
    EXPECT_TRUE(simulation_.run().finished());
    EXPECT_EQ(told_, "notifier wakes one\nnotifier wakes other\n");
}

TEST_F(WakeListener, is_told_who_unlocks_what_another_waits_for) {
    os::mutex mutex;
    simulation_.spawn("holder", [&] {
        os::mutex_lock lock(mutex);
        sim::yield();
    });
    simulation_.spawn("locker", [&] { os::mutex_lock lock(mutex); });
    EXPECT_TRUE(simulation_.run().finished());
    EXPECT_EQ(told_, "holder wakes locker\n");
}

TEST_F(WakeListener, is_told_who_signals_and_only_if_somebody_waits) {
    os::poller poller;
    os::wake_handle wake;
    ASSERT_FALSE(poller.open());
    ASSERT_FALSE(wake.open());
    ASSERT_FALSE(poller.add(wake.fd(), os::event_in, 1));
    simulation_.spawn("loop", [&] {
        std::array<os::ready, 1> events{};
        poller.wait(events, for_ever);
        sim::yield();
        poller.wait(events, for_ever);  // signalled already
    });
    simulation_.spawn("waker", [&] {
        wake.signal();
        wake.signal();
    });
    EXPECT_TRUE(simulation_.run().finished());
    EXPECT_EQ(told_, "waker wakes loop\n");
}

TEST_F(WakeListener, is_told_of_the_end_that_another_waits_for) {
    simulation_.spawn("parent", [] {
        os::thread child("child", [] {});
        child.join();
    });
    EXPECT_TRUE(simulation_.run().finished());
    EXPECT_EQ(told_, "child wakes parent\n");
}

TEST_F(WakeListener, is_told_of_deadlines_that_somebody_moves_the_clock_to) {
    os::poller poller;
    os::timer_handle timer;
    ASSERT_FALSE(poller.open());
    ASSERT_FALSE(timer.open());
    ASSERT_FALSE(poller.add(timer.fd(), os::event_in, 1));
    simulation_.spawn("sleeper", [&] {
        os::mutex mutex;
        os::condition condition;
        for (int i = 0; i < 2; ++i) {
            os::mutex_lock lock(mutex);
            condition.wait_until(lock, os::now() + hours(1));
        }
    });
    simulation_.spawn("loop", [&] {
        std::array<os::ready, 1> events{};
        for (int i = 0; i < 2; ++i) {
            timer.arm(os::now() + hours(1));
            poller.wait(events, for_ever);
            timer.clear();
        }
    });
    simulation_.spawn("clock", [] { sim::advance(hours(1)); });
    EXPECT_TRUE(simulation_.run().finished());
    EXPECT_EQ(told_, "clock wakes sleeper\nclock wakes loop\n") << "the second time it passes";
    told_.clear();

    simulation_.spawn("again", [&] {
        os::mutex mutex;
        os::condition condition;
        os::mutex_lock lock(mutex);
        condition.wait_until(lock, os::now());  // over before it began
        condition.wait_until(lock, os::now() + hours(1));
    });
    sim::quiesce();
    sim::advance(hours(1));
    EXPECT_EQ(told_, "host wakes again\n");
    EXPECT_TRUE(simulation_.run().finished());
}

}  // namespace
