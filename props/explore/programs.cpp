// SPDX-License-Identifier: Apache-2.0
#include "explore/programs.h"

#include <algorithm>
#include <optional>

#include <blkdrain_ref/state.h>

#include "../reference/tests/explore.h"
#include "harness/operations.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;

namespace {

constexpr std::uint8_t loops = 2;

// In the order of a scenario, children first.
GraphSpec spec_of(const ref::State& state) {
    GraphSpec spec;
    std::vector<std::uint32_t> done;
    const auto number_of = [&](ref::NodeId id) -> std::optional<std::uint8_t> {
        const auto found = std::find(done.begin(), done.end(), id.value);
        return found == done.end() ? std::nullopt
                                   : std::optional(static_cast<std::uint8_t>(found - done.begin()));
    };
    while (done.size() < state.nodes.size()) {
        for (const ref::Node& node : state.nodes) {
            const auto edges = ref::edges_of(state.edges, node.id);
            const bool ready =
                !number_of(node.id) && std::ranges::all_of(edges, [&](const ref::Edge& edge) {
                    return number_of(edge.child).has_value();
                });
            if (ready) {
                NodeSpec made;
                for (const ref::Edge& edge : edges) {
                    made.children.push_back({Role::file, *number_of(edge.child)});
                }
                spec.nodes.push_back(made);
                done.push_back(node.id.value);
            }
        }
    }
    for (const ref::Backend& backend : state.backends) {
        BackendSpec made;
        made.listens = spec.backends.empty();
        if (backend.root) {
            made.root = *number_of(backend.root);
        }
        spec.backends.push_back(made);
    }
    return spec;
}

// Every call with every choice of objects that are there from the start.
std::vector<Record> calls_on(const GraphSpec& graph) {
    std::vector<Record> calls;
    const auto nodes = static_cast<std::uint8_t>(graph.nodes.size());
    const auto backends = static_cast<std::uint8_t>(graph.backends.size());
    const auto add = [&](Opcode opcode, std::uint8_t a = 0, std::uint8_t b = 0,
                         std::uint8_t c = 0) {
        Record record;
        record.opcode = opcode;
        record.a = a;
        record.b = b;
        record.c = c;
        calls.push_back(canonical(record));
    };
    for (std::uint8_t b = 0; b < backends; ++b) {
        for (std::uint8_t loop = 0; loop < loops; ++loop) {
            add(Opcode::send, b, 0, loop);
        }
        for (const Opcode opcode :
             {Opcode::drain, Opcode::isolate, Opcode::self_quiesce, Opcode::open_token,
              Opcode::close_backend, Opcode::remove_medium}) {
            add(opcode, b);
        }
        for (std::uint8_t n = 0; n < nodes; ++n) {
            add(Opcode::insert_medium, b, n);
        }
    }
    for (std::uint8_t n = 0; n < nodes; ++n) {
        for (const Opcode opcode : {Opcode::drained, Opcode::close_node, Opcode::settle,
                                    Opcode::internal_start, Opcode::remove_filter}) {
            add(opcode, n);
        }
        add(Opcode::set_loop, n, 1);
        const auto children = static_cast<std::uint8_t>(graph.nodes[n].children.size());
        for (std::uint8_t k = 0; k < children; ++k) {
            add(Opcode::detach, n, k);
        }
        for (std::uint8_t other = 0; other < nodes; ++other) {
            if (other < n) {
                add(Opcode::attach, n, other);
            }
            if (other != n) {
                add(Opcode::replace, n, other);
            }
        }
    }
    add(Opcode::quiesce_all);
    // Of what other calls make; skipped if that has not happened yet.
    add(Opcode::complete);
    add(Opcode::end);
    add(Opcode::close_token);
    add(Opcode::abandon);
    return calls;
}

}  // namespace

Programs::Programs(std::uint32_t nodes, std::uint32_t calls, Memory memory)
    : calls_(calls), memory_(memory) {
    first_.push_back(0);
    for (std::uint32_t n = 1; n <= nodes; ++n) {
        for (std::uint32_t b = 1; b <= 2; ++b) {
            for (const ref::State& state : ref::all_graphs(n, b)) {
                const bool rooted =
                    std::any_of(state.backends.begin(), state.backends.end(),
                                [](const ref::Backend& backend) { return bool(backend.root); });
                if (!rooted) {
                    continue;
                }
                Graph graph;
                graph.spec = spec_of(state);
                graph.calls = calls_on(graph.spec);
                std::uint64_t programs = 0;
                std::uint64_t of_length = 1;
                for (std::uint32_t length = 1; length <= calls_; ++length) {
                    of_length *= graph.calls.size();
                    programs += of_length;
                }
                first_.push_back(first_.back() + programs);
                graphs_.push_back(std::move(graph));
            }
        }
    }
}

Scenario Programs::at(std::uint64_t number) const {
    const auto after = std::upper_bound(first_.begin(), first_.end(), number);
    const auto place = static_cast<std::size_t>(after - first_.begin() - 1);
    const Graph& graph = graphs_[place];
    std::uint64_t left = number - first_[place];
    const std::uint64_t choices = graph.calls.size();
    std::uint64_t of_length = choices;
    std::uint32_t length = 1;
    while (left >= of_length) {
        left -= of_length;
        of_length *= choices;
        ++length;
    }
    Scenario scenario;
    scenario.header.loops = loops;
    scenario.header.pace = Pace::free;
    scenario.header.memory = memory_;
    scenario.graph = graph.spec;
    for (std::uint32_t i = 0; i < length; ++i) {
        Program program;
        program.push_back(graph.calls[left % choices]);
        scenario.programs.push_back(program);
        left /= choices;
    }
    return canonical(scenario);
}

}  // namespace blkdrain_props
