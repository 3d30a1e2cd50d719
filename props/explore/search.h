// SPDX-License-Identifier: Apache-2.0
//
// One process of an exploration: all schedules within a bound of every n-th program.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "explore/programs.h"
#include "sim/strategies/exhaustive.h"

namespace blkdrain_props {

// In memory that both processes map. Written by the searching one, but for `stop`; what it is at is
// there before each run, so it is known when the run kills the process.
struct SearchPage {
    static constexpr std::size_t answers_max = 8192;

    std::atomic<std::uint32_t> stop{0};
    std::atomic<std::uint32_t> found{0};  // the run under way failed
    std::atomic<std::uint32_t> done{0};   // nothing is left
    std::atomic<std::uint64_t> program{0};
    std::atomic<std::uint64_t> runs{0};
    std::atomic<std::uint64_t> left_out{0};  // runs like one that was made
    // Where it stood when it began with a program: the last one under `begun`, if it is not 0.
    struct Begin {
        std::atomic<std::uint64_t> program{0};
        std::atomic<std::uint64_t> runs{0};
        std::atomic<std::uint64_t> left_out{0};
    };
    std::atomic<std::uint32_t> begun{0};  // how many programs
    std::array<Begin, 2> begins{};        // the even ones, the odd ones
    // The answers that the run under way begins with.
    std::atomic<std::uint32_t> answer_count{0};
    std::array<std::uint8_t, answers_max> answers{};
};

// Where an exploration stands: what to search with, and per process how far it is.
struct SearchPlan {
    std::uint32_t nodes = 2;
    std::uint32_t calls = 2;
    Memory memory = Memory::sequential;
    blkdrain::sim::ScheduleBound bound;
    bool closing = false;  // also every order in which what exists is closed at the end
    std::uint32_t processes = 1;

    // What the bound counts: preemptions, or departures from the default order.
    [[nodiscard]] bool preemptions() const {
        return bound.cost == blkdrain::sim::ScheduleBound::Cost::preemptions;
    }
    [[nodiscard]] Programs programs() const {
        return {nodes, calls, memory,
                preemptions() ? Programs::Clients::alike : Programs::Clients::differ};
    }
};

// Searches from where the page stands; returns when there is nothing left, a run failed, or it is
// told to stop.
void search(const SearchPlan& plan, const Programs& programs, SearchPage& page);

// The failed run that the page stands at, told as deviations. In a process of its own, which the
// run may kill.
Scenario tell(const SearchPlan& plan, const Programs& programs, const SearchPage& page);

// How many runs there are and how long one takes, from random ones.
struct SearchEstimate {
    double runs = 0;
    double seconds_per_run = 0;
};
SearchEstimate estimate(const SearchPlan& plan, const Programs& programs, double seconds);

}  // namespace blkdrain_props
