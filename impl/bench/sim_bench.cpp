// SPDX-License-Identifier: Apache-2.0
//
// What the simulator costs: everything the harness can promise per second and core follows from
// these.
#include <array>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include "os/backend.h"
#include "sim/simulation.h"
#include "sim/strategies/default_order.h"
#include "sim/strategies/deviations.h"
#include "sim/strategies/pct.h"
#include "sim/strategies/pos.h"
#include "sim/strategies/random.h"

namespace {

namespace os = blkdrain::os;
namespace sim = blkdrain::sim;

sim::Options endless() {
    sim::Options options;
    options.elide = sim::Elide::nothing;
    options.step_limit = UINT64_MAX;
    return options;
}

// One thread accesses an atomic while `others` more are enabled too, so that the strategy is asked
// each time.
void same_thread(benchmark::State& state, sim::Strategy& strategy, std::int64_t others) {
    sim::Simulation simulation(strategy, endless());
    os::atomic<std::uint64_t> number{0};
    simulation.spawn("worker", [&] {
        for (auto _ : state) {
            benchmark::DoNotOptimize(number.load(std::memory_order_relaxed));
        }
    });
    for (std::int64_t i = 0; i < others; ++i) {
        simulation.spawn("other", [] {});
    }
    simulation.run();
}

void choice_point_default_order(benchmark::State& state) {
    sim::DefaultOrder strategy;
    same_thread(state, strategy, state.range(0));
}
BENCHMARK(choice_point_default_order)->Arg(0)->Arg(1)->Arg(4);

// The random strategy that never switches: the cost of drawing alone.
void choice_point_random_draw(benchmark::State& state) {
    sim::RandomOrder strategy(1, 0);
    same_thread(state, strategy, state.range(0));
}
BENCHMARK(choice_point_random_draw)->Arg(1)->Arg(4);

// The other strategies, where the thread mostly runs on.
void choice_point_pct(benchmark::State& state) {
    sim::Pct strategy(1, 3, 300);
    same_thread(state, strategy, state.range(0));
}
BENCHMARK(choice_point_pct)->Arg(1)->Arg(4);

void choice_point_partial_orders(benchmark::State& state) {
    sim::PartialOrders strategy(1);
    same_thread(state, strategy, state.range(0));
}
BENCHMARK(choice_point_partial_orders)->Arg(1)->Arg(4);

void choice_point_with_ten_deviations(benchmark::State& state) {
    sim::DefaultOrder base;
    std::vector<sim::Deviation> deviations;
    for (std::uint32_t label = 1; label <= 10; ++label) {
        deviations.push_back({label, 0, 5, sim::ChoiceKind::thread, 1});
    }
    sim::Deviations strategy(base, deviations);
    same_thread(state, strategy, state.range(0));
}
BENCHMARK(choice_point_with_ten_deviations)->Arg(1)->Arg(4);

// A store that waits and the load that reads through it, under total store order: three choice
// points, one of them the store that reaches memory.
void waiting_store_and_load(benchmark::State& state) {
    sim::DefaultOrder strategy;
    sim::Options options = endless();
    options.memory = sim::Memory::tso;
    sim::Simulation simulation(strategy, options);
    os::atomic<std::uint64_t> number{0};
    simulation.spawn("worker", [&] {
        for (auto _ : state) {
            number.store(1, std::memory_order_release);
            benchmark::DoNotOptimize(number.load(std::memory_order_acquire));
        }
    });
    simulation.spawn("other", [] {});
    simulation.run();
}
BENCHMARK(waiting_store_and_load);

// An access that is no choice point, as the atomic belongs to one thread.
void unshared_access(benchmark::State& state) {
    sim::DefaultOrder strategy;
    sim::Options options;
    options.step_limit = UINT64_MAX;
    options.elide = sim::Elide::own_objects;
    sim::Simulation simulation(strategy, options);
    simulation.spawn("worker", [&] {
        os::atomic<std::uint64_t> number{0};
        for (auto _ : state) {
            benchmark::DoNotOptimize(number.load(std::memory_order_relaxed));
        }
    });
    simulation.run();
}
BENCHMARK(unshared_access);

// Two threads that pass the turn on each time: a choice point and a switch of stacks.
void switch_of_threads(benchmark::State& state) {
    sim::DefaultOrder strategy;
    sim::Simulation simulation(strategy, endless());
    bool stop = false;
    simulation.spawn("first", [&] {
        for (auto _ : state) {
            sim::yield();
        }
        stop = true;
    });
    simulation.spawn("second", [&] {
        while (!stop) {
            sim::yield();
        }
    });
    simulation.run();
    state.counters["switches_per_iteration"] = benchmark::Counter(
        static_cast<double>(simulation.switches()), benchmark::Counter::kAvgIterations);
}
BENCHMARK(switch_of_threads);

// A whole run: made, four threads on an atomic, a mutex and a poller with about 300 choice points,
// destroyed.
void tiny_run(benchmark::State& state, bool random) {
    std::uint64_t seed = 0;
    std::uint64_t points = 0;
    for (auto _ : state) {
        sim::DefaultOrder in_order;
        sim::RandomOrder at_random(++seed);
        sim::Simulation simulation(random ? static_cast<sim::Strategy&>(at_random) : in_order);
        os::atomic<std::uint64_t> number{0};
        os::mutex mutex;
        os::poller poller;
        os::wake_handle wake;
        static_cast<void>(poller.open());
        static_cast<void>(wake.open());
        static_cast<void>(poller.add(wake.fd(), os::event_in, 1));
        bool done = false;
        for (const char* name : {"client0", "client1", "client2"}) {
            simulation.spawn(name, [&] {
                for (int i = 0; i < 20; ++i) {
                    number.fetch_add(1, std::memory_order_relaxed);
                    os::mutex_lock lock(mutex);
                    benchmark::DoNotOptimize(number.load(std::memory_order_relaxed));
                }
                wake.signal();
            });
        }
        simulation.spawn("loop", [&] {
            while (!done) {
                std::array<os::ready, 4> events;
                poller.wait(events, os::duration(-1));
                wake.clear();
                done = number.load(std::memory_order_acquire) == 60;
            }
        });
        // The last client may finish counting before the loop looks for the first time, and signal
        // afterwards.
        benchmark::DoNotOptimize(simulation.run().finished());
        points += simulation.points();
    }
    state.counters["points_per_run"] =
        benchmark::Counter(static_cast<double>(points), benchmark::Counter::kAvgIterations);
    state.SetItemsProcessed(state.iterations());
}
void tiny_run_default_order(benchmark::State& state) {
    tiny_run(state, false);
}
BENCHMARK(tiny_run_default_order);
void tiny_run_random(benchmark::State& state) {
    tiny_run(state, true);
}
BENCHMARK(tiny_run_random);

}  // namespace
