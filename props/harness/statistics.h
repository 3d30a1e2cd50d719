// SPDX-License-Identifier: Apache-2.0
//
// What a run of scenarios exercised. Plain numbers: they live in memory that a worker shares with
// the front end.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/operations.h"

namespace blkdrain_props {

struct OperationCount {
    std::uint64_t uses = 0;       // performed
    std::uint64_t effective = 0;  // succeeded
    std::uint64_t blocked = 0;    // a wait that was still pending when everything was at rest
    std::uint64_t failed = 0;     // ended with the error the rules want
    std::uint64_t given_up = 0;   // of those: a wait that was abandoned, or cancelled by a close
    std::uint64_t timed_out = 0;  // of those: a wait with a deadline
    std::uint64_t skipped = 0;    // no object to act on
};

// What kept requests that waited: one of these, or two together.
enum class Kept : std::uint8_t { gate, order, rate, plug, gate_and_rate, gate_and_plug };
inline constexpr std::array<std::string_view, 6> kept_words{
    "GATE", "ORDER", "RATE", "PLUG", "GATE and RATE", "GATE and PLUG"};
// How often a request was seen so: at rest or, plugged, when it was sent.
using KeptCount = std::array<std::uint64_t, kept_words.size()>;

struct SuiteCount {
    std::uint64_t scenarios = 0;
    std::uint64_t followed = 0;  // of them, those judged event by event: not on threads
    std::uint64_t operations = 0;
    std::uint64_t events = 0;
    std::uint64_t violations = 0;
    std::uint64_t busy_ns = 0;      // time spent in scenarios, summed over the workers
    std::uint64_t wall_ns = 0;      // time that passed
    std::uint64_t overlap_sum = 0;  // waits and requests pending when an operation was performed
    std::uint64_t overlap_max = 0;
    KeptCount kept{};
    // By both judges: explained, too, by the black box; given up by it; nothing for it.
    std::uint64_t judged_twice = 0, given_up = 0, left_out = 0;
    // Scenarios under PCT; of them, those of which it promises nothing, as the run was too long.
    std::uint64_t pct = 0, pct_too_long = 0;
    // By depth, 1 first: the logarithm of the probability, at most, that an error of this depth
    // which every scenario under PCT has was met in none.
    std::array<double, 3> missed{};
    std::array<OperationCount, opcode_count> of{};

    OperationCount& operator[](Opcode opcode) { return of[static_cast<std::size_t>(opcode)]; }
    const OperationCount& operator[](Opcode opcode) const {
        return of[static_cast<std::size_t>(opcode)];
    }
    void add(const SuiteCount& other);
    // A scenario under PCT, which met an error of that depth with at least this probability.
    void promised(unsigned depth, double probability);
};

// All of scenarios, but the last.
enum class Suite : std::uint8_t { sequential, scheduled, real, machines };
inline constexpr std::array<std::string_view, 4> suite_names{"sequential", "scheduled", "real",
                                                             "machines"};

using Counts = std::array<SuiteCount, suite_names.size()>;

// What the figures fail on: a blocking operation that hardly ever blocked, an operation that never
// succeeded, something that keeps requests and never did. Only judged where there are enough uses
// to tell.
inline constexpr std::uint64_t enough_uses = 200;
inline constexpr std::uint64_t enough_scenarios = 5000;
inline constexpr double blocked_share_min = 0.05;
std::vector<std::string> below_threshold(const SuiteCount& all);

// The table printed at the end of a check: suites, then operations over all suites.
std::string table(const Counts& counts);

}  // namespace blkdrain_props
