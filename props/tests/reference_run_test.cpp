// SPDX-License-Identifier: Apache-2.0
//
// The interpreter on the reference alone: whatever the generator writes, the model never
// contradicts itself.
#include <memory>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/adapters/reference_adapter.h"
#include "harness/generate_rapidcheck.h"
#include "harness/run.h"
#include "harness/text.h"

namespace blkdrain_props {
namespace {

class ReferenceRun : public testing::Test {
protected:
    Outcome run(const Scenario& scenario) {
        RunOptions options;
        options.explain = true;
        return runner_.run(scenario, options, *counts_);
    }
    Outcome run(const char* text) {
        const ParsedText parsed = parse_text(text);
        EXPECT_FALSE(parsed.error) << parsed.error->text();
        return run(parsed.scenario);
    }
    ReferenceAdapter adapter_;
    Runner runner_{adapter_};
    std::unique_ptr<SuiteCount> counts_ = std::make_unique<SuiteCount>();
};

TEST_F(ReferenceRun, a_drain_waits_for_what_a_leaf_holds) {
    const Outcome outcome =
        run("scenario 1\nnode n0\nbackend b0 on n0\n"
            "send b0 read loop 0\nexpect r0 admitted\ndrain b0\nexpect w0 pending\nexpect w0 "
            "awaits request r0\n"
            "complete r0\nexpect w0 ok\nexpect r0 ok\n");
    EXPECT_FALSE(outcome.violation) << outcome.violation->sentence;
    EXPECT_EQ((*counts_)[Opcode::drain].blocked, 1U);
    EXPECT_EQ((*counts_)[Opcode::drain].effective, 1U);
    EXPECT_EQ((*counts_)[Opcode::send].uses, 1U);
}

TEST_F(ReferenceRun, an_expectation_that_does_not_hold_is_a_violation) {
    const Outcome outcome = run(
        "scenario 1\nrule R10\nnode n0\nbackend b0 on n0\nsend b0 read loop 0\nexpect r0 done\n");
    ASSERT_TRUE(outcome.violation);
    EXPECT_EQ(outcome.violation->detector, "expectation");
    EXPECT_EQ(outcome.violation->rule, 10);
}

TEST_F(ReferenceRun, an_operation_with_nothing_to_act_on_is_skipped) {
    const Outcome outcome = run("scenario 1\nnode n0\nbackend b0 on n0\nend s@0\ncomplete r@0\n");
    EXPECT_FALSE(outcome.violation) << outcome.violation->sentence;
    EXPECT_EQ((*counts_)[Opcode::end].skipped, 1U);
    EXPECT_EQ((*counts_)[Opcode::complete].skipped, 1U);
}

TEST_F(ReferenceRun, what_is_left_for_a_completion_runs_in_it) {
    const Outcome outcome =
        run("scenario 1\nnode n0\nbackend b0 on n0\n"
            "send b0 read loop 0\nin completion of b0: send b0 write loop 0\ncomplete r0\nexpect "
            "r1 admitted\n");
    EXPECT_FALSE(outcome.violation) << outcome.violation->sentence;
}

TEST_F(ReferenceRun, healing_ends_what_the_program_leaves) {
    const Outcome outcome =
        run("scenario 1\nnode n0\nbackend b0 on n0\nbackend b1 on n0\n"
            "send b0 read loop 0\ndrained n0\nopen_token b1\nsend b1 write loop 0\nisolate b0\n");
    EXPECT_FALSE(outcome.violation) << outcome.violation->sentence;
}

RC_GTEST_FIXTURE_PROP(ReferenceRun, the_model_never_contradicts_itself, ()) {
    const Outcome outcome = run(*any_scenario());
    if (outcome.violation) {
        RC_FAIL(outcome.violation->sentence);
    }
}

}  // namespace
}  // namespace blkdrain_props
