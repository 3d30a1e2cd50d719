// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <blkdrain/world.h>

#include "os/backend.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// Alive while the thread serves a section notification: graph changes are refused meanwhile (R9).
class NotificationScope {
public:
    NotificationScope() : outer_(Slot::get()) { Slot::set(this); }
    NotificationScope(const NotificationScope&) = delete;
    NotificationScope& operator=(const NotificationScope&) = delete;
    ~NotificationScope() { Slot::set(outer_); }

    [[nodiscard]] static bool inside() { return Slot::get() != nullptr; }

private:
    struct Tag {};
    using Slot = os::thread_slot<Tag, NotificationScope>;
    NotificationScope* outer_;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
