// SPDX-License-Identifier: Apache-2.0
//
// Random scenarios, judged by the reference, on all cores. The worlds cannot be linked into one
// program, and a scenario may kill the process that runs it: so workers run them (worker.h), and
// the front end divides the time, watches and reports.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "harness/statistics.h"

namespace blkdrain_props {

// What a program with this front end is called and has.
struct Face {
    std::string name;
    std::string about;
    std::string replay;  // the command that runs a scenario again; the file comes behind it
    // How a worker of the world is started; what it is to do comes behind.
    std::vector<std::string> simulated;
    std::vector<std::string> real;
    std::vector<Suite> suites;  // that it offers
    // Checks the library itself: the model alone and canaries are there, and how often operations
    // took effect is judged, too.
    bool whole = false;

    [[nodiscard]] bool offers_machines() const {
        return std::find(suites.begin(), suites.end(), Suite::machines) != suites.end();
    }
    [[nodiscard]] bool offers_scenarios() const {
        return std::any_of(suites.begin(), suites.end(),
                           [](Suite suite) { return suite != Suite::machines; });
    }
    [[nodiscard]] const std::vector<std::string>& worker(Suite suite) const {
        return suite == Suite::real ? real : simulated;
    }
};

// The exit status.
int front_end(int argc, char** argv, const Face& face);

}  // namespace blkdrain_props
