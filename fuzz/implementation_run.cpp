// SPDX-License-Identifier: Apache-2.0
#include "implementation_run.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "canary/canaries.h"
#include "feedback.h"
#include "finding.h"
#include "harness/adapters/implementation.h"
#include "harness/bytes.h"
#include "harness/report.h"
#include "harness/run.h"
#include "harness/text.h"
#include "target.h"

namespace blkdrain_fuzz {

using namespace blkdrain_props;

namespace {

// Before any adapter is made.
HarnessCanary release_canary_of_environment() {
    const char* const name = std::getenv("BLKDRAIN_CANARY");
    if (name == nullptr || *name == '\0') {
        return HarnessCanary::none;
    }
    const CanaryRow* const row = find_canary(name);
    if (row == nullptr) {
        std::fprintf(stderr, "BLKDRAIN_CANARY: there is no canary '%s'\n", name);
        std::exit(2);
    }
    std::fprintf(stderr, "canary %s is released: R%d must be found violated\n", name, row->rule);
    release_canary(*row);
    return row->home == CanaryHome::harness ? static_cast<HarnessCanary>(row->number)
                                            : HarnessCanary::none;
}

HarnessCanary harness_canary() {
    static const HarnessCanary canary = release_canary_of_environment();
    return canary;
}

// Lives as long as the process; keeps its buffers from run to run.
struct Bench {
    std::unique_ptr<Adapter> adapter = make_implementation_adapter(harness_canary());
    Runner runner{*adapter};
    SuiteCount counts;
    Feedback feedback;
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
        details += std::string("\nthe scenario alone: ./dev replay FILE.scn --adapter ") +
                   target.adapter + "\n";
    }
    report_finding(violation.signature(), details);
}

}  // namespace

void run_on_implementation(const Scenario& scenario) {
    static Bench& bench = *std::make_unique<Bench>().release();
    bench.feedback.start();
    const Outcome outcome = run(scenario, bench, bench.feedback);
    if (outcome.violation) {
        report(scenario, *outcome.violation);
    }
}

}  // namespace blkdrain_fuzz
