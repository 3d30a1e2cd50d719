// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include <blkdrain/block_backend.h>
#include <blkdrain/detail/ref.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/export.h>
#include <blkdrain/graph.h>
#include <blkdrain/ids.h>
#include <blkdrain/owners/vm_state.h>
#include <blkdrain/request.h>
#include <blkdrain/section.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {
class DeviceCore;
class GuestQueue;
BLKDRAIN_EXPORT void retain(DeviceCore* device) noexcept;
BLKDRAIN_EXPORT void release(DeviceCore* device) noexcept;
}  // namespace detail

// What a device does with a request that failed (QEMU's rerror and werror).
enum class ErrorPolicy : std::uint8_t {
    report,  // the guest gets the error
    ignore,  // the guest is told that it succeeded
    stop,    // the guest is told nothing: the machine stops, and tries again when it goes on
};

struct GuestDeviceOptions {
    ErrorPolicy on_read_error = ErrorPolicy::report;
    ErrorPolicy on_write_error = ErrorPolicy::report;  // of writes, discards and flushes

    // Requests of one queue that are sent and not over, at most; the rest waits in the queue. At
    // least 1.
    std::size_t queue_depth = 128;

    // Among the listeners of the machine: the lowest stops first.
    int stop_priority = 0;
};

// One queue of a guest device, like a virtqueue: the guest puts requests in from any thread, the
// device takes them out on the queue's loop and sends them through its backend. Valid as long as
// the device's handle. Threads and states: see there.
class BLKDRAIN_EXPORT RequestQueue {
public:
    explicit RequestQueue(detail::GuestQueue& queue) noexcept : queue_(&queue) {}

    // Success: exactly one completion, on the queue's loop, never inside the call; it is
    // Errc::cancelled if the device was unplugged before the request got into the graph, else what
    // the error policy makes of the result. closing: there is no request and no completion. The
    // memory is the guest's and lives until the completion.
    std::error_code submit(const Io& io, Completion completion);

    struct Load {
        std::size_t backlog = 0;    // put in and not sent, or to be tried again
        std::size_t in_flight = 0;  // sent through the backend and not over
    };
    [[nodiscard]] Load load() const;

    [[nodiscard]] EventLoop& loop() const;

private:
    detail::GuestQueue* queue_;
};

// A guest's disk: a backend of its own, several request queues, each served on a loop of its own,
// and a part in stopping the machine (R31).
//
// Order: the requests of a queue are sent in the order they were put in. One that is tried again
// goes to the head of its queue: before all that have not been sent.
//
// Stopped, or gated by a section, the device sends nothing and keeps its backlog in the queues;
// afterwards it looks at all of them again. A request that was sent just before a gate closed waits
// there (R1) and is neither lost nor sent again.
//
// Stopping: the device quiesces its own backend and waits until that is quiet, and for nobody
// else's requests.
//
// Threads: who may call what, from where
//
//   construction               any thread, but not in the calls of a listener of the machine
//   every other call           any thread, as in <blkdrain/graph.h>
//   moving, destruction        one thread, while no call runs, that of a RequestQueue among them
//   completions                come on the loop of the queue
//   unplug's callback          comes on the loop that it names
//
// What it answers, and when (unplugging: from the call of unplug to its callback, or from the
// destruction of the handle):
//
//   call                       in use                  unplugging               gone
//   RequestQueue::submit       is put in               closing                  closing
//   unplug                     waits                   closing                  closing
//   destruction                unplugs, unobserved     the unplug goes on       no effect
//   explain                    what a stop waits for   what it waits for        nothing
//   VmState::stop              waits until quiet       until quiet or gone      does not know it
//
// Life: the graph, the machine's loop and the loops named here outlive the end of the unplug.
class BLKDRAIN_EXPORT GuestDevice {
public:
    // Plugs the device in; without a medium, which is inserted by the id of its backend. It stops
    // at once if the machine is not running. `name` is that of the device and of its backend.
    // `home` is the backend's home loop, for good: it refuses to move (R28). One queue for each of
    // `queue_loops`, which may name a loop twice. All of them belong to the graph.
    GuestDevice(Graph& graph, VmState& machine, std::string name, EventLoop& home,
                const std::vector<EventLoop*>& queue_loops, const GuestDeviceOptions& options = {});
    GuestDevice(GuestDevice&& other) noexcept = default;
    GuestDevice& operator=(GuestDevice&& other) noexcept;
    ~GuestDevice();

    [[nodiscard]] BackendId backend() const;
    [[nodiscard]] const std::string& name() const;

    [[nodiscard]] std::size_t queues() const;
    [[nodiscard]] RequestQueue queue(std::size_t number) const;

    // Hot-unplug. From now on nothing can be put in; what is in the queues, or was sent and still
    // waits, completes with cancelled; what is on its way is waited for, its errors reported
    // whatever the policy. Then the backend closes and the machine forgets the device: a stop waits
    // for it until then at the longest. `done` runs on `loop` (null: the home loop), after the last
    // completion. Cannot be given up.
    void unplug(EventLoop* loop, DoneCallback done);

    // What a stop or an unplug waits for in this device; no items if it waits for nothing.
    [[nodiscard]] Explanation explain() const;

private:
    detail::Ref<detail::DeviceCore> device_;
};

BLKDRAIN_NAMESPACE_END
