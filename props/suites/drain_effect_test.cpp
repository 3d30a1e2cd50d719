// SPDX-License-Identifier: Apache-2.0
//
// R14: a drain changes nothing for anybody else. The same scenario with and without its drains has
// the same trace but for the drains' own events.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/generate_rapidcheck.h"
#include "suites/suite_runner.h"

namespace blkdrain_props {
namespace {

namespace ref = blkdrain_ref;

// The trace without drains. Operations are numbered in one sequence with the drains, so they are
// numbered anew.
class WithoutDrains final : public TimeLine {
public:
    void event(const ref::Event& event, const ref::State& /*before*/,
               std::uint8_t /*actor*/) override {
        using Kind = ref::Event::Kind;
        if (event.kind == Kind::drain) {
            drains_.insert(event.wait.value);
        }
        if (healing_ || (event.wait && drains_.contains(event.wait.value))) {
            return;
        }
        ref::Event renamed = event;
        rename(renamed.section);
        rename(renamed.wait);
        renamed.holding.sections = {};
        for (ref::SectionId section : event.holding.sections) {
            rename(section);
            renamed.holding.sections.push_back(section);
        }
        lines.push_back(ref::to_string(renamed));
    }
    void operation(unsigned, std::uint8_t, const Record&, const char*, bool) override {}
    void outcome(unsigned, Slot, Opcode, Result) override {}
    void at_rest(const Judge&) override {}
    void healing() override { healing_ = true; }

    std::vector<std::string> lines;

private:
    template <class I>
    void rename(I& id) {
        if (id) {
            id.value = names_.try_emplace(id.value, static_cast<std::uint32_t>(names_.size()))
                           .first->second;
        }
    }
    std::map<std::uint32_t, std::uint32_t> names_;
    std::set<std::uint32_t> drains_;
    bool healing_ = false;
};

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
    RC_ASSERT(with.lines == none.lines);
}

}  // namespace
}  // namespace blkdrain_props
