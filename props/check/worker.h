// SPDX-License-Identifier: Apache-2.0
//
// Runs scenarios, or machines, in one world, for the front end. Not called by people.
//
//   check SUITE SEED WORKER SECONDS FD [CANARY]
//       random ones until the time is over; reports in the page behind FD
//   serve REPEAT [CANARY]
//       those from standard input, each as "LENGTH\n" and its text; answers each with a line:
//       "ok", or detector, rule, code, step, sentence by tabs
//   play TICK_NS strict|lenient [CANARY]
//       the one from standard input to its end, as a time line; strict: deviations without effect
//       are a failure
//   page TICK_NS GRAPH_FILE [CANARY]
//       the one from standard input, as the rows of an HTML time line; writes the graph it came to
//       into the file, for Graphviz, unless its name is empty
//   record [CANARY]
//       one scenario from standard input; a line for each answer of its strategy that is not the
//       default order's, as it is given: client, operation, actor, question, point, answer
//   hash SUITE SEED COUNT [backwards] [CANARY]
//       one line for each, with hashes of its trace; backwards: the last one first
//   threads MODE ...
//       any of these, with simulated threads that are threads of the system
//   judges SUITE SEED COUNT [CANARY]
//       both judges on each; a line for each disagreement, then the figure; 1 if there was one
#pragma once

#include <functional>
#include <vector>

#include "machine/machine_outcome.h"
#include "machine/machine_program.h"

namespace blkdrain_props {

class MachineListener;
using RunMachine =
    std::function<MachineOutcome(const MachineProgram&, MachineCounts&, MachineListener*)>;

// The exit status, if the process does not end by itself. `run_machine` is empty where machines
// are not linked in: then nobody may ask for them.
int work(std::vector<const char*> arguments, const RunMachine& run_machine = {});

}  // namespace blkdrain_props
