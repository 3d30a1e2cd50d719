// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <blkdrain/block_backend.h>
#include <blkdrain/detail/ref.h>
#include <blkdrain/graph.h>
#include <blkdrain/owners/guest_device.h>
#include <blkdrain/owners/vm_state.h>
#include <blkdrain/section.h>
#include <blkdrain/world.h>

#include "os/backend.h"
#include "owners/guest_queue.h"
#include "owners/vm_core.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// A guest device behind its handle.
//
//  1. stopped_ and gated_ only spare the queues the trouble of sending; the gate decides (R1). So a
//  queue may read them late. Whoever clears one kicks every queue after it.
//  2. While stopped, at most one section of this device stands for the present stop; it ends with
//  the stop, or when the control plane hands it over later than that.
//  3. An unplug closes the queues first. It closes the backend when no section of ours is still to
//  come; while stopped, it cancels what waits and lets the rest come to its end before: ending our
//  section must admit nothing (R31).
//  4. The device keeps itself alive until it is gone from the machine and from the graph.
//  5. Locks are taken in this order: the machine's, the device's, that of a queue or of the control
//  plane.
class DeviceCore final : public RunStateListener, public SectionListener {
public:
    DeviceCore(Graph& graph, std::string&& name, EventLoop& home,
               const std::vector<EventLoop*>& queue_loops, const GuestDeviceOptions& options);
    DeviceCore(const DeviceCore&) = delete;
    DeviceCore& operator=(const DeviceCore&) = delete;

    // Once, after construction.
    void plug_into(const VmState& machine);

    // What GuestDevice offers; see there.
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] BlockBackend& backend() { return backend_; }
    [[nodiscard]] std::size_t queues() const { return queues_.size(); }
    [[nodiscard]] GuestQueue& queue(std::size_t number) const { return *queues_[number]; }
    void unplug(EventLoop* loop, DoneCallback&& done);
    // The handle goes.
    void unplug_in_background();
    [[nodiscard]] Explanation explain() const;

    // What the queues ask and report.
    [[nodiscard]] bool may_send() const {
        // relaxed: see 1; the kick that follows a clearing comes through the queue's lock.
        return !stopped_.load(std::memory_order_relaxed) && !gated_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] ErrorPolicy policy(IoType type) const {
        return type == IoType::read ? options_.on_read_error : options_.on_write_error;
    }
    [[nodiscard]] std::string reason_to_stop(const Io& io, std::error_code error) const;
    void stop_machine(std::string&& reason);
    void queue_closed();
    void request_over();

    // RunStateListener
    StopProgress vm_stop(StopTicket ticket) override;
    void vm_start() override;
    [[nodiscard]] Explanation explain_stop() const override { return explain(); }

    // SectionListener
    void section_begin() override;
    void section_end() override;
    [[nodiscard]] bool may_move(const EventLoop& /*loop*/) const override { return false; }

    os::ref_count owners;

private:
    enum class Phase : std::uint8_t { plugged, closing_queues, closing_backend, gone };

    void section_begun(std::uint64_t stop_number, Section section);
    void kick_queues();
    void begin_unplug(EventLoop* loop, DoneCallback&& done);
    void get_on_with_unplug();
    void closed(const Error& error);
    void leave();
    [[nodiscard]] std::size_t in_flight() const;
    [[nodiscard]] WaitOptions at_home() const;

    Graph& graph_;
    const std::string name_;
    EventLoop& home_;
    const GuestDeviceOptions options_;
    BlockBackend backend_;
    std::vector<std::unique_ptr<GuestQueue>> queues_;
    Ref<VmCore> machine_;                // set once, by plug_into
    RunStateRegistration registration_;  // set by plug_into, reset when the device leaves

    os::atomic<bool> stopped_{false};  // written with mutex_ held
    os::atomic<bool> gated_{false};    // written by the home loop

    mutable os::mutex mutex_;  // guards everything below
    Phase phase_ = Phase::plugged;
    std::uint64_t stop_number_ = 0;
    Section section_;                   // of the present stop, once handed over
    std::size_t sections_to_come_ = 0;  // begun and not handed over
    Wait quiet_;                        // of the present stop
    Wait close_;                        // in closing_backend
    std::size_t open_queues_ = 0;
    EventLoop* told_on_ = nullptr;
    DoneCallback unplugged_;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
