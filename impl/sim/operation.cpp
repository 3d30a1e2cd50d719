// SPDX-License-Identifier: Apache-2.0
#include "sim/operation.h"

namespace blkdrain::sim {

const char* name_of(OperationKind kind) {
    switch (kind) {
        case OperationKind::start:
            return "start";
        case OperationKind::atomic_load:
            return "load";
        case OperationKind::atomic_store:
            return "store";
        case OperationKind::atomic_update:
            return "update";
        case OperationKind::fence_process:
            return "process fence";
        case OperationKind::lock:
            return "lock";
        case OperationKind::try_lock:
            return "try lock";
        case OperationKind::unlock:
            return "unlock";
        case OperationKind::condition_wait:
            return "condition wait";
        case OperationKind::notify_one:
            return "notify one";
        case OperationKind::notify_all:
            return "notify all";
        case OperationKind::spawn:
            return "spawn";
        case OperationKind::join:
            return "join";
        case OperationKind::read_clock:
            return "read clock";
        case OperationKind::poller_add:
            return "epoll add";
        case OperationKind::poller_modify:
            return "epoll modify";
        case OperationKind::poller_remove:
            return "epoll remove";
        case OperationKind::poller_wait:
            return "epoll wait";
        case OperationKind::open:
            return "open";
        case OperationKind::close:
            return "close";
        case OperationKind::signal:
            return "signal";
        case OperationKind::clear:
            return "clear";
        case OperationKind::arm:
            return "arm";
        case OperationKind::disarm:
            return "disarm";
        case OperationKind::spin:
            return "spin";
        case OperationKind::yield:
            return "yield";
        case OperationKind::quiesce:
            return "quiesce";
        case OperationKind::advance:
            return "advance clock";
        case OperationKind::drain:
            return "drain";
    }
    return "?";
}

const char* name_of(ObjectClass object_class) {
    switch (object_class) {
        case ObjectClass::none:
            return "";
        case ObjectClass::atomic:
            return "atomic";
        case ObjectClass::mutex:
            return "mutex";
        case ObjectClass::condition:
            return "condition";
        case ObjectClass::thread:
            return "thread";
        case ObjectClass::poller:
            return "poller";
        case ObjectClass::wake:
            return "wake";
        case ObjectClass::timer:
            return "timer";
    }
    return "?";
}

}  // namespace blkdrain::sim
