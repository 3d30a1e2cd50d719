// SPDX-License-Identifier: Apache-2.0
//
// Real loops in the calling thread, run round by round: real epoll, eventfd and timerfd, no other
// thread, and a clock that moves when the scenario says so, which thereby decides all that happens.
// For fuzzing.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "harness/adapters/own_clock.h"
#include "harness/adapters/schedule_control.h"
#include "harness/adapters/turns.h"
#include "harness/adapters/world.h"

namespace blkdrain_props {

namespace {

class EpollWorld final : public World {
public:
    void open(const Scenario& scenario) override {
        reset_own_clock();
        trouble_.clear();
        for (unsigned i = 0; i < std::max<unsigned>(scenario.header.loops, 1); ++i) {
            std::error_code error;
            loops_.push_back(blkdrain::EventLoop::create("loop" + std::to_string(i), error));
            if (error) {
                std::fprintf(stderr, "no event loop: %s\n", error.message().c_str());
                std::abort();
            }
        }
    }

    void close(bool clean) override {
        if (!clean) {
            for (auto& loop : loops_) {
                static_cast<void>(loop.release());
            }
        }
        loops_.clear();
    }

    blkdrain::EventLoop& loop(unsigned number) override { return *loops_[number]; }

    void on_loop(unsigned number, const std::function<void()>& task) override {
        bool ran = false;
        const std::function<void()>* const what = &task;
        bool* const flag = &ran;
        loops_[number]->post([what, flag] {
            (*what)();
            *flag = true;
        });
        while (!ran) {
            round(number);
        }
    }

    void rest(const std::atomic<std::uint64_t>&) override {
        run_until([] { return false; });
    }

    // One after the other: a client goes on where it does not wait, the loops run where it does.
    void run_clients(unsigned count, const std::function<void(unsigned)>& body,
                     const std::atomic<std::uint64_t>& moves,
                     const std::function<void()>&) override {
        for (unsigned i = 0; i < count; ++i) {
            body(i);
        }
        rest(moves);
    }
    std::string trouble() const override { return trouble_; }
    void begins(std::uint8_t, std::uint8_t) override {}
    void await(const std::function<bool()>& over) override { run_until(over); }
    void changed() override {}
    void advance(std::uint64_t ticks) override {
        advance_own_clock(std::chrono::nanoseconds(ticks * tick_ns));
    }
    std::uint64_t tick_duration_ns() const override { return tick_ns; }

private:
    bool round(std::size_t number) { return loops_[number]->run_once(std::chrono::nanoseconds(0)); }

    // Until `over`, or until all are idle.
    void run_until(const std::function<bool()>& over) {
        if (trouble_.empty()) {
            trouble_ =
                take_turns(loops_.size(), [this](std::size_t loop) { return round(loop); }, over);
        }
    }

    std::string trouble_;
    std::vector<std::unique_ptr<blkdrain::EventLoop>> loops_;
};

}  // namespace

bool World::threaded() {
    return false;
}

void World::touch() {}

const char* World::name() {
    return "epoll";
}

std::unique_ptr<World> World::make() {
    return std::make_unique<EpollWorld>();
}

ScheduleControl& schedule_control() {
    static thread_local ScheduleControl control;
    return control;
}

void set_real_tick_ns(std::uint64_t) {}

void set_real_lingering(std::uint64_t) {}

}  // namespace blkdrain_props
