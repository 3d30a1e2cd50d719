// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <system_error>

#include <gtest/gtest.h>

#include <blkdrain/io_thread.h>

#include "in_world.h"
#include "os/backend.h"

namespace blkdrain {
namespace {

using testing::in_world;

TEST(IoThread, RunsItsLoopUntilItGoes) {
    in_world([] {
        os::mutex lock;
        os::condition ran;
        EventLoop* ran_on = nullptr;
        std::error_code error;
        const auto thread = IoThread::start("io", error);
        ASSERT_FALSE(error) << error.message();
        EXPECT_EQ(thread->loop().name(), "io");
        EXPECT_FALSE(thread->loop().is_current());
        thread->loop().post([&] {
            const os::mutex_lock held(lock);
            ran_on = EventLoop::current();
            ran.notify_all();
        });
        {
            os::mutex_lock held(lock);
            while (ran_on == nullptr) {
                ran.wait(held);
            }
        }
        EXPECT_EQ(ran_on, &thread->loop());
    });
}

TEST(IoThread, WhatWasPostedHasRunWhenItIsGone) {
    in_world([] {
        bool ran = false;
        std::error_code error;
        auto thread = IoThread::start("io", error);
        ASSERT_FALSE(error) << error.message();
        thread->loop().post([&] { ran = true; });
        thread.reset();
        EXPECT_TRUE(ran);
    });
}

#if !defined(BLKDRAIN_WORLD_SIM)
// Its own thread takes it away.
void destroy_inside() {
    in_world([] {
        std::error_code error;
        auto thread = IoThread::start("io", error);
        os::mutex lock;
        os::condition never;
        thread->loop().post([&] { thread.reset(); });
        os::mutex_lock held(lock);
        for (;;) {
            never.wait(held);
        }
    });
}

TEST(IoThreadDeathTest, IsNotDestroyedOnItsOwnThread) {
    EXPECT_DEATH(destroy_inside(), "destroyed on another thread");
}
#endif

}  // namespace
}  // namespace blkdrain
