// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <blkdrain_ref/step.h>

#include "harness/edge_roles.h"

namespace blkdrain_props {

// The graph with what is on it, for Graphviz: backends above, what is gated or stopped filled and
// with the sections that cover it.
std::string to_dot(const blkdrain_ref::State& state, const EdgeRoles& roles);

}  // namespace blkdrain_props
