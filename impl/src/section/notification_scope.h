// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <blkdrain/world.h>

#include "graph/backend.h"
#include "os/backend.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

class ControlPlane;

// Alive while the thread serves the section notification of `backend`: changes of its graph are
// refused meanwhile (R9).
class NotificationScope {
public:
    NotificationScope(const ControlPlane& control, const Backend& backend)
        : control_(control), backend_(backend), outer_(Slot::get()) {
        Slot::set(this);
    }
    NotificationScope(const NotificationScope&) = delete;
    NotificationScope& operator=(const NotificationScope&) = delete;
    ~NotificationScope() { Slot::set(outer_); }

    // Whose notification of the graph of `control` the thread serves; null: of none.
    [[nodiscard]] static const Backend* served(const ControlPlane& control) {
        const NotificationScope* scope = Slot::get();
        while (scope != nullptr && &scope->control_ != &control) {
            scope = scope->outer_;
        }
        return scope != nullptr ? &scope->backend_ : nullptr;
    }

private:
    struct Tag {};
    using Slot = os::thread_slot<Tag, NotificationScope>;
    const ControlPlane& control_;
    const Backend& backend_;
    NotificationScope* outer_;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
