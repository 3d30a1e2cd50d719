// SPDX-License-Identifier: Apache-2.0
#include "request/lane.h"

#include <memory>
#include <new>

#include <blkdrain/detail/check.h>

#include "os/canary.h"
#include "request/outer_request.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

class Lane::EndOfRegion final : public Task {
public:
    explicit EndOfRegion(Lane& lane) : Task(run_it), lane_(lane) {}

private:
    static void run_it(Task& task) {
        Lane& lane = static_cast<EndOfRegion&>(task).lane_;
        lane.at_poll_queued_ = false;
        if (lane.plugged() && !canary(Canary::plug_survives_poll)) {
            lane.end_region();
        }
    }

    Lane& lane_;
};

Lane::Lane(Gatekeeper& keeper, EventLoop& event_loop, std::uint32_t lane_number)
    : gatekeeper(keeper), loop(event_loop), core(event_loop.core()), number(lane_number) {}

Lane::~Lane() {
    for (std::uint32_t i = 0; i < segments; ++i) {
        // relaxed, here and below: nobody else uses the lane any more.
        if (Cell* cells = segments_[i].load(std::memory_order_relaxed); cells != nullptr) {
            std::destroy_n(cells, CellPlace::cells_of(i));
            ::operator delete(cells, std::align_val_t{own_line});
        }
    }
    Slab* slab = slabs_.load(std::memory_order_relaxed);
    while (slab != nullptr) {
        for (std::size_t i = 0; i < slab->made.load(std::memory_order_relaxed); ++i) {
            BLKDRAIN_CHECK(slab->at(i).id.load(std::memory_order_relaxed) == 0,
                           "a graph outlives its requests");
            std::destroy_at(&slab->at(i));
        }
        Slab* next = slab->next;
        delete slab;
        slab = next;
    }
}

OuterRequest* Lane::find_request(RequestId id) const {
    OuterRequest* found = nullptr;
    for_each_request([&](OuterRequest& request) {
        found = request.id.load(std::memory_order_relaxed) == id.value ? &request : found;
    });
    return found;
}

std::uint64_t Lane::enter_plug() {
    if (plugs_++ == 0) {
        ++region_;
        gatekeeper.plugged(*this);
        if (at_poll_ == nullptr) {
            at_poll_ = std::make_unique<EndOfRegion>(*this);
        }
        if (!at_poll_queued_) {
            at_poll_queued_ = true;
            core.run_before_polling(*at_poll_);
        }
    }
    return region_;
}

void Lane::leave_plug(std::uint64_t region) {
    if (region == region_ && plugged() && --plugs_ == 0) {
        end_region();
    }
}

void Lane::end_region() {
    plugs_ = 0;
    gatekeeper.unplugged(*this);
}

Cell* Lane::add_segment(std::uint32_t segment) {
    const std::size_t count = CellPlace::cells_of(segment);
    auto* cells =
        static_cast<Cell*>(::operator new(count * sizeof(Cell), std::align_val_t{own_line}));
    std::uninitialized_default_construct_n(cells, count);
    // release: whoever finds the pointer finds the cells made.
    segments_[segment].store(cells, std::memory_order_release);
    // release: after the pointer; see segments_made. relaxed, the load: only this thread writes it.
    segments_made_.store(segments_made_.load(std::memory_order_relaxed) + 1,
                         std::memory_order_release);
    return cells;
}

OuterRequest& Lane::make_request() {
    // relaxed, the loads: only this thread writes them.
    Slab* slab = slabs_.load(std::memory_order_relaxed);
    if (slab == nullptr || slab->made.load(std::memory_order_relaxed) == Slab::size) {
        slab = new Slab(slab);
        // release: the slab is complete for whoever finds it.
        slabs_.store(slab, std::memory_order_release);
    }
    const std::uint32_t place = slab->made.load(std::memory_order_relaxed);
    auto* request = new (slab->place(place)) OuterRequest(*this);
    // release: see for_each_request.
    slab->made.store(place + 1, std::memory_order_release);
    return *request;
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
