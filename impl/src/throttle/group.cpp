// SPDX-License-Identifier: Apache-2.0
#include "throttle/group.h"

#include <algorithm>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

const RateLimit& Group::limit_at(const ThrottleLimits& limits, std::size_t i) {
    const std::array<const RateLimit*, bucket_count> all{&limits.iops_total, &limits.iops_read,
                                                         &limits.iops_write, &limits.bps_total,
                                                         &limits.bps_read,   &limits.bps_write};
    return *all[i];
}

void Group::configure(const ThrottleLimits& limits) {
    limits_ = limits;
    for (std::size_t i = 0; i < bucket_count; ++i) {
        buckets_[i].limit(limit_at(limits, i));
    }
}

bool Group::limited() const {
    return std::any_of(buckets_.begin(), buckets_.end(),
                       [](const LeakyBucket& bucket) { return bucket.limited(); });
}

bool Group::limited(Direction direction) const {
    bool any = false;
    for_each_bucket(direction, [&](std::size_t i) { any = any || buckets_[i].limited(); });
    return any;
}

void Group::drain_until(os::time_point now) {
    const auto passed = static_cast<std::uint64_t>((now - drained_at_).count());
    drained_at_ = now;
    for (LeakyBucket& bucket : buckets_) {
        bucket.drain(passed);
    }
}

bool Group::passes(Direction direction) const {
    bool all = true;
    for_each_bucket(direction, [&](std::size_t i) { all = all && buckets_[i].passes(); });
    return all;
}

std::uint64_t Group::wait(Direction direction) const {
    std::uint64_t longest = 0;
    for_each_bucket(direction,
                    [&](std::size_t i) { longest = std::max(longest, buckets_[i].wait()); });
    return longest;
}

std::uint64_t Group::slack(Direction direction) const {
    constexpr std::uint64_t most = 50'000;
    const LeakyBucket* slowest = nullptr;
    for_each_bucket(direction, [&](std::size_t i) {
        if (buckets_[i].limited() && (slowest == nullptr || buckets_[i].wait() > slowest->wait())) {
            slowest = &buckets_[i];
        }
    });
    return slowest == nullptr ? 0 : std::min(most, slowest->slack());
}

void Group::charge(const Io& io) {
    const std::uint64_t size = limits_.iops_size;
    const std::uint64_t pieces = size == 0 || io.length == 0 ? 1 : (io.length - 1) / size + 1;
    for_each_bucket(direction_of(io),
                    [&](std::size_t i) { buckets_[i].charge(i < 3 ? pieces : io.length); });
}

void Group::served(Direction direction, const Backend& member) {
    const auto at = std::find(members_.begin(), members_.end(), &member) - members_.begin();
    turn_[static_cast<std::size_t>(direction)] =
        (static_cast<std::size_t>(at) + 1) % members_.size();
}

void Group::remove(const Backend& member) {
    const auto place = std::find(members_.begin(), members_.end(), &member);
    const auto at = static_cast<std::size_t>(place - members_.begin());
    members_.erase(place);
    for (std::size_t& turn : turn_) {
        // Whoever comes after the one that leaves keeps the turn.
        turn = turn > at ? turn - 1 : turn;
        turn = turn < members_.size() ? turn : 0;
    }
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
