// SPDX-License-Identifier: Apache-2.0
//
// R31: random machines stop and go on, and nobody else notices. BLKDRAIN_MACHINE_SEED=N runs the
// one of that seed, BLKDRAIN_MACHINE_COUNT=N so many.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "canary/canaries.h"
#include "harness/adapters/implementation.h"
#include "machine/machine_program.h"
#include "machine/machine_run.h"

namespace blkdrain_props {
namespace {

std::optional<std::uint64_t> number_in(const char* variable) {
    const char* const value = std::getenv(variable);
    return value == nullptr ? std::nullopt : std::optional(std::strtoull(value, nullptr, 10));
}

MachineOutcome run(const MachineProgram& program, MachineCounts& counts) {
    MachineRun run(program, counts);
    return run.run();
}

std::string report(const MachineProgram& program, const Violation& violation) {
    return violation.signature() + ": " + violation.sentence + "\nmade smaller:\n" +
           text_of(smaller_machine(program, violation)) +
           "run again with BLKDRAIN_MACHINE_SEED=" + std::to_string(program.seed);
}

TEST(Machine, stops_for_its_devices_alone) {
    constexpr std::uint64_t usual = 3'000;
    const std::optional<std::uint64_t> only = number_in("BLKDRAIN_MACHINE_SEED");
    const std::uint64_t first = only.value_or(1);
    const std::uint64_t last = only ? first : number_in("BLKDRAIN_MACHINE_COUNT").value_or(usual);
    MachineCounts counts;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        const MachineProgram program = any_machine(seed);
        const MachineOutcome outcome = run(program, counts);
        if (outcome.violation) {
            FAIL() << report(program, *outcome.violation);
        }
    }
    if (only) {
        return;
    }
    // A check that never gets into what is interesting shows nothing.
    EXPECT_GT(counts.stops_that_waited, last / 100);
    EXPECT_GT(counts.stops_for_an_error, last / 100);
    EXPECT_GT(counts.tried_again, last / 100);
    EXPECT_GT(counts.put_while_stopped, last / 100);
    EXPECT_GT(counts.waited_at_the_gate, last / 100);
    EXPECT_GT(counts.waited_at_a_limit, last / 100);
    EXPECT_GT(counts.job_ran_while_stopped, last / 100);
    EXPECT_GT(counts.unplugged_busy, last / 100);
    EXPECT_GT(counts.plugged_while_stopped, last / 100);
}

TEST(Machine, same_seed_gives_the_same_run) {
    MachineCounts counts;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        const MachineProgram program = any_machine(seed);
        EXPECT_EQ(run(program, counts).trace_hash, run(program, counts).trace_hash) << seed;
    }
}

TEST(Machine, canary_is_caught_by_its_rule) {
    const CanaryRow* const canary = find_canary("stop-drains-neighbour");
    ASSERT_NE(canary, nullptr);
    release_canary(*canary);
    std::optional<Violation> found;
    MachineProgram program;
    for (std::uint64_t seed = 1; seed <= 1'000 && !found; ++seed) {
        MachineCounts counts;
        program = any_machine(seed);
        found = run(program, counts).violation;
    }
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->rule, canary->rule) << report(program, *found);
    release_canary({"none", any_rule, any_rule, CanaryHome::machine, 0, ""});
}

}  // namespace
}  // namespace blkdrain_props
