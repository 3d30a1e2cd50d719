// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <blkdrain_ref/step.h>

#include "harness/edge_roles.h"

namespace blkdrain_props {

// The graph with what is on it, as SVG: backends above, nodes by their depth. Groups of class
// gated, stopped, waiting, admitted, completing; each with the name of its object as data-id.
std::string draw(const blkdrain_ref::State& state, const EdgeRoles& roles);

}  // namespace blkdrain_props
