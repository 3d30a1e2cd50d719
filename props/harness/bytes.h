// SPDX-License-Identifier: Apache-2.0
//
// The byte form of a scenario: what fuzzers mutate and corpora store. Fixed-width records, little
// endian:
//
//   32  header: version, loops, strategy, pace, rule, nodes, backends, clients, seed (8), swarm
//   (8),
//       depth, memory, horizon (2), deviations (2), faults, 0
//   12  per node: loop, flags (1 pinned), settle kind, children, 4 x (role, node)
//    4  per backend: loop, flags (1 pinned, 2 listens), root, 0
//    4  the length of each client's program, one byte each
//    8  per operation: opcode, a, b, c, d, flags, where_backend, deadline
//       flags: bits 0-1 holds, 2-3 where, 4 at_once, 5 variant, 6 extra
//    8  per deviation: client, operation, actor, question, point (2), answer, 0
//
// Version 1, still read, ends its header after 24 bytes and has no deviations. Any other number
// means the present one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/scenario.h"

namespace blkdrain_props {

inline constexpr std::size_t encoded_size_max = 32 + 12 * nodes_max + 4 * backends_max + 4 +
                                                8 * clients_max * operations_max +
                                                8 * deviations_max;

// Any bytes are a scenario: counts and values out of range wrap round, what is missing is zero or
// absent, what is left over is ignored. decode(encode(s)) == s for every canonical s;
// encode(decode(bytes)) is a fixpoint.
Scenario decode(std::span<const std::uint8_t> bytes);

// Into `out`, which has room for encoded_size_max. Returns the length.
std::size_t encode(const Scenario& scenario, std::span<std::uint8_t> out);
std::vector<std::uint8_t> encode(const Scenario& scenario);

}  // namespace blkdrain_props
