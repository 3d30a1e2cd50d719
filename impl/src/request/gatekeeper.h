// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <system_error>

#include <blkdrain/world.h>

#include "os/backend.h"
#include "request/announcer.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

class Lane;
class OuterRequest;

// The slow side of the request path, behind the control plane's lock. Implemented by the control
// plane; the request path does not know more of it.
class Gatekeeper {
public:
    // The fast path did not take `request`: decides whether it is admitted, waits, or is refused
    // (then there is no request). `undone`: the fast path had counted it under `counter` and took
    // that back.
    struct Decision {
        std::error_code refusal;
        bool admitted = false;
    };
    virtual Decision decide(OuterRequest& request, bool undone, std::uint32_t counter) = 0;

    // A request counted under `counter`, which somebody watches, is DONE; see tell_of_each.
    virtual void released(std::uint32_t counter) = 0;

    // The completion of a request that was never admitted (closed while it waited) has returned.
    virtual void done_unadmitted(OuterRequest& request) = 0;

    // A region of `lane` begins, on its loop's thread; it ends there, and what waits for that goes
    // on (R16).
    virtual void plugged(Lane& lane) = 0;
    virtual void unplugged(Lane& lane) = 0;

    // Whether released() has to be told of each request, not just of those that leave the cell of
    // their loop at rest (lane.h, 3). Written by the control plane under its lock.
    os::atomic<bool> tell_of_each{false};

    Announcer announce;

protected:
    ~Gatekeeper() = default;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
