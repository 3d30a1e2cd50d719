// SPDX-License-Identifier: Apache-2.0
//
// What each strategy reaches, on programs with a planted error of known depth. Seeds are fixed: the
// figures are exact from run to run.
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "os/backend.h"
#include "sim/simulation.h"
#include "sim/strategies/default_order.h"
#include "sim/strategies/delays.h"
#include "sim/strategies/pct.h"
#include "sim/strategies/pos.h"
#include "sim/strategies/preemption_watch.h"
#include "sim/strategies/preemptions.h"
#include "sim/strategies/random.h"
#include "sim/strategies/weighted_walk.h"

namespace {

namespace os = blkdrain::os;
namespace sim = blkdrain::sim;

constexpr auto seq_cst = std::memory_order_seq_cst;

sim::Options every_access() {
    sim::Options options;
    options.elide = sim::Elide::nothing;
    return options;
}

// An order error: the reader has to come between the two writes, with `before` steps of the writer
// in front of them and as many of a bystander beside. One constraint to start, one to change over:
// depth 2.
struct OrderError {
    static constexpr std::uint32_t threads = 3;
    std::uint32_t before = 20;

    bool met(sim::Strategy& strategy, const sim::Options& options = every_access()) {
        os::atomic<int> written{0};
        os::atomic<int> noise{0};
        bool torn = false;
        sim::Simulation simulation(strategy, options);
        simulation.spawn("writer", [&] {
            for (std::uint32_t i = 0; i < before; ++i) {
                noise.fetch_add(1, seq_cst);
            }
            written.store(1, seq_cst);
            written.store(2, seq_cst);
        });
        simulation.spawn("bystander", [&] {
            for (std::uint32_t i = 0; i < before; ++i) {
                noise.fetch_add(1, seq_cst);
            }
        });
        simulation.spawn("reader", [&] { torn = written.load(seq_cst) == 1; });
        EXPECT_TRUE(simulation.run().finished());
        return torn;
    }
};

// How many of `runs` runs meet it.
template <class Make>
std::uint32_t meetings(std::uint32_t runs, Make make, std::uint32_t before = 20) {
    std::uint32_t met = 0;
    for (std::uint64_t seed = 1; seed <= runs; ++seed) {
        auto strategy = make(seed);
        OrderError error{before};
        met += error.met(strategy) ? 1 : 0;
    }
    return met;
}

TEST(Strategies, default_order_meets_no_error_that_needs_a_preemption) {
    sim::DefaultOrder strategy;
    EXPECT_FALSE(OrderError{}.met(strategy));
}

// The default order, counting the thread choices.
class Counting final : public sim::Strategy {
public:
    std::uint32_t pick(const sim::Choice& choice) override {
        thread_choices += choice.kind == sim::ChoiceKind::thread ? 1 : 0;
        return choice.fallback;
    }
    std::uint32_t thread_choices = 0;
};

TEST(Strategies, pct_of_depth_two_keeps_its_bound) {
    Counting counting;
    OrderError().met(counting);
    // No run has more than one in which the last thread is not alone in the end.
    const std::uint32_t horizon = counting.thread_choices + 22;
    constexpr std::uint32_t runs = 20'000;
    const std::uint32_t met =
        meetings(runs, [&](std::uint64_t seed) { return sim::Pct(seed, 2, horizon); });
    const double expected = runs * sim::Pct::bound(OrderError::threads, horizon, 2);
    EXPECT_GT(expected, 100);
    EXPECT_GE(met, expected);
}

TEST(Strategies, pct_of_depth_one_meets_no_error_of_depth_two) {
    EXPECT_EQ(meetings(2'000, [](std::uint64_t seed) { return sim::Pct(seed, 1, 50); }), 0U);
}

// Depth 2: one has to fall while it waits, so that who ends its wait gets ahead of it. Where it
// begins to wait nobody is asked, since the other runs alone then.
bool met_while_it_waits(sim::Strategy& strategy) {
    sim::Simulation simulation(strategy, every_access());
    os::poller poller;
    os::wake_handle wake;
    EXPECT_FALSE(poller.open() || wake.open() || poller.add(wake.fd(), os::event_in, 0));
    os::atomic<int> noise{0};
    bool waits = false;
    bool waited = false;
    bool ahead = false;
    bool met = false;
    simulation.spawn("waiter", [&] {
        waits = true;
        std::array<os::ready, 1> found{};
        static_cast<void>(poller.wait(found, os::duration(-1)));
        met = waited && ahead;
    });
    simulation.spawn("waker", [&] {
        noise.fetch_add(1, seq_cst);
        waited = waits;
        wake.signal();
        noise.fetch_add(1, seq_cst);
        ahead = true;
    });
    EXPECT_TRUE(simulation.run().finished());
    return met;
}

// Depth 3: of two that fall the one that falls first has to stay below the other.
bool met_in_the_order_of_falling(sim::Strategy& strategy) {
    sim::Simulation simulation(strategy, every_access());
    os::atomic<int> stage{0};
    bool met = false;
    simulation.spawn("first", [&] {
        stage.store(1, seq_cst);
        met = stage.load(seq_cst) == 4;
    });
    simulation.spawn("second", [&] {
        while (stage.load(seq_cst) == 0) {
            os::spin_hint();
        }
        stage.store(2, seq_cst);
        if (stage.load(seq_cst) == 3) {
            stage.store(4, seq_cst);
        }
    });
    simulation.spawn("third", [&] {
        if (stage.load(seq_cst) == 2) {
            stage.store(3, seq_cst);
        }
    });
    static_cast<void>(simulation.run());
    return met;
}

TEST(Strategies, pct_keeps_its_bound_whoever_has_to_fall) {
    constexpr std::uint32_t runs = 20'000;
    constexpr std::uint32_t horizon = 20;
    const auto keeps = [](std::uint32_t threads, std::uint32_t depth, auto met) {
        std::uint32_t meetings = 0;
        for (std::uint64_t seed = 1; seed <= runs; ++seed) {
            sim::Pct strategy(seed, depth, horizon);
            meetings += met(strategy) ? 1 : 0;
        }
        EXPECT_GE(meetings, runs * sim::Pct::bound(threads, horizon, depth)) << "depth " << depth;
    };
    keeps(2, 2, met_while_it_waits);
    keeps(3, 3, met_in_the_order_of_falling);
}

TEST(Strategies, pct_bound_is_the_one_of_the_paper_but_for_changes_at_one_choice) {
    EXPECT_DOUBLE_EQ(sim::Pct::bound(4, 300, 1), 0.25);
    EXPECT_DOUBLE_EQ(sim::Pct::bound(4, 300, 2), 1.0 / 1200);
    EXPECT_DOUBLE_EQ(sim::Pct::bound(4, 100, 3), 1.0 / (4 * 100 * 101));
}

TEST(Strategies, pct_promises_something_of_runs_with_fewer_choices_than_its_horizon) {
    Counting counting;
    OrderError().met(counting);
    const std::uint32_t choices = counting.thread_choices;
    // The first priorities and no more, so that the length of the run is up to the program.
    const auto promised = [](std::uint32_t horizon, sim::Memory memory) {
        sim::Pct strategy(1, 1, horizon);
        sim::Options options = every_access();
        options.memory = memory;
        OrderError().met(strategy, options);
        return strategy.promise();
    };
    EXPECT_DOUBLE_EQ(promised(2 * choices, sim::Memory::sequential), 1.0 / OrderError::threads);
    EXPECT_DOUBLE_EQ(promised(choices / 2, sim::Memory::sequential), 0);
    // Each with a store buffer.
    EXPECT_DOUBLE_EQ(promised(2 * choices, sim::Memory::tso), 1.0 / (2 * OrderError::threads));
}

// Where the horizon is the number of choices, one more may have been needed.
TEST(Strategies, pct_promises_nothing_from_its_horizon_on) {
    const auto promised = [](std::uint32_t horizon) {
        sim::Pct strategy(1, 2, horizon);
        sim::Simulation simulation(strategy, every_access());
        // Two choices: who starts, and who goes on, unless the first has ended.
        os::atomic<int> steps{0};
        for (const char* name : {"a", "b"}) {
            simulation.spawn(name, [&] { steps.fetch_add(1, seq_cst); });
        }
        EXPECT_TRUE(simulation.run().finished());
        return strategy.promise();
    };
    EXPECT_GT(promised(4), 0);
    EXPECT_DOUBLE_EQ(promised(2), 0);
}

TEST(Strategies, one_delay_or_preemption_at_the_right_place_is_enough) {
    // From the writer the second delay leads past the bystander to the reader.
    EXPECT_GT(meetings(20'000, [](std::uint64_t seed) { return sim::Delays(seed, 2, 24); }), 10U);
    EXPECT_GT(meetings(2'000, [](std::uint64_t seed) { return sim::Preemptions(seed, 1, 24); }),
              10U);
}

TEST(Strategies, no_delay_and_no_preemption_meet_nothing) {
    EXPECT_EQ(meetings(500, [](std::uint64_t seed) { return sim::Delays(seed, 0, 24); }), 0U);
    EXPECT_EQ(meetings(500, [](std::uint64_t seed) { return sim::Preemptions(seed, 0, 24); }), 0U);
    EXPECT_EQ(meetings(500, [](std::uint64_t seed) { return sim::RandomOrder(seed, 0); }), 0U);
}

TEST(Strategies, random_walk_and_partial_orders_meet_it) {
    constexpr std::array<std::uint32_t, 3> expected{23, 21, 2};
    const std::uint32_t walk =
        meetings(5'000, [&](std::uint64_t seed) { return sim::WeightedWalk(seed, expected); });
    const std::uint32_t orders =
        meetings(5'000, [](std::uint64_t seed) { return sim::PartialOrders(seed); });
    const std::uint32_t random =
        meetings(5'000, [](std::uint64_t seed) { return sim::RandomOrder(seed); });
    // The reader is over early in nearly every plain random run; the walk lets it wait, and partial
    // orders only care for the accesses that race.
    EXPECT_GT(walk, 2 * random);
    EXPECT_GT(orders, 2 * random);
}

// All interleavings of a thread of four steps and one of one step, counted.
TEST(Strategies, weighted_walk_is_uniform_over_interleavings) {
    std::map<int, std::uint32_t> seen;  // by how many steps of the long one come first
    constexpr std::array<std::uint32_t, 2> expected{5, 2};  // with their starts
    constexpr std::uint32_t runs = 21'000;
    for (std::uint64_t seed = 0; seed < runs; ++seed) {
        sim::WeightedWalk strategy(seed, expected);
        os::atomic<int> steps{0};
        sim::Simulation simulation(strategy, every_access());
        simulation.spawn("long", [&] {
            for (int i = 0; i < 4; ++i) {
                steps.fetch_add(1, seq_cst);
            }
        });
        int before = -1;
        simulation.spawn("short", [&] { before = steps.load(seq_cst); });
        ASSERT_TRUE(simulation.run().finished());
        ++seen[before];
    }
    // 21 orders of five steps and two: so many have the last of the two behind the start and i
    // steps (or before the start, which looks like i = 0).
    const std::array<std::uint32_t, 5> orders{1 + 2, 3, 4, 5, 6};
    for (int i = 0; i < 5; ++i) {
        const double share = runs * orders[static_cast<std::size_t>(i)] / 21.0;
        EXPECT_NEAR(seen[i], share, share * 0.12) << i << " steps first";
    }
}

// Two threads count; `locked`: under a mutex. Whether both were counted.
bool counts_right(sim::Strategy& strategy, bool locked) {
    sim::Simulation simulation(strategy, every_access());
    os::mutex mutex;
    os::atomic<int> count{0};
    for (const char* name : {"a", "b"}) {
        simulation.spawn(name, [&] {
            std::optional<os::mutex_lock> lock;
            if (locked) {
                lock.emplace(mutex);
            }
            count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        });
    }
    EXPECT_TRUE(simulation.run().finished());
    return count.load(std::memory_order_relaxed) == 2;
}

// The canary of the scheduler: a lock that was dropped is seen by every strategy that preempts, and
// by none that does not.
TEST(Strategies, a_dropped_lock_is_found) {
    const auto found = [](auto make, bool locked) {
        std::uint32_t wrong = 0;
        for (std::uint64_t seed = 0; seed < 300; ++seed) {
            auto strategy = make(seed);
            wrong += counts_right(strategy, locked) ? 0 : 1;
        }
        return wrong;
    };
    const auto of_each = [&](bool locked) {
        return std::array<std::uint32_t, 6>{
            found([](std::uint64_t seed) { return sim::RandomOrder(seed); }, locked),
            found([](std::uint64_t seed) { return sim::Pct(seed, 2, 8); }, locked),
            found([](std::uint64_t seed) { return sim::Delays(seed, 1, 8); }, locked),
            found([](std::uint64_t seed) { return sim::Preemptions(seed, 1, 8); }, locked),
            found([](std::uint64_t seed) { return sim::WeightedWalk(seed, {}); }, locked),
            found([](std::uint64_t seed) { return sim::PartialOrders(seed); }, locked)};
    };
    for (const std::uint32_t wrong : of_each(true)) {
        EXPECT_EQ(wrong, 0U);
    }
    for (const std::uint32_t wrong : of_each(false)) {
        EXPECT_GT(wrong, 5U);
    }
    EXPECT_EQ(found([](std::uint64_t) { return sim::DefaultOrder(); }, false), 0U);
}

// How many preemptions a run of three threads has that store, lock and yield.
std::uint32_t preemptions(sim::Strategy& strategy, sim::Memory memory) {
    std::uint32_t told = 0;
    sim::PreemptionWatch watch(strategy, [&] { ++told; });
    sim::Options options = every_access();
    options.memory = memory;
    sim::Simulation simulation(watch, options);
    os::mutex mutex;
    os::atomic<int> number{0};
    for (const char* name : {"a", "b", "c"}) {
        simulation.spawn(name, [&] {
            for (int i = 0; i < 4; ++i) {
                number.store(i, std::memory_order_relaxed);
                const os::mutex_lock lock(mutex);
                number.load(std::memory_order_relaxed);
            }
            sim::yield();
        });
    }
    EXPECT_TRUE(simulation.run().finished());
    return told;
}

TEST(Strategies, those_of_few_preemptions_have_no_more) {
    constexpr std::uint32_t horizon = 60;
    for (const sim::Memory memory : {sim::Memory::sequential, sim::Memory::tso}) {
        sim::DefaultOrder never;
        EXPECT_EQ(preemptions(never, memory), 0U);
        std::array<std::uint32_t, 3> told{};
        for (std::uint64_t seed = 0; seed < 500; ++seed) {
            for (const std::uint32_t depth : {0U, 1U, 2U}) {
                sim::Delays delays(seed, depth, horizon);
                EXPECT_LE(preemptions(delays, memory), depth) << seed;
                sim::Preemptions bounded(seed, depth, horizon);
                const std::uint32_t of_it = preemptions(bounded, memory);
                EXPECT_LE(of_it, depth) << seed;
                told[depth] += of_it;
            }
        }
        EXPECT_GT(told[1], 200U);
        EXPECT_GT(told[2], told[1] * 3 / 2);
        sim::RandomOrder random(1);
        EXPECT_GT(preemptions(random, memory), 5U);
    }
}

// A strategy is asked for everything, so it can starve nobody for ever: a thread that yields until
// another has done something gets an end.
TEST(Strategies, a_thread_that_yields_lets_the_others_run) {
    const auto ends = [](sim::Strategy& strategy) {
        sim::Options options = every_access();
        options.step_limit = 100'000;
        sim::Simulation simulation(strategy, options);
        os::atomic<bool> done{false};
        simulation.spawn("waiter", [&] {
            while (!done.load(seq_cst)) {
                sim::yield();
            }
        });
        simulation.spawn("worker", [&] { done.store(true, seq_cst); });
        return simulation.run().finished();
    };
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        sim::Pct pct(seed, 3, 20);
        EXPECT_TRUE(ends(pct)) << seed;
        sim::Delays delays(seed, 3, 20);
        EXPECT_TRUE(ends(delays)) << seed;
        sim::Preemptions preemptions(seed, 3, 20);
        EXPECT_TRUE(ends(preemptions)) << seed;
        sim::WeightedWalk walk(seed, {});
        EXPECT_TRUE(ends(walk)) << seed;
        sim::PartialOrders orders(seed);
        EXPECT_TRUE(ends(orders)) << seed;
    }
}

}  // namespace
