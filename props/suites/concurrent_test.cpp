// SPDX-License-Identifier: Apache-2.0
//
// Concurrent conformance: several clients and loops; every announced step is one the reference
// takes, and what is left at the end is what it has. On the simulator by a strategy drawn for each
// run, on real threads as the kernel has it.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/generate_rapidcheck.h"
#include "suites/suite_runner.h"

namespace blkdrain_props {
namespace {

class Concurrent : public SuiteTest {};

RC_GTEST_FIXTURE_PROP(Concurrent, implementation_conforms_to_reference, ()) {
    Limits limits;
    limits.clients = clients_max;
    limits.loops = loops_max;
    limits.operations = 28;
    limits.pace = Pace::free;
    limits.portfolio = true;
    const Outcome outcome = run(*any_scenario(limits));
    if (outcome.violation) {
        RC_FAIL(outcome.violation->signature() + ": " + outcome.violation->sentence);
    }
}

}  // namespace
}  // namespace blkdrain_props
