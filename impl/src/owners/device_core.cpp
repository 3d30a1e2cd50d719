// SPDX-License-Identifier: Apache-2.0
#include "owners/device_core.h"

#include <utility>

#include <blkdrain/detail/check.h>

#include "os/canary.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

namespace {

const char* name_of(IoType type) {
    switch (type) {
        case IoType::read:
            return "read";
        case IoType::write:
            return "write";
        case IoType::discard:
            return "discard";
        case IoType::flush:
            return "flush";
    }
    return "";
}

}  // namespace

void retain(DeviceCore* device) noexcept {
    device->owners.retain();
}

void release(DeviceCore* device) noexcept {
    if (device->owners.release()) {
        delete device;
    }
}

DeviceCore::DeviceCore(Graph& graph, std::string&& name, EventLoop& home,
                       const std::vector<EventLoop*>& queue_loops,
                       const GuestDeviceOptions& options)
    : graph_(graph),
      name_(std::move(name)),
      home_(home),
      options_(options),
      backend_(graph, name_, home),
      open_queues_(queue_loops.size()) {
    for (EventLoop* loop : queue_loops) {
        queues_.push_back(std::make_unique<GuestQueue>(*this, *loop, options.queue_depth));
    }
}

void DeviceCore::plug_into(const VmState& machine) {
    retain(this);  // released by leave
    machine_ = machine.core();
    const Error refused = backend_.set_listener(this);
    BLKDRAIN_CHECK(!refused, "a fresh backend takes a listener");
    registration_ = {machine_, machine_->add(std::string(name_), options_.stop_priority, *this)};
}

// --- stop and start ---

StopProgress DeviceCore::vm_stop(StopTicket ticket) {
    const os::mutex_lock lock(mutex_);
    // relaxed: see 1.
    stopped_.store(true, std::memory_order_relaxed);
    const std::uint64_t number = ++stop_number_;
    ++sections_to_come_;
    auto begun = [self = Ref<DeviceCore>(this), number](const Error&, Section section) {
        self->section_begun(number, std::move(section));
    };
    const Wait section = canary(Canary::stop_drains_neighbour)
                             ? graph_.quiesce_all({}, at_home(), std::move(begun))
                             : backend_.self_quiesce(at_home(), std::move(begun));
    if (section.id() == OperationId{}) {
        // It is being closed: the machine waits until the device has left.
        return StopProgress::pending;
    }
    quiet_ = graph_.quiet(section.id(), at_home(), [ticket](const Error& ended_first) {
        if (!ended_first) {
            ticket.quiet();
        }
    });
    return StopProgress::pending;
}

void DeviceCore::section_begun(std::uint64_t stop_number, Section section) {
    const os::mutex_lock lock(mutex_);
    --sections_to_come_;
    // relaxed: written with the lock held.
    if (stop_number == stop_number_ && stopped_.load(std::memory_order_relaxed)) {
        section_ = std::move(section);
    } else {
        section.end();
    }
    get_on_with_unplug();
}

void DeviceCore::vm_start() {
    const os::mutex_lock lock(mutex_);
    // relaxed: see 1.
    stopped_.store(false, std::memory_order_relaxed);
    section_.end();
    quiet_ = {};
    get_on_with_unplug();
    kick_queues();
}

void DeviceCore::section_begin() {
    // relaxed: see 1.
    gated_.store(true, std::memory_order_relaxed);
}

void DeviceCore::section_end() {
    // relaxed: see 1.
    gated_.store(false, std::memory_order_relaxed);
    kick_queues();
}

void DeviceCore::kick_queues() {
    for (const auto& queue : queues_) {
        queue->kick();
    }
}

// --- errors ---

std::string DeviceCore::reason_to_stop(const Io& io, std::error_code error) const {
    return "device '" + name_ + "': " + name_of(io.type) + " of " + std::to_string(io.length) +
           " bytes at " + std::to_string(io.offset) + ": " + error.message();
}

void DeviceCore::stop_machine(std::string&& reason) {
    machine_->stop_for_error(std::move(reason));
}

// --- unplug ---

void DeviceCore::unplug(EventLoop* loop, DoneCallback&& done) {
    const os::mutex_lock lock(mutex_);
    if (phase_ == Phase::plugged) {
        begin_unplug(loop, std::move(done));
        return;
    }
    (loop != nullptr ? *loop : home_)
        .post([done = std::move(done),
               error = Error(Errc::closing,
                             "unplug of '" + name_ +
                                 (phase_ == Phase::gone ? "': it is gone"
                                                        : "': it is being unplugged already"))] {
            if (done) {
                done(error);
            }
        });
}

void DeviceCore::unplug_in_background() {
    const os::mutex_lock lock(mutex_);
    if (phase_ == Phase::plugged) {
        begin_unplug(nullptr, {});
    }
}

void DeviceCore::begin_unplug(EventLoop* loop, DoneCallback&& done) {
    phase_ = Phase::closing_queues;
    told_on_ = loop;
    unplugged_ = std::move(done);
    for (const auto& queue : queues_) {
        queue->close();
    }
    get_on_with_unplug();
}

void DeviceCore::queue_closed() {
    const os::mutex_lock lock(mutex_);
    --open_queues_;
    get_on_with_unplug();
}

void DeviceCore::request_over() {
    const os::mutex_lock lock(mutex_);
    get_on_with_unplug();
}

// With the lock held: whatever could have been in the way may be gone.
void DeviceCore::get_on_with_unplug() {
    if (phase_ != Phase::closing_queues || open_queues_ != 0 || sections_to_come_ != 0) {
        return;
    }
    // relaxed: written with the lock held.
    if (stopped_.load(std::memory_order_relaxed)) {
        // What waits at our gate must not get into the graph because we open it.
        backend_.cancel_waiting();
        if (in_flight() != 0) {
            return;
        }
    }
    section_.end();
    phase_ = Phase::closing_backend;
    close_ = backend_.close(
        at_home(), [self = Ref<DeviceCore>(this)](const Error& error) { self->closed(error); });
}

// On the home loop.
void DeviceCore::closed(const Error& error) {
    if (!error) {
        leave();
        return;
    }
    BLKDRAIN_CHECK(error == Errc::busy, "only a change of its root keeps a device's backend open");
    const os::mutex_lock lock(mutex_);
    phase_ = Phase::closing_queues;
    // Changes come one after the other: this one ends after that one.
    ChangeOptions options;
    options.loop = &home_;
    graph_.remove_medium(backend_.id(), options,
                         [self = Ref<DeviceCore>(this)](const Error&) { self->request_over(); });
}

void DeviceCore::leave() {
    EventLoop* loop = nullptr;
    DoneCallback done;
    {
        const os::mutex_lock lock(mutex_);
        phase_ = Phase::gone;
        close_ = {};
        loop = told_on_;
        done = std::move(unplugged_);
    }
    registration_.reset();
    if (done && loop != nullptr && !loop->is_current()) {
        loop->post([done = std::move(done)] { done({}); });
    } else if (done) {
        done({});
    }
    release(this);
}

std::size_t DeviceCore::in_flight() const {
    std::size_t sum = 0;
    for (const auto& queue : queues_) {
        sum += queue->load().in_flight;
    }
    return sum;
}

WaitOptions DeviceCore::at_home() const {
    WaitOptions options;
    options.loop = &home_;
    return options;
}

Explanation DeviceCore::explain() const {
    const os::mutex_lock lock(mutex_);
    switch (phase_) {
        case Phase::plugged:
            return quiet_.explain();
        case Phase::closing_backend:
            return close_.explain();
        case Phase::closing_queues: {
            Explanation explanation = quiet_.explain();
            explanation.subject = "unplug of '" + name_ + "'";
            return explanation;
        }
        case Phase::gone:
            break;
    }
    return {};
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
