// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "os/real/atomic.h"
#include "os/rendezvous.h"
#include "os/world.h"

BLKDRAIN_OS_BEGIN

namespace detail {

// True once the kernel agreed to run process-wide barriers for us. Written during start-up only;
// false before that, which only makes light fences dearer.
extern const bool process_barrier_available;

}  // namespace detail

inline void fence_full() {
#if defined(__SANITIZE_THREAD__)
    // ThreadSanitizer knows no atomic_thread_fence, and g++ refuses it there.
    __sync_synchronize();
#else
    std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

inline void fence_light() {
    if (detail::process_barrier_available) [[likely]] {
        std::atomic_signal_fence(std::memory_order_seq_cst);
    } else {
        fence_full();
    }
}

// Where threads run in parallel, what is announced takes effect some time in an interval.
inline void store_in_effect() {}

void fence_process();

using fence_peer = basic_rendezvous<atomic<std::uint64_t>, &fence_full>;

void fence_process(std::span<fence_peer* const> peers);

inline void spin_hint() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

BLKDRAIN_OS_END
