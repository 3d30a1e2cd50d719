// SPDX-License-Identifier: Apache-2.0
#include "harness/reduce.h"

#include <functional>
#include <optional>

#include <gtest/gtest.h>

namespace blkdrain_props {
namespace {

using Fails = std::function<bool(int)>;

Violation violation_of(int rule) {
    Violation violation;
    violation.detector = "trace";
    violation.rule = rule;
    return violation;
}

// Numbers from 10 on break one rule, smaller ones another one, 0 none.
std::optional<Violation> judge(int program) {
    return program == 0 ? std::nullopt : std::optional(violation_of(program >= 10 ? 3 : 5));
}

int one_by_one(int failing, const Fails& fails) {
    while (fails(failing - 1)) {
        --failing;
    }
    return failing;
}

TEST(Reduce, what_is_left_fails_in_the_same_way) {
    const Reduced<int> reduced = reduce(17, violation_of(3), judge, one_by_one);
    EXPECT_EQ(reduced.program, 10);
    EXPECT_EQ(reduced.violation->signature(), violation_of(3).signature());
    EXPECT_EQ(reduced.slipped_to, "");
}

// The canary: a minimiser to which any failure is as good as the one it began with.
TEST(Reduce, a_minimiser_that_changes_the_signature_is_noticed) {
    const Reduced<int> reduced = reduce(17, violation_of(3), judge, [](int failing, const Fails&) {
        return one_by_one(failing, [](int program) { return judge(program).has_value(); });
    });
    EXPECT_EQ(reduced.program, 17);
    EXPECT_EQ(reduced.violation->signature(), violation_of(3).signature());
    EXPECT_EQ(reduced.slipped_to, violation_of(5).signature());
}

TEST(Reduce, a_minimiser_that_loses_the_failure_is_noticed) {
    const Reduced<int> reduced =
        reduce(17, violation_of(3), judge, [](int, const Fails&) { return 0; });
    EXPECT_EQ(reduced.program, 17);
    EXPECT_EQ(reduced.slipped_to, "nothing");
}

}  // namespace
}  // namespace blkdrain_props
