// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "harness/scenario.h"

namespace blkdrain_props {

inline constexpr std::uint8_t loops_explored = 2;

// What one client does in an explored program: a call of the library; or a few, where one alone has
// nothing to act upon. With every choice of the objects that are there from the start; those that
// other clients make are named by what is there at that time, and the call is skipped if that is
// nothing. All operations of operations.h but await and expectations; none in callbacks, with a
// deadline or `holding`.
std::vector<Program> calls_on(const GraphSpec& graph);

}  // namespace blkdrain_props
