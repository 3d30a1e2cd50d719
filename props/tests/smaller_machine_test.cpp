// SPDX-License-Identifier: Apache-2.0
#include "machine/smaller_machine.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "machine/machine_schedule.h"

namespace blkdrain_props {
namespace {

using Fails = std::function<bool(const MachineProgram&)>;

constexpr std::uint32_t enough = 10'000;

// The first machine drawn that fails.
MachineProgram failing(const Fails& fails) {
    for (std::uint64_t seed = 1;; ++seed) {
        MachineProgram program = any_machine(seed);
        if (fails(program)) {
            return program;
        }
    }
}

std::string reduced(const MachineProgram& from, const Fails& fails) {
    return to_text(smaller_machine(from, fails, enough));
}
std::string reduced(const Fails& fails) {
    return reduced(failing(fails), fails);
}

bool performs(const MachineProgram& program, MachineOp op) {
    return std::ranges::any_of(program.steps, [op](const auto& steps) {
        return std::ranges::find(steps, op, &MachineStep::op) != steps.end();
    });
}

TEST(SmallerMachine, only_what_it_fails_with_is_left) {
    EXPECT_EQ(reduced([](const MachineProgram& program) {
                  return performs(program, MachineOp::stop) && performs(program, MachineOp::cont);
              }),
              "machine\n"
              "node n0\n"
              "job on n0\n"
              "device on n0 queues 1 depth 1 read report write report priority 0\n"
              "client 0\n"
              "stop\n"
              "cont\n");
}

TEST(SmallerMachine, steps_that_need_each_other_go_together) {
    const auto count = [](const MachineProgram& program, MachineOp op) {
        return std::ranges::count(program.steps[0], op, &MachineStep::op);
    };
    const Fails fails = [&](const MachineProgram& program) {
        return performs(program, MachineOp::stop) &&
               count(program, MachineOp::isolate) == count(program, MachineOp::end_section);
    };
    EXPECT_EQ(reduced(failing([&](const MachineProgram& program) {
                          return count(program, MachineOp::isolate) > 1 && fails(program);
                      }),
                      fails),
              "machine\n"
              "node n0\n"
              "job on n0\n"
              "device on n0 queues 1 depth 1 read report write report priority 0\n"
              "client 0\n"
              "stop\n");
}

TEST(SmallerMachine, steps_follow_the_device_and_the_disk_that_they_name) {
    const Fails fails = [](const MachineProgram& program) {
        const auto disks = std::ranges::count(program.nodes, MachineProgram::leaf);
        // The device stands over a disk that is held, with another one beside the disk.
        return disks > 1 && std::ranges::any_of(program.steps, [&](const auto& steps) {
                   const auto held = std::ranges::find(steps, MachineOp::hold, &MachineStep::op);
                   return std::any_of(held, steps.end(), [&](const MachineStep& step) {
                       const MachineDevice& device =
                           program.devices[step.a % program.devices.size()];
                       const std::uint8_t below = program.nodes[device.node];
                       return step.op == MachineOp::put && device.limited &&
                              below != MachineProgram::leaf && below != program.job_node &&
                              std::count(program.nodes.begin(), program.nodes.begin() + below,
                                         MachineProgram::leaf) == held->a % disks;
                   });
               });
    };
    EXPECT_EQ(reduced(fails),
              "machine\n"
              "node n0\n"
              "node n1\n"
              "node n2 over n1\n"
              "job on n0\n"
              "device on n2 queues 1 depth 1 read report write report priority 0 limited\n"
              "client 0\n"
              "hold 1\n"
              "put 0 0 0\n");
}

TEST(SmallerMachine, a_schedule_that_is_needed_is_one_with_few_preemptions) {
    const auto seed_left = [](const auto& shows) {
        const Fails fails = [&](const MachineProgram& program) {
            return performs(program, MachineOp::stop) && shows(schedule_of(program.seed));
        };
        const MachineProgram left = smaller_machine(failing(fails), fails, enough);
        EXPECT_EQ(left.steps[0].size() + left.steps[1].size(), 1U);
        return schedule_of(left.seed);
    };
    const MachineSchedule drawn = seed_left([](const MachineSchedule& schedule) {
        return schedule.strategy != Strategy::default_order;
    });
    EXPECT_TRUE(drawn.calm());
    EXPECT_EQ(drawn.depth, 1U);
    EXPECT_EQ(drawn.memory, Memory::sequential);
    const MachineSchedule late = seed_left([](const MachineSchedule& schedule) {
        return schedule.strategy != Strategy::default_order && schedule.memory == Memory::tso;
    });
    EXPECT_TRUE(late.calm());
    EXPECT_EQ(late.memory, Memory::tso);
    EXPECT_EQ(seed_left([](const MachineSchedule& schedule) {
                  return schedule.strategy == Strategy::random;
              }).strategy,
              Strategy::random);
}

TEST(SmallerMachine, a_step_goes_with_another_schedule_where_it_must) {
    // Which schedules it fails under changes with every step.
    const Fails fails = [](const MachineProgram& program) {
        const std::size_t steps = program.steps[0].size() + program.steps[1].size();
        return schedule_of(program.seed).strategy != Strategy::default_order &&
               program.seed % 2 == steps % 2;
    };
    const MachineProgram left = smaller_machine(failing(fails), fails, enough);
    EXPECT_TRUE(left.steps[0].empty() && left.steps[1].empty()) << to_text(left);
}

TEST(SmallerMachine, runs_are_limited) {
    std::uint32_t runs = 0;
    const MachineProgram left =
        smaller_machine(any_machine(1), [&](const MachineProgram&) { return ++runs % 2 == 0; }, 10);
    EXPECT_EQ(runs, 10U);
    EXPECT_NE(to_text(left), to_text(any_machine(1)));
}

}  // namespace
}  // namespace blkdrain_props
