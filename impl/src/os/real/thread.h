// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <thread>

#include "os/world.h"

BLKDRAIN_OS_BEGIN

class thread {
public:
    thread() = default;
    thread(const char* name, std::function<void()> body) noexcept;
    thread(thread&& other) noexcept = default;
    thread& operator=(thread&& other) noexcept;
    ~thread();

    void join();
    bool joinable() const { return native_.joinable(); }

private:
    std::thread native_;
};

// One pointer per thread and Tag, null in a new thread.
template <class Tag, class T>
struct thread_slot {
    static T* get() { return value(); }
    static void set(T* pointer) { value() = pointer; }

private:
    static T*& value() {
        static constinit thread_local T* pointer = nullptr;
        return pointer;
    }
};

BLKDRAIN_OS_END
