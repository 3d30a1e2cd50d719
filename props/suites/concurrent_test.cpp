// SPDX-License-Identifier: Apache-2.0
//
// Concurrent conformance: several clients and loops; every announced step is one the reference
// takes, and what is left at the end is what it has; and the black box can explain what was seen.
// On the simulator by a strategy drawn for each run, on real threads as the kernel has it, which
// linger in every second run.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/adapters/world.h"
#include "harness/generate_rapidcheck.h"
#include "suites/suite_runner.h"

namespace blkdrain_props {
namespace {

class Concurrent : public SuiteTest {
protected:
    Concurrent() { judges_ = Judges::both; }
    ~Concurrent() override { set_real_lingering(0); }
};

RC_GTEST_FIXTURE_PROP(Concurrent, implementation_conforms_to_reference, ()) {
    Limits limits;
    limits.clients = clients_max;
    limits.loops = loops_max;
    limits.operations = 28;
    limits.pace = Pace::free;
    limits.portfolio = true;
    if (World::threaded()) {
        limits.clients_min = limits.loops_min = 2;
    }
    set_real_lingering(*rc::gen::element<std::uint64_t>(0, 1));
    const Scenario scenario = *any_scenario(limits);
    const Outcome outcome = run(scenario);
    if (outcome.violation) {
        const std::string said =
            outcome.violation->signature() + ": " + outcome.violation->sentence;
        if (World::threaded()) {
            // What threads did is not done again: RapidCheck tells of the last run, not of this
            // one.
            ADD_FAILURE() << said << "\n" << to_text(scenario);
        }
        RC_FAIL(said);
    }
}

}  // namespace
}  // namespace blkdrain_props
