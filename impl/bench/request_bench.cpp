// SPDX-License-Identifier: Apache-2.0

// The request path: submit, gate, drivers, completion, the next submit from the completion.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <system_error>
#include <vector>

#include <benchmark/benchmark.h>

#include "allocations.h"
#include "bench_graph.h"

namespace blkdrain::bench {
namespace {

// Keeps a number of reads of 4 KiB in flight until a total has been reached.
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
            if (backend_.submit(Io::read(0, buffer_), {completed, this})) {
                std::abort();
            }
        }
    }

    static void completed(void* context, std::error_code result) {
        auto& self = *static_cast<Pump*>(context);
        if (result) {
            std::abort();
        }
        if (--self.to_finish_ == 0) {
            self.graph_.loop->stop();
        }
        self.send();
    }

    BenchGraph& graph_;
    BlockBackend& backend_;
    std::array<std::byte, 4096> buffer_{};
    std::int64_t to_send_ = 0;
    std::int64_t to_finish_ = 0;
};

// Arguments: requests in flight, filters above the disk. The counter `allocations` is per request,
// once everything is warm; the posts that start the batches are not counted.
void requests(benchmark::State& state) {
    constexpr std::int64_t batch = 1 << 14;
    constexpr std::uint64_t posts = 1;
    BenchGraph graph;
    BlockBackend backend =
        graph.add_backend(graph.add_chain(static_cast<std::size_t>(state.range(1))).front());
    Pump pump(graph, backend);
    pump.run(batch, state.range(0));
    const std::uint64_t before = allocations;
    std::uint64_t batches = 0;
    while (state.KeepRunningBatch(batch)) {
        pump.run(batch, state.range(0));
        ++batches;
    }
    state.counters["allocations"] = static_cast<double>(allocations - before - batches * posts) /
                                    static_cast<double>(state.iterations());
    state.SetItemsProcessed(state.iterations());
    graph.close(backend);
}
BENCHMARK(requests)->ArgNames({"in_flight", "filters"})->ArgsProduct({{1, 64}, {0}});
// What each further filter costs.
BENCHMARK(requests)
    ->ArgNames({"in_flight", "filters"})
    ->ArgsProduct({{64}, {1, 2, 4, 8, 64, 1000}});

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
