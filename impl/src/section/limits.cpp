// SPDX-License-Identifier: Apache-2.0
//
// Throttle groups (R13, R30). Drains and sections do not know of them, nor they of those: the gate
// says who takes part in a round, no more.
//
//  1. Whoever may have become active, or have stopped being it, has its group marked (limit_again);
//     release_due runs the limiter of every group marked. That is the one place where requests are
//     admitted by turns and where a timer is armed or given on.
//  2. The limiter looks at the clock once and says so; whom the limits let pass then is admitted
//     before anything else happens. So nobody is due between two looks.
//  3. While a member is active exactly one timer is armed per group and direction, on the home loop
//     of an active one. Its tasks may come late or in the wrong order: the timer that the group
//     names is the one that counts.
//  4. A timer is set a little later than need be (Group::slack), never so late that a bucket runs
//     empty meanwhile: the rate is kept, and fast limits do not wake a loop for every request.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include "section/control_plane.h"
#include "section/members.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

namespace {

std::string describe(const Group& group) {
    return "throttle group g" + std::to_string(group.id.value) + " '" + group.name + "'";
}

}  // namespace

GroupId ControlPlane::add_group(std::string name) {
    const Locked locked(*this);
    const GroupId id{static_cast<std::uint32_t>(groups_.size())};
    groups_.push_back(std::make_unique<Group>(id, std::move(name), os::now()));
    announce(Announced::group_new, id.value);
    return id;
}

void ControlPlane::remove_group(GroupId id) {
    const Locked locked(*this);
    Group& group = *groups_[id.value];
    while (!group.members().empty()) {
        Backend& member = *group.members().back();
        announce(Announced::leave, member.id.value);
        leave_group(member);
        touched_.push_back(&member);
    }
    progress();
    groups_[id.value] = nullptr;
}

Error ControlPlane::configure(GroupId id, const ThrottleLimits& limits) {
    const Locked locked(*this);
    Group& group = *groups_[id.value];
    for (std::size_t i = 0; i < Group::bucket_count; ++i) {
        const RateLimit& limit = Group::limit_at(limits, i);
        const bool too_large =
            std::max({limit.rate, limit.burst, limit.peak, limit.peak_burst}) > RateLimit::max;
        const bool never =
            limit.rate != 0 && (limit.burst == 0 || (limit.peak != 0 && limit.peak_burst == 0));
        if (too_large || never) {
            return {Errc::bad_option, "configure " + describe(group) + ": limit number " +
                                          std::to_string(i) +
                                          (never ? " lets nothing pass" : " is above 10^15")};
        }
    }
    look_at_clock(group);
    group.configure(limits);
    if (group.limited()) {
        make_members_slow(group);  // else they get fast when this has been announced, in progress()
    }
    for (std::size_t i = 0; i < Group::bucket_count; ++i) {
        announce(Announced::limit, id.value, [&](Announcement& a) {
            const RateLimit& limit = Group::limit_at(limits, i);
            a.a = static_cast<std::uint32_t>(i);
            a.b = limits.iops_size;
            a.rate = {limit.rate, limit.burst, limit.peak, limit.peak_burst};
        });
    }
    for (Backend* member : group.members()) {
        touched_.push_back(member);
    }
    limit_again(&group);
    progress();
    return {};
}

Error ControlPlane::join(GroupId id, Backend& backend) {
    const Locked locked(*this);
    Group& group = *groups_[id.value];
    if (backend.closed) {
        return gone("join", backend);
    }
    Error error;
    if (backend.closing) {
        error = {Errc::closing, "join: " + detail::describe(backend) + " is being closed"};
    } else if (backend.group() != nullptr) {
        error = {Errc::busy, "join: " + detail::describe(backend) + " is in " +
                                 describe(*backend.group()) + " already"};
    } else {
        backend.set_group(&group);
        group.add(backend);
        make_members_slow(group);
    }
    announce(Announced::join, backend.id.value, [&](Announcement& a) {
        a.a = id.value;
        a.error = announced(error);
    });
    if (!error) {
        limit_again(&group);
        progress();
    }
    return error;
}

Error ControlPlane::leave(GroupId id, Backend& backend) {
    const Locked locked(*this);
    Group& group = *groups_[id.value];
    if (backend.group() != &group) {
        return {Errc::no_such_object,
                "leave: " + detail::describe(backend) + " is not in " + describe(group)};
    }
    announce(Announced::leave, backend.id.value);
    leave_group(backend);
    touched_.push_back(&backend);
    progress();
    return {};
}

// Null: there is none. Kept for a call that takes the lock itself.
Ref<Backend> ControlPlane::hold_backend(BackendId id) {
    const Locked locked(*this);
    return Ref<Backend>(find_backend(id));
}

Error ControlPlane::join(GroupId id, BackendId backend) {
    const Ref<Backend> held = hold_backend(backend);
    return held
               ? join(id, *held)
               : Error(Errc::no_such_object, "join: there is no b" + std::to_string(backend.value));
}

Error ControlPlane::leave(GroupId id, BackendId backend) {
    const Ref<Backend> held = hold_backend(backend);
    return held ? leave(id, *held)
                : Error(Errc::no_such_object,
                        "leave: there is no b" + std::to_string(backend.value));
}

void ControlPlane::leave_group(Backend& backend) {
    Group* const group = backend.group();
    backend.set_group(nullptr);
    if (group == nullptr) {
        return;
    }
    for (const Direction direction : both_directions) {
        const RateTimer* timer = group->timers[static_cast<std::size_t>(direction)].get();
        if (timer != nullptr && timer->holder == &backend) {
            disarm(*group, direction);
        }
    }
    group->remove(backend);
    limit_again(group);
}

// Requests of a member of a limited group take the slow path, from before the announcement on.
void ControlPlane::make_members_slow(Group& group) {
    bool changed = false;
    for (Backend* member : group.members()) {
        changed = update_word(*member) || changed;
    }
    if (changed) {
        // A sender either finds the new word or has been admitted before.
        os::fence_process(fence_peers_);
    }
}

// --- who meets a limit ---

bool ControlPlane::charged(const OuterRequest& request) {
    const Group* group = request.backend.load(std::memory_order_relaxed)->group();
    return group != nullptr && !request.is_flush() && group->limited(direction_of(request.io()));
}

// Of the requests that a limit alone keeps, the member's next one; null: it is not active. Those of
// a class (token or none) have a gate together or not at all, so the first one without a gate has
// nobody of its class before it.
OuterRequest* ControlPlane::next_in_line(Backend& member, Direction direction) {
    for (OuterRequest& request : member.waiting) {
        if (direction_of(request.io()) == direction && !request.is_flush() && !kept(request)) {
            return &request;
        }
    }
    return nullptr;
}

// --- the limiter ---

void ControlPlane::mark_dirty(Group& group) {
    group.dirty = true;
    dirty_groups_.push_back(&group);
}

void ControlPlane::look_at_clock(Group& group) {
    const os::time_point now = os::now();
    group.drain_until(now);
    announce(Announced::clock, group.id.value, [&](Announcement& a) {
        a.time = static_cast<std::uint64_t>(now.time_since_epoch().count());
    });
}

void ControlPlane::run_limiter(Group& group) {
    if (std::all_of(group.members().begin(), group.members().end(),
                    [](const Backend* member) { return member->waiting.empty(); })) {
        for (const Direction direction : both_directions) {
            disarm(group, direction);
        }
        return;
    }
    look_at_clock(group);
    admit_by_turns(group);
    for (const Direction direction : both_directions) {
        arm(group, direction);
    }
}

// Everybody whom the limits let pass now, in turn.
void ControlPlane::admit_by_turns(Group& group) {
    std::array<bool, 2> nobody{};  // by direction; an admission makes nobody active
    bool again = true;
    while (again) {
        again = false;
        for (std::size_t i = 0; i < both_directions.size(); ++i) {
            const Direction direction = group.next_direction;
            group.next_direction =
                direction == Direction::read ? Direction::write : Direction::read;
            if (nobody[static_cast<std::size_t>(direction)] || !group.limited(direction) ||
                !group.passes(direction)) {
                continue;
            }
            Backend* const member = next_member(group, direction);
            if (member == nullptr) {
                nobody[static_cast<std::size_t>(direction)] = true;
                continue;
            }
            OuterRequest& request = *next_in_line(*member, direction);
            const TokenId token{request.token.load(std::memory_order_relaxed)};
            group.charge(request.io());
            group.served(direction, *member);
            admit(request);
            admit_flushes(*member, token);
            again = true;
        }
    }
}

Backend* ControlPlane::next_member(const Group& group, Direction direction) {
    return group.next(direction,
                      [&](Backend& member) { return next_in_line(member, direction) != nullptr; });
}

// Flushes meet no limit: those that have become the first of their class go on.
void ControlPlane::admit_flushes(Backend& member, TokenId token) {
    for (auto at = member.waiting.begin(); at != member.waiting.end();) {
        OuterRequest& request = *at;
        ++at;
        if (!request.is_write() || request.token.load(std::memory_order_relaxed) != token.value) {
            continue;
        }
        if (!request.is_flush()) {
            return;
        }
        admit(request);
    }
}

// --- its timers ---

void ControlPlane::arm(Group& group, Direction direction) {
    const auto place = static_cast<std::size_t>(direction);
    Backend* const first = group.limited(direction) ? next_member(group, direction) : nullptr;
    const RateTimer* const armed = group.timers[place].get();
    if (armed != nullptr && canary(Canary::timer_stays_gated)) {
        return;
    }
    if (first == nullptr) {
        disarm(group, direction);
        return;
    }
    const os::time_point due =
        group.looked_at() + os::duration(group.wait(direction) + group.slack(direction));
    if (armed != nullptr && armed->due <= due && armed->loop == armed->holder->home &&
        next_in_line(*armed->holder, direction) != nullptr) {
        return;
    }
    if (!canary(Canary::unquiesce_arms_twice)) {
        disarm(group, direction);
    }
    auto timer = Ref<RateTimer>::adopt(new RateTimer);
    timer->holder = first;
    timer->loop = first->home;
    timer->due = due;
    group.timers[place] = timer;
    ++group.armed[place];
    auto fire = [control = Ref<ControlPlane>(this), id = group.id, direction, timer] {
        control->rate_timer_fired(id, direction, *timer);
    };
    auto start = [timer, fire = std::move(fire)] {
        if (!timer->over) {
            timer->timer = timer->loop->start_timer(timer->due - os::now(), fire);
        }
    };
    if (timer->loop->is_current()) {
        start();
    } else {
        timer->loop->post(std::move(start));
    }
}

void ControlPlane::disarm(Group& group, Direction direction) {
    const auto place = static_cast<std::size_t>(direction);
    Ref<RateTimer> timer = std::exchange(group.timers[place], {});
    if (!timer) {
        return;
    }
    --group.armed[place];
    EventLoop& loop = *timer->loop;
    auto stop = [timer = std::move(timer)] {
        timer->over = true;
        if (timer->timer != 0) {
            timer->loop->cancel_timer(timer->timer);
        }
    };
    if (loop.is_current()) {
        stop();
    } else {
        loop.post(std::move(stop));
    }
}

void ControlPlane::rate_timer_fired(GroupId id, Direction direction, const RateTimer& timer) {
    const Locked locked(*this);
    Group* const group = groups_[id.value].get();
    const auto place = static_cast<std::size_t>(direction);
    if (group == nullptr || group->timers[place].get() != &timer) {
        return;  // disarmed meanwhile
    }
    group->timers[place] = {};
    --group->armed[place];
    limit_again(group);
    progress();
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
