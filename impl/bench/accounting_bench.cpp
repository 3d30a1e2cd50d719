// SPDX-License-Identifier: Apache-2.0

// The accounting and the gate check of a request alone: the steps of the handshake in
// request/lane.h, as send and count_done take them while the gate is open and nobody watches.

#include <atomic>
#include <cstdint>
#include <cstdlib>

#include <benchmark/benchmark.h>

#include "bench_graph.h"
#include "graph/backend.h"
#include "os/backend.h"
#include "request/gatekeeper.h"
#include "request/lane.h"

namespace blkdrain::bench {
namespace {

class NobodyAsks final : public detail::Gatekeeper {
public:
    Decision decide(detail::OuterRequest&, bool, std::uint32_t) override { std::abort(); }
    void released(std::uint32_t) override { std::abort(); }
    void done_unadmitted(detail::OuterRequest&) override { std::abort(); }
    void plugged(detail::Lane&) override { std::abort(); }
    void unplugged(detail::Lane&) override { std::abort(); }
};

void accounting(benchmark::State& state) {
    const std::unique_ptr<EventLoop> loop = make_loop();
    NobodyAsks gatekeeper;
    detail::Lane lane(gatekeeper, *loop, 0);
    detail::Backend backend({1}, "backend", *loop);
    const auto count = [](os::atomic<std::uint64_t>& number, std::memory_order order) {
        number.store(number.load(std::memory_order_relaxed) + 1, order);
    };
    for (auto _ : state) {
        const std::uint64_t word = backend.word.load(std::memory_order_acquire);
        if ((word & detail::GateWord::slow) != 0) {
            std::abort();
        }
        detail::Cell& cell = lane.cell(detail::GateWord::counter(word));
        count(cell.sent, std::memory_order_relaxed);
        os::fence_light();
        if (backend.word.load(std::memory_order_acquire) != word) {
            std::abort();
        }
        count(cell.done, std::memory_order_release);
        os::fence_light();
        if (cell.watched.load(std::memory_order_relaxed) != 0) {
            std::abort();
        }
    }
}
BENCHMARK(accounting);

// What it replaces, for comparison: one counter that all loops share.
void shared_counter(benchmark::State& state) {
    std::atomic<std::uint64_t> in_flight{0};
    for (auto _ : state) {
        in_flight.fetch_add(1, std::memory_order_seq_cst);
        in_flight.fetch_sub(1, std::memory_order_seq_cst);
    }
}
BENCHMARK(shared_counter);

}  // namespace
}  // namespace blkdrain::bench
