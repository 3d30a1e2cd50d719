// SPDX-License-Identifier: Apache-2.0
//
// Runs scenarios in one world, for the front end. Not called by people.
//
//   check SUITE SEED WORKER SECONDS FD [CANARY]
//       random scenarios until the time is over; reports in the page behind FD
//   serve REPEAT [CANARY]
//       scenarios from standard input, each as "LENGTH\n" and its text; answers each with a line:
//       "ok", or detector, rule, code, step, sentence by tabs
//   play TICK_NS strict|lenient [CANARY]
//       one scenario from standard input to its end, as a time line; strict: deviations without
//       effect are a failure
//   record [CANARY]
//       one scenario from standard input; a line for each answer of its strategy that is not the
//       default order's, as it is given: client, operation, actor, question, point, answer
//   hash SUITE SEED COUNT [CANARY]
//       one line per scenario: the hash of its trace
#pragma once

#include <vector>

namespace blkdrain_props {

// The exit status, if the process does not end by itself.
int work(const std::vector<const char*>& arguments);

}  // namespace blkdrain_props
