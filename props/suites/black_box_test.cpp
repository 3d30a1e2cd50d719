// SPDX-License-Identifier: Apache-2.0
//
// The black box beside the trace judge, and alone: which broken variants it sees without a word of
// the library's.
#include <cstdint>
#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "canary/canaries.h"
#include "check/protocol.h"
#include "suites/suite_runner.h"

namespace blkdrain_props {
namespace {

class BothJudges : public SuiteTest {
protected:
    // How many runs fail.
    std::uint32_t run_many(Suite suite, std::uint64_t count, const RunOptions& options,
                           const std::string& detector = "") {
        std::uint32_t found = 0;
        for (std::uint64_t n = 0; n < count; ++n) {
            const Scenario scenario = scenario_of(suite, seed_of(21, suite, 0, n));
            const Outcome outcome = runner_->run(scenario, options, *counts_);
            found +=
                outcome.violation && (detector.empty() || outcome.violation->detector == detector)
                    ? 1
                    : 0;
            if (detector.empty()) {
                EXPECT_FALSE(outcome.violation) << outcome.violation->sentence << "\n"
                                                << to_text(scenario);
            }
        }
        return found;
    }
    // In a process of its own: a run that fails leaves its graph behind.
    static void expect_apart(const std::function<bool()>& holds) {
        EXPECT_EXIT(_exit(holds() ? 0 : 1), testing::ExitedWithCode(0), "");
    }
};

TEST_F(BothJudges, agree) {
    RunOptions options;
    options.judges = Judges::both;
    run_many(Suite::sequential, 400, options);
    run_many(Suite::scheduled, 400, options);
    EXPECT_GT(counts_->judged_twice, 740U);
    EXPECT_EQ(counts_->judged_twice + counts_->given_up + counts_->left_out, 800U);
}

TEST_F(BothJudges, black_box_that_does_not_hear_a_client_is_noticed) {
    RunOptions options;
    options.judges = Judges::both;
    options.deaf_to = 1;
    expect_apart([&] { return run_many(Suite::scheduled, 100, options, "black_box") > 20; });
}

// What has nothing to do with each other is judged apart, and that changes no verdict.
class BlackBoxByIslands : public BothJudges {
protected:
    struct Verdicts {
        std::uint32_t refused = 0, given_up_by_islands = 0, given_up_whole = 0, different = 0;
    };
    Verdicts compare(std::uint64_t count) {
        using Verdict = BlackBox::Verdict;
        Verdicts verdicts;
        RunOptions options;
        options.judges = Judges::black_box;
        for (std::uint64_t n = 0; n < count; ++n) {
            const Scenario scenario =
                scenario_of(Suite::scheduled, seed_of(22, Suite::scheduled, 0, n));
            options.whole = false;
            const auto by_islands = runner_->run(scenario, options, *counts_).black_box;
            options.whole = true;
            const auto whole = runner_->run(scenario, options, *counts_).black_box;
            const bool one_gave_up = by_islands == Verdict::given_up || whole == Verdict::given_up;
            verdicts.refused += by_islands == Verdict::refused ? 1U : 0U;
            verdicts.given_up_by_islands += by_islands == Verdict::given_up ? 1U : 0U;
            verdicts.given_up_whole += whole == Verdict::given_up ? 1U : 0U;
            verdicts.different += by_islands != whole && !one_gave_up ? 1U : 0U;
        }
        return verdicts;
    }
};

TEST_F(BlackBoxByIslands, explains_what_the_whole_explains) {
    const Verdicts verdicts = compare(5000);
    EXPECT_EQ(verdicts.refused, 0U);
    EXPECT_EQ(verdicts.different, 0U);
    EXPECT_LT(verdicts.given_up_by_islands, verdicts.given_up_whole);
}

TEST_F(BlackBoxByIslands, refuses_what_the_whole_refuses) {
    release_canary(*find_canary("notification-lost"));
    expect_apart([&] {
        const Verdicts verdicts = compare(60);
        return verdicts.refused > 5 && verdicts.different == 0;
    });
    release_canary(CanaryRow{"none", 0, 0, CanaryHome::library, 0, ""});
}

class BlackBoxAlone : public BothJudges, public testing::WithParamInterface<const char*> {
protected:
    static void release(const CanaryRow& row) { release_canary(row); }
    BlackBoxAlone() { release(*find_canary(GetParam())); }
    ~BlackBoxAlone() override { release(CanaryRow{"none", 0, 0, CanaryHome::library, 0, ""}); }
};

TEST_P(BlackBoxAlone, sees_it) {
    RunOptions options;
    options.judges = Judges::black_box;
    expect_apart([&] {
        bool seen = false;
        for (std::uint64_t n = 0; n < 5000 && !seen; ++n) {
            const Scenario scenario =
                scenario_of(Suite::sequential, seed_of(21, Suite::sequential, 0, n));
            const Outcome outcome = runner_->run(scenario, options, *counts_);
            seen = outcome.violation && outcome.violation->detector == "black_box";
        }
        return seen;
    });
}

INSTANTIATE_TEST_SUITE_P(
    Canaries, BlackBoxAlone,
    testing::Values("admit-while-gated", "done-before-callback", "token-opens-gated", "quiet-early",
                    "notification-lost", "drain-forgets-chain", "drain-ignores-waiting",
                    "idle-before-settled", "internal-while-stopped", "isolates-together",
                    "change-before-quiet", "close-before-done", "move-without-consent", "overtake",
                    "release-bypasses", "errors-uncounted", "settle-unchecked", "end-opens-gate"));

}  // namespace
}  // namespace blkdrain_props
