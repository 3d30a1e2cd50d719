// SPDX-License-Identifier: Apache-2.0
//
// The model alone, on walks with everything at once. The scenario's graph is the start; each of its
// operations picks the next event among those that the model enumerates: the events of that
// operation's kind, else what is due or the environment may do.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <blkdrain_ref/step.h>

#include "explore.h"
#include "finding.h"
#include "harness/operations.h"
#include "input.h"
#include "invariants.h"
#include "target.h"

namespace blkdrain_fuzz {

namespace ref = blkdrain_ref;
using namespace blkdrain_props;
using ref::Event;
using ref::State;

const Target target{"reference_fuzzer", scenario_without_expectations, nullptr, nullptr};

namespace {

// A state of the model is asked thousands of questions: larger ones take too long.
constexpr std::size_t walk_nodes_max = 5;
constexpr std::size_t walk_backends_max = 3;
constexpr std::size_t walk_steps_max = 48;

ref::Bounds everything(const State& start) {
    ref::Bounds bounds;
    // One more than there are, so that some are born.
    bounds.nodes = static_cast<std::uint32_t>(start.nodes.size()) + 1;
    bounds.backends = static_cast<std::uint32_t>(start.backends.size()) + 1;
    bounds.requests = 3;
    bounds.tokens = 2;
    bounds.sections = 3;
    bounds.waits = 2;
    bounds.internal = 1;
    bounds.loops = 2;
    for (int kind = 0; kind <= static_cast<int>(ref::SectionKind::close_node); ++kind) {
        bounds.kinds.push_back(static_cast<ref::SectionKind>(kind));
    }
    for (int op = 0; op <= static_cast<int>(ref::ChangeOp::remove_filter); ++op) {
        bounds.changes.push_back(static_cast<ref::ChangeOp>(op));
    }
    bounds.also = bounds.naming = bounds.wide = bounds.writes = bounds.chains = true;
    bounds.drains = bounds.holding = bounds.token_holding = true;
    bounds.abandoning = bounds.listening = true;
    return bounds;
}

State start_of(const GraphSpec& graph) {
    State state;
    std::uint32_t id = 0;
    for (const NodeSpec& spec : graph.nodes) {
        if (state.nodes.size() == walk_nodes_max) {
            break;
        }
        ref::Node& node = state.nodes.emplace_back();
        node.id = {id++};
        node.loop = {0};
        node.pinned = spec.pinned;
        // As many as the bounds have, for the enumeration to be complete.
        for (std::size_t i = 0; i < std::min<std::size_t>(spec.children.size(), 2); ++i) {
            ref::add_edge(state, {node.id, {spec.children[i].node}});
        }
    }
    id = 0;
    for (const BackendSpec& spec : graph.backends) {
        if (state.backends.size() == walk_backends_max) {
            break;
        }
        ref::Backend& backend = state.backends.emplace_back();
        backend.id = {id++};
        backend.loop = {0};
        backend.pinned = spec.pinned;
        backend.listening = spec.listens;
        if (spec.root < state.nodes.size()) {
            backend.root = {spec.root};
        }
    }
    return state;
}

bool means(const Event& event, ref::SectionKind kind) {
    return event.kind == Event::Kind::begin && event.section_kind == kind;
}
bool means(const Event& event, ref::ChangeOp op) {
    return event.kind == Event::Kind::change && event.op == op;
}

// Whether the event is one that the operation asks for.
bool means(const Event& event, Opcode opcode) {
    using Kind = Event::Kind;
    switch (opcode) {
        case Opcode::send:
            return event.kind == Kind::send;
        case Opcode::complete:
            return event.kind == Kind::complete;
        case Opcode::open_token:
            return event.kind == Kind::token_request;
        case Opcode::close_token:
            return event.kind == Kind::token_close;
        case Opcode::drain:
            return event.kind == Kind::drain;
        case Opcode::isolate:
            return means(event, ref::SectionKind::isolate);
        case Opcode::drained:
            return means(event, ref::SectionKind::drained);
        case Opcode::quiesce_all:
            return means(event, ref::SectionKind::quiesce_all);
        case Opcode::self_quiesce:
            return means(event, ref::SectionKind::self_quiesce);
        case Opcode::end:
            return event.kind == Kind::end;
        case Opcode::quiet:
            return event.kind == Kind::quiet_wait;
        case Opcode::abandon:
            return event.kind == Kind::abandon;
        case Opcode::attach:
            return means(event, ref::ChangeOp::attach);
        case Opcode::detach:
            return means(event, ref::ChangeOp::detach);
        case Opcode::replace:
            return means(event, ref::ChangeOp::replace);
        case Opcode::insert_medium:
            return means(event, ref::ChangeOp::insert_medium);
        case Opcode::remove_medium:
            return means(event, ref::ChangeOp::remove_medium);
        case Opcode::insert_filter:
            return means(event, ref::ChangeOp::insert_filter);
        case Opcode::remove_filter:
            return means(event, ref::ChangeOp::remove_filter);
        case Opcode::set_loop:
            return event.kind == Kind::context;
        case Opcode::close_backend:
            return event.kind == Kind::close_backend;
        case Opcode::close_node:
            return event.kind == Kind::close_node;
        case Opcode::new_node:
            return event.kind == Kind::node_new;
        case Opcode::new_backend:
            return event.kind == Kind::backend_new;
        case Opcode::listen:
            return event.kind == Kind::listen;
        case Opcode::settle:
            return event.kind == Kind::settle;
        case Opcode::settle_done:
            return event.kind == Kind::settle_done;
        case Opcode::internal_start:
            return event.kind == Kind::internal_start;
        case Opcode::internal_end:
            return event.kind == Kind::internal_end;
        default:
            return false;
    }
}

class Walk {
public:
    explicit Walk(const GraphSpec& graph) : state_(start_of(graph)), bounds_(everything(state_)) {
        demand_consistent();
    }

    // Nothing, if nothing can happen.
    void step(const Record& record) {
        const std::vector<Event> steps = ref::enabled(state_);
        std::vector<Event> asked = calls(record.opcode);
        for (const Event& event : steps) {
            if (means(event, record.opcode)) {
                asked.push_back(event);
            }
        }
        const std::vector<Event>& from = asked.empty() ? steps : asked;
        if (!from.empty()) {
            const std::size_t number = record.a + std::size_t{record.b} * 7 + record.c;
            take(from[number % from.size()]);
        }
    }

    // Every event of a small universe is accepted exactly when it is enumerated.
    void demand_exact_enumeration() {
        ref::Coverage coverage;
        const std::string wrong = ref::wrong_enumeration(state_, bounds_, coverage);
        if (!wrong.empty()) {
            fail("reference enumeration", wrong);
        }
    }

private:
    // Of ref::operations, those of the operation, without the others' being worked out.
    std::vector<Event> calls(Opcode opcode) const {
        std::vector<Event> events = ref::candidates(state_, bounds_);
        std::erase_if(events, [&](const Event& event) { return !means(event, opcode); });
        for (Event& event : events) {
            event.error = event.kind == Event::Kind::abandon ? ref::Error::cancelled
                                                             : ref::result_of(state_, event);
        }
        std::erase_if(events,
                      [&](const Event& event) { return ref::check(state_, event).has_value(); });
        return events;
    }

    void take(const Event& event) {
        path_.push_back(event);
        const State before = state_;
        if (const std::optional<ref::Reason> reason = ref::accept(state_, event)) {
            fail("reference enumerated_and_refused", ref::sentence(*reason));
        }
        if (ref::check(before, event)) {
            fail("reference accepted_and_refused", ref::to_string(event));
        }
        demand_consistent();
        demand_refusal_changes_nothing(event);
    }

    // The same event once more is mostly refused; and then the state is as it was.
    void demand_refusal_changes_nothing(const Event& event) {
        State again = state_;
        const std::optional<ref::Reason> refused = ref::accept(again, event);
        if (refused.has_value() != ref::check(state_, event).has_value()) {
            fail("reference check_and_accept_differ", ref::to_string(event));
        }
        if (refused && !(again == state_)) {
            fail("reference refused_and_changed", ref::sentence(*refused));
        }
        if (refused && refused->rule == 0) {
            fail("reference refused_without_rule", ref::sentence(*refused));
        }
    }

    void demand_consistent() {
        for (const ref::Violation& violation : ref::broken_invariants(state_)) {
            fail(std::string("reference ") + violation.invariant,
                 "broken for " + violation.object + " (R" + std::to_string(violation.rule) + ")");
        }
        const State copy = state_;
        if (!(copy == state_) || ref::hash(copy) != ref::hash(state_) ||
            ref::to_string(copy) != ref::to_string(state_)) {
            fail("reference copy_differs", ref::to_string(copy));
        }
    }

    [[noreturn]] void fail(const std::string& kind, const std::string& what) const {
        std::string details = what + "\n\n---- the walk\n";
        for (const Event& event : path_) {
            details += "  " + ref::to_string(event) + "\n";
        }
        report_finding(kind, details + "\n---- the state\n" + ref::to_string(state_));
    }

    State state_;
    const ref::Bounds bounds_;
    std::vector<Event> path_;
};

void walk(const Scenario& scenario) {
    Walk walk(scenario.graph);
    std::size_t steps = 0;
    for (const Program& program : scenario.programs) {
        for (const Record& record : program) {
            if (steps++ < walk_steps_max) {
                walk.step(record);
            }
        }
    }
    // Takes longer than the walk.
    constexpr std::uint64_t runs_per_enumeration = 8;
    if (scenario.header.seed % runs_per_enumeration == 0) {
        walk.demand_exact_enumeration();
    }
}

}  // namespace
}  // namespace blkdrain_fuzz

// NOLINTNEXTLINE(readability-identifier-naming): the name every engine looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    blkdrain_fuzz::walk(blkdrain_fuzz::scenario_without_expectations({data, size}));
    return 0;
}
