// SPDX-License-Identifier: Apache-2.0
#include "check/twice.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace blkdrain_props {
namespace {

// Called as: hash SUITE SEED COUNT [backwards].
std::vector<std::string> worker_that(const std::string& script) {
    return {"/bin/sh", "-c", script, "worker"};
}

int twice(const std::string& script, std::string& printed) {
    testing::internal::CaptureStdout();
    const int status = run_twice(worker_that(script), "scheduled", 7, 3, [] { return false; });
    printed = testing::internal::GetCapturedStdout();
    return status;
}

TEST(Twice, same_lines_in_reverse_order_are_the_same) {
    std::string printed;
    EXPECT_EQ(
        twice("if [ \"$5\" ]; then printf 'c\\nb\\na\\n'; else printf 'a\\nb\\nc\\n'; fi", printed),
        0);
    EXPECT_EQ(printed, "3 runs of suite scheduled, seed 7, made twice: 0 with different traces\n");
}

// The canary: a run that depends on what ran before it.
TEST(Twice, a_run_that_differs_is_told) {
    std::string printed;
    EXPECT_EQ(
        twice("if [ \"$5\" ]; then printf 'c\\nX\\na\\n'; else printf 'a\\nb\\nc\\n'; fi", printed),
        1);
    EXPECT_EQ(printed,
              "differ: b\n        X\n"
              "3 runs of suite scheduled, seed 7, made twice: 1 with different traces\n");
}

TEST(Twice, a_worker_that_dies_is_told) {
    std::string printed;
    EXPECT_EQ(twice("echo a; exit 3", printed), 1);
    EXPECT_NE(printed.find("a worker died: exit status 3\n"), std::string::npos) << printed;
}

TEST(Twice, a_worker_that_cannot_be_started_is_an_error) {
    EXPECT_EQ(run_twice({"/nowhere/worker"}, "scheduled", 7, 3, [] { return false; }), 1);
}

}  // namespace
}  // namespace blkdrain_props
