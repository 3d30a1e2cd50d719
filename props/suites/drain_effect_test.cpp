// SPDX-License-Identifier: Apache-2.0
//
// R14: a drain changes nothing for anybody else. The same scenario with and without its drains has
// the same trace but for the drains' own events.
#include <cstddef>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/generate_rapidcheck.h"
#include "suites/suite_runner.h"
#include "suites/without_drains.h"

namespace blkdrain_props {
namespace {

Scenario without(const Scenario& scenario, bool drains_too) {
    Scenario result = scenario;
    for (Program& program : result.programs) {
        for (std::size_t i = program.size(); i-- > 0;) {
            // What names waits would name others without the drains; and a drain does have an
            // effect on plugged requests of its own backend (R16).
            const Opcode opcode = program[i].opcode;
            if (opcode == Opcode::abandon || opcode == Opcode::await || opcode == Opcode::plug ||
                (drains_too && opcode == Opcode::drain)) {
                // The next operation does not belong to this one's step.
                if (!program[i].at_once && i + 1 < program.size() && program[i + 1].at_once) {
                    program[i + 1].at_once = false;
                }
                program.erase(i);
            }
        }
    }
    return result;
}

class Drain : public SuiteTest {};

RC_GTEST_FIXTURE_PROP(Drain, has_no_effect_on_others, ()) {
    Limits limits;
    limits.loops = loops_max;
    limits.clients = 1;
    const Scenario scenario = *any_scenario(limits);
    WithoutDrains with;
    WithoutDrains none;
    run(without(scenario, false), &with);
    run(without(scenario, true), &none);
    RC_ASSERT(with.lines() == none.lines());
}

}  // namespace
}  // namespace blkdrain_props
