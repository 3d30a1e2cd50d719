// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>

#include <blkdrain/io_thread.h>

#include "harness/adapters/client_gate.h"
#include "harness/adapters/schedule_control.h"
#include "harness/adapters/world.h"
#include "os/linger.h"

namespace blkdrain_props {

namespace {

std::uint64_t real_tick_ns = 100'000;

// Not a verdict, only the end of patience: the process ends and says where it hung.
constexpr std::chrono::seconds patience{20};

[[noreturn]] void out_of_patience(const char* where) {
    std::fprintf(stderr, "watchdog: nothing has come to rest for 20 s (%s)\n", where);
    std::abort();
}

// Signalled once, by another thread.
class Latch {
public:
    void signal() {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++count_;
        changed_.notify_one();
    }
    void wait(std::uint32_t count, const char* where) {
        std::unique_lock<std::mutex> lock(mutex_);
        if (!changed_.wait_for(lock, patience, [&] { return count_ >= count; })) {
            out_of_patience(where);
        }
        count_ = 0;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint32_t count_ = 0;
};

// The loops and their threads stay from scenario to scenario.
class RealWorld final : public World {
public:
    RealWorld() {
        blkdrain::detail::linger_number = Actor::world;
        start();
    }

    void open(const Scenario& scenario) override {
        used_ = std::max<unsigned>(scenario.header.loops, 1);
        gate_.open();
    }

    void close(bool clean) override {
        if (!clean) {
            // Their threads go on with what was left behind; nobody looks at it any more.
            for (auto& thread : threads_) {
                static_cast<void>(thread.release());
            }
            start();
        }
    }

    blkdrain::EventLoop& loop(unsigned number) override { return threads_[number]->loop(); }

    void on_loop(unsigned number, const std::function<void()>& task) override {
        const std::function<void()>* const what = &task;
        loop(number).post([this, what] {
            (*what)();
            latch_.signal();
        });
        latch_.wait(1, "a task on a loop");
    }

    // Rounds of one task per loop. When between two rounds no loop did anything but that task, and
    // nothing was counted by `moves`, and once more so, nothing is left that could move anything.
    void rest(const std::atomic<std::uint64_t>& moves) override {
        std::array<std::uint64_t, loops_max> before{};
        std::uint64_t moves_before = 0;
        const auto started = std::chrono::steady_clock::now();
        for (int quiet_rounds = -1; quiet_rounds < 2;) {
            for (unsigned i = 0; i < used_; ++i) {
                loop(i).post([this, i] {
                    rounds_[i] = loop(i).busy_rounds();
                    latch_.signal();
                });
            }
            latch_.wait(used_, "a round of all loops");
            const std::uint64_t moves_now = moves.load(std::memory_order_relaxed);
            bool quiet = quiet_rounds >= 0 && moves_now == moves_before;
            for (unsigned i = 0; i < used_; ++i) {
                quiet = quiet && rounds_[i] - before[i] <= 1;
                before[i] = rounds_[i];
            }
            moves_before = moves_now;
            quiet_rounds = quiet ? quiet_rounds + 1 : 0;
            if (std::chrono::steady_clock::now() - started > patience) {
                out_of_patience("the loops never rest");
            }
        }
    }

    void run_clients(unsigned count, const std::function<void(unsigned)>& body,
                     const std::atomic<std::uint64_t>& moves,
                     const std::function<void()>&) override {
        std::vector<std::thread> threads;
        const std::function<void(unsigned)>* const what = &body;
        for (unsigned i = 0; i < count; ++i) {
            gate_.client_starts();
        }
        for (unsigned i = 0; i < count; ++i) {
            threads.emplace_back([this, what, i] {
                blkdrain::detail::linger_number = Actor::client_first + i;
                (*what)(i);
                gate_.client_ends();
            });
        }
        // Clients that run do not last; clients that wait go on when all is at rest.
        const auto started = std::chrono::steady_clock::now();
        while (gate_.running() != 0) {
            if (gate_.waiting() == gate_.running()) {
                rest(moves);
                if (gate_.waiting() == gate_.running()) {
                    gate_.release();
                }
            }
            std::this_thread::yield();
            if (std::chrono::steady_clock::now() - started > patience) {
                out_of_patience("a client never ends");
            }
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        rest(moves);
    }

    void begins(std::uint8_t, std::uint8_t) override {}
    void await(const std::function<bool()>& over) override { gate_.await(over); }
    bool block(const std::function<void()>& call, const std::function<bool()>& give_up) override {
        gate_.block(call, give_up);
        return true;
    }
    void changed() override { gate_.changed(); }

    void advance(std::uint64_t ticks) override {
        // A little more, so that what is due at that instant has fired.
        std::this_thread::sleep_for(
            std::chrono::nanoseconds(ticks * real_tick_ns + real_tick_ns / 4));
    }
    std::uint64_t tick_duration_ns() const override { return real_tick_ns; }

private:
    void start() {
        for (unsigned i = 0; i < loops_max; ++i) {
            std::error_code error;
            threads_[i] = blkdrain::IoThread::start("loop" + std::to_string(i), error);
            if (error) {
                std::fprintf(stderr, "no event loop: %s\n", error.message().c_str());
                std::exit(2);
            }
            loop(i).post([i] { blkdrain::detail::linger_number = i; });
        }
    }

    std::array<std::uint64_t, loops_max>
        rounds_{};  // busy rounds as of the last task; written on the loop, then signalled
    unsigned used_ = 1;
    Latch latch_;
    ClientGate gate_;
    std::array<std::unique_ptr<blkdrain::IoThread>, loops_max> threads_;
};

}  // namespace

bool World::threaded() {
    return true;
}

void World::touch() {}

const char* World::name() {
    return "real";
}

std::unique_ptr<World> World::make() {
    return std::make_unique<RealWorld>();
}

ScheduleControl& schedule_control() {
    static thread_local ScheduleControl control;
    return control;
}

void set_real_tick_ns(std::uint64_t duration) {
    real_tick_ns = duration;
}

void set_real_lingering(std::uint64_t seed) {
    // relaxed: threads hear of it when they hear of the scenario.
    blkdrain::detail::linger_seed.store(seed, std::memory_order_relaxed);
}

}  // namespace blkdrain_props
