// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <blkdrain/detail/ref.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/ids.h>
#include <blkdrain/request.h>
#include <blkdrain/throttle.h>
#include <blkdrain/world.h>

#include "os/backend.h"
#include "throttle/leaky_bucket.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

class Backend;

// R18: write, discard and flush are one.
enum class Direction : std::uint8_t { read, write };
inline constexpr std::array<Direction, 2> both_directions{Direction::read, Direction::write};

inline Direction direction_of(const Io& io) {
    return io.type == IoType::read ? Direction::read : Direction::write;
}

// The timer that a group has armed for a direction. Shared with the tasks that arm and disarm it on
// the loop, whose thread alone touches `timer` and `over`.
struct RateTimer {
    os::ref_count owners;
    Backend* holder = nullptr;  // never dereferenced by the tasks
    EventLoop* loop = nullptr;
    os::time_point due;
    EventLoop::TimerId timer = 0;
    bool over = false;  // disarmed before it was armed
};

inline void retain(RateTimer* timer) noexcept {
    timer->owners.retain();
}
inline void release(RateTimer* timer) noexcept {
    if (timer->owners.release()) {
        delete timer;
    }
}

// The limits of a throttle group and the round of its members (R13, R30). Knows nothing of
// requests that wait: who is active is asked of the control plane, whose lock guards all of it.
class Group {
public:
    Group(GroupId group_id, std::string group_name, os::time_point now)
        : id(group_id), name(std::move(group_name)), drained_at_(now) {}

    static constexpr std::size_t bucket_count = 6;

    // Total, reads, writes: of requests, then of bytes.
    [[nodiscard]] static const RateLimit& limit_at(const ThrottleLimits& limits, std::size_t i);
    [[nodiscard]] const ThrottleLimits& limits() const { return limits_; }
    [[nodiscard]] const LeakyBucket& bucket(std::size_t i) const { return buckets_[i]; }

    void configure(const ThrottleLimits& limits);
    [[nodiscard]] bool limited() const;
    // Whether requests of the direction meet a limit at all.
    [[nodiscard]] bool limited(Direction direction) const;

    // Times never go back.
    void drain_until(os::time_point now);
    [[nodiscard]] os::time_point looked_at() const { return drained_at_; }
    [[nodiscard]] bool passes(Direction direction) const;
    [[nodiscard]] std::uint64_t wait(Direction direction) const;
    // How much later than that the timer may fire: so requests come in small batches where a
    // wake-up each would cost more than they do.
    [[nodiscard]] std::uint64_t slack(Direction direction) const;
    void charge(const Io& io);

    // The round. The member whose turn it is comes first; `active` says who takes part.
    [[nodiscard]] const std::vector<Backend*>& members() const { return members_; }
    template <class Active>
    [[nodiscard]] Backend* next(Direction direction, Active active) const {
        const std::size_t count = members_.size();
        const std::size_t first = turn_[static_cast<std::size_t>(direction)];
        for (std::size_t i = 0; i < count; ++i) {
            Backend* member = members_[(first + i) % count];
            if (active(*member)) {
                return member;
            }
        }
        return nullptr;
    }
    // The member was served: the turn passes on to the one after it.
    void served(Direction direction, const Backend& member);
    void add(Backend& member) { members_.push_back(&member); }
    void remove(const Backend& member);

    const GroupId id;
    const std::string name;
    std::array<Ref<RateTimer>, 2> timers;        // by direction; null: none is armed
    std::array<unsigned, 2> armed{};             // how many are, by direction
    Direction next_direction = Direction::read;  // to be looked at: they take turns too
    bool dirty = false;                          // queued for the limiter

private:
    template <class Visit>
    void for_each_bucket(Direction direction, Visit visit) const {
        const std::size_t own = 1 + static_cast<std::size_t>(direction);
        for (const std::size_t i : {std::size_t{0}, own, std::size_t{3}, 3 + own}) {
            visit(i);
        }
    }

    ThrottleLimits limits_;
    std::array<LeakyBucket, bucket_count> buckets_;
    os::time_point drained_at_;
    std::vector<Backend*> members_;      // in the order joined
    std::array<std::size_t, 2> turn_{};  // by direction: an index of members_
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
