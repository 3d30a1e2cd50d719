// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <span>

namespace blkdrain::os {

// A thread that others can bring to a point where it runs no light fence, without interrupting it.
// FenceFull is fence_full of the same world as Counter, an atomic of std::uint64_t.
//
// Invariants. Who asks has stored before, run FenceFull, and loads after; the thread accesses
// memory by pairs of light fences (os/contract.h), each wholly between two of its calls here.
//  V1  An answer carries the number that was asked: the thread has loaded what the asker published,
//      so its next pairs see the asker's stores; the answer publishes its earlier ones.
//  V2  While the thread is outside, it says so itself, with what it did before. Coming in it runs
//      FenceFull before its next access: an asker that still finds it outside stored before that
//      fence, and is seen.
//  V3  Numbers only grow, so an answer to a later one is an answer to mine.
template <class Counter, void (*FenceFull)()>
class basic_rendezvous {
public:
    // --- the thread ---

    // From outside, as at first. What it accessed since leave() was under no promise.
    void enter() {
        // relaxed: the fence orders it (V2).
        answered_.store(seen_, std::memory_order_relaxed);
        FenceFull();
    }

    // Inside, now and then: as often as others may expect an answer.
    void pass() {
        // acquire: V1.
        const std::uint64_t asked = asked_.load(std::memory_order_acquire);
        if (asked != seen_) [[unlikely]] {
            seen_ = asked;
            // release: V1.
            answered_.store(asked, std::memory_order_release);
        }
    }

    void leave() {
        // release: V2.
        answered_.store(outside, std::memory_order_release);
    }

    [[nodiscard]] bool inside() const {
        // relaxed: only this thread writes it.
        return answered_.load(std::memory_order_relaxed) != outside;
    }

    // --- any thread, after FenceFull ---

    void ask() {
        // acquire: V2.
        if (answered_.load(std::memory_order_acquire) != outside) {
            // release: V1. Askers of several graphs may meet here.
            asked_.fetch_add(1, std::memory_order_release);
        }
    }

    // After ask(), by the same thread.
    [[nodiscard]] bool answered() const {
        // relaxed: the caller's own question or a later one (V3).
        const std::uint64_t asked = asked_.load(std::memory_order_relaxed);
        // acquire: V1 and V2.
        return answered_.load(std::memory_order_acquire) >= asked;
    }

private:
    static constexpr std::uint64_t outside = std::numeric_limits<std::uint64_t>::max();

    Counter asked_{0};
    Counter answered_{outside};
    std::uint64_t seen_ = 0;  // the thread's
};

// Whether all have been at such a point since the call, or have been outside: `patient` is asked
// again and again while one has not, and ends it. The caller has run FenceFull.
template <class Rendezvous, class Patience>
[[nodiscard]] bool meet(std::span<Rendezvous* const> others, Patience patient) {
    for (Rendezvous* other : others) {
        other->ask();
    }
    for (const Rendezvous* other : others) {
        while (!other->answered()) {
            if (!patient()) {
                return false;
            }
        }
    }
    return true;
}

}  // namespace blkdrain::os
