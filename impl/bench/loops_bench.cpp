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

double percentile(std::vector<double> values, std::size_t percent) {
    std::sort(values.begin(), values.end());
    return values[values.size() * percent / 100];
}

double median(std::vector<double> values) {
    return percentile(std::move(values), 50);
}

// Sections that begin one after the other, each while requests are in flight.
class Begins {
public:
    // Whoever calls for the next one, and whoever gets it.
    void called() { ++phase_; }
    void begun() { ++phase_; }

    // Any thread: grows. Twice as many as have begun; odd while one is called for.
    [[nodiscard]] std::size_t phase() const { return phase_; }

private:
    std::atomic<std::size_t> phase_{0};
};

// Keeps reads in flight on one loop: a number of them, or until it is told to stop. Shares no cache
// line with the load of another loop.
class alignas(128) Load {
public:
    Load(EventLoop& loop, BlockBackend& backend) : loop_(loop), backend_(backend) {}

    void start(std::int64_t total) {
        ended_ = std::promise<void>();
        to_send_ = total;
        unfinished_ = 0;
        loop_.post([this] {
            for (std::size_t i = 0; i < in_flight; ++i) {
                send();
            }
        });
    }
    void wait() { ended_.get_future().wait(); }

    // Seconds that so many requests take.
    double run(std::int64_t total) {
        const Clock::time_point start_time = Clock::now();
        start(total);
        wait();
        return std::chrono::duration<double>(Clock::now() - start_time).count();
    }

    // Before start: finds out how long the slowest request takes that each of so many begins finds
    // in flight, and therefore waits for.
    void watch(const Begins& begins, std::size_t count) {
        begins_ = &begins;
        slowest_.resize(count);
    }
    // When it has ended: in microseconds, of the i-th begin.
    [[nodiscard]] double slowest(std::size_t i) const { return slowest_[i]; }

    // Any thread.
    void stop() { stop_ = true; }

private:
    static constexpr std::size_t in_flight = 64;

    void send() {
        // relaxed: a hint that may come some requests late.
        if (to_send_ == 0 || stop_.load(std::memory_order_relaxed)) {
            return;
        }
        --to_send_;
        ++unfinished_;
        if (begins_ != nullptr) {
            sent_.push_back({now_, begins_->phase()});
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
        if (self.begins_ != nullptr) {
            self.time_completed();
        }
        self.send();
        if (self.unfinished_ == 0) {
            self.ended_.set_value();
        }
    }

    // The clock is read once a request: the next one is sent at once.
    void time_completed() {
        now_ = Clock::now();
        const Sent sent = sent_.front();  // the disk answers in the order in which it was asked
        sent_.pop_front();
        const std::size_t phase = begins_->phase();
        // Those that the section itself keeps waiting complete when it has begun.
        if (phase % 2 == 1 && sent.phase < phase) {
            const double took = std::chrono::duration<double, std::micro>(now_ - sent.time).count();
            slowest_[phase / 2] = std::max(slowest_[phase / 2], took);
        }
    }

    struct Sent {
        Clock::time_point time;
        std::size_t phase;
    };

    EventLoop& loop_;
    BlockBackend& backend_;
    std::array<std::byte, 4096> buffer_{};
    std::int64_t to_send_ = 0;
    std::int64_t unfinished_ = 0;
    const Begins* begins_ = nullptr;
    Clock::time_point now_ = Clock::now();
    std::deque<Sent> sent_;
    std::vector<double> slowest_;
    std::atomic<bool> stop_{false};
    std::promise<void> ended_;
};

// One backend used from two loops: the rate of both together, of the rate of one alone. Each turn
// measures both.
void two_loops_on_a_backend(benchmark::State& state) {
    constexpr std::int64_t batch = 1 << 20;  // far longer than it takes to wake the loops
    Machine machine(2);
    BlockBackend backend = machine.add_backend("shared");
    Load first(machine.loop(0), backend);
    Load second(machine.loop(1), backend);
    std::vector<double> ratios;
    for (auto _ : state) {
        const double alone = first.run(batch) + second.run(batch);
        first.start(batch);
        const double together = second.run(batch);
        first.wait();
        ratios.push_back(alone / together);
    }
    state.counters["of_one_loop"] = median(ratios);
    require(blocking::close(backend));
}
BENCHMARK(two_loops_on_a_backend)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(5);
// The rate of one backend while another one on the same node is drained a thousand times a second,
// of the rate while it is not. Each turn measures both.
void beside_a_drain(benchmark::State& state) {
    constexpr std::int64_t batch = 1 << 18;
    Machine machine(1);
    BlockBackend backend = machine.add_backend("watched");
    BlockBackend other = machine.add_backend("drained");
    Load load(machine.loop(0), backend);
    std::atomic<bool> drains = false;
    std::atomic<bool> stop = false;
    std::thread drainer([&] {
        stay_on_processor(1);
        while (!stop) {
            std::this_thread::sleep_for(microseconds(1000));
            if (drains) {
                require(blocking::drain(other));
            }
        }
    });
    std::vector<double> ratios;
    for (auto _ : state) {
        drains = false;
        const double undisturbed = load.run(batch);
        drains = true;
        ratios.push_back(undisturbed / load.run(batch));
    }
    stop = true;
    drainer.join();
    state.counters["of_undisturbed"] = median(ratios);
    require(blocking::close(backend));
    require(blocking::close(other));
}
BENCHMARK(beside_a_drain)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(20);

// Begins a drained section on a loop, ends it, and again, 200 us later each time.
class BeginsOnLoop {
public:
    BeginsOnLoop(EventLoop& loop, Graph& graph, NodeId node, Begins& begins)
        : loop_(loop), graph_(graph), node_(node), begins_(begins) {}

    // Microseconds from the call to the section.
    std::vector<double> run(std::size_t count) {
        left_ = count;
        loop_.post([this] { begin(); });
        ended_.get_future().wait();
        return std::move(took_);
    }

private:
    void begin() {
        begins_.called();
        called_ = Clock::now();
        graph_.drained(node_, {}, [this](const Error& error, Section section) {
            took_.push_back(microseconds_since(called_));
            begins_.begun();
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
    Begins& begins_;
    std::size_t left_ = 0;
    Clock::time_point called_;
    std::vector<double> took_;
    std::promise<void> ended_;
};

std::vector<double> begin_on_this_thread(Graph& graph, NodeId node, Begins& begins,
                                         std::size_t count) {
    std::vector<double> took;
    for (std::size_t i = 0; i < count; ++i) {
        begins.called();
        const Clock::time_point called = Clock::now();
        auto [error, section] = blocking::drained(graph, node);
        took.push_back(microseconds_since(called));
        begins.begun();
        require(error);
        section.end();
        std::this_thread::sleep_for(microseconds(200));
    }
    return took;
}

// How long a drained section takes to begin while two loops send as fast as they can, and how much
// longer than the slowest of the requests that it finds in flight. Arguments: the latency of the
// disk in microseconds; whether it is begun by a third thread, which on two processors has to wait
// for one, or by the first loop.
void drained_under_load(benchmark::State& state) {
    constexpr std::size_t count = 500;
    Machine machine(2, microseconds(state.range(0)));
    BlockBackend backend = machine.add_backend("busy");
    Begins begins;
    std::vector<std::unique_ptr<Load>> loads;
    for (std::size_t i = 0; i < machine.threads.size(); ++i) {
        loads.push_back(std::make_unique<Load>(machine.loop(i), backend));
        loads.back()->watch(begins, count);
        loads.back()->start(INT64_MAX);
    }
    std::vector<double> took;
    while (state.KeepRunningBatch(count)) {
        took = state.range(1) != 0
                   ? begin_on_this_thread(machine.graph, machine.disk, begins, count)
                   : BeginsOnLoop(machine.loop(0), machine.graph, machine.disk, begins).run(count);
        state.SetIterationTime(std::accumulate(took.begin(), took.end(), 0.0) / 1e6);
    }
    for (const auto& load : loads) {
        load->stop();
        load->wait();
    }
    std::vector<double> beyond;
    for (std::size_t i = 0; i < took.size(); ++i) {
        beyond.push_back(took[i] - std::max(loads[0]->slowest(i), loads[1]->slowest(i)));
    }
    state.counters["p99_us"] = percentile(took, 99);
    state.counters["beyond_p50_us"] = percentile(beyond, 50);
    state.counters["beyond_p99_us"] = percentile(beyond, 99);
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
