// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace blkdrain::sim {

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

struct Options {
    // When nothing else can run, time jumps to the next deadline. Off: only advance() moves it.
    bool auto_advance = true;
    Elide elide = Elide::own_objects;
    // Weak compare-exchanges, try_lock, condition waits and poller waits may fail or end for no
    // reason.
    bool spurious = false;
    // Keep choices() and trace_text().
    bool record_choices = false;
    bool record_trace = false;
    // Operations after which the run is stopped; unshared ones count too.
    std::uint64_t step_limit = 1'000'000;
};

}  // namespace blkdrain::sim
