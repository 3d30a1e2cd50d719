// SPDX-License-Identifier: Apache-2.0
#include "machine/smaller_machine.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "machine/machine_schedule.h"

namespace blkdrain_props {

namespace {

using Fails = std::function<bool(const MachineProgram&)>;
using Steps = std::vector<MachineStep>;

// Seeds of schedules worth trying in place of another one, the simplest first: so many of each
// depth and kind of memory.
std::vector<std::uint64_t> calm_seeds(std::size_t of_each) {
    std::vector<std::uint64_t> seeds{0};
    for (const std::uint32_t depth : {1U, 2U}) {
        for (const Memory memory : {Memory::sequential, Memory::tso}) {
            std::size_t found = 0;
            for (std::uint64_t seed = 1; found < of_each; ++seed) {
                const MachineSchedule schedule = schedule_of(seed);
                if (schedule.calm() && schedule.depth == depth && schedule.memory == memory) {
                    seeds.push_back(seed);
                    ++found;
                }
            }
        }
    }
    return seeds;
}

// Each leaves a device as it is, or makes it plainer in one respect.
using DeviceChange = void (*)(MachineDevice&);
constexpr DeviceChange plainer[] = {
    [](MachineDevice& device) { device.node = 0; },
    [](MachineDevice& device) { device.queues = 1; },
    [](MachineDevice& device) { device.depth = 1; },
    [](MachineDevice& device) { device.read = MachinePolicy::report; },
    [](MachineDevice& device) { device.write = MachinePolicy::report; },
    [](MachineDevice& device) { device.priority = 0; },
    [](MachineDevice& device) { device.limited = false; },
};

void move_down(std::uint8_t& number, std::size_t gone) {
    number = static_cast<std::uint8_t>(number - (number > gone ? 1 : 0));
}

template <class Change>
void change_steps(MachineProgram& program, const Change& change) {
    for (Steps& steps : program.steps) {
        std::ranges::for_each(steps, change);
    }
}

// `follow`: steps name the same devices as before, where numbers are not taken modulo what there
// is; else their numbers stay.
void erase_device(MachineProgram& program, std::size_t gone, bool follow) {
    program.devices.erase(std::next(program.devices.begin(), static_cast<std::ptrdiff_t>(gone)));
    if (!follow) {
        return;
    }
    change_steps(program, [gone](MachineStep& step) {
        if (step.op == MachineOp::put || step.op == MachineOp::unplug) {
            move_down(step.a, gone);
        }
    });
}

// One that is no leaf, or over which nothing stands. What stood on it stands on the one below, or
// on the first. `follow` as above.
void erase_node(MachineProgram& program, std::size_t gone, bool follow) {
    const std::uint8_t below = program.nodes[gone];
    const bool leaf = below == MachineProgram::leaf;
    const auto place = std::next(program.nodes.begin(), static_cast<std::ptrdiff_t>(gone));
    const auto disk =
        static_cast<std::size_t>(std::count(program.nodes.begin(), place, MachineProgram::leaf));
    program.nodes.erase(place);
    const auto stand_elsewhere = [&](std::uint8_t& node) {
        if (node == gone) {
            node = leaf ? std::uint8_t{0} : below;
        } else if (node != MachineProgram::leaf) {
            move_down(node, gone);
        }
    };
    std::ranges::for_each(program.nodes, stand_elsewhere);
    stand_elsewhere(program.job_node);
    for (std::vector<MachineDevice>* const devices : {&program.devices, &program.spares}) {
        for (MachineDevice& device : *devices) {
            stand_elsewhere(device.node);
        }
    }
    if (!follow) {
        return;
    }
    change_steps(program, [&](MachineStep& step) {
        if (step.op == MachineOp::drained) {
            move_down(step.a, gone);
        } else if (leaf && (step.op == MachineOp::hold || step.op == MachineOp::let_go ||
                            step.op == MachineOp::fail)) {
            move_down(step.a, disk);
        }
    });
}

class Reduction {
public:
    Reduction(MachineProgram failing, const Fails& fails, std::uint32_t runs_max)
        : best_(std::move(failing)), fails_(fails), left_(runs_max) {}

    MachineProgram run() {
        simpler_schedule(few_);  // which leaves more to what follows
        while (fewer_steps() || fewer_objects() || plainer_devices() || smaller_numbers() ||
               fewer_pairs_of_steps() || simpler_schedule(few_) ||
               fewer_steps_otherwise_scheduled() || simpler_schedule(many_)) {
        }
        return best_;
    }

private:
    bool fails(const MachineProgram& candidate) {
        if (left_ == 0) {
            return false;
        }
        --left_;
        return fails_(candidate);
    }
    // Takes what `change` makes of the best one, if that is another one and fails.
    template <class Change>
    bool take(const Change& change) {
        MachineProgram candidate = best_;
        change(candidate);
        if (to_text(candidate) == to_text(best_) || !fails(candidate)) {
            return false;
        }
        best_ = std::move(candidate);
        return true;
    }

    // One of `seeds` that is simpler than its own.
    bool simpler_schedule(const std::vector<std::uint64_t>& seeds) {
        const auto own = std::ranges::find(many_, best_.seed);
        return std::ranges::any_of(seeds, [&](std::uint64_t seed) {
            return std::ranges::find(many_, seed) < own &&
                   take([seed](MachineProgram& program) { program.seed = seed; });
        });
    }

    // Runs of them, the longest first, from the end; whether any are gone.
    bool fewer_steps() {
        bool fewer = false;
        for (std::size_t length = MachineProgram::steps_max; length > 0; length /= 2) {
            for (std::size_t client = 0; client < MachineProgram::clients; ++client) {
                for (std::size_t end = best_.steps[client].size(); end >= length;) {
                    const auto first = static_cast<std::ptrdiff_t>(end - length);
                    const bool gone = take([&](MachineProgram& program) {
                        Steps& steps = program.steps[client];
                        steps.erase(std::next(steps.begin(), first),
                                    std::next(steps.begin(), static_cast<std::ptrdiff_t>(end)));
                    });
                    fewer = fewer || gone;
                    end -= length;
                }
            }
        }
        return fewer;
    }

    bool fewer_objects() {
        if (one_client()) {
            return true;
        }
        for (std::size_t i = best_.spares.size(); i > 0; --i) {
            if (take([i](MachineProgram& program) {
                    program.spares.erase(
                        std::next(program.spares.begin(), static_cast<std::ptrdiff_t>(i - 1)));
                })) {
                return true;
            }
        }
        for (const bool follow : {true, false}) {
            for (std::size_t i = best_.devices.size(); best_.devices.size() > 1 && i > 0; --i) {
                if (take([&](MachineProgram& program) { erase_device(program, i - 1, follow); })) {
                    return true;
                }
            }
            for (std::size_t i = best_.nodes.size(); best_.nodes.size() > 1 && i > 0; --i) {
                if (can_go(i - 1) &&
                    take([&](MachineProgram& program) { erase_node(program, i - 1, follow); })) {
                    return true;
                }
            }
        }
        return false;
    }

    // All that is done by the first one: in turn, either first.
    bool one_client() {
        if (best_.steps[1].empty()) {
            return false;
        }
        const auto all_by_one = [](MachineProgram& program, std::size_t first) {
            Steps all = program.steps[first];
            const Steps& then = program.steps[1 - first];
            all.insert(all.end(), then.begin(), then.end());
            program.steps = {std::move(all), {}};
        };
        return best_.steps[0].size() + best_.steps[1].size() <= MachineProgram::steps_max &&
               (take([&](MachineProgram& program) { all_by_one(program, 0); }) ||
                take([&](MachineProgram& program) { all_by_one(program, 1); }));
    }

    [[nodiscard]] bool can_go(std::size_t node) const {
        return best_.nodes[node] != MachineProgram::leaf ||
               std::ranges::find(best_.nodes, node) == best_.nodes.end();
    }

    bool plainer_devices() {
        bool changed = take([](MachineProgram& program) { program.job_node = 0; });
        for (std::vector<MachineDevice> MachineProgram::* const devices :
             {&MachineProgram::devices, &MachineProgram::spares}) {
            for (std::size_t i = 0; i < (best_.*devices).size(); ++i) {
                for (const DeviceChange change : plainer) {
                    const bool plain =
                        take([&](MachineProgram& program) { change((program.*devices)[i]); });
                    changed = changed || plain;
                }
            }
        }
        return changed;
    }

    // Of steps, each the smallest it fails with.
    bool smaller_numbers() {
        bool changed = false;
        for (std::size_t client = 0; client < MachineProgram::clients; ++client) {
            for (std::size_t i = 0; i < best_.steps[client].size(); ++i) {
                for (std::uint8_t MachineStep::* const number :
                     {&MachineStep::a, &MachineStep::b, &MachineStep::c}) {
                    const std::uint8_t present = best_.steps[client][i].*number;
                    for (std::uint8_t value = 0; value < present; ++value) {
                        if (take([&](MachineProgram& program) {
                                program.steps[client][i].*number = value;
                            })) {
                            changed = true;
                            break;
                        }
                    }
                }
            }
        }
        return changed;
    }

    // Steps that only make sense together, like a section and its end.
    bool fewer_pairs_of_steps() {
        for (std::size_t client = 0; client < MachineProgram::clients; ++client) {
            for (std::size_t second = best_.steps[client].size(); second > 0; --second) {
                for (std::size_t first = second - 1; first > 0; --first) {
                    if (take([&](MachineProgram& program) {
                            erase_step(program, client, second - 1);
                            erase_step(program, client, first - 1);
                        })) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    bool fewer_steps_otherwise_scheduled() {
        if (best_.seed == 0) {
            return false;
        }
        for (std::size_t client = 0; client < MachineProgram::clients; ++client) {
            for (std::size_t i = best_.steps[client].size(); i > 0; --i) {
                for (const std::uint64_t seed : few_) {
                    if (take([&](MachineProgram& program) {
                            erase_step(program, client, i - 1);
                            program.seed = seed;
                        })) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    static void erase_step(MachineProgram& program, std::size_t client, std::size_t step) {
        Steps& steps = program.steps[client];
        steps.erase(std::next(steps.begin(), static_cast<std::ptrdiff_t>(step)));
    }

    MachineProgram best_;
    const Fails& fails_;
    std::uint32_t left_;
    const std::vector<std::uint64_t> few_ = calm_seeds(40);
    const std::vector<std::uint64_t> many_ = calm_seeds(600);  // these among them
};

}  // namespace

MachineProgram smaller_machine(const MachineProgram& failing,
                               const std::function<bool(const MachineProgram&)>& fails,
                               std::uint32_t runs_max) {
    return Reduction(failing, fails, runs_max).run();
}

}  // namespace blkdrain_props
