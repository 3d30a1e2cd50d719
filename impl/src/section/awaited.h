// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <blkdrain/section.h>
#include <blkdrain/snapshot.h>
#include <blkdrain/world.h>

#include "section/control_plane.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// One thing that a pending operation waits for, with the objects it speaks of; good for as long as
// the lock is held.
struct ControlPlane::Item {
    WaitItem::Kind kind;
    std::uint32_t id;
    const OuterRequest* request = nullptr;
    Backend* backend = nullptr;               // request: whose
    RequestState state = RequestState::done;  // request
    const NodeState* node = nullptr;          // settling, internal
    SectionOperation* section = nullptr;      // section: itself; settling, internal: which wants it

    [[nodiscard]] std::pair<WaitItem::Kind, std::uint32_t> key() const { return {kind, id}; }
};

struct ControlPlane::Items : std::vector<Item> {
    // Somebody was counted whom the walk over the requests did not meet, or no longer: it was sent
    // or got done meanwhile. Who is counted comes back through released.
    bool in_motion = false;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
