// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include <gtest/gtest.h>
#include <pthread.h>

namespace blkdrain::testing {

// Runs `body` on a thread with a stack of 256 KiB, where a recursion over a long chain crashes. In
// the simulated world every thread has a stack like that, or a smaller one.
inline void on_small_stack(const std::function<void()>& body) {
#if defined(BLKDRAIN_WORLD_SIM)
    body();
#else
    pthread_attr_t attributes;
    ASSERT_EQ(pthread_attr_init(&attributes), 0);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
    pthread_t thread{};
    const auto run = [](void* argument) -> void* {
        (*static_cast<const std::function<void()>*>(argument))();
        return nullptr;
    };
    ASSERT_EQ(pthread_create(&thread, &attributes, run,
                             const_cast<void*>(static_cast<const void*>(&body))),
              0);
    ASSERT_EQ(pthread_join(thread, nullptr), 0);
    pthread_attr_destroy(&attributes);
#endif
}

}  // namespace blkdrain::testing
