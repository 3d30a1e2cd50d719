// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random single-threaded scripts over pollers, wake handles and timers, and an executor for them
// that is compiled in both worlds. The real world records what the kernel did (script_record.cpp);
// the simulated world runs the same scripts and checks that each thing the kernel did is among
// those the simulator allows (script_check.cpp).

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "os/backend.h"

namespace os_test {

enum class ScriptOp : std::uint8_t {
    add,
    modify,
    remove,
    wait,
    signal,
    clear_wake,
    arm_past,
    arm_soon,
    arm_far,
    disarm,
    clear_timer,
    reopen,
};

struct ScriptStep {
    ScriptOp op;
    std::uint32_t poller;  // which one, where one is meant
    std::uint32_t object;  // which object: 0-2 pollers, 3-5 wake handles, 6-8 timers, 9 none (a bad
                           // descriptor)
    std::uint32_t events;
    std::uint32_t room;  // wait: for how many events
};

inline constexpr std::uint32_t objects_per_kind = 3;

std::vector<ScriptStep> generate_script(std::uint64_t seed);

// For messages: "wait p1 room 3".
std::string to_string(const ScriptStep& step);

// Where the worlds differ.
class ScriptWorld {
public:
    virtual ~ScriptWorld() = default;

    // Performs poller.wait(room, 0) and returns what it reported. The simulated world is told what
    // is to come out (`recorded`, the text of report()) and makes it so if that is allowed.
    virtual std::vector<blkdrain::os::ready> wait(blkdrain::os::poller& poller, std::uint32_t room,
                                                  std::string_view recorded) = 0;
    // Lets the deadline pass and the expiry become visible.
    virtual void let_expire(blkdrain::os::timer_handle& timer,
                            blkdrain::os::time_point deadline) = 0;
};

std::string report(const std::vector<blkdrain::os::ready>& events);

// The objects of one script.
class ScriptMachine {
public:
    ScriptMachine();

    // Performs a step and says in one line without blanks what could be observed.
    std::string perform(const ScriptStep& step, ScriptWorld& world, std::string_view recorded);

private:
    int descriptor_of(std::uint32_t object) const;
    // Descriptors of the process as small numbers, 0 for the lowest one free at the start.
    int ordinal(int fd) const;
    std::string reopen(std::uint32_t object);

    std::vector<int> free_at_start_;
    std::array<std::unique_ptr<blkdrain::os::poller>, objects_per_kind> pollers_;
    std::array<std::unique_ptr<blkdrain::os::wake_handle>, objects_per_kind> wakes_;
    std::array<std::unique_ptr<blkdrain::os::timer_handle>, objects_per_kind> timers_;
};

}  // namespace os_test
