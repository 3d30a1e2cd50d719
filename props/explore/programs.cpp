// SPDX-License-Identifier: Apache-2.0
#include "explore/programs.h"

#include <algorithm>
#include <optional>

#include <blkdrain_ref/state.h>

#include "explore.h"
#include "explore/calls.h"
#include "harness/operations.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;

namespace {

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

// Somebody says when nodes are settled: so they have something to settle, and wait for that.
void settle_if_asked(Scenario& scenario) {
    for (const Program& program : scenario.programs) {
        for (const Record& record : program) {
            if (record.opcode == Opcode::settle_done) {
                for (NodeSpec& node : scenario.graph.nodes) {
                    node.settle = SettleKind::works;
                }
            }
        }
    }
}

// How many programs of so many calls there are, of `choices` calls.
std::uint64_t programs_of(std::uint64_t choices, std::uint32_t length, Programs::Clients clients) {
    std::uint64_t count = 1;
    for (std::uint32_t i = 0; i < length; ++i) {
        // n to the k; or (n + k - 1) over k, the factors ascending, so that each quotient is whole
        count = clients == Programs::Clients::differ ? count * choices
                                                     : count * (choices + i) / (i + 1);
    }
    return count;
}

}  // namespace

Programs::Programs(std::uint32_t nodes, std::uint32_t calls, Memory memory, Clients clients)
    : calls_(calls), memory_(memory), clients_(clients) {
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
                for (std::uint32_t length = 1; length <= calls_; ++length) {
                    programs += programs_of(graph.calls.size(), length, clients_);
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
    std::uint64_t choices = graph.calls.size();
    std::uint32_t length = 1;
    while (left >= programs_of(choices, length, clients_)) {
        left -= programs_of(choices, length, clients_);
        ++length;
    }
    Scenario scenario;
    scenario.header.loops = loops_explored;
    scenario.header.pace = Pace::free;
    scenario.header.memory = memory_;
    scenario.graph = graph.spec;
    std::uint64_t first = 0;  // what the clients before have had, where they are alike
    for (; length > 0; --length) {
        std::uint64_t call = 0;
        for (;; ++call) {
            const std::uint64_t rest = clients_ == Clients::alike ? choices - call : choices;
            const std::uint64_t with = programs_of(rest, length - 1, clients_);
            if (left < with) {
                break;
            }
            left -= with;
        }
        scenario.programs.push_back(graph.calls[first + call]);
        if (clients_ == Clients::alike) {
            first += call;
            choices -= call;
        }
    }
    settle_if_asked(scenario);
    return canonical(scenario);
}

}  // namespace blkdrain_props
