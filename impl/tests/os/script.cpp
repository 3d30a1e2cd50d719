// SPDX-License-Identifier: Apache-2.0
#include "script.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <system_error>

#include <blkdrain/detail/check.h>

namespace os_test {

namespace os = blkdrain::os;

namespace {

constexpr std::uint32_t first_wake = objects_per_kind;
constexpr std::uint32_t first_timer = 2 * objects_per_kind;
constexpr std::uint32_t no_object = 3 * objects_per_kind;
constexpr std::size_t steps_per_script = 40;

const char* name_of(ScriptOp op) {
    constexpr std::array names{"add",     "modify",     "remove",      "wait",
                               "signal",  "clear_wake", "arm_past",    "arm_soon",
                               "arm_far", "disarm",     "clear_timer", "reopen"};
    return names[static_cast<std::size_t>(op)];
}

std::string object_name(std::uint32_t object) {
    const std::uint32_t number = object % objects_per_kind;
    return std::string(1, "pwt-"[object / objects_per_kind]) + std::to_string(number);
}

std::string numbered(std::string prefix, int number) {
    return prefix += std::to_string(number);
}

std::string report(const std::error_code& error) {
    return numbered("e", error.value());
}

}  // namespace

std::string report(const std::vector<os::ready>& events) {
    std::string text = "[";
    for (const os::ready& event : events) {
        text += std::to_string(event.cookie) + ":" + std::to_string(event.events) + ",";
    }
    return text + "]";
}

std::string to_string(const ScriptStep& step) {
    return std::string(name_of(step.op)) + " poller " + std::to_string(step.poller) + " object " +
           object_name(step.object) + " events " + std::to_string(step.events) + " room " +
           std::to_string(step.room);
}

std::vector<ScriptStep> generate_script(std::uint64_t seed) {
    // The engine is specified to the bit; std's distributions are not, hence the remainders.
    std::mt19937_64 random(seed);
    const auto below = [&random](std::uint32_t n) {
        return static_cast<std::uint32_t>((random() >> 16) % n);
    };
    // Waits often, reopens rarely; each script favours some operations.
    constexpr std::array<std::uint32_t, 12> base{6, 3, 2, 10, 5, 3, 2, 1, 1, 1, 2, 1};
    std::array<std::uint32_t, 12> weights{};
    std::uint32_t total = 0;
    for (std::size_t i = 0; i < base.size(); ++i) {
        weights[i] = base[i] * (1 + below(3));
        total += weights[i];
    }
    std::vector<ScriptStep> script;
    for (std::size_t i = 0; i < steps_per_script; ++i) {
        std::uint32_t at = below(total);
        std::uint32_t op = 0;
        while (at >= weights[op]) {
            at -= weights[op++];
        }
        ScriptStep step{static_cast<ScriptOp>(op), below(objects_per_kind), 0, 0, 1 + below(4)};
        switch (step.op) {
            case ScriptOp::signal:
            case ScriptOp::clear_wake:
                step.object = first_wake + below(objects_per_kind);
                break;
            case ScriptOp::arm_past:
            case ScriptOp::arm_soon:
            case ScriptOp::arm_far:
            case ScriptOp::disarm:
            case ScriptOp::clear_timer:
                step.object = first_timer + below(objects_per_kind);
                break;
            case ScriptOp::reopen:
                step.object = below(no_object);
                break;
            case ScriptOp::add:
            case ScriptOp::modify:
            case ScriptOp::remove:
            case ScriptOp::wait:
                // Wake handles and timers twice as often as pollers; now and then a bad descriptor.
                step.object = below(16);
                step.object =
                    step.object == 15
                        ? no_object
                        : (step.object < first_wake ? step.object
                                                    : first_wake + (step.object - first_wake) % 6);
                break;
        }
        const std::uint32_t shape = below(16);
        step.events = (shape % 8 == 0 ? 0 : os::event_in) | (below(4) == 0 ? os::event_out : 0) |
                      (below(3) == 0 ? os::event_edge : 0) |
                      (below(4) == 0 ? os::event_oneshot : 0);
        if (step.object < first_wake) {
            // The contract offers no edges of pollers.
            step.events &= ~os::event_edge;
        }
        script.push_back(step);
    }
    return script;
}

ScriptMachine::ScriptMachine() {
    {
        std::array<os::wake_handle, no_object> probes;
        for (os::wake_handle& probe : probes) {
            BLKDRAIN_CHECK(!probe.open(), "a descriptor can be opened");
            free_at_start_.push_back(probe.fd());
        }
    }
    std::ranges::sort(free_at_start_);
    for (std::uint32_t object = 0; object < no_object; ++object) {
        reopen(object);
    }
}

int ScriptMachine::ordinal(int fd) const {
    return static_cast<int>(std::ranges::find(free_at_start_, fd) - free_at_start_.begin());
}

int ScriptMachine::descriptor_of(std::uint32_t object) const {
    const std::uint32_t i = object % objects_per_kind;
    switch (object / objects_per_kind) {
        case 0:
            return pollers_[i]->fd();
        case 1:
            return wakes_[i]->fd();
        case 2:
            return timers_[i]->fd();
        default:
            return -1;
    }
}

std::string ScriptMachine::reopen(std::uint32_t object) {
    const auto renew = [this](auto& handle) {
        // Closed first: its number is the lowest free one, or another is.
        handle.reset();
        handle =
            std::make_unique<typename std::remove_reference_t<decltype(handle)>::element_type>();
        const std::error_code error = handle->open();
        return error ? report(error) : numbered("fd", ordinal(handle->fd()));
    };
    const std::uint32_t i = object % objects_per_kind;
    switch (object / objects_per_kind) {
        case 0:
            return renew(pollers_[i]);
        case 1:
            return renew(wakes_[i]);
        default:
            return renew(timers_[i]);
    }
}

std::string ScriptMachine::perform(const ScriptStep& step, ScriptWorld& world,
                                   std::string_view recorded) {
    os::poller& poller = *pollers_[step.poller];
    os::wake_handle& wake = *wakes_[step.object % objects_per_kind];
    os::timer_handle& timer = *timers_[step.object % objects_per_kind];
    // Cookies tell the registrations apart, also an old one from its successor.
    const std::uint64_t cookie = step.object + 100U * step.room;
    switch (step.op) {
        case ScriptOp::add:
            return report(poller.add(descriptor_of(step.object), step.events, cookie));
        case ScriptOp::modify:
            return report(poller.modify(descriptor_of(step.object), step.events, cookie));
        case ScriptOp::remove:
            return report(poller.remove(descriptor_of(step.object)));
        case ScriptOp::wait:
            return report(world.wait(poller, step.room, recorded));
        case ScriptOp::signal:
            wake.signal();
            return "-";
        case ScriptOp::clear_wake:
            return wake.clear() ? "1" : "0";
        case ScriptOp::arm_past: {
            const os::time_point deadline = os::now() - std::chrono::milliseconds(1);
            timer.arm(deadline);
            world.let_expire(timer, deadline);
            return "-";
        }
        case ScriptOp::arm_soon: {
            const os::time_point deadline = os::now() + std::chrono::microseconds(20);
            timer.arm(deadline);
            world.let_expire(timer, deadline);
            return "-";
        }
        case ScriptOp::arm_far:
            timer.arm(os::now() + std::chrono::hours(1));
            return "-";
        case ScriptOp::disarm:
            timer.disarm();
            return "-";
        case ScriptOp::clear_timer:
            return timer.clear() ? "1" : "0";
        case ScriptOp::reopen:
            return reopen(step.object);
    }
    return "?";
}

}  // namespace os_test
