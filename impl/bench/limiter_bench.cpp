// SPDX-License-Identifier: Apache-2.0

// Limits in real time, on a real loop: how many requests are admitted where more are always
// waiting, as a part of how many should be (R13), and what a throttled request costs.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <blkdrain/block_backend.h>
#include <blkdrain/blocking.h>
#include <blkdrain/drivers/null.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/throttle.h>

#include "bench_graph.h"

namespace blkdrain::bench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Keeps requests waiting at a limit.
struct Flow {
    BlockBackend backend;
    std::array<std::byte, 512> buffer{};
    std::uint64_t* completed = nullptr;
    const bool* over = nullptr;
    std::size_t in_flight = 0;

    void send() {
        ++in_flight;
        if (backend.submit(Io::read(0, buffer), {done, this})) {
            std::abort();
        }
    }
    static void done(void* context, std::error_code result) {
        auto& flow = *static_cast<Flow*>(context);
        --flow.in_flight;
        if (result) {
            return;  // cancelled, at the end
        }
        ++*flow.completed;
        if (!*flow.over) {
            flow.send();
        }
    }
};

void admitted_over_configured(benchmark::State& state) {
    const auto rate = static_cast<std::uint64_t>(state.range(0));
    const auto members = static_cast<std::size_t>(state.range(1));
    const auto seconds = std::chrono::seconds(10);
    for (auto _ : state) {
        std::error_code error;
        const std::unique_ptr<EventLoop> loop = EventLoop::create("loop", error);
        require(Error(error, "no loop"));
        Graph graph;
        require(graph.add_loop(*loop));
        NullOptions null;
        null.zero_reads = false;
        const NodeId disk = graph.add_node("disk", std::make_unique<NullDriver>(null), *loop);
        ThrottleGroup group(graph, "limit");
        ThrottleLimits limits;
        require(parse_throttle("iops-total=" + std::to_string(rate), limits));
        require(group.configure(limits));
        std::uint64_t completed = 0;
        bool over = false;
        std::deque<Flow> flows;
        const auto turn = [&](Clock::time_point until) {
            while (Clock::now() < until) {
                loop->run_once(until - Clock::now());
            }
        };
        for (std::size_t i = 0; i < members; ++i) {
            Flow& flow = flows.emplace_back();
            flow.backend = BlockBackend(graph, "member", *loop);
            graph.insert_medium(flow.backend.id(), disk, {}, nullptr);
            flow.completed = &completed;
            flow.over = &over;
            require(group.join(flow.backend));
        }
        turn(Clock::now() + std::chrono::milliseconds(10));
        loop->post([&] {
            for (Flow& flow : flows) {
                for (int i = 0; i < 64; ++i) {
                    flow.send();
                }
            }
        });
        turn(Clock::now() + std::chrono::milliseconds(200));
        const std::uint64_t before = completed;
        const double cpu_before = cpu_seconds();
        const auto start = Clock::now();
        turn(start + seconds);
        const double passed = std::chrono::duration<double>(Clock::now() - start).count();
        const auto admitted = static_cast<double>(completed - before);
        state.counters["of_configured"] = admitted / (static_cast<double>(rate) * passed);
        state.counters["cpu_ns_per_request"] = (cpu_seconds() - cpu_before) * 1e9 / admitted;
        over = true;
        for (Flow& flow : flows) {
            flow.backend.cancel_waiting();
        }
        turn(Clock::now() + std::chrono::milliseconds(50));
        flows.clear();
        turn(Clock::now() + std::chrono::milliseconds(10));
    }
}
BENCHMARK(admitted_over_configured)
    ->ArgNames({"iops", "members"})
    ->ArgsProduct({{100, 10'000, 200'000}, {1, 16}})
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

}  // namespace
}  // namespace blkdrain::bench
