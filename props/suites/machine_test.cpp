// SPDX-License-Identifier: Apache-2.0
//
// R31: random machines stop and go on, and nobody else notices.
#include <cstdint>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "canary/canaries.h"
#include "harness/adapters/implementation.h"
#include "harness/adapters/schedule_control.h"
#include "machine/machine_program.h"
#include "machine/machine_run.h"
#include "machine/smaller_machine.h"

namespace blkdrain_props {
namespace {

std::string report(const MachineProgram& program, const Violation& violation) {
    constexpr std::uint32_t runs_max = 2'000;
    const MachineProgram smaller = smaller_machine(
        program,
        [&](const MachineProgram& candidate) {
            MachineCounts counts;
            const MachineOutcome outcome = run_machine(candidate, counts);
            return outcome.violation && outcome.violation->signature() == violation.signature();
        },
        runs_max);
    return violation.signature() + ": " + violation.sentence + "\nmade smaller:\n" +
           to_text(smaller);
}

TEST(Machine, stops_for_its_devices_alone) {
    constexpr std::uint64_t last = 3'000;
    MachineCounts counts;
    for (std::uint64_t seed = 1; seed <= last; ++seed) {
        const MachineProgram program = any_machine(seed);
        const MachineOutcome outcome = run_machine(program, counts);
        if (outcome.violation) {
            FAIL() << report(program, *outcome.violation);
        }
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
        EXPECT_EQ(run_machine(program, counts).trace_hash, run_machine(program, counts).trace_hash)
            << seed;
    }
}

TEST(Machine, runs_the_same_on_threads_of_the_system) {
    MachineCounts counts;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        const MachineProgram program = any_machine(seed);
        const std::uint64_t on_fibers = run_machine(program, counts).trace_hash;
        schedule_control().system_threads = true;
        const std::uint64_t on_threads = run_machine(program, counts).trace_hash;
        schedule_control() = {};
        EXPECT_EQ(on_threads, on_fibers) << seed;
    }
}

TEST(Machine, is_the_same_after_it_was_written_and_read) {
    MachineCounts counts;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const MachineProgram program = any_machine(seed);
        const ParsedMachine read = parse_machine(to_text(program));
        ASSERT_FALSE(read.error) << read.error->text();
        EXPECT_EQ(to_text(read.program), to_text(program));
        EXPECT_EQ(run_machine(read.program, counts).trace_hash,
                  run_machine(program, counts).trace_hash);
    }
}

TEST(Machine, text_with_a_mistake_is_refused_with_its_place) {
    const auto error_of = [](const char* text) {
        const ParsedMachine read = parse_machine(text);
        return read.error ? read.error->text() : "no error";
    };
    EXPECT_EQ(error_of("machine seed x\n"), "1:14: expected 0 to 18446744073709551615, found 'x'");
    EXPECT_EQ(error_of("machine seed 1\nnode n0 over n0\n"),
              "2:14: the first node has none to stand over");
    EXPECT_EQ(error_of("machine seed 1\nnode n0\nnode n2\n"), "3:6: expected n1, found 'n2'");
    EXPECT_EQ(error_of("machine seed 1\nnode n0\ndevice on n3\n"), "3:11: expected n0, found 'n3'");
    EXPECT_EQ(error_of("machine seed 1\nnode n0\nclient 2\n"), "3:8: expected 0 to 1, found '2'");
    EXPECT_EQ(error_of("machine seed 1\nnode n0 # and\nclient 1\nput 1 2\n"),
              "4:8: expected 0 to 255, found nothing");
    EXPECT_EQ(error_of("machine seed 1\nnode n0\n"),
              "2:8: expected a node and a device, found nothing");
    EXPECT_EQ(error_of(""), "0:1: expected a node and a device, found nothing");
}

}  // namespace
}  // namespace blkdrain_props
