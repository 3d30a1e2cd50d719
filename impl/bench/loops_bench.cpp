// SPDX-License-Identifier: Apache-2.0

// Several loops, each with a thread of its own, on one graph: how the request path scales, what a
// section costs under load, and whom a drain disturbs.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <future>
#include <memory>
#include <numeric>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <malloc.h>
#include <sched.h>

#include <blkdrain/block_backend.h>
#include <blkdrain/blocking.h>
#include <blkdrain/drivers/null.h>
#include <blkdrain/io_thread.h>

#include "bench_graph.h"

namespace blkdrain::bench {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;

// The calling thread runs there alone from now on, counted in a circle: threads that are woken at
// the same time may else share a processor for as long as a batch lasts.
void stay_on_processor(std::size_t number) {
    cpu_set_t processor;
    CPU_ZERO(&processor);
    CPU_SET(number % std::thread::hardware_concurrency(), &processor);
    sched_setaffinity(0, sizeof processor, &processor);
}

// Loops with threads of their own and one disk, each loop on a processor of its own.
struct Machine {
    explicit Machine(std::size_t loops, nanoseconds latency = nanoseconds(0)) {
        for (std::size_t i = 0; i < loops; ++i) {
            std::error_code error;
            threads.push_back(IoThread::start("io", error));
            require(Error(error, "no loop"));
            require(graph.add_loop(loop(i)));
            loop(i).post([this, i] {
                stay_on_processor(i);
                loop(i).set_polling(microseconds(32));  // as QEMU's poll-max-ns
            });
        }
        NullOptions null;
        null.latency = latency;
        null.zero_reads = false;
        disk = graph.add_node("disk", std::make_unique<NullDriver>(null), loop(0));
    }

    [[nodiscard]] EventLoop& loop(std::size_t i) const { return threads[i]->loop(); }

    BlockBackend add_backend(const char* name) {
        BlockBackend backend(graph, name, loop(0));
        require(blocking::insert_medium(graph, backend.id(), disk));
        return backend;
    }

    std::vector<std::unique_ptr<IoThread>> threads;
    Graph graph;
    NodeId disk;
};

double microseconds_since(Clock::time_point time) {
    return std::chrono::duration<double, std::micro>(Clock::now() - time).count();
}

double percentile_99(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() * 99 / 100];
}

// Keeps reads in flight on one loop: a number of them, or until it is told to stop. Shares no cache
// line with the load of another loop.
class alignas(128) Load {
public:
    Load(EventLoop& loop, BlockBackend& backend) : loop_(loop), backend_(backend) {}

    void start(std::int64_t total, std::size_t in_flight) {
        ended_ = std::promise<void>();
        to_send_ = total;
        unfinished_ = 0;
        loop_.post([this, in_flight] {
            for (std::size_t i = 0; i < in_flight; ++i) {
                send();
            }
        });
    }
    void wait() { ended_.get_future().wait(); }

    // Microseconds that each of so many requests takes, with `in_flight` of them at once.
    std::vector<double> latencies(std::int64_t total, std::size_t in_flight) {
        timed_ = true;
        took_.reserve(static_cast<std::size_t>(total));
        start(total, in_flight);
        wait();
        timed_ = false;
        return std::move(took_);
    }

    // Any thread.
    void stop() { stop_ = true; }

private:
    void send() {
        // relaxed: a hint that may come some requests late.
        if (to_send_ == 0 || stop_.load(std::memory_order_relaxed)) {
            return;
        }
        --to_send_;
        ++unfinished_;
        if (timed_) {
            sent_.push_back(Clock::now());
        }
        if (backend_.submit(Io::read(0, buffer_), {completed, this})) {
            std::abort();
        }
    }

    static void completed(void* context, std::error_code result) {
        auto& self = *static_cast<Load*>(context);
        if (result) {
            std::abort();
        }
        --self.unfinished_;
        if (self.timed_) {  // the disk answers in the order in which it was asked
            self.took_.push_back(microseconds_since(self.sent_.front()));
            self.sent_.pop_front();
        }
        self.send();
        if (self.unfinished_ == 0) {
            self.ended_.set_value();
        }
    }

    EventLoop& loop_;
    BlockBackend& backend_;
    std::array<std::byte, 4096> buffer_{};
    std::int64_t to_send_ = 0;
    std::int64_t unfinished_ = 0;
    bool timed_ = false;
    std::deque<Clock::time_point> sent_;
    std::vector<double> took_;
    std::atomic<bool> stop_{false};
    std::promise<void> ended_;
};

constexpr std::size_t deep = 64;

// One backend, used from one loop or from several at once.
void requests_on_loops(benchmark::State& state) {
    constexpr std::int64_t batch = 1 << 21;  // far longer than it takes to wake the loops
    const auto loops = static_cast<std::size_t>(state.range(0));
    Machine machine(loops);
    BlockBackend backend = machine.add_backend("shared");
    std::vector<std::unique_ptr<Load>> loads;
    for (std::size_t i = 0; i < loops; ++i) {
        loads.push_back(std::make_unique<Load>(machine.loop(i), backend));
    }
    while (state.KeepRunningBatch(batch)) {
        for (const auto& load : loads) {
            load->start(batch, deep);
        }
        for (const auto& load : loads) {
            load->wait();
        }
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    require(blocking::close(backend));
}
BENCHMARK(requests_on_loops)->ArgName("loops")->Arg(1)->Arg(2)->UseRealTime();

// The rate of one backend while another one on the same node is drained a thousand times a second,
// or is not.
void beside_a_drain(benchmark::State& state) {
    constexpr std::int64_t batch = 1 << 17;
    Machine machine(1);
    BlockBackend backend = machine.add_backend("watched");
    BlockBackend other = machine.add_backend("drained");
    Load load(machine.loop(0), backend);
    std::atomic<bool> stop = false;
    std::thread drainer([&] {
        while (!stop) {
            std::this_thread::sleep_for(microseconds(1000));
            if (state.range(0) != 0) {
                require(blocking::drain(other));
            }
        }
    });
    while (state.KeepRunningBatch(batch)) {
        load.start(batch, deep);
        load.wait();
    }
    stop = true;
    drainer.join();
    state.SetItemsProcessed(state.iterations());
    require(blocking::close(backend));
    require(blocking::close(other));
}
BENCHMARK(beside_a_drain)->ArgName("drains")->Arg(0)->Arg(1)->UseRealTime();

// Begins a drained section on a loop, ends it, and again, 200 us later each time.
class BeginsOnLoop {
public:
    BeginsOnLoop(EventLoop& loop, Graph& graph, NodeId node)
        : loop_(loop), graph_(graph), node_(node) {}

    // Microseconds from the call to the section.
    std::vector<double> run(std::size_t count) {
        left_ = count;
        loop_.post([this] { begin(); });
        ended_.get_future().wait();
        return std::move(took_);
    }

private:
    void begin() {
        called_ = Clock::now();
        graph_.drained(node_, {}, [this](const Error& error, Section section) {
            took_.push_back(microseconds_since(called_));
            require(error);
            section.end();
            if (--left_ == 0) {
                ended_.set_value();
            } else {
                loop_.start_timer(microseconds(200), [this] { begin(); });
            }
        });
    }

    EventLoop& loop_;
    Graph& graph_;
    NodeId node_;
    std::size_t left_ = 0;
    Clock::time_point called_;
    std::vector<double> took_;
    std::promise<void> ended_;
};

std::vector<double> begin_on_this_thread(Graph& graph, NodeId node, std::size_t count) {
    std::vector<double> took;
    for (std::size_t i = 0; i < count; ++i) {
        const Clock::time_point called = Clock::now();
        auto [error, section] = blocking::drained(graph, node);
        took.push_back(microseconds_since(called));
        require(error);
        section.end();
        std::this_thread::sleep_for(microseconds(200));
    }
    return took;
}

// How long a drained section takes to begin while two loops send as fast as they can. Arguments:
// the latency of the disk in microseconds, which a begin has to wait for in any case, as it shows
// in `request_p99_us` before the first section; whether it is begun by a third thread, which on two
// processors has to wait for one, or by the first loop.
void drained_under_load(benchmark::State& state) {
    constexpr std::int64_t for_ever = INT64_MAX;
    constexpr std::size_t begins = 500;
    Machine machine(2, microseconds(state.range(0)));
    BlockBackend backend = machine.add_backend("busy");
    std::vector<std::unique_ptr<Load>> loads;
    for (std::size_t i = 0; i < machine.threads.size(); ++i) {
        loads.push_back(std::make_unique<Load>(machine.loop(i), backend));
    }
    state.counters["request_p99_us"] = percentile_99(loads.front()->latencies(200'000, deep));
    for (const auto& load : loads) {
        load->start(for_ever, deep);
    }
    std::vector<double> took;
    while (state.KeepRunningBatch(begins)) {
        took = state.range(1) != 0
                   ? begin_on_this_thread(machine.graph, machine.disk, begins)
                   : BeginsOnLoop(machine.loop(0), machine.graph, machine.disk).run(begins);
        state.SetIterationTime(std::accumulate(took.begin(), took.end(), 0.0) / 1e6);
    }
    for (const auto& load : loads) {
        load->stop();
        load->wait();
    }
    state.counters["p99_us"] = percentile_99(took);
    require(blocking::close(backend));
}
BENCHMARK(drained_under_load)
    ->ArgNames({"latency_us", "third_thread"})
    ->ArgsProduct({{0, 100}, {0, 1}})
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond)
    ->Iterations(500);

// What the heap holds for each idle backend and each node, in a graph with 16 loops.
void memory(benchmark::State& state) {
    constexpr std::size_t loops = 16;
    constexpr std::size_t count = 10'000;
    std::vector<std::unique_ptr<EventLoop>> lent;
    Graph graph;
    for (std::size_t i = 0; i < loops; ++i) {
        lent.push_back(make_loop());
        require(graph.add_loop(*lent.back()));
    }
    const auto in_use = [] { return static_cast<double>(mallinfo2().uordblks); };
    for (auto _ : state) {
        std::vector<BlockBackend> backends;
        backends.reserve(count);
        const double before = in_use();
        for (std::size_t i = 0; i < count; ++i) {
            graph.add_node("node", std::make_unique<NullDriver>(), *lent.front());
        }
        const double with_nodes = in_use();
        for (std::size_t i = 0; i < count; ++i) {
            backends.emplace_back(graph, "backend", *lent.front());
        }
        state.counters["node_bytes"] = (with_nodes - before) / count;
        state.counters["backend_bytes"] = (in_use() - with_nodes) / count;
    }
}
BENCHMARK(memory)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace blkdrain::bench
