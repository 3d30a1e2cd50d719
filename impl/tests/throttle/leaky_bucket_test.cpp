// SPDX-License-Identifier: Apache-2.0
#include "throttle/leaky_bucket.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace blkdrain::testing {
namespace {

using detail::LeakyBucket;

constexpr std::uint64_t second = 1'000'000'000;

TEST(LeakyBucket, WithoutALimitEverythingPasses) {
    LeakyBucket bucket;
    bucket.charge(1000);
    EXPECT_TRUE(bucket.passes());
    EXPECT_EQ(bucket.wait(), 0U);
    EXPECT_TRUE(bucket.level() == 0);
}

TEST(LeakyBucket, PassesWhileBelowTheBurstAndChargesInFull) {
    LeakyBucket bucket;
    bucket.limit({.rate = 10, .burst = 2});
    EXPECT_TRUE(bucket.passes());
    bucket.charge(5);
    EXPECT_FALSE(bucket.passes());
    EXPECT_EQ(bucket.wait(), 3 * second / 10 + 1);
    bucket.drain(bucket.wait() - 1);
    EXPECT_FALSE(bucket.passes());
    bucket.drain(1);
    EXPECT_TRUE(bucket.passes());
}

TEST(LeakyBucket, DrainsNoFurtherThanEmpty) {
    LeakyBucket bucket;
    bucket.limit({.rate = 1, .burst = 1});
    bucket.charge(1);
    bucket.drain(100 * second);
    EXPECT_TRUE(bucket.level() == 0);
    bucket.charge(1);
    EXPECT_FALSE(bucket.passes());
}

TEST(LeakyBucket, DrainsTheSameInPiecesAsAtOnce) {
    LeakyBucket pieces;
    LeakyBucket whole;
    for (LeakyBucket* bucket : {&pieces, &whole}) {
        bucket->limit({.rate = 999'999'937, .burst = 7, .peak = 1'999'999'973, .peak_burst = 3});
        bucket->charge(12345);
    }
    for (std::uint64_t i = 0; i < 777; ++i) {
        pieces.drain(13);
    }
    whole.drain(777 * std::uint64_t{13});
    EXPECT_TRUE(pieces.level() == whole.level());
    EXPECT_TRUE(pieces.peak_level() == whole.peak_level());
}

TEST(LeakyBucket, APeakSlowsABurst) {
    LeakyBucket bucket;
    bucket.limit({.rate = 1, .burst = 100, .peak = 10, .peak_burst = 1});
    bucket.charge(1);
    EXPECT_FALSE(bucket.passes());
    EXPECT_EQ(bucket.wait(), 1U);
    bucket.charge(1);
    EXPECT_EQ(bucket.wait(), second / 10 + 1);
}

TEST(LeakyBucket, WhatIsInItStaysWhenTheLimitChanges) {
    LeakyBucket bucket;
    bucket.limit({.rate = 10, .burst = 1});
    bucket.charge(10);
    bucket.limit({.rate = 1, .burst = 1});
    EXPECT_EQ(bucket.wait(), 9 * second + 1);
    bucket.limit({});
    bucket.limit({.rate = 1, .burst = 1});
    EXPECT_TRUE(bucket.passes());
}

TEST(LeakyBucket, TheLargestValuesDoNotOverflow) {
    LeakyBucket bucket;
    bucket.limit({.rate = RateLimit::max, .burst = RateLimit::max});
    bucket.charge(RateLimit::max);
    bucket.charge(RateLimit::max);
    EXPECT_EQ(bucket.wait(), second + 1);
    bucket.limit({.rate = 1, .burst = 1});
    EXPECT_GT(bucket.wait(), std::uint64_t{1} << 60U);
    bucket.drain(~std::uint64_t{0});
    EXPECT_FALSE(bucket.passes());
}

TEST(LeakyBucket, IsNotEmptyAfterItsSlack) {
    for (const std::uint64_t burst : {1U, 2U, 100U, 20'000U}) {
        LeakyBucket bucket;
        bucket.limit({.rate = 1000, .burst = burst, .peak = 4000, .peak_burst = 1 + burst / 10});
        while (bucket.passes()) {
            bucket.charge(1);
        }
        EXPECT_GT(bucket.slack(), 0U) << burst;
        bucket.drain(bucket.wait() + bucket.slack());
        EXPECT_TRUE(bucket.passes()) << burst;
        EXPECT_TRUE(bucket.level() > 0) << burst;
        EXPECT_TRUE(bucket.peak_level() > 0) << burst;
    }
}

}  // namespace
}  // namespace blkdrain::testing
