// SPDX-License-Identifier: Apache-2.0
//
// What the mutator knows of the run before: engines mostly mutate an input several times in a row
// and run each result, so that what they mutate next is what has just been run.
#pragma once

#include <vector>

#include "harness/scenario.h"

namespace blkdrain_fuzz {

struct LastRun {
    blkdrain_props::Bounded<blkdrain_props::Program, blkdrain_props::clients_max> programs;
    // Answers of which each may reverse two operations of different threads that conflicted.
    std::vector<blkdrain_props::Deviation> reversals;
};

// Empty where a target runs nothing that has a schedule.
LastRun& last_run();

}  // namespace blkdrain_fuzz
