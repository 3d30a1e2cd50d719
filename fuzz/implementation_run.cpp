// SPDX-License-Identifier: Apache-2.0
#include "implementation_run.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "canary_of_environment.h"
#include "feedback.h"
#include "finding.h"
#include "harness/adapters/implementation.h"
#include "harness/adapters/schedule_control.h"
#include "harness/bytes.h"
#include "harness/report.h"
#include "harness/run.h"
#include "harness/text.h"
#include "last_run.h"
#include "target.h"

namespace blkdrain_fuzz {

using namespace blkdrain_props;

namespace {

// Lives as long as the process; keeps its buffers from run to run.
struct Bench {
    std::unique_ptr<Adapter> adapter = make_implementation_adapter(canary_of_environment());
    Runner runner{*adapter};
    SuiteCount counts;
    Feedback feedback;

    Bench() {
        schedule_control().conflict = [this](const Conflict& conflict) {
            feedback.conflict(conflict);
            if (conflict.reversal && last_run().reversals.size() < deviations_max) {
                last_run().reversals.push_back(*conflict.reversal);
            }
        };
    }
};

// The same ones whenever the input comes again.
bool asks_black_box(const Scenario& scenario) {
    constexpr std::uint64_t runs_per_question = 16;
    std::array<std::uint8_t, encoded_size_max> bytes;
    const std::size_t length = encode(scenario, bytes);
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (std::size_t i = 0; i < length; ++i) {
        hash = (hash ^ bytes[i]) * 0x100000001b3U;
    }
    return (hash >> 32U) % runs_per_question == 0;
}

Outcome run(const Scenario& scenario, Bench& bench, TimeLine& time_line) {
    constexpr std::uint64_t runs_per_explanation = 8;
    RunOptions options;
    options.explain = scenario.header.seed % runs_per_explanation == 0;
    options.judges = asks_black_box(scenario) ? Judges::both : Judges::trace;
    options.time_line = &time_line;
    return bench.runner.run(scenario, options, bench.counts);
}

[[noreturn]] void report(const Scenario& scenario, const Violation& violation) {
    std::string details = reason_text(violation);
    details += "\n---- the scenario\n" + to_text(scenario);
    // Once more, in words, with everything new: what the failure left behind is not to be touched.
    // Never destroyed, like what failed.
    Bench& again = *std::make_unique<Bench>().release();
    TextTimeLine time_line;
    const Outcome outcome = run(scenario, again, time_line);
    details += "\n---- the time line\n" + time_line.text();
    if (!outcome.violation || outcome.violation->signature() != violation.signature()) {
        details += "\nNOT found again in a second run: the run depends on more than its input\n";
    }
    if (target.adapter != nullptr) {
        details += std::string("\nmade smaller, as a time line or a page:\n") +
                   "  ./dev replay FILE.scn --adapter " + target.adapter + " [--page OUT.html]\n";
    }
    report_finding(violation.signature(), details);
}

}  // namespace

void run_on_implementation(const Scenario& scenario) {
    static Bench& bench = *std::make_unique<Bench>().release();
    bench.feedback.start();
    last_run().programs = scenario.programs;
    last_run().reversals.clear();
    const Outcome outcome = run(scenario, bench, bench.feedback);
    if (outcome.violation) {
        report(scenario, *outcome.violation);
    }
}

void record_schedule(const Scenario& scenario,
                     const std::function<void(const Deviation&)>& answer) {
    Bench& bench = *std::make_unique<Bench>().release();  // never destroyed, as above
    bench.feedback.start();
    schedule_control().record = answer;
    static_cast<void>(run(scenario, bench, bench.feedback));
    schedule_control().record = nullptr;
}

}  // namespace blkdrain_fuzz
