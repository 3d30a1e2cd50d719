// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "os/world.h"
#include "sim/machine.h"

BLKDRAIN_OS_BEGIN

class thread {
public:
    thread() = default;
    thread(const char* name, std::function<void()> body) noexcept;
    thread(thread&& other) noexcept;
    thread& operator=(thread&& other) noexcept;
    ~thread();

    // On the host: runs the simulation until the thread has ended.
    void join();
    bool joinable() const { return fiber_ != nullptr; }

private:
    sim::Fiber* fiber_ = nullptr;
    std::uint32_t run_ = 0;
};

// One pointer per simulated thread and Tag, and one for the host.
template <class Tag, class T>
struct thread_slot {
    static T* get() {
        if (sim::this_fiber == nullptr) [[likely]] {
            return of_host;
        }
        return static_cast<T*>(sim::this_fiber->slots[index()]);
    }
    static void set(T* pointer) {
        if (sim::this_fiber == nullptr) [[likely]] {
            of_host = pointer;
        } else {
            sim::this_fiber->slots[index()] = pointer;
        }
    }

private:
    static inline constinit thread_local T* of_host = nullptr;

    static std::size_t index() {
        static const std::size_t allocated = sim::allocate_thread_slot();
        return allocated;
    }
};

BLKDRAIN_OS_END
