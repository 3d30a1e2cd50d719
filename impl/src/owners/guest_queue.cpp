// SPDX-License-Identifier: Apache-2.0
#include "owners/guest_queue.h"

#include <utility>

#include "owners/device_core.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

GuestQueue::GuestQueue(DeviceCore& device, EventLoop& loop, std::size_t depth)
    : device_(device), loop_(loop), depth_(depth), wakeup_(*this) {}

// --- any thread ---

std::error_code GuestQueue::submit(const Io& io, Completion completion) {
    auto request = std::make_unique<GuestRequest>(*this, io, completion);
    const os::mutex_lock lock(mutex_);
    if (closing_ != Closing::open) {
        return Errc::closing;
    }
    request->number = ++last_number_;
    backlog_.push_back(*request.release());
    ++load_.backlog;
    wake();
    return {};
}

RequestQueue::Load GuestQueue::load() const {
    const os::mutex_lock lock(mutex_);
    return load_;
}

void GuestQueue::kick() {
    const os::mutex_lock lock(mutex_);
    wake();
}

void GuestQueue::close() {
    const os::mutex_lock lock(mutex_);
    closing_ = Closing::cancelling;
    wake();
}

void GuestQueue::wake() {
    if (!woken_) {
        woken_ = true;
        retain(&device_);
        loop_.post(wakeup_);
    }
}

// --- the loop ---

void GuestQueue::Wakeup::run_queue(Task& task) {
    GuestQueue& queue = static_cast<Wakeup&>(task).queue;
    const Ref<DeviceCore> device = Ref<DeviceCore>::adopt(&queue.device_);
    queue.serve();
}

void GuestQueue::serve() {
    bool closing = false;
    {
        const os::mutex_lock lock(mutex_);
        woken_ = false;
        closing = closing_ == Closing::cancelling;
    }
    if (closing) {
        cancel_backlog();
    } else {
        send_backlog();
    }
}

void GuestQueue::send_backlog() {
    while (GuestRequest* request = take_sendable()) {
        send(*request);
    }
}

GuestRequest* GuestQueue::take_sendable() {
    const os::mutex_lock lock(mutex_);
    if (closing_ != Closing::open || load_.in_flight >= depth_ || !device_.may_send()) {
        return nullptr;
    }
    GuestRequest* request = take_first();
    if (request != nullptr) {
        ++load_.in_flight;
    }
    return request;
}

GuestRequest* GuestQueue::take_first() {
    GuestRequest* request = backlog_.pop_front();
    if (request != nullptr) {
        --load_.backlog;
    }
    return request;
}

void GuestQueue::send(GuestRequest& request) {
    // Without a request there is no completion: the refusal is the result.
    if (const std::error_code refused =
            device_.backend().submit(request.io, Completion{completed, &request})) {
        complete(request, refused);
    }
}

void GuestQueue::completed(void* context, std::error_code result) {
    auto& request = *static_cast<GuestRequest*>(context);
    GuestQueue& queue = request.queue;
    queue.complete(request, result);
    queue.send_backlog();
}

void GuestQueue::complete(GuestRequest& request, std::error_code result) {
    // What an unplug has cancelled is no error of the disk: nothing to be ignored or tried again.
    const ErrorPolicy policy = result == make_error_code(Errc::cancelled)
                                   ? ErrorPolicy::report
                                   : device_.policy(request.io.type);
    if (result && policy == ErrorPolicy::stop) {
        std::string reason = device_.reason_to_stop(request.io, result);
        if (put_back(request)) {
            device_.stop_machine(std::move(reason));
            return;
        }
    }
    tell_guest(request, policy == ErrorPolicy::ignore ? std::error_code() : result);
    bool closing = false;
    {
        const os::mutex_lock lock(mutex_);
        --load_.in_flight;
        closing = closing_ != Closing::open;
    }
    if (closing) {
        device_.request_over();
    }
}

// To its place in the order of the guest: before all that have not been sent.
bool GuestQueue::put_back(GuestRequest& request) {
    const os::mutex_lock lock(mutex_);
    if (closing_ != Closing::open) {
        return false;
    }
    --load_.in_flight;
    ++load_.backlog;
    for (GuestRequest& other : backlog_) {
        if (other.number > request.number) {
            backlog_.insert_before(other, request);
            return true;
        }
    }
    backlog_.push_back(request);
    return true;
}

void GuestQueue::tell_guest(GuestRequest& request, std::error_code result) {
    const Completion completion = request.completion;
    delete &request;
    completion.function(completion.context, result);
}

void GuestQueue::cancel_backlog() {
    for (;;) {
        GuestRequest* request = nullptr;
        {
            const os::mutex_lock lock(mutex_);
            request = take_first();
            if (request == nullptr) {
                closing_ = Closing::closed;
                break;
            }
        }
        tell_guest(*request, Errc::cancelled);
    }
    device_.queue_closed();
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
