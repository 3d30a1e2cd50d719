// SPDX-License-Identifier: Apache-2.0
//
// One adapter of the implementation for all tests of a program.
#pragma once

#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "harness/adapters/implementation.h"
#include "harness/adapters/schedule_control.h"
#include "harness/report.h"
#include "harness/run.h"
#include "harness/text.h"
#include "harness/told_schedule.h"

namespace blkdrain_props {

class SuiteTest : public testing::Test {
protected:
    Outcome run(const Scenario& scenario, TimeLine* time_line = nullptr) {
        RunOptions options;
        options.explain = true;
        options.date = true;
        options.judges = judges_;
        options.time_line = time_line;
        Outcome outcome = runner_->run(scenario, options, *counts_);
        if (outcome.violation && adapter_->threaded()) {
            // Threads may still be at what the failure left behind: leave it to them.
            static_cast<void>(runner_.release());
            static_cast<void>(adapter_.release());
            adapter_ = make_implementation_adapter();
            runner_ = std::make_unique<Runner>(*adapter_);
        }
        return outcome;
    }
    Outcome run(const char* text) {
        const ParsedText parsed = parse_text(text);
        EXPECT_FALSE(parsed.error) << parsed.error->text();
        return run(parsed.scenario);
    }

    // The scenario with the schedule that `runs(scenario)` has as deviations. None: there are more
    // than a scenario holds.
    template <class Run>
    static std::optional<Scenario> as_deviations(const Scenario& scenario, const Run& runs) {
        ToldSchedule schedule(scenario);
        schedule_control().record = [&](const Deviation& answer) { schedule.add(answer); };
        runs(scenario);
        schedule_control().record = nullptr;
        return schedule.scenario();
    }

    Judges judges_ = Judges::trace;
    std::unique_ptr<Adapter> adapter_ = make_implementation_adapter();
    std::unique_ptr<Runner> runner_ = std::make_unique<Runner>(*adapter_);
    std::unique_ptr<SuiteCount> counts_ = std::make_unique<SuiteCount>();
};

}  // namespace blkdrain_props
