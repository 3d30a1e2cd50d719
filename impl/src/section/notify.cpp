// SPDX-License-Identifier: Apache-2.0
//
// Notifications: one begin and one end a turn, in order, on the backend's home loop (R9).
#include "section/control_plane.h"
#include "section/notification_scope.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// A step has gated or released `backend`.
void ControlPlane::note_turn(Backend& backend) {
    if (backend.closed) {
        return;
    }
    backend.told_gated = backend.gated();
    if (!backend.told_gated && canary(Canary::notification_lost)) {
        return;
    }
    backend.owed.push_back(backend.told_gated);
    if (!backend.delivering) {
        backend.delivering = true;
        untold_.emplace_back(&backend);
    }
}

// Last of what a step does (R18): whoever it admits, opens or activates is on its way before.
void ControlPlane::post_notifications() {
    for (const auto& backend : untold_) {
        post_delivery(backend);
    }
    untold_.clear();
}

// The graph may be gone before the loop gets round to it.
void ControlPlane::post_delivery(const Ref<Backend>& backend) {
    EventLoop& loop = canary(Canary::notified_elsewhere) ? lanes_[0]->loop : *backend->home;
    loop.post([control = Ref<ControlPlane>(this), backend] { control->deliver(backend); });
}

// One notification, then the next in a task of its own: the home loop may have changed.
void ControlPlane::deliver(const Ref<Backend>& backend) {
    SectionListener* listener = nullptr;
    bool begin = false;
    {
        const Locked locked(*this);
        const bool at_home = backend->home->is_current() || canary(Canary::notified_elsewhere);
        if (!backend->owed.empty() && at_home) {
            listener = backend->listener();
            begin = backend->owed.front();
            backend->owed.erase(backend->owed.begin());
            announce(Announced::notify, backend->id.value,
                     [&](Announcement& a) { a.flag = begin; });
        }
    }
    if (listener != nullptr) {
        const NotificationScope scope(*this, *backend);
        if (begin) {
            listener->section_begin();
        } else {
            listener->section_end();
        }
    }
    const Locked locked(*this);
    if (backend->owed.empty()) {
        backend->delivering = false;
    } else {
        post_delivery(backend);
    }
}

Error ControlPlane::set_listener(Backend& backend, SectionListener* listener) {
    const Locked locked(*this);
    if (backend.closed) {
        return gone("set_listener", backend);
    }
    if (listener != nullptr && backend.listener() != nullptr) {
        return {Errc::busy, describe(backend) + " has a listener already"};
    }
    backend.set_listener(listener);
    backend.owed.clear();
    backend.told_gated = false;
    if (listener != nullptr) {
        announce(Announced::listen, backend.id.value);
        note_gate(backend);
        post_notifications();
    }
    return {};
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
