// SPDX-License-Identifier: Apache-2.0
#include "sim/simulation.h"

#include <utility>

#include "sim/machine.h"

namespace blkdrain::sim {

std::string Outcome::to_string() const {
    std::string text;
    switch (kind) {
        case Kind::finished:
            text = "finished";
            break;
        case Kind::deadlock:
            text = "deadlock";
            break;
        case Kind::step_limit:
            text = "step limit";
            break;
    }
    const char* separator = ": ";
    for (const Unfinished& thread : unfinished) {
        text += separator + thread.thread + ": " + thread.operation +
                (thread.blocked ? "" : ", can go on");
        separator = "; ";
    }
    return text;
}

namespace {

Outcome::Kind kind_of(const Machine& machine) {
    if (machine.live() == 0) {
        return Outcome::Kind::finished;
    }
    return machine.stopped_at_limit() ? Outcome::Kind::step_limit : Outcome::Kind::deadlock;
}

Outcome outcome_of(const Machine& machine) {
    Outcome outcome{kind_of(machine), {}};
    for (const Fiber* fiber : machine.fibers()) {
        if (!fiber->finished) {
            outcome.unfinished.push_back({fiber->name, machine.describe(*fiber), !fiber->enabled});
        }
    }
    return outcome;
}

}  // namespace

Simulation::Simulation(Strategy& strategy, const Options& options)
    : machine_(Machine::take(strategy, options)) {}

Simulation::~Simulation() {
    Machine::give_back(machine_);
}

void Simulation::spawn(const char* name, std::function<void()> body) {
    machine_.spawn(name, std::move(body));
}

Outcome Simulation::run() {
    machine_.run(true);
    return outcome_of(machine_);
}

std::uint64_t Simulation::points() const {
    return machine_.points();
}

std::uint64_t Simulation::steps() const {
    return machine_.steps();
}

std::uint64_t Simulation::switches() const {
    return machine_.switches();
}

std::uint64_t Simulation::trace_hash() const {
    return machine_.hash();
}

const std::vector<std::uint32_t>& Simulation::choices() const {
    return machine_.choices();
}

std::string Simulation::trace_text() const {
    std::string text;
    for (const TraceEntry& entry : machine_.trace()) {
        const Operation& operation = entry.operation;
        text += machine_.thread_name(entry.thread);
        text += ": ";
        text += name_of(operation.kind);
        if (operation.object_class != ObjectClass::none) {
            text += ' ';
            text += name_of(operation.object_class);
            text += '#';
            text += std::to_string(operation.object);
        }
        text += '\n';
    }
    return text;
}

Outcome::Kind quiesce() {
    if (this_fiber != nullptr) {
        this_fiber->machine->quiesce();
        return Outcome::Kind::finished;
    }
    Machine& machine = Machine::current();
    machine.run(false);
    return kind_of(machine);
}

Outcome standing() {
    return outcome_of(Machine::current());
}

void advance(os::duration by) {
    Machine& machine = Machine::current();
    advance_to(machine.clock() + by);
}

void advance_to(os::time_point target) {
    Machine& machine = Machine::current();
    if (this_fiber != nullptr) {
        machine.reach({OperationKind::advance, ObjectClass::none, true, 0});
    }
    machine.advance_to(target);
}

std::optional<os::time_point> next_deadline() {
    return Machine::current().next_deadline();
}

void label(std::uint32_t what) {
    Machine::current().label(what);
}

void touch() {
    Machine::current().touched();
}

void yield() {
    if (this_fiber != nullptr) {
        this_fiber->machine->yield();
    }
}

std::optional<std::uint32_t> current_thread() {
    if (this_fiber == nullptr) {
        return std::nullopt;
    }
    return this_fiber->id;
}

}  // namespace blkdrain::sim
