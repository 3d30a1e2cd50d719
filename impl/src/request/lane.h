// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <blkdrain/event_loop.h>
#include <blkdrain/world.h>

#include "graph/backend.h"
#include "loop/loop_core.h"
#include "loop/own_line.h"
#include "os/backend.h"
#include "os/canary.h"
#include "request/gatekeeper.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

class OuterRequest;

// What one loop has sent and finished under one counter. sent - done over all lanes is what is in
// flight. None lies across two cache lines.
struct alignas(32) Cell {
    os::atomic<std::uint64_t> sent{0};
    os::atomic<std::uint64_t> done{0};
    os::atomic<std::uint32_t> watched{0};
    // Of the difference of the two above, the requests never admitted yet.
    os::atomic<std::uint32_t> waiting{0};

    // Loop thread: nothing that it has sent here is admitted and not done. An admission that it has
    // not heard of makes it say so early; never late.
    [[nodiscard]] bool at_rest() const {
        // relaxed: sent and done are this thread's, and whatever makes `waiting` grow.
        const std::uint32_t unadmitted =
            canary(Canary::waiting_as_running) ? 0 : waiting.load(std::memory_order_relaxed);
        return sent.load(std::memory_order_relaxed) - done.load(std::memory_order_relaxed) <=
               unadmitted;
    }
};

// One loop's lane in one graph: the accounting of the requests it sends, and their storage.
//
// The handshake between the request path and the control plane (in-flight count against gate, both
// without a shared write):
//  1. A sender counts itself (sent + 1) in its own cell, light fence, reads the gate word; if the
//     word is not the one it counted under, it uncounts itself (done + 1) and takes the slow path.
//  2. The control plane writes the gate word, fences the lanes' loops (os::fence_process), reads
//     the cells. So either it sees the sender's count or the sender sees the new word; never
//     neither (R2: nobody gets by a gate that has closed; R7: quiet counts all who did before).
//  3. A finisher counts (done + 1), light fence, reads `watched`; the control plane sets `watched`,
//     fences the loops, reads the cells. So either it sees the request done or the finisher sees
//     that somebody watches; never neither (R7, R10: who waits is told). Then it reports, if it
//     leaves its cell at rest: before that nobody gets on, and the others of the cell come later.
//     While somebody pending names requests that he holds (R12), each one reports: tell_of_each, by
//     the same handshake.
//  4. Of each cell `done` is read first, then `sent`. If they are equal, but for requests that
//     wait, which stay while the control plane's lock is held, the loop had nothing in flight at
//     the instant between; and it gets nothing new under a counter that is closed or
//     gated but from a request of its own in flight or an open token, which counts for itself. So
//     when the last cell has been read, all are at rest.
//  5. A cell is written by its loop's thread alone (`watched` and `waiting`: under the control
//     plane's lock). Cells never move and are never reset: a counter that changes hands keeps its
//     sums, which are equal then.
class alignas(own_line) Lane {
public:
    Lane(Gatekeeper& gatekeeper, EventLoop& loop, std::uint32_t number);
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    // Loop thread: the cell of `counter`, made when missing.
    Cell& cell(std::uint32_t counter) {
        // Requests come in runs through one backend, and to locate a cell takes as long as all the
        // rest of the accounting.
        if (counter != recent_counter_) {
            recent_cell_ = &locate_or_make(counter);
            recent_counter_ = counter;
        }
        return *recent_cell_;
    }

    // Any thread: the cell there; null if this loop never sent under a counter near it.
    [[nodiscard]] Cell* find(CellPlace place) const {
        // acquire: the cells were made before the pointer was published.
        Cell* segment = segments_[place.segment].load(std::memory_order_acquire);
        return segment == nullptr ? nullptr : &segment[place.index];
    }

    // Any thread: how often find() has got more to find.
    [[nodiscard]] std::uint32_t segments_made() const {
        // acquire: what it counts is found from now on.
        return segments_made_.load(std::memory_order_acquire);
    }

    // Loop thread. A request object from the free list, so that sending allocates nothing once
    // warm.
    OuterRequest& allocate();

    // Loop thread. Never 0; unique in the graph among the requests not done.
    std::uint32_t next_id() { return (++sequence_ << lane_bits) | number; }

    void recycle(OuterRequest& request);

    // Any thread: calls visit(OuterRequest&) for every request in use, as far as can be told
    // while they move.
    template <class Visit>
    void for_each_request(Visit visit) const;

    // Loop thread: regions in which requests are plugged (R16). Those that overlap are one; it ends
    // with the last of them, and before the loop polls.
    [[nodiscard]] bool plugged() const { return plugs_ != 0; }
    std::uint64_t enter_plug();
    void leave_plug(std::uint64_t region);

    // Any thread: the request in use with this id, as far as can be told while they move; null.
    [[nodiscard]] OuterRequest* find_request(RequestId id) const;
    // The number of the lane that sent it.
    static std::uint32_t lane_number(RequestId id) { return id.value & ((1U << lane_bits) - 1); }

    Gatekeeper& gatekeeper;
    EventLoop& loop;
    LoopCore& core;
    const std::uint32_t number;  // in the graph, from 0

    // From here on the loop's thread writes: other loops look at what is above to find their own
    // lane.
    alignas(own_line)
        OuterRequest* dispatching = nullptr;  // whose completion runs now (R3, R10: chains)

private:
    static constexpr std::uint32_t lane_bits = 6;  // Graph::loops_max
    static constexpr std::size_t segments = 28;
    struct Slab;

    Cell& locate_or_make(std::uint32_t counter) {
        const CellPlace place = CellPlace::of(counter);
        // relaxed: only this thread writes it.
        Cell* segment = segments_[place.segment].load(std::memory_order_relaxed);
        if (segment == nullptr) [[unlikely]] {
            segment = add_segment(place.segment);
        }
        return segment[place.index];
    }

    class EndOfRegion;

    void end_region();
    Cell* add_segment(std::uint32_t segment);
    OuterRequest& make_request();

    // Loop thread: the counter asked for last, and its cell.
    std::uint32_t recent_counter_ = ~0U;
    Cell* recent_cell_ = nullptr;

    std::array<os::atomic<Cell*>, segments> segments_;
    os::atomic<std::uint32_t> segments_made_{0};
    OuterRequest* free_ = nullptr;
    os::atomic<Slab*> slabs_{nullptr};
    std::uint32_t sequence_ = 0;

    // Loop thread.
    unsigned plugs_ = 0;
    std::uint64_t region_ = 0;
    std::unique_ptr<EndOfRegion> at_poll_;
    bool at_poll_queued_ = false;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
