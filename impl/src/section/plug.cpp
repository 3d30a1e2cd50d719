// SPDX-License-Identifier: Apache-2.0
//
// Plugged regions (R16).
#include <vector>

#include <blkdrain/plug.h>

#include "section/control_plane.h"
#include "section/members.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

void ControlPlane::plugged(Lane& lane) {
    const Locked locked(*this);
    announce(Announced::plug, 0, [&](Announcement& a) { a.loop = lane.number; });
}

void ControlPlane::unplugged(Lane& lane) {
    std::vector<OuterRequest*> batch;
    {
        const Locked locked(*this);
        announce(Announced::unplug, 0, [&](Announcement& a) { a.loop = lane.number; });
        unplugging_ = &lane;
        take_plug_off([&](const OuterRequest& request) { return &request.lane == &lane; });
        progress();
        unplugging_ = nullptr;
        batch.swap(batch_);
    }
    OuterRequest::launch_batch(batch);
}

// They take their places in line, in the order sent. Whom nothing keeps there is admitted in the
// same instant: the gate word of its backend may let others pass already, who must not overtake it.
template <class Concerned>
void ControlPlane::take_plug_off(Concerned concerned) {
    for (auto at = plugged_.begin(); at != plugged_.end();) {
        OuterRequest& request = *at;
        ++at;
        if (!concerned(request)) {
            continue;
        }
        Backend& backend = *request.backend.load(std::memory_order_relaxed);
        request.plugged = false;
        if (!kept(request) && !charged(request) && line_up_to(request).empty()) {
            admit(request, From::plug);
            continue;
        }
        announce(Announced::line_up, request.id.load(std::memory_order_relaxed));
        request.unlink();
        backend.waiting.push_back(request);
        touched_.push_back(&backend);
    }
}

void ControlPlane::take_plug_off(const Backend& backend) {
    take_plug_off([&](const OuterRequest& request) {
        return request.backend.load(std::memory_order_relaxed) == &backend;
    });
}

}  // namespace detail

Plug::Plug(Graph& graph) : control_(graph.control()), lane_(control_->current_lane()) {
    if (lane_ != nullptr) {
        region_ = lane_->enter_plug();
    }
}

Plug::~Plug() {
    if (lane_ != nullptr) {
        BLKDRAIN_CHECK(lane_->core.is_current(), "a plug is destroyed on the loop it was made on");
        lane_->leave_plug(region_);
    }
}

BLKDRAIN_NAMESPACE_END
