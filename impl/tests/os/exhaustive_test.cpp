// SPDX-License-Identifier: Apache-2.0
//
// Enumeration of schedules, and schedules told as deviations.
#include "sim/strategies/exhaustive.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "os/backend.h"
#include "sim/simulation.h"
#include "sim/strategies/default_order.h"
#include "sim/strategies/deviations.h"
#include "sim/strategies/pct.h"
#include "sim/strategies/random.h"

namespace {

namespace os = blkdrain::os;
namespace sim = blkdrain::sim;
using sim::Exhaustive;

// Two threads of `steps` visible operations each; the trace says in which order.
std::string interleaving(sim::Strategy& strategy, int steps, sim::Memory memory = {}) {
    sim::Options options;
    options.elide = sim::Elide::nothing;
    options.record_trace = true;
    options.memory = memory;
    os::atomic<int> number{0};
    os::mutex mutex;
    sim::Simulation simulation(strategy, options);
    for (const char* name : {"a", "b"}) {
        simulation.spawn(name, [&, steps, name] {
            sim::label(name[0] == 'a' ? 1 : 2);
            for (int i = 0; i < steps; ++i) {
                if (i % 3 == 2) {
                    const os::mutex_lock lock(mutex);
                    number.store(i, std::memory_order_relaxed);
                } else {
                    number.store(i, std::memory_order_release);
                }
            }
        });
    }
    EXPECT_TRUE(simulation.run().finished());
    return simulation.trace_text();
}

std::vector<std::string> all_interleavings(const Exhaustive::Bound& bound, int steps) {
    Exhaustive strategy(bound);
    std::vector<std::string> all;
    do {
        all.push_back(interleaving(strategy, steps));
    } while (strategy.next());
    EXPECT_FALSE(strategy.diverged());
    return all;
}

TEST(Exhaustive, every_interleaving_once) {
    // Two threads of three operations, their start among them: 6! / (3! 3!).
    const std::vector<std::string> all = all_interleavings({}, 2);
    EXPECT_EQ(all.size(), 20U);
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 20U);
    EXPECT_EQ(all.front(), [] {
        sim::DefaultOrder strategy;
        return interleaving(strategy, 2);
    }());
}

TEST(Exhaustive, the_bound_counts_preemptions) {
    using Cost = Exhaustive::Cost;
    // One thread, then the other, whichever is first.
    EXPECT_EQ(all_interleavings({Cost::preemptions, 0}, 2).size(), 2U);
    // The one that starts is preempted at one of its last two operations; afterwards the other runs
    // to its end.
    EXPECT_EQ(all_interleavings({Cost::preemptions, 1}, 2).size(), 2U + 2U * 2U);
    EXPECT_EQ(all_interleavings({Cost::departures, 0}, 2).size(), 1U);
    EXPECT_EQ(all_interleavings({Cost::delays, 0}, 2).size(), 1U);
    // At one of the first thread's three operations or at the choice who is first, which is the
    // same as the first of them.
    EXPECT_EQ(all_interleavings({Cost::departures, 1}, 2).size(), 1U + 3U);
    EXPECT_EQ(all_interleavings({Cost::departures, 100}, 2).size(), 20U);
}

TEST(Exhaustive, from_where_it_is_told_all_goes_by_the_default_order) {
    sim::Options options;
    options.elide = sim::Elide::nothing;
    Exhaustive strategy({});
    std::set<std::string> orders;
    int runs = 0;
    do {
        os::atomic<int> number{0};
        std::string order;
        sim::Simulation simulation(strategy, options);
        const auto two_threads = [&](const std::string& names) {
            for (const char name : names) {
                simulation.spawn("thread", [&number, &order, name] {
                    for (int i = 0; i < 2; ++i) {
                        number.store(i, std::memory_order_release);
                        order += name;
                    }
                });
            }
            EXPECT_TRUE(simulation.run().finished());
        };
        two_threads("ab");
        strategy.by_default_from_here();
        two_threads("cd");
        EXPECT_EQ(order.substr(4), "ccdd");
        orders.insert(order.substr(0, 4));
        ++runs;
    } while (strategy.next());
    // As many as of the first two alone; their starts are steps that do not show.
    EXPECT_EQ(runs, 20);
    EXPECT_EQ(orders.size(), 6U);
    EXPECT_FALSE(strategy.diverged());
}

TEST(Exhaustive, random_probes_estimate_the_number_of_runs) {
    for (const Exhaustive::Bound bound : {Exhaustive::Bound{Exhaustive::Cost::departures, 2},
                                          Exhaustive::Bound{Exhaustive::Cost::preemptions, 1}}) {
        const auto exact = static_cast<double>(all_interleavings(bound, 6).size());
        double sum = 0;
        constexpr int probes = 4'000;
        for (std::uint64_t seed = 0; seed < probes; ++seed) {
            sim::Probe probe(bound, seed);
            interleaving(probe, 6);
            sum += probe.weight();
        }
        EXPECT_NEAR(sum / probes, exact, 0.2 * exact);
    }
}

TEST(Exhaustive, resumes_from_the_answers_of_any_run) {
    const std::vector<std::string> whole = all_interleavings({}, 2);
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        Exhaustive first({});
        for (std::size_t i = 0; i < cut; ++i) {
            interleaving(first, 2);
            ASSERT_TRUE(first.next());
        }
        interleaving(first, 2);
        Exhaustive second({}, first.answers());
        std::vector<std::string> rest;
        do {
            rest.push_back(interleaving(second, 2));
        } while (second.next());
        ASSERT_EQ(rest, std::vector<std::string>(whole.begin() + static_cast<std::ptrdiff_t>(cut),
                                                 whole.end()));
    }
}

TEST(Exhaustive, notices_a_program_that_depends_on_something_else) {
    Exhaustive strategy({});
    int runs = 0;
    do {
        sim::Simulation simulation(strategy);
        for (int i = 0; i < 3 + runs; ++i) {
            simulation.spawn("thread", [] {});
        }
        EXPECT_TRUE(simulation.run().finished());
    } while (strategy.next() && !strategy.diverged() && ++runs < 100);
    EXPECT_TRUE(strategy.diverged());
}

// What three threads of a random small program have read, and what is left in the end. `tells`:
// that some of what they do is no operation on simulated objects.
std::string outcome_of_program(std::uint64_t seed, bool tells, sim::Strategy& strategy) {
    sim::Draw draw(seed);
    std::array<os::atomic<int>, 3> places{};
    os::mutex mutex;
    int guarded = 0;
    int untold = 0;
    std::array<std::string, 3> read;
    sim::Options options;
    options.elide = seed % 2 == 0 ? sim::Elide::nothing : sim::Elide::own_objects;
    sim::Simulation simulation(strategy, options);
    os::poller poller;
    os::wake_handle wake;
    EXPECT_FALSE(poller.open());
    EXPECT_FALSE(wake.open());
    EXPECT_FALSE(poller.add(wake.fd(), os::event_in, 1));
    struct Step {
        std::uint32_t what = 0;
        std::uint32_t place = 0;
    };
    for (std::size_t thread = 0; thread < read.size(); ++thread) {
        std::vector<Step> steps;
        for (std::uint32_t left = 2 + draw.below(3); left > 0; --left) {
            steps.push_back({draw.below(8), draw.below(3)});
        }
        simulation.spawn("thread", [&, thread, steps] {
            for (const Step& step : steps) {
                os::atomic<int>& place = places[step.place];
                switch (step.what) {
                    case 0:
                        place.store(static_cast<int>(thread) + 1, std::memory_order_seq_cst);
                        break;
                    case 1:
                        place.fetch_add(10, std::memory_order_seq_cst);
                        break;
                    case 2: {
                        const os::mutex_lock lock(mutex);
                        guarded = guarded * 4 + static_cast<int>(thread) + 1;
                        break;
                    }
                    case 3:
                        place.store(7, std::memory_order_seq_cst);
                        if (tells) {
                            sim::touch();
                        }
                        untold = untold * 4 + static_cast<int>(thread) + 1;
                        break;
                    case 4:
                        wake.signal();
                        break;
                    case 5: {
                        std::array<os::ready, 1> ready;
                        const int count = poller.wait(ready, os::duration::zero());
                        read[thread] += count != 0 && wake.clear() ? "w," : "-,";
                        break;
                    }
                    default:
                        read[thread] += std::to_string(place.load(std::memory_order_seq_cst)) + ",";
                }
            }
        });
    }
    EXPECT_TRUE(simulation.run().finished());
    std::string outcome = std::to_string(guarded) + " " + std::to_string(untold);
    for (std::size_t i = 0; i < read.size(); ++i) {
        outcome += " " + read[i] + std::to_string(places[i].load(std::memory_order_relaxed));
    }
    return outcome;
}

struct Enumerated {
    std::set<std::string> outcomes;
    std::uint64_t runs = 0;
    std::uint64_t left_out = 0;
};

Enumerated outcomes_of_program(std::uint64_t seed, bool tells, bool reduce,
                               Exhaustive::Cost cost = Exhaustive::Cost::departures) {
    Exhaustive strategy({cost, seed % 4 == 0 ? 2U : 1U, reduce});
    Enumerated all;
    do {
        all.outcomes.insert(outcome_of_program(seed, tells, strategy));
        ++all.runs;
    } while (strategy.next());
    EXPECT_FALSE(strategy.diverged());
    all.left_out = strategy.left_out();
    return all;
}

TEST(Exhaustive, what_the_reduction_leaves_out_gives_nothing_new) {
    for (const Exhaustive::Cost cost :
         {Exhaustive::Cost::departures, Exhaustive::Cost::preemptions}) {
        std::uint64_t runs = 0;
        std::uint64_t runs_of_all = 0;
        for (std::uint64_t seed = 0; seed < EXHAUSTIVE_TEST_PROGRAMS; ++seed) {
            const Enumerated all = outcomes_of_program(seed, true, false, cost);
            const Enumerated some = outcomes_of_program(seed, true, true, cost);
            ASSERT_EQ(some.outcomes, all.outcomes) << "program " << seed;
            ASSERT_EQ(all.left_out, 0U);
            ASSERT_EQ(some.left_out == 0, some.runs == all.runs);
            runs += some.runs;
            runs_of_all += all.runs;
        }
        EXPECT_LT(runs, runs_of_all * 3 / 4);
    }
}

TEST(Exhaustive, a_reduction_that_is_not_told_everything_loses_something) {
    bool lost = false;
    for (std::uint64_t seed = 0; seed < 1'000 && !lost; ++seed) {
        lost = outcomes_of_program(seed, false, true).outcomes !=
               outcomes_of_program(seed, false, false).outcomes;
    }
    EXPECT_TRUE(lost);
}

// The deviations of a run, and what they give.
struct Told {
    std::vector<sim::Deviation> deviations;
    std::string trace;
};

Told tell(sim::Strategy& strategy, int steps, sim::Memory memory) {
    Told told;
    sim::Recording recording(
        strategy, [&](const sim::Deviation& deviation) { told.deviations.push_back(deviation); });
    told.trace = interleaving(recording, steps, memory);
    return told;
}

TEST(Deviations, tell_every_run_of_every_strategy_exactly) {
    for (const sim::Memory memory : {sim::Memory::sequential, sim::Memory::tso}) {
        for (std::uint64_t seed = 0; seed < 300; ++seed) {
            sim::RandomOrder random(seed, seed % 2 == 0 ? 256 : 40);
            sim::Pct pct(seed, 3, 30);
            const Told told =
                tell(seed % 3 == 0 ? static_cast<sim::Strategy&>(pct) : random, 10, memory);
            sim::DefaultOrder base;
            sim::Deviations again(base, told.deviations);
            ASSERT_EQ(interleaving(again, 10, memory), told.trace);
            for (const bool fits : again.fits()) {
                ASSERT_TRUE(fits);
            }
        }
    }
}

TEST(Deviations, the_default_order_has_none) {
    sim::DefaultOrder strategy;
    EXPECT_TRUE(tell(strategy, 10, sim::Memory::tso).deviations.empty());
}

TEST(Deviations, what_matches_nothing_is_ignored_and_said) {
    sim::DefaultOrder base;
    sim::DefaultOrder plain;
    const std::vector<sim::Deviation> deviations{
        {7, 0, 1, sim::ChoiceKind::thread, 1},   // no such label
        {1, 0, 99, sim::ChoiceKind::thread, 1},  // no such place
        {1, 0, 2, sim::ChoiceKind::thread, 9},   // no such thread
        {1, 0, 2, sim::ChoiceKind::event, 1},    // no such question
    };
    sim::Deviations strategy(base, deviations);
    EXPECT_EQ(interleaving(strategy, 4), interleaving(plain, 4));
    EXPECT_EQ(strategy.fits(), std::vector<bool>(4, false));
}

TEST(Deviations, one_is_one_preemption) {
    sim::DefaultOrder base;
    const std::vector<sim::Deviation> deviations{{1, 0, 2, sim::ChoiceKind::thread, 1}};
    sim::Deviations strategy(base, deviations);
    EXPECT_EQ(interleaving(strategy, 2),
              "a: start\n"
              "a: store atomic#0\n"
              "b: start\n"
              "b: store atomic#0\n"
              "b: store atomic#0\n"
              "a: store atomic#0\n");
    EXPECT_EQ(strategy.fits(), std::vector<bool>{true});
}

}  // namespace
