// SPDX-License-Identifier: Apache-2.0
//
// Every scenario of corpus/regressions, with its expectations, on one adapter. Built once for each.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "harness/run.h"
#include "harness/text.h"
#ifdef REGRESSIONS_ON_REFERENCE
#include "harness/adapters/reference_adapter.h"
#else
#include "harness/adapters/implementation.h"
#include "harness/adapters/world.h"
#endif

namespace blkdrain_props {
namespace {

std::unique_ptr<Adapter> make_adapter() {
#ifdef REGRESSIONS_ON_REFERENCE
    return std::make_unique<ReferenceAdapter>();
#else
#ifdef REGRESSIONS_ON_REAL
    // A deadline must not pass while a slow machine is still before the line that says so.
    set_real_tick_ns(100'000'000);
#endif
    return make_implementation_adapter();
#endif
}

std::vector<std::filesystem::path> files() {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(REGRESSIONS_FOLDER)) {
        if (entry.path().extension() == ".scn") {
            found.push_back(entry.path());
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class Regression : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Regression, holds) {
    const ParsedText parsed = parse_text(contents(GetParam()));
    ASSERT_FALSE(parsed.error) << GetParam().string() << ":" << parsed.error->text();
    EXPECT_EQ(parsed.scenario.header.strategy, Strategy::default_order)
        << "with every choice point that the library gets a seed means another schedule: tell it "
           "as deviations";
    const std::unique_ptr<Adapter> adapter = make_adapter();
    Runner runner(*adapter);
    const auto counts = std::make_unique<SuiteCount>();
    RunOptions options;
    options.explain = true;
    const Outcome outcome = runner.run(parsed.scenario, options, *counts);
    ASSERT_FALSE(outcome.violation)
        << "after " << outcome.violation->step << " operations: " << outcome.violation->sentence;
    if (parsed.scenario.header.pace == Pace::free) {
        return;  // what its operations find to act on is up to the schedule
    }
    // A file whose operations found nothing to act on shows nothing.
    for (const OperationRow& row : operation_table) {
        EXPECT_EQ((*counts)[row.opcode].skipped, 0U) << row.name << " was skipped";
    }
}

INSTANTIATE_TEST_SUITE_P(, Regression, testing::ValuesIn(files()), [](const auto& test) {
    std::string name = test.param.stem().string();
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

}  // namespace
}  // namespace blkdrain_props
