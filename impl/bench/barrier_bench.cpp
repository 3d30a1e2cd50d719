// SPDX-License-Identifier: Apache-2.0

// How many process-wide barriers a section or a drain costs, begin and end together. Each disturbs
// every thread of the process, so their number must not grow with the graph.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "barriers.h"
#include "bench_graph.h"

namespace blkdrain::bench {
namespace {

// A chain of as many filters as the argument says, with as many backends on top.
struct Scene {
    explicit Scene(std::int64_t n) : nodes(graph.add_chain(static_cast<std::size_t>(n))) {
        for (std::int64_t i = 0; i < n; ++i) {
            backends.push_back(graph.add_backend(nodes.front()));
        }
    }
    ~Scene() {
        for (BlockBackend& backend : backends) {
            graph.close(backend);
        }
    }
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    BenchGraph graph;
    std::vector<NodeId> nodes;
    std::vector<BlockBackend> backends;
};

template <class Work>
void count_barriers(benchmark::State& state, Work work) {
    Scene scene(state.range(0));
    const std::uint64_t before = barriers;
    for (auto _ : state) {
        work(scene);
    }
    state.counters["barriers"] =
        static_cast<double>(barriers - before) / static_cast<double>(state.iterations());
}

void barriers_of_drained(benchmark::State& state) {
    count_barriers(state, [](Scene& scene) {
        scene.graph
            .begin_section([&](SectionCallback begun) {
                scene.graph.graph.drained(scene.nodes.front(), scene.graph.options(),
                                          std::move(begun));
            })
            .end();
    });
}
BENCHMARK(barriers_of_drained)->Arg(1)->Arg(1'000)->Iterations(100);

void barriers_of_isolate(benchmark::State& state) {
    count_barriers(state, [](Scene& scene) {
        scene.graph
            .begin_section([&](SectionCallback begun) {
                scene.backends.front().isolate(scene.graph.options<IsolateOptions>(),
                                               std::move(begun));
            })
            .end();
    });
}
BENCHMARK(barriers_of_isolate)->Arg(1)->Arg(1'000)->Iterations(100);

void barriers_of_drain(benchmark::State& state) {
    count_barriers(state, [](Scene& scene) {
        scene.graph.complete([&](DoneCallback done) {
            scene.backends.front().drain(scene.graph.options(), std::move(done));
        });
    });
}
BENCHMARK(barriers_of_drain)->Arg(1)->Arg(1'000)->Iterations(100);

}  // namespace
}  // namespace blkdrain::bench
