// SPDX-License-Identifier: Apache-2.0
#include "machine/machine_program.h"

#include <random>

namespace blkdrain_props {

namespace {

// How often each is drawn, in the order of MachineOp.
constexpr std::array<std::uint8_t, machine_ops> weights{30, 12, 2, 9, 10, 6, 8,
                                                        5,  4,  2, 6, 3,  3, 4};

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
    for (const unsigned weight : weights) {
        sum += weight;
    }
    unsigned drawn = draw.below(sum);
    std::size_t op = 0;
    while (drawn >= weights[op]) {
        drawn -= weights[op];
        ++op;
    }
    MachineStep step;
    step.op = static_cast<MachineOp>(op);
    step.a = draw.below(12);
    step.b = draw.below(12);
    step.c = draw.below(12);
    return step;
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

}  // namespace blkdrain_props
