// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace blkdrain::sim {

// Stack of one simulated thread. Sanitizers make frames several times larger.
inline constexpr std::size_t stack_size = 64 * 1024;
inline constexpr std::size_t sanitized_stack_size = 256 * 1024;

// A place of execution that can be left and resumed: the host's own stack, or a fiber with a stack
// of its own (mapped once, with a guard page below, and used again for one fiber after the other).
//
// Switching tells the sanitizers, and carries the exceptions being handled along, which the C++
// runtime keeps per operating-system thread.
class FiberContext {
public:
    FiberContext() = default;
    FiberContext(const FiberContext&) = delete;
    FiberContext& operator=(const FiberContext&) = delete;
    ~FiberContext();

    // Runs in the new fiber; returns the context to continue with once the fiber has ended.
    using Entry = FiberContext* (*)(void* argument);

    // Makes this a fiber about to enter `entry`. Not while a fiber is alive in here, unless drop()
    // was called.
    void prepare(Entry entry, void* argument);

    // Gives up a fiber that has not ended: its frames are never unwound, the stack may be used
    // again.
    void drop();

    // Leaves `from`, which is what runs now, and continues `to`. Returns when something switches
    // back to `from`.
    static void switch_to(FiberContext& from, FiberContext& to);

private:
    struct ExceptionState {
        void* caught = nullptr;
        unsigned int uncaught = 0;
    };
    struct Access;
    friend struct Access;

    void* resume_point_ = nullptr;
    FiberContext* target_ = nullptr;  // whom this one switched to last
    Entry entry_ = nullptr;
    void* argument_ = nullptr;
    ExceptionState exceptions_;
    std::byte* mapping_ = nullptr;  // guard page and stack; null for the host
    const void* stack_bottom_ = nullptr;
    std::size_t stack_bytes_ = 0;
    // Kept from one fiber to the next: to make one takes longer than most fibers run.
    void* asan_fake_stack_ = nullptr;
    bool dropped_ = false;  // since the last prepare
    bool closing_ = false;
    void* tsan_fiber_ = nullptr;
};

}  // namespace blkdrain::sim
