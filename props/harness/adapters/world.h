// SPDX-License-Identifier: Apache-2.0
//
// Where the implementation runs: threads, loops, rest. One class, one implementation for each
// world.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <blkdrain/event_loop.h>

#include "harness/scenario.h"
#include "harness/standing_thread.h"

namespace blkdrain_props {

class World {
public:
    // Where the events of threads that run in parallel have no order of their own.
    static bool threaded();
    static const char* name();
    // Adapter::touched.
    static void touch();
    static std::unique_ptr<World> make();

    virtual ~World() = default;

    // Loops that nothing of an earlier scenario is left on, and their threads.
    virtual void open(const Scenario& scenario) = 0;
    // `clean`: nothing is left on the loops.
    virtual void close(bool clean) = 0;

    virtual blkdrain::EventLoop& loop(unsigned number) = 0;

    // Runs `task` on the loop, which comes to rest or at least gets as far as that before the call
    // returns.
    virtual void on_loop(unsigned loop, const std::function<void()>& task) = 0;
    // Until no loop and no client has anything left to do. `moves`, where threaded(), counts what
    // happens.
    virtual void rest(const std::atomic<std::uint64_t>& moves) = 0;
    virtual void run_clients(unsigned count, const std::function<void(unsigned)>& body,
                             const std::atomic<std::uint64_t>& moves,
                             const std::function<void()>& all_wait) = 0;
    // As Adapter::standing.
    [[nodiscard]] virtual std::vector<StandingThread> standing() const { return {}; }
    // What is wrong with the threads themselves, in words: they never come to rest, or do not end
    // when they are to. Empty: nothing. Known after rest(), run_clients() and close().
    [[nodiscard]] virtual std::string trouble() const { return {}; }
    // As Adapter::begins.
    virtual void begins(std::uint8_t client, std::uint8_t operation) = 0;
    // In a client; wakes up by changed().
    virtual void await(const std::function<bool()>& over) = 0;
    // In a client: makes `call`, which blocks, if clients are threads that can. When nothing else
    // moves any more somebody else does `give_up`, by which it is to return; false: it has not got
    // as far as that.
    virtual bool block(const std::function<void()>& /*call*/,
                       const std::function<bool()>& /*give_up*/) {
        return false;
    }
    virtual void changed() = 0;
    virtual void advance(std::uint64_t ticks) = 0;

    // How long a tick lasts for a deadline.
    virtual std::uint64_t tick_duration_ns() const = 0;

protected:
    World() = default;
};

// Real world only: how long a tick lasts. Short for many scenarios a second, long where a file says
// what has not timed out yet. Set before any run.
void set_real_tick_ns(std::uint64_t duration);

// Real world only: how long threads linger before they wake others or go to sleep (os/linger.h) is
// drawn from `seed`; 0: not at all. Set before a run.
void set_real_lingering(std::uint64_t seed);

}  // namespace blkdrain_props
