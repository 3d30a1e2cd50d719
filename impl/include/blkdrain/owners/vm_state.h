// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include <blkdrain/detail/ref.h>
#include <blkdrain/error.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/export.h>
#include <blkdrain/section.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {
class VmCore;
BLKDRAIN_EXPORT void retain(VmCore* machine) noexcept;
BLKDRAIN_EXPORT void release(VmCore* machine) noexcept;
}  // namespace detail

// A virtual machine that runs or is stopped (R31), and those who have to stop with it: its
// listeners, devices mostly. Stopping asks every one of them, and each quiesces its own backend and
// waits for that alone. Nobody else is drained: a job on the same node goes on, and requests that
// wait at a gate wait there until the machine goes on.

enum class RunState : std::uint8_t {
    running,
    stopping,  // every listener has been asked to stop, some are not quiet yet
    stopped,
};

// Why the machine does not run. A device's error displaces a request; the next cont ends both.
enum class StopCause : std::uint8_t { request, io_error };

struct RunStatus {
    RunState state = RunState::running;
    StopCause cause = StopCause::request;  // meaningful unless running
    std::string reason;                    // of an io_error: the device and what failed
};
using RunStateCallback = std::function<void(const RunStatus&)>;

// One listener's part of one stop, to be reported by it. A value; copies speak of the same part.
class BLKDRAIN_EXPORT StopTicket {
public:
    StopTicket() noexcept = default;
    StopTicket(detail::Ref<detail::VmCore> machine, std::uint64_t listener,
               std::uint64_t stop) noexcept
        : machine_(std::move(machine)), listener_(listener), stop_(stop) {}

    // The listener is quiet; vm_stop itself returns it instead. Of no effect once the machine has
    // gone on.
    void quiet() const;

private:
    detail::Ref<detail::VmCore> machine_;
    std::uint64_t listener_ = 0;
    std::uint64_t stop_ = 0;
};

enum class StopProgress : std::uint8_t {
    quiet,
    pending,  // the listener will say so by its ticket
};

// Who stops and starts with the machine. vm_stop and vm_start come in turn: mark, begin what takes
// time, return.
class BLKDRAIN_EXPORT RunStateListener {
public:
    // From now on nothing new is sent.
    virtual StopProgress vm_stop(StopTicket ticket) = 0;
    virtual void vm_start() = 0;

    // What it still waits for before it is quiet.
    [[nodiscard]] virtual Explanation explain_stop() const = 0;

protected:
    ~RunStateListener() = default;
};

// Keeps a listener registered. When it is reset or destroyed no call of the listener runs or comes
// any more, and a stop that waited for it goes on.
class BLKDRAIN_EXPORT RunStateRegistration {
public:
    RunStateRegistration() noexcept = default;
    RunStateRegistration(detail::Ref<detail::VmCore> machine, std::uint64_t listener) noexcept
        : machine_(std::move(machine)), listener_(listener) {}
    RunStateRegistration(RunStateRegistration&& other) noexcept
        : machine_(std::move(other.machine_)), listener_(std::exchange(other.listener_, 0)) {}
    RunStateRegistration& operator=(RunStateRegistration&& other) noexcept;
    ~RunStateRegistration() { reset(); }

    void reset();

private:
    detail::Ref<detail::VmCore> machine_;
    std::uint64_t listener_ = 0;
};

// How a stop is waited for.
struct StopOptions {
    StopOptions(  // NOLINT(google-explicit-constructor): `{}` is how they are left out
        std::source_location made_at = std::source_location::current())
        : where(made_at) {}

    // Gives up with Errc::timed_out this long after the call (R25). None: never.
    std::optional<std::chrono::nanoseconds> deadline;

    // Where the callback runs. Null: the calling thread's loop if it is inside one, else that of
    // the machine.
    EventLoop* loop = nullptr;

    // Shown by explain().
    std::source_location where;
};

// Whom a stop still waits for.
struct StopExplanation {
    struct Listener {
        std::string name;
        Explanation waits;  // what that one waits for
    };

    std::string subject;  // "stop of 'vm0' begun at main.cpp:31"
    std::vector<Listener> listeners;

    // "stop of 'vm0' begun at main.cpp:31 waits for 'vda': wait for quiet s4 of ... waits for
    // request r7 of ..."
    [[nodiscard]] std::string text() const;
};

// Names a pending stop. A value: nothing happens when it goes.
class BLKDRAIN_EXPORT StopWait {
public:
    StopWait() noexcept = default;
    StopWait(detail::Ref<detail::VmCore> machine, std::uint64_t stop) noexcept
        : machine_(std::move(machine)), stop_(stop) {}

    // Gives the stop up: its callback gets Errc::cancelled. The machine goes on, unless another
    // pending stop or a device's error wants it stopped. False if the outcome was decided already.
    bool abandon();

    // No listeners once it is over.
    [[nodiscard]] StopExplanation explain() const;

private:
    detail::Ref<detail::VmCore> machine_;
    std::uint64_t stop_ = 0;
};

// Calls take effect in some order, each before it returns: once stop has returned, every listener
// has been told, and nothing more of a device gets into the graph. Callbacks run exactly once,
// never inside a call. Life: the machine may go before its listeners, which then hear nothing any
// more.
//
// Threads: who may call what of this header, from where
//
//   StopWait                   any thread, several at a time; an assignment alone
//   StopTicket, VmState        any thread, several at a time; destruction as the last call
//   RunStateRegistration       any thread; for one object, one at a time
//   blocking::stop             see <blkdrain/blocking.h>
//   vm_stop, vm_start          come on any thread, with the machine's lock held: on that which
//                              stops the machine, lets it go on, gives a stop up, or registers
//   explain_stop               comes on the thread that explains, with that lock held
//   callbacks of stop          come on the loop of StopOptions
//   those of on_change         come on the loop of the machine
//
// Any thread: as in <blkdrain/graph.h>. But with a lock held, inside may_move and the calls of a
// listener, nothing of the machine is called: it would not return.
//
// What happens, and when:
//
//   call                       running                  stopping                  stopped
//   stop                       stops, over when quiet   joins the stop            is over at once
//   stop_for_error             stops                    becomes the cause         becomes the cause
//   cont                       no effect                goes on, ends the stops   goes on
//                                                       with cancelled
//   add                        tells nothing            vm_stop, is waited for    vm_stop
//   RunStateRegistration::     tells nothing            is not waited for         tells nothing
//     reset
//   StopTicket::quiet          no effect                counts                    no effect
//   StopWait::abandon          false                    ends it with cancelled    false
//   StopWait::explain          nothing                  whom it waits for         nothing
class BLKDRAIN_EXPORT VmState {
public:
    // `name` appears in messages. on_change is called on `loop`.
    VmState(std::string name, EventLoop& loop);
    VmState(const VmState&) = delete;
    VmState& operator=(const VmState&) = delete;
    ~VmState();

    // Stops the machine: calls vm_stop of the listeners, lowest priority first and then in the
    // order of registration; `done` when all are quiet. The machine stays stopped until cont.
    //
    // Errors: those of giving up, after which the machine goes on as StopWait::abandon says
    // (cancelled, timed_out); cancelled also if cont comes first. Who holds a token or a request of
    // a device and waits for a stop waits for himself; the explanation says so.
    StopWait stop(const StopOptions& options, DoneCallback done);

    // A device's request has failed and its policy is to stop the machine. Nobody is called back;
    // cannot be given up.
    void stop_for_error(std::string reason);

    // Lets the machine go on: vm_start of the listeners, in the reverse order.
    void cont();

    [[nodiscard]] RunStatus status() const;
    [[nodiscard]] const std::string& name() const;

    // `told` hears each status that the machine comes into, in order, after the listeners. Replaces
    // the one before; empty: nobody is told.
    void on_change(RunStateCallback told);

    // `name` appears in messages.
    [[nodiscard]] RunStateRegistration add(std::string name, int priority,
                                           RunStateListener& listener);

    [[nodiscard]] const detail::Ref<detail::VmCore>& core() const { return machine_; }

private:
    detail::Ref<detail::VmCore> machine_;
};

namespace blocking {

// For plain threads.
BLKDRAIN_EXPORT Error stop(VmState& machine, const StopOptions& options = {});

}  // namespace blocking

BLKDRAIN_NAMESPACE_END
