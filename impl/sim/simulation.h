// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "os/types.h"
#include "sim/options.h"
#include "sim/strategy.h"

namespace blkdrain::sim {

class Machine;

// The virtual clock at the start of each run.
inline constexpr os::time_point start_time{os::duration(1'000'000'000)};

// How a run ended.
struct Outcome {
    enum class Kind : std::uint8_t {
        finished,    // every thread ended
        deadlock,    // some threads wait for what nobody will do
        step_limit,  // stopped by Options::step_limit
    };
    struct Unfinished {
        std::string thread;
        std::string operation;  // "condition wait, no deadline"
        bool blocked;           // it cannot go on by itself
    };

    Kind kind = Kind::finished;
    std::vector<Unfinished> unfinished;  // by thread id

    bool finished() const { return kind == Kind::finished; }
    // "step limit: client1: condition wait, no deadline; loop0: load atomic#3, can go on"
    std::string to_string() const;
};

// One run of simulated threads, from an empty machine. At most one exists per operating-system
// thread, used by that thread alone; while it exists the types of the seam belong to it, inside its
// threads and on the host's stack alike.
//
// On the host (outside simulated threads) operations are no choice points and take effect at once;
// what would block is misuse. Objects may outlive the Simulation: descriptors opened in it are
// gone, mutexes are free.
//
// When it is destroyed with threads unfinished, their frames are dropped and not unwound; what
// those own leaks.
class Simulation {
public:
    // The strategy outlives the simulation.
    explicit Simulation(Strategy& strategy, const Options& options = {});
    ~Simulation();
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    // Adds a thread; from the host or from a simulated thread. Nobody need join it.
    void spawn(const char* name, std::function<void()> body);

    // From the host: runs until every thread ended, nothing can run any more, or the step limit.
    // May be called again after the host changed something.
    Outcome run();

    // Visible operations performed, and questions asked, so far.
    std::uint64_t points() const;
    // All operations, unshared ones included.
    std::uint64_t steps() const;
    std::uint64_t switches() const;
    // Equal for equal sequences of visible operations; kept without any option.
    std::uint64_t trace_hash() const;
    // With record_choices: every answer, in order. See strategies/replay.h.
    const std::vector<std::uint32_t>& choices() const;
    // With record_trace: one visible operation a line, "client1: lock mutex#2".
    std::string trace_text() const;

private:
    Machine& machine_;
};

// From a simulated thread: continues when every other thread is blocked and only the passing of
// time could change that. If several wait like this, they continue one by one by ascending id, each
// when everybody else is blocked again. Returns `finished`. From the host: runs the current
// simulation up to that point, and says how it stands; "deadlock" then only means that the threads
// left are blocked.
Outcome::Kind quiesce();

// From the host: how the current simulation stands, thread by thread.
Outcome standing();

// Moves the clock and fires the deadlines reached, in order (timed waits before timers, then by id
// or descriptor).
void advance(os::duration by);
void advance_to(os::time_point target);

// The earliest deadline of a timed wait or timer, if any.
std::optional<os::time_point> next_deadline();

// Says what the running thread (or the host) does from now on, for those who name points of a run
// (Choice::asker). It holds for the other threads, too, but for those that have said it of
// themselves. 0 to begin with.
void label(std::uint32_t what);

// Says that the running thread does something that is no operation on simulated objects and yet
// does not commute with what other threads do when they say so.
void touch();

// The id of the host where threads are named by id.
inline constexpr std::uint32_t host_id = UINT32_MAX;

// A choice point at which the default order passes on to the next thread.
void yield();

// The number of the simulated thread that runs, in order of creation; nothing on the host.
std::optional<std::uint32_t> current_thread();

}  // namespace blkdrain::sim
