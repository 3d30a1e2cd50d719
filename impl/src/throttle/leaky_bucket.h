// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <blkdrain/throttle.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// A RateLimit at work, in whole numbers (R13): levels count billionths of a unit, which a rate of
// units a second drains by a whole number each nanosecond. Not synchronised; times never go back.
class LeakyBucket {
public:
    __extension__ using Level = unsigned __int128;
    static constexpr std::uint64_t per_unit = 1'000'000'000;

    [[nodiscard]] bool limited() const { return limit_.rate != 0; }

    [[nodiscard]] bool passes() const {
        return !limited() || (level_ < full(limit_.burst) &&
                              (limit_.peak == 0 || peak_level_ < full(limit_.peak_burst)));
    }

    void charge(std::uint64_t units) {
        level_ += limited() ? full(units) : 0;
        peak_level_ += limited() && limit_.peak != 0 ? full(units) : 0;
    }

    void drain(std::uint64_t nanoseconds) {
        level_ -= std::min(level_, Level{limit_.rate} * nanoseconds);
        peak_level_ -= std::min(peak_level_, Level{limit_.peak} * nanoseconds);
    }

    // What is in it stays, unless the limit goes.
    void limit(const RateLimit& by) {
        limit_ = by;
        level_ = limited() ? level_ : 0;
        peak_level_ = limited() && by.peak != 0 ? peak_level_ : 0;
    }

    // Nanoseconds until it passes, if nothing is charged.
    [[nodiscard]] std::uint64_t wait() const {
        if (passes()) {
            return 0;
        }
        const std::uint64_t own = until(level_, full(limit_.burst), limit_.rate);
        return limit_.peak == 0
                   ? own
                   : std::max(own, until(peak_level_, full(limit_.peak_burst), limit_.peak));
    }

    // Nanoseconds by which a look at it may come later than that and nothing is lost: a small part
    // of what is left until it runs empty.
    [[nodiscard]] std::uint64_t slack() const {
        constexpr std::uint64_t part = 16;
        std::uint64_t empty = until(level_, 0, limit_.rate);
        if (limit_.peak != 0) {
            empty = std::min(empty, until(peak_level_, 0, limit_.peak));
        }
        return (empty - std::min(empty, wait())) / part;
    }

    [[nodiscard]] Level level() const { return level_; }
    [[nodiscard]] Level peak_level() const { return peak_level_; }

private:
    static constexpr Level full(std::uint64_t units) { return Level{units} * per_unit; }

    // Until the level is below `burst`.
    static std::uint64_t until(Level level, Level burst, std::uint64_t rate) {
        constexpr std::uint64_t for_ever = ~std::uint64_t{0} / 4;
        const Level wait = level < burst ? 0 : (level - burst) / rate + 1;
        return wait < for_ever ? static_cast<std::uint64_t>(wait) : for_ever;
    }

    RateLimit limit_;
    Level level_ = 0;
    Level peak_level_ = 0;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
