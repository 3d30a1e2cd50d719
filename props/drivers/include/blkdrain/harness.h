// SPDX-License-Identifier: Apache-2.0
//
// Checks a driver or an owner of yours with the suites that the library is checked with, all on a
// simulated machine under chosen schedules, and each run judged by the executable specification: a
// driver in random graphs, under random programs of several clients; an owner in the place of the
// devices of random virtual machines.
//
// What is linked with the CMake target blkdrain::harness is compiled for the simulated machine,
// yours too. So link your sources with it and not with blkdrain::blkdrain. There are no real
// threads and descriptors on that machine: what is checked here starts no thread, waits for nothing
// but the library, and gets its time from the timers of its loop. Who holds a lock of his own holds
// it over no call of the library: whoever waited for the lock would keep the whole machine from
// going on.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <blkdrain/block_backend.h>
#include <blkdrain/driver.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/graph.h>
#include <blkdrain/ids.h>
#include <blkdrain/owners/vm_state.h>
#include <blkdrain/request.h>
#include <blkdrain/world.h>

#if !defined(BLKDRAIN_WORLD_SIM)
#error "blkdrain/harness.h is for targets that link blkdrain::harness"
#endif

BLKDRAIN_NAMESPACE_BEGIN

namespace harness {

// Both checks are the whole of a main(): they read the command line (--help says more), check for a
// while, report, and return the exit status: 0 no violation, 1 a violation (a folder with what was
// run, reduced, its time line and the reason is named), 2 wrong usage. `make` is called in other
// processes, which this one starts by running its own program with other arguments: so call them
// first thing in main, with all of them.
//
// Threads: the checks are called on that of main. What they get or make is called on threads of the
// simulated machine; on any, inside a loop or not, where nothing else is said.

// ---- A driver

// Makes the driver of one node. Called again and again.
using MakeDriver = std::function<std::unique_ptr<Driver>()>;

// Which nodes of the random graphs are served by it. Their children come and go between requests.
enum class Place {
    // All that have children, 1 to 4. Nodes without are devices of the suites: they hold each
    // request until the scenario answers it, with success or an error.
    filter,
    // All that have no children. The others are filters of the suites.
    leaf,
};

// What is judged: that the driver answers each request once and in the end; that nothing it has
// sent is still under way once it has answered, except for what begin_internal covers; that its
// settle ends, and not before its writes; and all that the library promises with such a driver in
// the graph. What is not: the data; Driver::submit_batch, for requests come one by one;
// Driver::may_move, for the scenario says which nodes may move.
int check_driver(int argc, char** argv, Place place, const MakeDriver& make);

// ---- An owner

// What an owner is made of. All of it lives longer than the owner.
struct OwnerPlace {
    Graph& graph;
    VmState& machine;
    std::string name;                // for its backend
    EventLoop& home;                 // likewise
    std::vector<EventLoop*> queues;  // 1 to 3 queues, by the loop of each
};

// Somebody with a backend, who is asked for I/O and sends it there. The suite puts the backend over
// a node, and perhaps under limits, as soon as the owner is made; it may be gated by then.
// Destroyed when it has left and all is at rest; or never, after a violation.
class Owner {
public:
    virtual ~Owner() = default;

    // The one it sends through.
    [[nodiscard]] virtual BackendId backend() const = 0;

    // Asks for `io` on a queue. An owner that lives on one loop posts. Success: the owner sends it
    // as soon as it may, once, with type, offset, length and memory as they are, and calls the
    // completion once, never inside the call, on the loop of the queue, with the result. What has
    // ended with an error it may send again, or report. Once it leaves, and not before, it may
    // complete with Errc::cancelled what has not come to the disk. An error means that there is no
    // request and no completion: only once it leaves.
    virtual std::error_code submit(std::size_t queue, const Io& io, Completion completion) = 0;

    // Once; no change of the backend's medium is under way then. Accepts nothing
    // more, takes back what waits, in its queues and at gates, waits for the rest, closes its
    // backend and calls `left`, once, on any thread, when the last completion has returned. The
    // machine may be stopped, and stop or go on meanwhile.
    virtual void leave(std::function<void()> left) = 0;
};

// Called again and again, on threads that are inside no loop.
using MakeOwner = std::function<std::unique_ptr<Owner>(const OwnerPlace&)>;

// Whether owners of this kind stop with the machine (R31).
enum class Stops {
    with_the_machine,  // registered with OwnerPlace::machine: a device, an export
    never,             // a job; it may begin sections of every kind
};

// What is judged: what Owner asks for; that nothing is kept back that may be sent (R9), which is
// looked at when everything has come to rest, so nothing may wait for a time of the owner's own;
// and all that the library promises with such owners in a graph. Of those that stop with the
// machine: that it is never stopped while something of theirs is in the graph, nor anything gets
// there until it goes on; that its stop waits for nothing but their own requests that are on their
// way; and that they begin no section but for their own backend. What is not: the data; the order;
// SectionListener::may_move.
int check_owner(int argc, char** argv, Stops stops, const MakeOwner& make);

}  // namespace harness

BLKDRAIN_NAMESPACE_END
