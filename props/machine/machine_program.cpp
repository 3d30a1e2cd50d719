// SPDX-License-Identifier: Apache-2.0
#include "machine/machine_program.h"

#include <random>

namespace blkdrain_props {

namespace {

struct OpRow {
    const char* name;
    std::uint8_t weight;
    std::uint8_t operands;
};
// In the order of MachineOp.
constexpr std::array<OpRow, machine_ops> rows{{
    {"put", 30, 3},
    {"stop", 12, 0},
    {"give_up", 2, 0},
    {"cont", 9, 0},
    {"job_send", 10, 1},
    {"hold", 6, 1},
    {"let_go", 8, 1},
    {"fail", 5, 1},
    {"drained", 4, 1},
    {"isolate", 2, 0},
    {"end_section", 6, 0},
    {"unplug", 3, 1},
    {"plug", 3, 0},
    {"rest", 4, 0},
}};

class Draw {
public:
    explicit Draw(std::uint64_t seed) : engine_(seed) {}
    // Below `bound`; the same on every platform.
    std::uint8_t below(std::uint64_t bound) { return static_cast<std::uint8_t>(engine_() % bound); }

private:
    std::mt19937_64 engine_;
};

MachineDevice any_device(Draw& draw, std::size_t nodes) {
    static constexpr std::uint8_t depths[] = {1, 1, 2, 8};
    MachineDevice device;
    device.node = draw.below(nodes);
    device.queues = static_cast<std::uint8_t>(1 + draw.below(3));
    device.depth = depths[draw.below(std::size(depths))];
    device.read = static_cast<MachinePolicy>(draw.below(3));
    device.write = static_cast<MachinePolicy>(draw.below(3));
    device.priority = draw.below(3);
    device.limited = draw.below(3) == 0;
    return device;
}

MachineStep any_step(Draw& draw) {
    unsigned sum = 0;
    for (const OpRow& row : rows) {
        sum += row.weight;
    }
    unsigned drawn = draw.below(sum);
    std::size_t op = 0;
    while (drawn >= rows[op].weight) {
        drawn -= rows[op].weight;
        ++op;
    }
    MachineStep step;
    step.op = static_cast<MachineOp>(op);
    step.a = draw.below(12);
    step.b = draw.below(12);
    step.c = draw.below(12);
    return step;
}

void print(std::string& into, const char* what, const MachineDevice& device) {
    static constexpr const char* policies[] = {"report", "ignore", "stop"};
    into += what;
    into += " on n" + std::to_string(device.node) + " queues " + std::to_string(device.queues) +
            " depth " + std::to_string(device.depth) + " read " +
            policies[static_cast<std::size_t>(device.read)] + " write " +
            policies[static_cast<std::size_t>(device.write)] + " priority " +
            std::to_string(device.priority) + (device.limited ? " limited\n" : "\n");
}

}  // namespace

MachineProgram any_machine(std::uint64_t seed) {
    Draw draw(seed);
    MachineProgram program;
    program.seed = seed;
    const std::size_t nodes = 1 + draw.below(4);
    for (std::size_t i = 0; i < nodes; ++i) {
        program.nodes.push_back(i == 0 || draw.below(3) == 0 ? MachineProgram::leaf
                                                             : draw.below(i));
    }
    program.job_node = draw.below(nodes);
    const std::size_t devices = 2 + draw.below(2);
    for (std::size_t i = 0; i < devices; ++i) {
        program.devices.push_back(any_device(draw, nodes));
    }
    if (draw.below(2) == 0) {  // on one node
        program.devices[1].node = program.devices[0].node;
    }
    for (std::size_t i = devices; i < MachineProgram::devices_max; ++i) {
        program.spares.push_back(any_device(draw, nodes));
    }
    for (auto& steps : program.steps) {
        const std::size_t count = 2 + draw.below(11);
        for (std::size_t i = 0; i < count; ++i) {
            steps.push_back(any_step(draw));
        }
    }
    return program;
}

std::string text_of(const MachineProgram& program) {
    std::string text = "machine seed " + std::to_string(program.seed) + "\n";
    for (std::size_t i = 0; i < program.nodes.size(); ++i) {
        text += "node n" + std::to_string(i);
        if (program.nodes[i] != MachineProgram::leaf) {
            text += " over n" + std::to_string(program.nodes[i]);
        }
        text += "\n";
    }
    text += "job on n" + std::to_string(program.job_node) + "\n";
    for (const MachineDevice& device : program.devices) {
        print(text, "device", device);
    }
    for (const MachineDevice& device : program.spares) {
        print(text, "spare", device);
    }
    for (std::size_t client = 0; client < program.steps.size(); ++client) {
        text += "client " + std::to_string(client) + "\n";
        for (const MachineStep& step : program.steps[client]) {
            const OpRow& row = rows[static_cast<std::size_t>(step.op)];
            text += row.name;
            const std::uint8_t operands[] = {step.a, step.b, step.c};
            for (std::size_t i = 0; i < row.operands; ++i) {
                text += " " + std::to_string(operands[i]);
            }
            text += "\n";
        }
    }
    return text;
}

}  // namespace blkdrain_props
