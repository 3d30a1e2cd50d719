// SPDX-License-Identifier: Apache-2.0
//
// The limits that scenarios set, in requests and pieces a tick: small numbers, so that few requests
// meet them. The library gets them by the second.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "harness/operations.h"
#include "harness/scenario.h"

namespace blkdrain_props {

// By the second, as the library and the model have it.
struct LimitSpec {
    std::uint64_t rate = 0, burst = 0, peak = 0, peak_burst = 0;
};
// Of requests: total, reads, writes; of bytes: total, reads, writes.
struct Limits6 {
    std::array<LimitSpec, 6> limits{};
    std::uint32_t iops_size = 0;
};

enum class LimitWord : std::uint8_t {
    off,
    one,
    two,
    slow,
    reads,
    writes,
    bytes,
    counted,
    peaked,
    mixed
};

// `a_tick_ns`: how long a tick lasts where the limits are to hold.
constexpr Limits6 limits_of(LimitWord word, std::uint64_t a_tick_ns) {
    constexpr std::size_t iops_total = 0, iops_read = 1, iops_write = 2, bps_total = 3,
                          bps_write = 5;
    // What a request costs exceeds the burst, and a plain one is four units: so the next one waits
    // for most of a tick, also where time does not stand still meanwhile.
    constexpr std::uint32_t unit_bytes = piece_bytes / 4;
    const std::uint64_t a_tick = 4 * (1'000'000'000 / a_tick_ns);
    const std::uint64_t bytes = a_tick * unit_bytes;
    Limits6 all;
    all.iops_size = unit_bytes;
    switch (word) {
        case LimitWord::off:
            all.iops_size = 0;
            break;
        case LimitWord::one:  // one plain request a tick
            all.limits[iops_total] = {a_tick, 1};
            break;
        case LimitWord::two:  // one more at once
            all.limits[iops_total] = {a_tick, 5};
            break;
        case LimitWord::slow:  // one in three ticks
            all.limits[iops_total] = {a_tick / 3, 1};
            break;
        case LimitWord::reads:
            all.limits[iops_read] = {a_tick, 1};
            break;
        case LimitWord::writes:
            all.limits[iops_write] = {a_tick, 1};
            break;
        case LimitWord::bytes:
            all.limits[bps_total] = {bytes, 1};
            break;
        case LimitWord::counted:  // a long request counts as one, like a plain one
            all.iops_size = 0;
            all.limits[iops_total] = {a_tick / 4, 1};
            break;
        case LimitWord::peaked:  // four in a burst, but no more than two a tick
            all.limits[iops_total] = {a_tick, 16, 2 * a_tick, 1};
            break;
        case LimitWord::mixed:
            all.limits[iops_read] = {a_tick, 1};
            all.limits[bps_write] = {bytes, 1};
            break;
    }
    return all;
}

// Whether an operation of it names a group: both exist then.
inline bool uses_groups(const Scenario& scenario) {
    for (const Program& program : scenario.programs) {
        for (const Record& record : program) {
            if (record.opcode == Opcode::join || record.opcode == Opcode::leave ||
                record.opcode == Opcode::limit) {
                return true;
            }
        }
    }
    return false;
}
constexpr std::uint32_t group_id(std::size_t group) {
    return static_cast<std::uint32_t>(group) + 1;
}

}  // namespace blkdrain_props
