// SPDX-License-Identifier: Apache-2.0
//
// What comes of running machines. Plain numbers: they live in memory that a worker shares with the
// front end.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/violation.h"

namespace blkdrain_props {

// How often what is interesting has happened; over many runs none may be zero.
struct MachineCounts {
    std::uint64_t requests = 0;
    std::uint64_t stops_that_waited = 0;
    std::uint64_t stops_for_an_error = 0;
    std::uint64_t tried_again = 0;
    std::uint64_t put_while_stopped = 0;
    std::uint64_t waited_at_the_gate = 0;  // requests of devices
    std::uint64_t waited_at_a_limit = 0;   // and by no gate
    std::uint64_t job_ran_while_stopped = 0;
    std::uint64_t unplugged_busy = 0;
    std::uint64_t plugged_while_stopped = 0;

    void add(const MachineCounts& other);
    // What has not happened at all, in words.
    [[nodiscard]] std::vector<std::string> never() const;
    // A line each.
    [[nodiscard]] std::string text() const;
};

struct MachineOutcome {
    std::optional<Violation> violation;
    std::uint64_t trace_hash = 0;
    std::uint64_t events = 0;
};

}  // namespace blkdrain_props
