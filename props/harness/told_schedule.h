// SPDX-License-Identifier: Apache-2.0
//
// A schedule that something has chosen, told as deviations: the same run, in a form that can be
// read, shrunk and edited.
#pragma once

#include <optional>
#include <string>

#include "harness/scenario.h"

namespace blkdrain_props {

// The scenario in default order, with what ScheduleControl::record tells of a run of it.
class ToldSchedule {
public:
    explicit ToldSchedule(const Scenario& scenario);

    void add(const Deviation& answer);

    // Canonical. None: there were more answers than a scenario holds.
    [[nodiscard]] std::optional<Scenario> scenario() const;

private:
    Scenario scenario_;
    bool fits_ = true;
};

// An answer as a line, for runs that may end their process: whoever runs writes each at once.
std::string line_of(const Deviation& answer);

// As ToldSchedule, from such lines. What follows after another kind of line counts for nothing: the
// process has died, and says so.
std::optional<Scenario> told(const Scenario& scenario, const std::string& lines);

}  // namespace blkdrain_props
