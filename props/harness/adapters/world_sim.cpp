// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <system_error>

#include <blkdrain/io_thread.h>

#include "harness/adapters/chosen_strategy.h"
#include "harness/adapters/client_gate.h"
#include "harness/adapters/conflict_watch.h"
#include "harness/adapters/loop_rounds.h"
#include "harness/adapters/schedule_control.h"
#include "harness/adapters/schedule_names.h"
#include "harness/adapters/told_wakes.h"
#include "harness/adapters/turns.h"
#include "harness/adapters/world.h"
#include "sim/simulation.h"
#include "sim/strategies/deviations.h"
#include "sim/strategies/preemption_watch.h"

namespace blkdrain_props {

namespace {

// In step pace and default order the loops run on the host's stack, round by round: no switches;
// round by round in threads of their own, if somebody wants to see threads. Otherwise loops and
// clients are simulated threads and the strategy decides who runs.
class SimulatedWorld final : public World {
public:
    void open(const Scenario& scenario) override {
        const Header& header = scenario.header;
        const ScheduleControl& control = schedule_control();
        stepped_ = header.pace == Pace::step && header.strategy == Strategy::default_order &&
                   scenario.deviations.empty() && control.strategy == nullptr;
        blkdrain::sim::Options options;
        options.auto_advance = false;
        if (control.system_threads) {
            options.carrier = blkdrain::sim::Carrier::threads;
        }
        if (header.memory == Memory::tso) {
            options.memory = blkdrain::sim::Memory::tso;
        }
        options.spurious = has_spurious(header.faults);
        if (has_time(header.faults)) {
            options.time_jumps = 3;
        }
        if (control.woke) {
            options.wakes = &wakes_.emplace(control.woke);
        }
        trouble_.clear();
        simulation_.emplace(schedule(scenario, control), options);
        // What the host does is no thread's, and deviations are not drawn.
        promises_ =
            header.pace == Pace::free && scenario.deviations.empty() && control.strategy == nullptr;
        gate_.open();
        for (unsigned i = 0; i < std::max<unsigned>(header.loops, 1); ++i) {
            std::error_code error;
            if (stepped_) {
                own_loops_.push_back(blkdrain::EventLoop::create(loop_names[i], error));
            } else {
                threads_.push_back(blkdrain::IoThread::start(loop_names[i], error));
            }
            if (error) {
                std::fprintf(stderr, "no simulated event loop: %s\n", error.message().c_str());
                std::abort();
            }
            loops_.push_back(stepped_ ? own_loops_.back().get() : &threads_.back()->loop());
            if (stepped_ && control.system_threads) {
                rounds_.push_back(
                    std::make_unique<LoopRounds>(*simulation_, loop_names[i], *loops_.back()));
            }
        }
    }

    void close(bool clean) override {
        if (clean) {
            for (const auto& rounds : rounds_) {
                rounds->end();
            }
            if (!stepped_) {
                quiesce();  // a loop that sleeps must hear it
                for (blkdrain::EventLoop* const loop : loops_) {
                    loop->stop();
                }
            }
            const blkdrain::sim::Outcome outcome = simulation_->run();
            clean = outcome.finished();
            if (!clean && trouble_.empty()) {
                trouble_ = "loops that are stopped do not end: " + outcome.to_string();
            }
        }
        if (!clean) {
            for (auto& loop : own_loops_) {
                static_cast<void>(loop.release());
            }
            for (auto& thread : threads_) {
                static_cast<void>(thread.release());
            }
        }
        loops_.clear();
        own_loops_.clear();
        threads_.clear();
        schedule_control().promise = clean && promises_ ? strategy_.promise() : 0;
        schedule_control().steps_hash = simulation_->trace_hash();
        schedule_control().points += simulation_->points();
        simulation_.reset();
        rounds_.clear();
        if (deviations_) {
            note_effects();
        }
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
            round(number);
        }
    }

    void rest(const std::atomic<std::uint64_t>&) override {
        if (!stepped_) {
            quiesce();
            return;
        }
        if (trouble_.empty()) {
            trouble_ = take_turns(
                loops_.size(), [this](std::size_t loop) { return round(loop); },
                [] { return false; });
        }
    }

    void run_clients(unsigned count, const std::function<void(unsigned)>& body,
                     const std::atomic<std::uint64_t>&,
                     const std::function<void()>& all_wait) override {
        static constexpr const char* names[] = {"client0", "client1", "client2", "client3"};
        const std::function<void(unsigned)>* const what = &body;
        for (unsigned i = 0; i < count; ++i) {
            gate_.client_starts();
            simulation_->spawn(names[i], [this, what, i] {
                (*what)(i);
                gate_.client_ends();
            });
        }
        for (quiesce(); gate_.waiting() != 0 && trouble_.empty(); quiesce()) {
            all_wait();
            if (!gate_.release()) {
                trouble_ = "a call blocks that has begun nothing, and nothing moves any more: " +
                           blkdrain::sim::standing().to_string();
            }
        }
    }

    std::vector<StandingThread> standing() const override {
        std::vector<StandingThread> threads;
        if (stepped_) {
            return threads;
        }
        for (const auto& [thread, operation, blocked] : blkdrain::sim::standing().unfinished) {
            threads.push_back({actor_named(thread), operation, blocked});
        }
        return threads;
    }

    std::string trouble() const override { return trouble_; }

    void begins(std::uint8_t client, std::uint8_t operation) override {
        blkdrain::sim::label(label_of(client, operation));
    }
    void await(const std::function<bool()>& over) override { gate_.await(over); }
    bool block(const std::function<void()>& call, const std::function<bool()>& give_up) override {
        gate_.block(call, give_up);
        return true;
    }
    void changed() override { gate_.changed(); }

    void advance(std::uint64_t ticks) override {
        blkdrain::sim::advance(std::chrono::nanoseconds(ticks * tick_ns));
    }
    std::uint64_t tick_duration_ns() const override { return tick_ns; }

private:
    void quiesce() {
        if (blkdrain::sim::quiesce() == blkdrain::sim::Outcome::Kind::step_limit) {
            trouble_ = "the threads never come to rest: " + blkdrain::sim::standing().to_string();
        }
    }

    // One round of a loop, when stepped; whether there was anything to do in it.
    bool round(std::size_t number) {
        return rounds_.empty() ? loops_[number]->run_once(std::chrono::nanoseconds(0))
                               : rounds_[number]->take();
    }

    // The strategy of the scenario, with its deviations, recorded if somebody wants to know.
    blkdrain::sim::Strategy& schedule(const Scenario& scenario, const ScheduleControl& control) {
        blkdrain::sim::Strategy* strategy =
            control.strategy != nullptr ? control.strategy : &strategy_.choose(scenario);
        const ScheduleNames names(scenario);
        deviations_.reset();
        if (!scenario.deviations.empty()) {
            given_ = scenario.deviations;
            std::vector<blkdrain::sim::Deviation> deviations;
            for (const Deviation& deviation : given_) {
                deviations.push_back(names.to_sim(deviation));
            }
            std::function<void(std::size_t)> taken;
            if (control.taken) {
                taken = [this, told = control.taken](std::size_t i) { told(given_[i]); };
            }
            strategy = &deviations_.emplace(*strategy, deviations, taken);
        }
        if (control.record) {
            strategy = &recording_.emplace(
                *strategy,
                [names, record = control.record](const blkdrain::sim::Deviation& deviation) {
                    if (const std::optional<Deviation> named = names.from_sim(deviation)) {
                        record(*named);
                    }
                });
        }
        if (control.preempted) {
            strategy = &preemption_watch_.emplace(*strategy, control.preempted);
        }
        if (control.conflict) {
            strategy = &conflict_watch_.emplace(*strategy, scenario, control.conflict);
        }
        return *strategy;
    }

    void note_effects() {
        ScheduleControl& control = schedule_control();
        control.without_effect.clear();
        for (std::size_t i = 0; i < given_.size(); ++i) {
            if (!deviations_->fits()[i]) {
                control.without_effect.push_back(given_[i]);
            }
        }
        deviations_.reset();
    }

    static constexpr const char* loop_names[loops_max] = {"loop0", "loop1", "loop2", "loop3"};

    ChosenStrategy strategy_;
    Bounded<Deviation, deviations_max> given_;
    std::optional<blkdrain::sim::Deviations> deviations_;
    std::optional<blkdrain::sim::Recording> recording_;
    std::optional<blkdrain::sim::PreemptionWatch> preemption_watch_;
    std::optional<ConflictWatch> conflict_watch_;
    std::optional<ToldWakes> wakes_;
    std::optional<blkdrain::sim::Simulation> simulation_;
    std::string trouble_;
    ClientGate gate_;
    std::vector<blkdrain::EventLoop*> loops_;
    std::vector<std::unique_ptr<blkdrain::EventLoop>> own_loops_;  // if stepped
    std::vector<std::unique_ptr<blkdrain::IoThread>> threads_;     // if not
    std::vector<std::unique_ptr<LoopRounds>> rounds_;  // if stepped on threads of the system
    bool stepped_ = false;
    bool promises_ = false;  // what the strategy promises holds for this scenario
};

}  // namespace

ScheduleControl& schedule_control() {
    static thread_local ScheduleControl control;
    return control;
}

bool World::threaded() {
    return false;
}

void World::touch() {
    blkdrain::sim::touch();
}

const char* World::name() {
    return "simulated";
}

std::unique_ptr<World> World::make() {
    return std::make_unique<SimulatedWorld>();
}

void set_real_tick_ns(std::uint64_t) {}

void set_real_lingering(std::uint64_t) {}

}  // namespace blkdrain_props
