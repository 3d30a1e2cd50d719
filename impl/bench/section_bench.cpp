// SPDX-License-Identifier: Apache-2.0

// Sections on a graph at rest: what begin and end cost as the graph grows. They should be linear in
// the edges of the cone, however many paths there are.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench_graph.h"

namespace blkdrain::bench {
namespace {

void drain_node(benchmark::State& state, BenchGraph& graph, NodeId node) {
    for (auto _ : state) {
        Section section = graph.begin_section([&](SectionCallback begun) {
            graph.graph.drained(node, graph.options(), std::move(begun));
        });
        section.end();
    }
    state.SetComplexityN(state.range(0));
}

void drained_on_a_chain(benchmark::State& state) {
    BenchGraph graph;
    const std::vector<NodeId> nodes = graph.add_chain(static_cast<std::size_t>(state.range(0)));
    BlockBackend backend = graph.add_backend(nodes.front());
    drain_node(state, graph, nodes.front());
    graph.close(backend);
}
BENCHMARK(drained_on_a_chain)
    ->Arg(10)
    ->Arg(1'000)
    ->Arg(100'000)
    ->Unit(benchmark::kMicrosecond)
    ->Complexity(benchmark::oN);

// Each rung is two nodes that share both nodes of the next: every rung doubles the number of paths.
void drained_on_a_ladder(benchmark::State& state) {
    BenchGraph graph;
    NodeId top = graph.add_disk();
    NodeId beside = graph.add_disk();
    for (std::int64_t rung = 1; rung < state.range(0); ++rung) {
        const NodeId left = graph.add_filter();
        const NodeId right = graph.add_filter();
        for (const NodeId upper : {left, right}) {
            graph.attach(upper, top);
            graph.attach(upper, beside);
        }
        top = left;
        beside = right;
    }
    BlockBackend backend = graph.add_backend(top);
    drain_node(state, graph, top);
    graph.close(backend);
}
BENCHMARK(drained_on_a_ladder)
    ->RangeMultiplier(10)
    ->Range(10, 1'000)
    ->Unit(benchmark::kMicrosecond)
    ->Complexity(benchmark::oN);

std::vector<BlockBackend> add_backends(BenchGraph& graph, NodeId root, std::int64_t count) {
    std::vector<BlockBackend> backends;
    for (std::int64_t i = 0; i < count; ++i) {
        backends.push_back(graph.add_backend(root));
    }
    return backends;
}

// One of many backends on a node isolates: all the others are gated.
void isolate_among_backends(benchmark::State& state) {
    BenchGraph graph;
    const NodeId disk = graph.add_disk();
    std::vector<BlockBackend> backends = add_backends(graph, disk, state.range(0));
    for (auto _ : state) {
        Section section = graph.begin_section([&](SectionCallback begun) {
            backends.front().isolate(graph.options<IsolateOptions>(), std::move(begun));
        });
        section.end();
    }
    state.SetComplexityN(state.range(0));
    for (BlockBackend& backend : backends) {
        graph.close(backend);
    }
}
BENCHMARK(isolate_among_backends)
    ->RangeMultiplier(10)
    ->Range(1, 1'000)
    ->Unit(benchmark::kMicrosecond)
    ->Complexity(benchmark::oN);

// One more backend gets a medium that others have already, and goes.
void attach_beside_backends(benchmark::State& state) {
    BenchGraph graph;
    const NodeId disk = graph.add_disk();
    std::vector<BlockBackend> backends = add_backends(graph, disk, state.range(0));
    for (auto _ : state) {
        BlockBackend one_more = graph.add_backend(disk);
        graph.close(one_more);
    }
    for (BlockBackend& backend : backends) {
        graph.close(backend);
    }
}
BENCHMARK(attach_beside_backends)->Arg(1)->Arg(1'000)->Unit(benchmark::kMicrosecond);

void build_a_chain(benchmark::State& state) {
    for (auto _ : state) {
        auto graph = std::make_unique<BenchGraph>();
        graph->add_chain(static_cast<std::size_t>(state.range(0)) - 1);
        state.PauseTiming();
        graph.reset();
        state.ResumeTiming();
    }
}
BENCHMARK(build_a_chain)->Arg(10'000)->Unit(benchmark::kMillisecond);

void drain_of_an_idle_backend(benchmark::State& state) {
    BenchGraph graph;
    BlockBackend backend = graph.add_backend(graph.add_disk());
    for (auto _ : state) {
        graph.complete([&](DoneCallback done) { backend.drain(graph.options(), std::move(done)); });
    }
    graph.close(backend);
}
BENCHMARK(drain_of_an_idle_backend);

}  // namespace
}  // namespace blkdrain::bench
