// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>

#include <blkdrain/block_backend.h>
#include <blkdrain/detail/intrusive_list.h>
#include <blkdrain/detail/task.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/owners/guest_device.h>
#include <blkdrain/request.h>
#include <blkdrain/world.h>

#include "os/backend.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// One request of the guest, from submit until its completion has been called. Tried again as often
// as the policy says.
struct GuestRequest : ListHook<> {
    GuestRequest(GuestQueue& its_queue, const Io& its_io, Completion its_completion)
        : queue(its_queue), io(its_io), completion(its_completion) {}

    GuestQueue& queue;
    const Io io;
    const Completion completion;
    std::uint64_t number = 0;  // in the order of submit
};

// One queue of a device.
//
//  1. A request is in the backlog, or counted in flight, or its completion is being called out of a
//  closed queue; exactly one of them, until it is freed.
//  2. The backlog is in the order of numbers. Only the loop takes out and puts back.
//  3. Nothing is sent once the queue is closed: whoever closes it knows, when it reports to be
//  empty, that what is in flight is all there is.
//  4. After whatever could let the backlog go (submit, a completion, the device) serve() runs once
//  more (R9).
//
// Its lock is taken with that of the device held, never the other way round.
class GuestQueue {
public:
    GuestQueue(DeviceCore& device, EventLoop& loop, std::size_t depth);
    GuestQueue(const GuestQueue&) = delete;
    GuestQueue& operator=(const GuestQueue&) = delete;

    // Any thread.
    std::error_code submit(const Io& io, Completion completion);
    [[nodiscard]] RequestQueue::Load load() const;
    [[nodiscard]] EventLoop& loop() const { return loop_; }

    // Look at the backlog again, soon.
    void kick();
    // Accept nothing more, cancel the backlog, then report by DeviceCore::queue_closed.
    void close();

private:
    struct Wakeup final : Task {
        explicit Wakeup(GuestQueue& its_queue) : Task(run_queue), queue(its_queue) {}
        static void run_queue(Task& task);
        GuestQueue& queue;
    };

    // Of the loop.
    void serve();
    void send_backlog();
    void cancel_backlog();
    void send(GuestRequest& request);
    static void completed(void* context, std::error_code result);
    void complete(GuestRequest& request, std::error_code result);
    bool put_back(GuestRequest& request);
    static void tell_guest(GuestRequest& request, std::error_code result);
    GuestRequest* take_sendable();

    // With the lock held.
    void wake();
    GuestRequest* take_first();

    DeviceCore& device_;
    EventLoop& loop_;
    const std::size_t depth_;

    mutable os::mutex mutex_;  // guards everything below
    IntrusiveList<GuestRequest> backlog_;
    RequestQueue::Load load_;
    std::uint64_t last_number_ = 0;
    Wakeup wakeup_;
    bool woken_ = false;  // wakeup_ is posted and has not begun to run
    enum class Closing : std::uint8_t { open, cancelling, closed } closing_ = Closing::open;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
