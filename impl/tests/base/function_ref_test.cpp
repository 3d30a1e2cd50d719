// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <blkdrain/detail/function_ref.h>

namespace {

using blkdrain::detail::FunctionRef;

int apply(FunctionRef<int(int)> function, int argument) {
    return function(argument);
}

static_assert(sizeof(FunctionRef<void()>) == 2 * sizeof(void*));
static_assert(!std::is_default_constructible_v<FunctionRef<void()>>);
static_assert(
    !std::is_constructible_v<FunctionRef<int(int)>, decltype([](const char*) { return 0; })>);

TEST(FunctionRef, calls_a_temporary_lambda) {
    EXPECT_EQ(apply([](int n) { return n + 1; }, 41), 42);
}

TEST(FunctionRef, calls_the_object_itself_not_a_copy) {
    int calls = 0;
    auto counter = [calls](int n) mutable { return calls += n; };
    apply(counter, 2);
    EXPECT_EQ(apply(counter, 3), 5);
}

TEST(FunctionRef, calls_a_const_object) {
    const auto twice = [](int n) { return 2 * n; };
    EXPECT_EQ(apply(twice, 4), 8);
}

TEST(FunctionRef, copy_refers_to_the_same_object) {
    int sum = 0;
    const auto add = [&sum](int n) { sum += n; };
    const FunctionRef<void(int)> first = add;
    const FunctionRef<void(int)> second = first;
    first(1);
    second(10);
    EXPECT_EQ(sum, 11);
}

TEST(FunctionRef, forwards_move_only_arguments) {
    const auto unwrap = [](std::unique_ptr<int> owned) { return *owned; };
    const FunctionRef<int(std::unique_ptr<int>)> function = unwrap;
    EXPECT_EQ(function(std::make_unique<int>(9)), 9);
}

}  // namespace
