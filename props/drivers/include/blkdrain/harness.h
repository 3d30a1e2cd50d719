// SPDX-License-Identifier: Apache-2.0
//
// Checks a driver of yours with the suites that the library is checked with: random graphs with
// your driver in them, random programs of several clients, chosen schedules, all on a simulated
// machine, and each run judged by the executable specification.
//
// What is linked with the CMake target blkdrain::harness is compiled for the simulated machine, the
// driver too. So link your sources with it and not with blkdrain::blkdrain. There are no real
// threads and descriptors on that machine: a driver that is checked here starts no thread, waits
// for nothing but the library, and gets its time from the timers of its loop.
#pragma once

#include <functional>
#include <memory>

#include <blkdrain/driver.h>
#include <blkdrain/world.h>

#if !defined(BLKDRAIN_WORLD_SIM)
#error "blkdrain/harness.h is for targets that link blkdrain::harness"
#endif

BLKDRAIN_NAMESPACE_BEGIN

namespace harness {

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

// The whole of a main(): reads the command line (--help says more), checks for a while, reports,
// and returns the exit status: 0 no violation, 1 a violation (a folder with the reduced scenario,
// its time line and the reason is named), 2 wrong usage. `make` is called in other processes, which
// this one starts by running its own program with other arguments: so call it first thing in main,
// with all of them.
//
// What is judged: that the driver answers each request once and in the end; that nothing it has
// sent is still under way once it has answered, except for what begin_internal covers; that its
// settle ends, and not before its writes; and all that the library promises with such a driver in
// the graph. What is not: the data; Driver::submit_batch, for requests come one by one;
// Driver::may_move, for the scenario says which nodes may move.
int check_driver(int argc, char** argv, Place place, const MakeDriver& make);

}  // namespace harness

BLKDRAIN_NAMESPACE_END
