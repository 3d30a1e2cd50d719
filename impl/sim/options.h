// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace blkdrain::sim {

class WakeListener;

// Which accesses to atomics and mutexes are no choice points, because no other thread can have an
// interest in them.
enum class Elide : std::uint8_t {
    // None: every access is a choice point.
    nothing,
    // Those to an object made by the same thread that no other has touched so far. Until the thread
    // publishes the object nothing is lost; what it does between publishing it and another's first
    // access counts as one step.
    own_objects,
    // Those to any object that no other thread has touched so far in this run, whoever made it.
    // Cheapest; two threads that race on an object at its first use are not seen to overlap.
    first_user,
};

// When a store is seen by other threads.
enum class Memory : std::uint8_t {
    // Sequentially consistent whatever the order named: before the next operation of anybody.
    sequential,
    // Total store order, as x86 has it. A store that is not seq_cst waits in a buffer of its
    // thread, first in, first out, which the thread itself reads through. What empties the buffer:
    // a seq_cst store, every read-modify-write, fence_full(), every operation on a mutex,
    // condition, thread or descriptor, and the join of the thread; fence_process() empties those of
    // all threads. Or a choice: each buffer that holds something is a thread among those that can
    // be chosen, and choosing it lets one store reach memory. In the default order that comes
    // before the thread's next visible operation, so only departures from it delay a store.
    //
    // Loads are never delayed or reordered (no load buffering), and all threads see stores in one
    // order.
    tso,
};

// The id of a thread's store buffer, which is chosen like a thread; Memory::tso allows
// store_buffer_id(0) threads.
constexpr std::uint32_t store_buffer_id(std::uint32_t thread) {
    return 64 + thread;
}

// What carries simulated threads. The same answers give the same trace on either.
enum class Carrier : std::uint8_t {
    // Fibers on the thread of the host.
    fibers,
    // Operating-system threads, which pass a baton so that one runs at a time. For debuggers, which
    // show threads, by their names, and know nothing of fibers. A switch costs some microseconds
    // and not some nanoseconds; a thread that is unfinished in the end stays, blocked, until the
    // process ends.
    threads,
};

struct Options {
    Carrier carrier = Carrier::fibers;
    Memory memory = Memory::sequential;
    // When nothing else can run, time jumps to the next deadline. Off: only advance() moves it.
    bool auto_advance = true;
    Elide elide = Elide::own_objects;
    // Weak compare-exchanges, try_lock, condition waits and poller waits may fail or end for no
    // reason; the latter as where a signal interrupts the system call.
    bool spurious = false;
    // So many times in a run a thread that looks at the clock, or waits in a poller, may be so slow
    // that the next deadline is reached before.
    std::uint32_t time_jumps = 0;
    // Keep choices() and trace_text().
    bool record_choices = false;
    bool record_trace = false;
    // May be null.
    WakeListener* wakes = nullptr;
    // Operations after which the run is stopped; unshared ones count too.
    std::uint64_t step_limit = 1'000'000;
};

}  // namespace blkdrain::sim
