// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "check/front_end.h"
#include "harness/statistics.h"
#include "harness/violation.h"

namespace blkdrain_props {

struct Failure {
    Suite suite{};             // it is run as one of this
    std::string suite_name;    // for people: that, or of what else found it
    std::uint64_t number = 0;  // there: a seed, or a program
    std::string original;      // the scenario or machine, as text
    Violation violation;
    std::string complaint;  // of a worker that died
};

// Makes what failed smaller as long as it fails in the same way, writes both, the time line and the
// reason into a folder of its own in `out`, and prints the verdict. `canary`: what was broken, or
// empty. When `enough` says so the reduction ends with what it has.
void report(const Failure& failure, const Face& face, const std::string& canary,
            const std::string& out, const std::function<bool()>& enough);

}  // namespace blkdrain_props
