// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <system_error>

#include "harness/adapters/chosen_strategy.h"
#include "harness/adapters/client_gate.h"
#include "harness/adapters/world.h"
#include "sim/simulation.h"

namespace blkdrain_props {

namespace {

// In step pace and default order the loops run on the host's stack, round by round: no switches.
// Otherwise loops and clients are simulated threads and the strategy decides who runs.
class SimulatedWorld final : public World {
public:
    void open(const Scenario& scenario) override {
        const Header& header = scenario.header;
        stepped_ = header.pace == Pace::step && header.strategy == Strategy::default_order;
        blkdrain::sim::Options options;
        options.auto_advance = false;
        simulation_.emplace(strategy_.choose(scenario), options);
        gate_.open();
        for (unsigned i = 0; i < std::max<unsigned>(header.loops, 1); ++i) {
            std::error_code error;
            loops_.push_back(blkdrain::EventLoop::create(loop_names[i], error));
            if (error) {
                std::fprintf(stderr, "no simulated event loop: %s\n", error.message().c_str());
                std::abort();
            }
            if (!stepped_) {
                blkdrain::EventLoop* const loop = loops_.back().get();
                simulation_->spawn(loop_names[i], [loop] { loop->run(); });
            }
        }
    }

    void close(bool clean) override {
        if (clean) {
            if (!stepped_) {
                for (const auto& loop : loops_) {
                    loop->stop();
                }
                clean = simulation_->run().finished();
            }
        }
        if (!clean) {
            for (auto& loop : loops_) {
                static_cast<void>(loop.release());
            }
        }
        loops_.clear();
        simulation_.reset();
    }

    blkdrain::EventLoop& loop(unsigned number) override { return *loops_[number]; }

    void on_loop(unsigned number, const std::function<void()>& task) override {
        const std::function<void()>* const what = &task;
        if (!stepped_) {
            loops_[number]->post([what] { (*what)(); });
            blkdrain::sim::quiesce();
            return;
        }
        bool ran = false;
        bool* const flag = &ran;
        loops_[number]->post([what, flag] {
            (*what)();
            *flag = true;
        });
        while (!ran) {
            loops_[number]->run_once(std::chrono::nanoseconds(0));
        }
    }

    void rest(const std::atomic<std::uint64_t>&) override {
        if (!stepped_) {
            blkdrain::sim::quiesce();
            return;
        }
        // Until every loop in turn was idle. Bounded: a loop that is never idle is a busy loop,
        // which what is judged next will show.
        constexpr std::size_t turns_max = 300'000;
        std::size_t idle = 0;
        for (std::size_t turn = 0; idle < loops_.size() && turn < turns_max; ++turn) {
            const bool busy = loops_[turn % loops_.size()]->run_once(std::chrono::nanoseconds(0));
            idle = busy ? 0 : idle + 1;
        }
    }

    void run_clients(unsigned count, const std::function<void(unsigned)>& body,
                     const std::atomic<std::uint64_t>&) override {
        static constexpr const char* names[] = {"client0", "client1", "client2", "client3"};
        const std::function<void(unsigned)>* const what = &body;
        for (unsigned i = 0; i < count; ++i) {
            gate_.client_starts();
            simulation_->spawn(names[i], [this, what, i] {
                (*what)(i);
                gate_.client_ends();
            });
        }
        do {
            blkdrain::sim::quiesce();
        } while (gate_.release());
        blkdrain::sim::quiesce();
    }

    void await(const std::function<bool()>& over) override { gate_.await(over); }
    void changed() override { gate_.changed(); }

    void advance(std::uint64_t ticks) override {
        blkdrain::sim::advance(std::chrono::nanoseconds(ticks * tick_ns));
    }
    std::uint64_t tick_duration_ns() const override { return tick_ns; }

private:
    static constexpr const char* loop_names[loops_max] = {"loop0", "loop1", "loop2"};

    ChosenStrategy strategy_;
    std::optional<blkdrain::sim::Simulation> simulation_;
    ClientGate gate_;
    std::vector<std::unique_ptr<blkdrain::EventLoop>> loops_;
    bool stepped_ = false;
};

}  // namespace

bool World::threaded() {
    return false;
}

const char* World::name() {
    return "simulated";
}

std::unique_ptr<World> World::make() {
    return std::make_unique<SimulatedWorld>();
}

void set_real_tick_ns(std::uint64_t) {}

}  // namespace blkdrain_props
