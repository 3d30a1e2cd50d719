// SPDX-License-Identifier: Apache-2.0
//
// R13, R30: leaky buckets in whole numbers. A level counts billionths of a unit, so that a rate of
// units a second drains it by a whole number each nanosecond. Numbers of the model stay small: rate
// times the nanoseconds between two looks at the clock has to fit 64 bits.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace blkdrain_ref {

inline constexpr std::uint64_t billion = 1'000'000'000;

// Units a second. A request passes while the level is below the burst; with a peak, also while that
// of a second bucket is, which drains at the peak. Rate 0: no limit.
struct Rate {
    std::uint64_t rate = 0, burst = 0, peak = 0, peak_burst = 0;

    void fields(auto& f) const { f(rate, burst, peak, peak_burst); }
    bool operator==(const Rate&) const = default;
};

struct Bucket {
    Rate rate{};
    std::uint64_t level = 0, peak_level = 0;

    bool passes() const {
        return rate.rate == 0 || (level < rate.burst * billion &&
                                  (rate.peak == 0 || peak_level < rate.peak_burst * billion));
    }
    void charge(std::uint64_t units) {
        level += rate.rate == 0 ? 0 : units * billion;
        peak_level += rate.peak == 0 ? 0 : units * billion;
    }
    void drain(std::uint64_t nanoseconds) {  // no further than empty
        level -= std::min(level, rate.rate * nanoseconds);
        peak_level -= std::min(peak_level, rate.peak * nanoseconds);
    }
    void limit(const Rate& by) {  // what is in it stays
        rate = by;
        level = by.rate == 0 ? 0 : level;
        peak_level = by.peak == 0 ? 0 : peak_level;
    }
    void fields(auto& f) const { f(rate, level, peak_level); }
    bool operator==(const Bucket&) const = default;
};

// Of requests: total, reads, writes; of bytes: total, reads, writes.
using Buckets = std::array<Bucket, 6>;

}  // namespace blkdrain_ref
