// SPDX-License-Identifier: Apache-2.0
//
// What holds in every state, by name; those that do not.
#pragma once

#include <string>
#include <vector>

#include <blkdrain_ref/step.h>

namespace blkdrain_ref {

struct Violation {
    const char* invariant;
    int rule;
    std::string object;
};
std::vector<Violation> broken_invariants(const State& state);

}  // namespace blkdrain_ref
