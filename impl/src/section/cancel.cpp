// SPDX-License-Identifier: Apache-2.0
//
// Cancelling requests (R29).
#include <cstddef>

#include "section/control_plane.h"
#include "section/members.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// Out of line, whatever kept it there; its owner is told on its loop.
void ControlPlane::complete_cancelled(OuterRequest& request) {
    request.unlink();
    request.plugged = false;
    request.stage.store(Stage::cancelled, std::memory_order_relaxed);
    announce(Announced::complete, request.id.load(std::memory_order_relaxed),
             [](Announcement& a) { a.error = Errc::cancelled; });
    request.cancel_remotely();
}

std::size_t ControlPlane::complete_all_cancelled(Backend& backend) {
    std::size_t count = 0;
    while (!backend.waiting.empty()) {
        complete_cancelled(*backend.waiting.begin());
        ++count;
    }
    for (auto at = plugged_.begin(); at != plugged_.end();) {
        OuterRequest& request = *at;
        ++at;
        if (request.backend.load(std::memory_order_relaxed) == &backend) {
            complete_cancelled(request);
            ++count;
        }
    }
    return count;
}

OuterRequest* ControlPlane::find_waiting(Backend& backend, RequestId id) {
    for (auto* list : {&backend.waiting, &plugged_}) {
        for (OuterRequest& request : *list) {
            if (request.id.load(std::memory_order_relaxed) == id.value &&
                request.backend.load(std::memory_order_relaxed) == &backend) {
                return &request;
            }
        }
    }
    return nullptr;
}

Error ControlPlane::cancel(Backend& backend, RequestId id) {
    const Locked locked(*this);
    const std::uint64_t since = announce.stamp();
    if (OuterRequest* const waiting = find_waiting(backend, id); waiting != nullptr) {
        if (canary(Canary::cancel_charges) && charged(*waiting)) {
            backend.group()->charge(waiting->io());
        }
        announce(Announced::cancel, id.value);
        if (canary(Canary::cancel_completes_twice)) {
            waiting->lane.loop.post([completion = waiting->completion] {
                completion.function(completion.context, make_error_code(Errc::cancelled));
            });
        }
        complete_cancelled(*waiting);
        touched_.push_back(&backend);
        progress();
        return {};
    }
    Lane* const lane = lane_of(id);
    const OuterRequest* const running = lane != nullptr ? lane->find_request(id) : nullptr;
    // relaxed: hints where the request's loop goes on meanwhile; then either answer is right, as
    // long as it is not done. acquire, the id: read last, it is still that request.
    const bool runs = running != nullptr &&
                      running->backend.load(std::memory_order_relaxed) == &backend &&
                      running->stage.load(std::memory_order_relaxed) == Stage::admitted &&
                      running->id.load(std::memory_order_acquire) == id.value;
    announce(Announced::cancel, id.value, [&](Announcement& a) {
        a.since = since;
        a.error = runs ? Errc::ok : Errc::too_late;
    });
    if (!runs) {
        return {Errc::too_late,
                "cancel: r" + std::to_string(id.value) + " of " + describe(backend) + " is over"};
    }
    lane->loop.post([control = Ref<ControlPlane>(this), lane, id] {
        OuterRequest* const request = lane->find_request(id);
        if (request != nullptr &&
            request->stage.load(std::memory_order_relaxed) == Stage::admitted) {
            request->ask_to_cancel();
        }
    });
    return {};
}

std::size_t ControlPlane::cancel_waiting(Backend& backend) {
    const Locked locked(*this);
    if (backend.closed) {
        return 0;
    }
    announce(Announced::cancel_waiting, backend.id.value);
    const std::size_t count = complete_all_cancelled(backend);
    touched_.push_back(&backend);
    progress();
    return count;
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
