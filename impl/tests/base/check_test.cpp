// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <blkdrain/detail/check.h>

namespace {

TEST(Check, true_condition_does_not_evaluate_the_message) {
    int evaluated = 0;
    const auto message = [&] {
        ++evaluated;
        return "never needed";
    };
    BLKDRAIN_CHECK(evaluated == 0, message());
    EXPECT_EQ(evaluated, 0);
}

TEST(CheckDeathTest, false_condition_names_file_line_message_and_condition) {
    const int depth = -1;
    EXPECT_DEATH(BLKDRAIN_CHECK(depth >= 0, "a depth is never negative"),
                 "^blkdrain: impl/tests/base/check_test.cpp:[0-9]+: broken invariant: "
                 "a depth is never negative \\(depth >= 0\\)\n$");
}

}  // namespace
