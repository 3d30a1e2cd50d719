// SPDX-License-Identifier: Apache-2.0
//
// A machine and what is done to it, as a value: made from a seed, written and read as text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/text.h"

namespace blkdrain_props {

enum class MachineOp : std::uint8_t {
    put,          // the guest puts a request in: device, queue, read or write
    stop,         // vm_stop
    give_up,      // the last stop
    cont,         // vm_cont
    job_send,     // the job sends through its own backend
    hold,         // a disk keeps what comes: disk
    let_go,       // and answers: disk
    fail,         // the next two requests of devices fail: disk
    drained,      // a section: node
    isolate,      // a section of the job
    end_section,  // the oldest of these
    unplug,       // device
    plug,         // another device
    rest,         // everything comes to rest
};
inline constexpr std::size_t machine_ops = static_cast<std::size_t>(MachineOp::rest) + 1;

struct MachineStep {
    MachineOp op = MachineOp::rest;
    std::uint8_t a = 0;  // which, modulo what there is
    std::uint8_t b = 0;
    std::uint8_t c = 0;
};

enum class MachinePolicy : std::uint8_t { report, ignore, stop };

struct MachineDevice {
    std::uint8_t node = 0;
    std::uint8_t queues = 1;
    std::uint8_t depth = 1;
    MachinePolicy read = MachinePolicy::report;
    MachinePolicy write = MachinePolicy::report;
    std::uint8_t priority = 0;
    bool limited = false;  // behind a limit that it shares with the other limited ones
};

struct MachineProgram {
    static constexpr std::size_t clients = 2;
    static constexpr std::size_t loops = 3;
    static constexpr std::size_t nodes_max = 8;
    static constexpr std::size_t devices_max = 5;
    static constexpr std::size_t queues_max = 3;
    static constexpr std::size_t steps_max = 64;  // of each client
    static constexpr std::uint8_t leaf = 0xff;

    std::uint64_t seed = 0;           // of the schedule (machine_schedule.h)
    std::vector<std::uint8_t> nodes;  // the node below, or leaf
    std::uint8_t job_node = 0;
    std::vector<MachineDevice> devices;  // plugged in at the start
    std::vector<MachineDevice> spares;   // for plug, in this order
    std::array<std::vector<MachineStep>, clients> steps;
};

MachineProgram any_machine(std::uint64_t seed);

// Whether a text begins like that of a machine, and not like that of a scenario.
bool is_machine(std::string_view text);

// One line a node, device and step, and no seed where that is 0. parse_machine(to_text(p)) runs as
// p does, and has its text.
std::string to_text(const MachineProgram& program);
std::string to_text(const MachineStep& step);

struct ParsedMachine {
    MachineProgram program;
    std::optional<TextError> error;  // the first mistake; the program means nothing then
};
// Any text will do. What stands behind a # is a comment.
ParsedMachine parse_machine(std::string_view text);

}  // namespace blkdrain_props
