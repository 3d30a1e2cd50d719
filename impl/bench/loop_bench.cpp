// SPDX-License-Identifier: Apache-2.0

// The event loop by itself: tasks, wake-ups, timers, rounds.

#include <chrono>
#include <cstdint>
#include <thread>

#include <benchmark/benchmark.h>

#include <blkdrain/detail/task.h>
#include <blkdrain/event_loop.h>

#include "bench_graph.h"

namespace blkdrain::bench {
namespace {

constexpr std::chrono::nanoseconds no_wait{0};

// A task that posts itself again until the loop is told to stop.
struct Repeating : detail::Task {
    explicit Repeating(EventLoop& on) : detail::Task(step), loop(on) {}

    static void step(detail::Task& task) {
        auto& self = static_cast<Repeating&>(task);
        if (--self.left == 0) {
            self.loop.stop();
        } else {
            self.loop.post(self);
        }
    }

    EventLoop& loop;
    std::int64_t left = 0;
};

// Each task alone in its round.
void task_per_round(benchmark::State& state) {
    constexpr std::int64_t batch = 4096;
    const auto loop = make_loop();
    Repeating task(*loop);
    while (state.KeepRunningBatch(batch)) {
        task.left = batch;
        loop->post(task);
        loop->run();
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(task_per_round);

// As posted by users: one allocation each, many in a round.
void function_post(benchmark::State& state) {
    constexpr std::int64_t batch = 256;
    const auto loop = make_loop();
    std::int64_t ran = 0;
    while (state.KeepRunningBatch(batch)) {
        for (std::int64_t i = 0; i < batch; ++i) {
            loop->post([&ran] { ++ran; });
        }
        loop->run_once(no_wait);
    }
    benchmark::DoNotOptimize(ran);
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(function_post);

void idle_round(benchmark::State& state) {
    const auto loop = make_loop();
    for (auto _ : state) {
        loop->run_once(no_wait);
    }
}
BENCHMARK(idle_round);

// Two sleeping loops wake each other in turn: one item is one wake-up of another thread.
void wake_up(benchmark::State& state) {
    constexpr std::int64_t batch = 256;
    const auto here = make_loop();
    const auto there = make_loop();
    std::thread runner([&] { there->run(); });
    struct Ball : detail::Task {
        Ball(EventLoop& a, EventLoop& b) : detail::Task(step), here(a), there(b) {}
        static void step(detail::Task& task) {
            auto& self = static_cast<Ball&>(task);
            if (!self.here.is_current()) {
                self.here.post(self);
            } else if (--self.left == 0) {
                self.here.stop();
            } else {
                self.there.post(self);
            }
        }
        EventLoop& here;
        EventLoop& there;
        std::int64_t left = 0;
    } ball(*here, *there);
    while (state.KeepRunningBatch(batch)) {
        ball.left = batch / 2 + 1;
        here->post(ball);
        here->run();
    }
    there->stop();
    runner.join();
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(wake_up)->UseRealTime();

// Argument: timers that are there already.
void timer_start_and_cancel(benchmark::State& state) {
    const auto loop = make_loop();
    bool over = false;
    loop->post([&] {
        for (std::int64_t i = 0; i < state.range(0); ++i) {
            loop->start_timer(std::chrono::hours(1) + std::chrono::nanoseconds(i), [] {});
        }
        for (auto _ : state) {
            loop->cancel_timer(loop->start_timer(std::chrono::minutes(1), [] {}));
        }
        over = true;
    });
    while (!over) {
        loop->run_once(no_wait);
    }
    state.SetComplexityN(state.range(0));
}
BENCHMARK(timer_start_and_cancel)->RangeMultiplier(100)->Range(1, 10'000);

}  // namespace
}  // namespace blkdrain::bench
