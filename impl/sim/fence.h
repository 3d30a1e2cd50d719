// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "os/world.h"
#include "sim/machine.h"

BLKDRAIN_OS_BEGIN

// Not visible: what the stores it lets out are seen between is chosen before, where they could have
// come out one by one. (sim::Memory; where memory is sequentially consistent nothing waits.)
inline void fence_full() {
    if (sim::this_fiber != nullptr) {
        sim::this_fiber->machine->drain(*sim::this_fiber);
    }
}

// A store may pass it: it orders against fence_process() alone.
inline void fence_light() {}

// The store that is announced next is seen by all.
inline void store_in_effect() {
    if (sim::this_fiber != nullptr) {
        sim::this_fiber->machine->drain(*sim::this_fiber);
    }
}

// One step as if in all threads, so nobody is asked: what an answer is worth is enumerated in
// impl/tests/os/rendezvous_test.cpp.
class fence_peer {
public:
    void enter() { inside_ = true; }
    void pass() {}
    void leave() { inside_ = false; }
    [[nodiscard]] bool inside() const { return inside_; }

private:
    bool inside_ = false;
};

inline void fence_process() {
    if (sim::this_fiber != nullptr) {
        sim::this_fiber->machine->reach(
            {sim::OperationKind::fence_process, sim::ObjectClass::none, false, 0});
    }
}

inline void fence_process(std::span<fence_peer* const>) {
    fence_process();
}

inline void spin_hint() {
    if (sim::this_fiber != nullptr) {
        sim::this_fiber->machine->spin();
    }
}

BLKDRAIN_OS_END
