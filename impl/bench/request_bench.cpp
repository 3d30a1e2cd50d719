// SPDX-License-Identifier: Apache-2.0

// The request path: submit, gate, drivers, completion, the next submit from the completion.

#include <cstddef>
#include <cstdint>
#include <system_error>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench_graph.h"

namespace blkdrain::bench {
namespace {

// Keeps a number of requests in flight until a total has been reached.
class Pump {
public:
    Pump(BenchGraph& graph, BlockBackend& backend) : graph_(graph), backend_(backend) {}

    void run(std::int64_t total, std::int64_t in_flight) {
        to_send_ = total;
        to_finish_ = total;
        graph_.loop->post([this, in_flight] {
            for (std::int64_t i = 0; i < in_flight; ++i) {
                send();
            }
        });
        graph_.loop->run();
    }

private:
    void send() {
        if (to_send_ != 0) {
            --to_send_;
            require(Error(backend_.submit(Io::flush(), {completed, this}), "refused"));
        }
    }

    static void completed(void* context, std::error_code result) {
        auto& self = *static_cast<Pump*>(context);
        require(Error(result, "failed"));
        if (--self.to_finish_ == 0) {
            self.graph_.loop->stop();
        }
        self.send();
    }

    BenchGraph& graph_;
    BlockBackend& backend_;
    std::int64_t to_send_ = 0;
    std::int64_t to_finish_ = 0;
};

// Arguments: requests in flight, filters above the disk.
void requests(benchmark::State& state) {
    constexpr std::int64_t batch = 4096;
    BenchGraph graph;
    BlockBackend backend =
        graph.add_backend(graph.add_chain(static_cast<std::size_t>(state.range(1))).front());
    Pump pump(graph, backend);
    while (state.KeepRunningBatch(batch)) {
        pump.run(batch, state.range(0));
    }
    state.SetItemsProcessed(state.iterations());
    graph.close(backend);
}
BENCHMARK(requests)->ArgNames({"in_flight", "filters"})->ArgsProduct({{1, 64}, {0}});
// What each further filter costs.
BENCHMARK(requests)->ArgNames({"in_flight", "filters"})->ArgsProduct({{64}, {1, 2, 4, 8, 64}});

// A backend without a medium: the path without a driver.
void requests_without_a_medium(benchmark::State& state) {
    constexpr std::int64_t batch = 4096;
    BenchGraph graph;
    BlockBackend backend(graph.graph, "empty", *graph.loop);
    std::int64_t finished = 0;
    const Completion count{
        [](void* context, std::error_code) { ++*static_cast<std::int64_t*>(context); }, &finished};
    while (state.KeepRunningBatch(batch)) {
        finished = 0;
        graph.loop->post([&] {
            for (std::int64_t i = 0; i < batch; ++i) {
                require(Error(backend.submit(Io::flush(), count), "refused"));
            }
        });
        while (finished != batch) {
            graph.loop->run_once(std::chrono::nanoseconds(-1));
        }
    }
    state.SetItemsProcessed(state.iterations());
    graph.close(backend);
}
BENCHMARK(requests_without_a_medium);

}  // namespace
}  // namespace blkdrain::bench
