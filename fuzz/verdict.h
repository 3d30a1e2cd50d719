// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace blkdrain_fuzz {

// What the target makes of an input, in a child process: the kind of its finding, or how it died,
// without what differs from run to run; empty if it returned 0. An input that takes longer than 25
// s has died of it.
std::string verdict_on(std::span<const std::uint8_t> bytes);

// A shorter input with the same verdict: no piece of it can be left out any more. At most
// `runs_max` runs.
std::vector<std::uint8_t> shortest_with(const std::string& verdict, std::vector<std::uint8_t> bytes,
                                        unsigned runs_max);

}  // namespace blkdrain_fuzz
