// SPDX-License-Identifier: Apache-2.0
//
// Concurrent conformance: several clients and loops; every announced step is one the reference
// takes, and what is left at the end is what it has; and the black box can explain what was seen.
// On the simulator by a strategy drawn for each run, on real threads as the kernel has it, which
// linger in every second run.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include "canary/canaries.h"
#include "harness/adapters/world.h"
#include "harness/generate_rapidcheck.h"
#include "harness/simplest.h"
#include "suites/suite_runner.h"

namespace blkdrain_props {
namespace {

class Concurrent : public SuiteTest {
protected:
    Concurrent() { judges_ = Judges::both; }
    ~Concurrent() override {
        set_real_lingering(0);
        schedule_control() = {};
    }

    static Limits limits() {
        Limits limits;
        limits.clients = clients_max;
        limits.loops = loops_max;
        limits.operations = 28;
        limits.pace = Pace::free;
        limits.portfolio = true;
        if (World::threaded()) {
            limits.clients_min = limits.loops_min = 2;
        }
        return limits;
    }

    // Simulated: what is left of a scenario that fails so, its schedule told as deviations.
    Scenario reduced(const Scenario& failing, const Violation& violation) {
        constexpr std::uint32_t runs_max = 4'000;
        return simplest(
            failing,
            [&](const Scenario& candidate) {
                const Outcome outcome = run(candidate);
                return outcome.violation && outcome.violation->signature() == violation.signature();
            },
            [&](const Scenario& candidate) {
                return as_deviations(candidate, [&](const Scenario& s) { run(s); });
            },
            runs_max);
    }
};

// Not shrunk by RapidCheck, which knows nothing of schedules; and what threads did is not done
// again.
RC_GTEST_FIXTURE_PROP(Concurrent, implementation_conforms_to_reference, ()) {
    set_real_lingering(*rc::gen::element<std::uint64_t>(0, 1));
    const Scenario scenario = *rc::gen::noShrink(any_scenario(limits()));
    const Outcome outcome = run(scenario);
    if (outcome.violation) {
        const std::string said =
            outcome.violation->signature() + ": " + outcome.violation->sentence;
        if (World::threaded()) {
            // RapidCheck tells of the last run, not of this one.
            ADD_FAILURE() << said << "\n" << to_text(scenario);
            RC_FAIL(said);
        }
        RC_FAIL(said + "\nwhat is left of it, for ./dev replay FILE.scn --adapter simulated:\n" +
                to_text(reduced(scenario, *outcome.violation)));
    }
}

#ifdef BLKDRAIN_WORLD_SIM  // a schedule that the kernel has made is not told
TEST_F(Concurrent, what_fails_ends_as_deviations) {
    const auto fails = [this](const Scenario& scenario) { return run(scenario).violation; };
    const auto ends_so = [&] {
        release_canary(*find_canary("wake-flag-relaxed"));
        Scenario scenario;
        std::optional<Violation> found;
        for (std::uint64_t seed = 1; !found; ++seed) {
            SeededSource source(seed);
            scenario = generate(source, limits());
            found = fails(scenario);
        }
        Scenario small = reduced(scenario, *found);
        const std::optional<Violation> left = fails(small);
        const bool told =
            small.header.strategy == Strategy::default_order && !small.deviations.empty();
        small.deviations.clear();
        return told && left && left->signature() == found->signature() && !fails(small);
    };
    // In a process of its own: a run that fails leaves its graph behind.
    EXPECT_EXIT(_exit(ends_so() ? 0 : 1), testing::ExitedWithCode(0), "");
}
#endif

}  // namespace
}  // namespace blkdrain_props
