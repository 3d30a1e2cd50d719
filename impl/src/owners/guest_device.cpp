// SPDX-License-Identifier: Apache-2.0
//
// The public classes, thin over the device.
#include <utility>

#include <blkdrain/owners/guest_device.h>

#include "owners/device_core.h"
#include "owners/guest_queue.h"

BLKDRAIN_NAMESPACE_BEGIN

using detail::DeviceCore;

std::error_code RequestQueue::submit(const Io& io, Completion completion) {
    return queue_->submit(io, completion);
}

RequestQueue::Load RequestQueue::load() const {
    return queue_->load();
}

EventLoop& RequestQueue::loop() const {
    return queue_->loop();
}

GuestDevice::GuestDevice(Graph& graph, VmState& machine, std::string name, EventLoop& home,
                         const std::vector<EventLoop*>& queue_loops,
                         const GuestDeviceOptions& options)
    : device_(detail::Ref<DeviceCore>::adopt(
          new DeviceCore(graph, std::move(name), home, queue_loops, options))) {
    device_->plug_into(machine);
}

GuestDevice& GuestDevice::operator=(GuestDevice&& other) noexcept {
    if (this != &other) {
        GuestDevice old(std::move(*this));
        device_ = std::move(other.device_);
    }
    return *this;
}

GuestDevice::~GuestDevice() {
    if (device_) {
        device_->unplug_in_background();
    }
}

BackendId GuestDevice::backend() const {
    return device_->backend().id();
}

const std::string& GuestDevice::name() const {
    return device_->name();
}

std::size_t GuestDevice::queues() const {
    return device_->queues();
}

RequestQueue GuestDevice::queue(std::size_t number) const {
    return RequestQueue(device_->queue(number));
}

void GuestDevice::unplug(EventLoop* loop, DoneCallback done) {
    device_->unplug(loop, std::move(done));
}

Explanation GuestDevice::explain() const {
    return device_->explain();
}

BLKDRAIN_NAMESPACE_END
