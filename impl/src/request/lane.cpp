// SPDX-License-Identifier: Apache-2.0
#include "request/lane.h"

#include <memory>
#include <new>

#include <blkdrain/detail/check.h>

#include "request/outer_request.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

Lane::Lane(Gatekeeper& keeper, EventLoop& event_loop, std::uint32_t lane_number)
    : gatekeeper(keeper), loop(event_loop), core(event_loop.core()), number(lane_number) {}

Lane::~Lane() {
    for (auto& segment : segments_) {
        // relaxed, here and below: nobody else uses the lane any more.
        delete[] segment.load(std::memory_order_relaxed);
    }
    Slab* slab = slabs_.load(std::memory_order_relaxed);
    while (slab != nullptr) {
        for (std::size_t i = 0; i < Slab::size; ++i) {
            BLKDRAIN_CHECK(slab->at(i).id.load(std::memory_order_relaxed) == 0,
                           "a graph outlives its requests");
            std::destroy_at(&slab->at(i));
        }
        Slab* next = slab->next;
        delete slab;
        slab = next;
    }
}

Cell* Lane::add_segment(std::uint32_t segment) {
    auto* cells = new Cell[std::size_t{1} << (segment + first_segment_bits)];
    // release: whoever finds the pointer finds the cells made.
    segments_[segment].store(cells, std::memory_order_release);
    return cells;
}

void Lane::add_slab() {
    auto* slab = new Slab;
    for (std::size_t i = Slab::size; i-- > 0;) {
        auto* request = new (slab->place(i)) OuterRequest(*this);
        request->next_free = free_;
        free_ = request;
    }
    // relaxed: only this thread writes it; release: see for_each_request.
    slab->next = slabs_.load(std::memory_order_relaxed);
    slabs_.store(slab, std::memory_order_release);
}

OuterRequest& Lane::allocate() {
    if (free_ == nullptr) [[unlikely]] {
        add_slab();
    }
    OuterRequest& request = *free_;
    free_ = request.next_free;
    return request;
}

void Lane::recycle(OuterRequest& request) {
    // relaxed: readers treat the id as a hint.
    request.id.store(0, std::memory_order_relaxed);
    request.next_free = free_;
    free_ = &request;
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
