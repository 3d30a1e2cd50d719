// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace blkdrain::sim {

// What kind of thing an operation touches. Objects are numbered within their class in the order of
// their first use in a run, never by address, so that the same choices give the same names.
enum class ObjectClass : std::uint8_t {
    none,
    atomic,
    mutex,
    condition,
    thread,
    poller,
    wake,
    timer,
};
inline constexpr unsigned object_class_count = 8;

enum class OperationKind : std::uint8_t {
    start,
    atomic_load,
    atomic_store,
    atomic_update,
    fence_process,
    lock,
    try_lock,
    unlock,
    condition_wait,
    notify_one,
    notify_all,
    spawn,
    join,
    read_clock,
    poller_add,
    poller_modify,
    poller_remove,
    poller_wait,
    open,
    close,
    signal,
    clear,
    arm,
    disarm,
    spin,
    yield,
    quiesce,
    advance,
    drain,  // a waiting store reaches memory
};

// One visible operation: what a thread is about to do, or did. Two operations of different threads
// commute if they touch different objects or neither writes; operations of class none on the clock
// (advance) commute with nothing.
struct Operation {
    OperationKind kind = OperationKind::start;
    ObjectClass object_class = ObjectClass::none;
    bool writes = false;
    std::uint32_t object = 0;  // number within the class; descriptors: the descriptor number
    // The first by another thread than the one that had the object for itself: what that one did to
    // it before was no visible operation.
    bool shares = false;

    bool operator==(const Operation&) const = default;
};

// Whether two operations of different threads, one after the other, may give something else in the
// other order. Never false for two that do not commute; sequential memory only.
inline bool dependent(const Operation& one, const Operation& other) {
    const auto place = [](const Operation& operation) {
        switch (operation.object_class) {
            case ObjectClass::poller:
            case ObjectClass::wake:
            case ObjectClass::timer:
                return ObjectClass::poller;  // a poller depends on what it watches
            default:
                return operation.object_class;
        }
    };
    const auto with_all = [](const Operation& operation) {
        return operation.shares || operation.object_class == ObjectClass::thread ||
               (operation.object_class == ObjectClass::none &&
                operation.kind != OperationKind::start &&
                operation.kind != OperationKind::read_clock);
    };
    if (with_all(one) || with_all(other)) {
        return true;
    }
    if (one.object_class == ObjectClass::none || place(one) != place(other)) {
        return false;
    }
    return place(one) == ObjectClass::poller ||
           (one.object == other.object && (one.writes || other.writes));
}

const char* name_of(OperationKind kind);
const char* name_of(ObjectClass object_class);

}  // namespace blkdrain::sim
