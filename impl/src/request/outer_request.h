// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <system_error>

#include <blkdrain/block_backend.h>
#include <blkdrain/detail/intrusive_list.h>
#include <blkdrain/error.h>
#include <blkdrain/ids.h>
#include <blkdrain/request.h>
#include <blkdrain/snapshot.h>
#include <blkdrain/world.h>

#include "graph/backend.h"
#include "os/backend.h"
#include "request/lane.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// What RequestState says, with the two ways to complete told apart: cancelled is one that was never
// admitted.
enum class Stage : std::uint8_t { waiting, admitted, completing, cancelled, done };

constexpr RequestState shown(Stage stage) {
    switch (stage) {
        case Stage::waiting:
            return RequestState::waiting;
        case Stage::admitted:
            return RequestState::admitted;
        case Stage::completing:
        case Stage::cancelled:
            return RequestState::completing;
        case Stage::done:
            break;
    }
    return RequestState::done;
}

// A request an owner sent through a backend: WAITING, ADMITTED, COMPLETING, DONE.
//
// The identifying fields are atomics because explain and snapshot read them from other threads
// while the loop goes on; they are hints there, except for waiting requests, whose fields the
// control plane's lock guards.
class OuterRequest final : public Request, public ListHook<> {
public:
    explicit OuterRequest(Lane& home) : lane(home), completed_run_(run) {}

    using Request::set_io;

    // Admitted on its own loop: on to the root node, or to the end with no_medium (R3).
    void launch();

    // Admitted by another thread, which holds the control plane's lock: launches on the request's
    // loop.
    void launch_remotely();

    // Admitted as they left a plugged region, on their own loop: as launch, together.
    static void launch_batch(std::span<OuterRequest* const> batch);

    // Taken out of WAITING, by close or by its owner: completes with `cancelled` on its loop.
    void cancel_remotely();

    using Request::ask_to_cancel;

    [[nodiscard]] bool is_write() const { return io().type != IoType::read; }
    [[nodiscard]] bool is_flush() const { return io().type == IoType::flush; }

    // Loop thread. Counted under `counter` from here on; gives the cell where.
    Cell& count_under(std::uint32_t number) {
        counter.store(number, std::memory_order_relaxed);
        cell_ = &lane.cell(number);
        return *cell_;
    }
    [[nodiscard]] Cell& cell() const { return *cell_; }

    Lane& lane;
    os::atomic<std::uint32_t> id{0};  // 0: free
    os::atomic<Backend*> backend{nullptr};
    os::atomic<Stage> stage{Stage::waiting};
    os::atomic<std::uint32_t> token{0};
    os::atomic<std::uint32_t> counter{0};  // the bank that counts it
    // Of the loop and, while it waits, of who holds the control plane's lock.
    bool never_admitted = false;
    bool plugged = false;  // waits for its region to end, not in line (R16)
    os::atomic<os::time_point> sent_at{os::time_point{}};
    Completion completion;
    OuterRequest* next_free = nullptr;

private:
    [[nodiscard]] Node* root() const;
    static void finished(Request& request, std::error_code result);
    void finish(std::error_code result);
    void dispatch();
    void count_done();

    const Run completed_run_;
    Cell* cell_ = nullptr;
    std::error_code outcome_;
};

// Sends `io` through `backend` on `lane`, whose loop is the calling thread's. See
// BlockBackend::submit.
std::error_code send(Lane& lane, Backend& backend, const Io& io, Completion completion,
                     TokenId token, RequestId* id);

// The announcement of `request`, complete but for its error; to be made before the effect it
// announces.
Announcement describe_send(const OuterRequest& request, const Backend& backend);

struct alignas(own_line) Lane::Slab {
    static constexpr std::uint32_t size = 32;

    explicit Slab(Slab* older) : next(older) {}

    Slab* const next;
    os::atomic<std::uint32_t> made{0};  // requests, from the front; they stay until the lane goes
    alignas(OuterRequest) std::byte storage[size * sizeof(OuterRequest)];

    [[nodiscard]] void* place(std::size_t i) { return &storage[i * sizeof(OuterRequest)]; }
    [[nodiscard]] OuterRequest& at(std::size_t i) {
        return *std::launder(static_cast<OuterRequest*>(place(i)));
    }
};

inline OuterRequest& Lane::allocate() {
    if (free_ == nullptr) [[unlikely]] {
        return make_request();
    }
    OuterRequest& request = *free_;
    free_ = request.next_free;
    return request;
}

inline void Lane::recycle(OuterRequest& request) {
    // relaxed: readers treat the id as a hint.
    request.id.store(0, std::memory_order_relaxed);
    request.next_free = free_;
    free_ = &request;
}

template <class Visit>
void Lane::for_each_request(Visit visit) const {
    // acquire: the slab was complete before it was published.
    for (Slab* slab = slabs_.load(std::memory_order_acquire); slab != nullptr; slab = slab->next) {
        // acquire: the requests were made before they were counted.
        const std::uint32_t made = slab->made.load(std::memory_order_acquire);
        for (std::uint32_t i = 0; i < made; ++i) {
            // acquire: the fields set before the id are visible with it.
            if (slab->at(i).id.load(std::memory_order_acquire) != 0) {
                visit(slab->at(i));
            }
        }
    }
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
