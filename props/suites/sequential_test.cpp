// SPDX-License-Identifier: Apache-2.0
//
// Sequential conformance: one client; after each operation the whole observable state is the
// reference's.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/generate_rapidcheck.h"
#include "suites/suite_runner.h"

namespace blkdrain_props {
namespace {

class Sequential : public SuiteTest {};

// Whatever one client does, the implementation takes only steps that the reference takes, looks
// like it at each rest, and lets go of everything in the end (R1 to R28).
RC_GTEST_FIXTURE_PROP(Sequential, implementation_conforms_to_reference, ()) {
    Limits limits;
    limits.clients = 1;
    limits.loops = loops_max;
    const Outcome outcome = run(*any_scenario(limits));
    if (outcome.violation) {
        RC_FAIL(outcome.violation->signature() + ": " + outcome.violation->sentence);
    }
}

// Clients that take turns are one client to the implementation, but hold different things (R12).
RC_GTEST_FIXTURE_PROP(Sequential, clients_that_take_turns_conform, ()) {
    Limits limits;
    limits.clients = clients_max;
    limits.loops = loops_max;
    const Outcome outcome = run(*any_scenario(limits));
    if (outcome.violation) {
        RC_FAIL(outcome.violation->signature() + ": " + outcome.violation->sentence);
    }
}

}  // namespace
}  // namespace blkdrain_props
