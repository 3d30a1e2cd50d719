// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <blkdrain/throttle.h>

namespace blkdrain::testing {
namespace {

ThrottleLimits good(std::string_view text) {
    ThrottleLimits limits;
    const Error error = parse_throttle(text, limits);
    EXPECT_FALSE(error) << error.message;
    return limits;
}

// The message; `limits` are left alone.
std::string bad(std::string_view text) {
    ThrottleLimits limits;
    limits.iops_size = 7;
    const Error error = parse_throttle(text, limits);
    EXPECT_TRUE(error == Errc::bad_option) << text;
    EXPECT_EQ(limits.iops_size, 7U);
    return error.message;
}

TEST(ThrottleOptions, ABurstIsATenthOfASecondUnlessSaid) {
    EXPECT_EQ(good(""), ThrottleLimits{});
    EXPECT_EQ(good("iops-total=500").iops_total, (RateLimit{.rate = 500, .burst = 50}));
    EXPECT_EQ(good("iops-read=5").iops_read, (RateLimit{.rate = 5, .burst = 1}));
    EXPECT_EQ(good("bps-write=0").bps_write, RateLimit{});
}

TEST(ThrottleOptions, MaxAndItsLength) {
    EXPECT_EQ(good("iops-total=500,iops-total-max=2000").iops_total,
              (RateLimit{.rate = 500, .burst = 2000}));
    EXPECT_EQ(good("iops-total-max-length=10,iops-total=500,iops-total-max=2000").iops_total,
              (RateLimit{.rate = 500, .burst = 20000, .peak = 2000, .peak_burst = 200}));
}

TEST(ThrottleOptions, SizesHaveSuffixes) {
    EXPECT_EQ(good("bps-read=64K").bps_read.rate, 65536U);
    EXPECT_EQ(good("bps-total=2m").bps_total.rate, 2U * 1024 * 1024);
    EXPECT_EQ(good("bps-total=1G").bps_total.rate, 1ULL << 30U);
    EXPECT_EQ(good("iops-write=1,iops-size=4K").iops_size, 4096U);
}

TEST(ThrottleOptions, WhatIsWrongIsNamed) {
    EXPECT_EQ(bad("iops-total=1,iops=5"), "throttle: there is no option 'iops' at character 14");
    EXPECT_EQ(bad("iops-total"),
              "throttle: 'iops-total' at character 1 is not of the form option=value");
    EXPECT_EQ(bad("iops-read=1,iops-read=2"),
              "throttle: 'iops-read' at character 13 is given twice");
    for (const char* value :
         {"", "x", "-1", "1.5", "1KK", "1000000000000001", "99999999999999999999", "1000T"}) {
        EXPECT_EQ(bad(std::string("bps-read=") + value),
                  "throttle: 'bps-read' at character 1: '" + std::string(value) +
                      "' is not a whole number of at most 10^15");
    }
    EXPECT_EQ(bad("iops-total=5,iops-read=5"),
              "throttle: 'iops-total' and 'iops-read' exclude each other");
    EXPECT_EQ(bad("bps-write=5,bps-total=5"),
              "throttle: 'bps-total' and 'bps-write' exclude each other");
    EXPECT_EQ(bad("iops-total-max=5"), "throttle: 'iops-total-max' needs 'iops-total'");
    EXPECT_EQ(bad("iops-total=5,iops-total-max=4"),
              "throttle: 'iops-total-max' is below 'iops-total'");
    EXPECT_EQ(bad("bps-read=5,bps-read-max-length=4"),
              "throttle: 'bps-read-max-length' needs 'bps-read-max'");
    EXPECT_EQ(bad("bps-read=5,bps-read-max=6,bps-read-max-length=0"),
              "throttle: 'bps-read-max-length' is 0");
    EXPECT_EQ(bad("bps-read=5,bps-read-max=1000000000000000,bps-read-max-length=2"),
              "throttle: 'bps-read-max' times 'bps-read-max-length' is above 10^15");
    EXPECT_EQ(bad("bps-read=5,iops-size=512"), "throttle: 'iops-size' needs a limit of requests");
    EXPECT_EQ(bad("iops-read=5,iops-size=8G"), "throttle: 'iops-size' is above 4 GiB");
}

}  // namespace
}  // namespace blkdrain::testing
