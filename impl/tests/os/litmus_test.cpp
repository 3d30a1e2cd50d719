// SPDX-License-Identifier: Apache-2.0
//
// What each memory mode of the simulator reaches, shown by enumeration of all schedules of the
// classical litmus tests. The outcome named is the one that sequential consistency forbids.
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "os/backend.h"
#include "sim/simulation.h"
#include "sim/strategies/exhaustive.h"

namespace {

namespace os = blkdrain::os;
namespace sim = blkdrain::sim;

using Results = std::array<int, 4>;

// What stands between two accesses of a thread.
enum class Fence : std::uint8_t { none, full, light, process, update, lock };

struct Row {
    const char* name;
    std::memory_order store;
    std::memory_order load;
    Fence first = Fence::none;   // in thread 0
    Fence second = Fence::none;  // in thread 1
    bool weak_in_tso = false;    // the outcome that sequential consistency forbids is reached

    // NOLINTNEXTLINE(readability-identifier-naming): the name GoogleTest looks for
    friend void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }
};

struct Memory {
    os::atomic<int> x{0};
    os::atomic<int> y{0};
    os::atomic<int> other{0};
    os::mutex mutex;

    void fence(Fence kind) {
        switch (kind) {
            case Fence::none:
                break;
            case Fence::full:
                os::fence_full();
                break;
            case Fence::light:
                os::fence_light();
                break;
            case Fence::process:
                os::fence_process();
                break;
            case Fence::update:
                other.fetch_add(1, std::memory_order_relaxed);
                break;
            case Fence::lock: {
                const os::mutex_lock lock(mutex);
                break;
            }
        }
    }
};

using Body = std::function<void(Memory&, Results&)>;

struct Enumeration {
    std::set<Results> outcomes;
    std::uint64_t runs = 0;
};

// All schedules of the threads; the last result places are what x and y hold in the end.
Enumeration enumerate(sim::Memory mode, const std::vector<Body>& threads) {
    sim::Exhaustive strategy({});
    sim::Options options;
    options.elide = sim::Elide::nothing;
    options.memory = mode;
    Enumeration all;
    do {
        Memory memory;
        Results results{};
        {
            sim::Simulation simulation(strategy, options);
            for (const Body& body : threads) {
                simulation.spawn("thread", [&] { body(memory, results); });
            }
            EXPECT_TRUE(simulation.run().finished());
        }
        all.outcomes.insert(results);
        ++all.runs;
    } while (strategy.next());
    EXPECT_FALSE(strategy.diverged());
    return all;
}

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;
constexpr auto seq_cst = std::memory_order_seq_cst;

class Litmus : public testing::TestWithParam<Row> {
protected:
    // `weak`: the results that sequential consistency forbids.
    static void check(const std::vector<Body>& threads, const Results& weak, bool weak_in_tso) {
        const Enumeration sequential = enumerate(sim::Memory::sequential, threads);
        const Enumeration tso = enumerate(sim::Memory::tso, threads);
        EXPECT_FALSE(sequential.outcomes.contains(weak));
        EXPECT_EQ(tso.outcomes.contains(weak), weak_in_tso);
        // The weaker mode reaches what the stronger one does.
        for (const Results& results : sequential.outcomes) {
            EXPECT_TRUE(tso.outcomes.contains(results));
        }
        EXPECT_EQ(tso.outcomes.size(), sequential.outcomes.size() + (weak_in_tso ? 1 : 0));
    }
};

std::string row_name(const testing::TestParamInfo<Row>& row) {
    return row.param.name;
}

// Each stores to one and loads the other: may both miss the other's store?
class StoreBuffering : public Litmus {};
TEST_P(StoreBuffering, reaches_exactly_what_the_mode_allows) {
    const Row& row = GetParam();
    check({[&](Memory& m, Results& r) {
               m.x.store(1, row.store);
               m.fence(row.first);
               r[0] = m.y.load(row.load);
           },
           [&](Memory& m, Results& r) {
               m.y.store(1, row.store);
               m.fence(row.second);
               r[1] = m.x.load(row.load);
           }},
          {0, 0, 0, 0}, row.weak_in_tso);
}
INSTANTIATE_TEST_SUITE_P(
    Sb, StoreBuffering,
    testing::Values(Row{"relaxed", relaxed, relaxed, Fence::none, Fence::none, true},
                    Row{"release_acquire", release, acquire, Fence::none, Fence::none, true},
                    Row{"release_seq_cst_loads", release, seq_cst, Fence::none, Fence::none, true},
                    Row{"seq_cst", seq_cst, seq_cst}, Row{"seq_cst_stores", seq_cst, relaxed},
                    Row{"full_fences", relaxed, relaxed, Fence::full, Fence::full},
                    Row{"one_full_fence", relaxed, relaxed, Fence::full, Fence::none, true},
                    Row{"light_fences", relaxed, relaxed, Fence::light, Fence::light, true},
                    Row{"light_against_process", relaxed, relaxed, Fence::light, Fence::process},
                    Row{"light_alone", relaxed, relaxed, Fence::light, Fence::none, true},
                    Row{"updates", relaxed, relaxed, Fence::update, Fence::update},
                    Row{"locks", relaxed, relaxed, Fence::lock, Fence::lock}),
    row_name);

// Data, then flag: may the flag be seen without the data?
class MessagePassing : public Litmus {};
TEST_P(MessagePassing, reaches_exactly_what_the_mode_allows) {
    const Row& row = GetParam();
    check({[&](Memory& m, Results&) {
               m.x.store(1, row.store);
               m.y.store(1, row.store);
           },
           [&](Memory& m, Results& r) {
               r[0] = m.y.load(row.load);
               r[1] = m.x.load(row.load);
           }},
          {1, 0, 0, 0}, row.weak_in_tso);
}
const auto all_orders =
    testing::Values(Row{"relaxed", relaxed, relaxed}, Row{"release_acquire", release, acquire},
                    Row{"seq_cst", seq_cst, seq_cst});
INSTANTIATE_TEST_SUITE_P(Mp, MessagePassing, all_orders, row_name);

// Each loads, then stores what the other loads: may both see the later store?
class LoadBuffering : public Litmus {};
TEST_P(LoadBuffering, reaches_exactly_what_the_mode_allows) {
    const Row& row = GetParam();
    check({[&](Memory& m, Results& r) {
               r[0] = m.x.load(row.load);
               m.y.store(1, row.store);
           },
           [&](Memory& m, Results& r) {
               r[1] = m.y.load(row.load);
               m.x.store(1, row.store);
           }},
          {1, 1, 0, 0}, row.weak_in_tso);
}
INSTANTIATE_TEST_SUITE_P(Lb, LoadBuffering, all_orders, row_name);

// Two writers, two readers: may the readers disagree on which store came first?
class IndependentReads : public Litmus {};
TEST_P(IndependentReads, reaches_exactly_what_the_mode_allows) {
    const Row& row = GetParam();
    check({[&](Memory& m, Results&) { m.x.store(1, row.store); },
           [&](Memory& m, Results&) { m.y.store(1, row.store); },
           [&](Memory& m, Results& r) {
               r[0] = m.x.load(row.load);
               r[1] = m.y.load(row.load);
           },
           [&](Memory& m, Results& r) {
               r[2] = m.y.load(row.load);
               r[3] = m.x.load(row.load);
           }},
          {1, 0, 1, 0}, row.weak_in_tso);
}
INSTANTIATE_TEST_SUITE_P(Iriw, IndependentReads, all_orders, row_name);

// One stores both, the other overwrites the second and loads the first: may it come last and still
// miss?
class OverwriteAndRead : public Litmus {};
TEST_P(OverwriteAndRead, reaches_exactly_what_the_mode_allows) {
    const Row& row = GetParam();
    const std::vector<Body> threads{[&](Memory& m, Results&) {
                                        m.x.store(1, row.store);
                                        m.y.store(1, row.store);
                                    },
                                    [&](Memory& m, Results& r) {
                                        m.y.store(2, row.store);
                                        m.fence(row.second);
                                        r[1] = m.x.load(row.load);
                                    },
                                    // What y was in the end, as far as a third one can tell.
                                    [&](Memory& m, Results& r) {
                                        const int before = m.y.load(row.load);
                                        const int after = m.y.load(row.load);
                                        r[0] = before == 1 && after == 2 ? 1 : 0;
                                    }};
    check(threads, {1, 0, 0, 0}, row.weak_in_tso);
}
INSTANTIATE_TEST_SUITE_P(
    R, OverwriteAndRead,
    testing::Values(Row{"relaxed", relaxed, relaxed, Fence::none, Fence::none, true},
                    Row{"release_acquire", release, acquire, Fence::none, Fence::none, true},
                    Row{"seq_cst", seq_cst, seq_cst},
                    Row{"full_fence", relaxed, relaxed, Fence::none, Fence::full}),
    row_name);

// Two writers store to both in opposite orders: may each one's first store be the last word?
class TwoWriters : public Litmus {};
TEST_P(TwoWriters, reaches_exactly_what_the_mode_allows) {
    const Row& row = GetParam();
    const std::vector<Body> threads{[&](Memory& m, Results&) {
                                        m.x.store(1, row.store);
                                        m.y.store(2, row.store);
                                    },
                                    [&](Memory& m, Results&) {
                                        m.y.store(1, row.store);
                                        m.x.store(2, row.store);
                                    }};
    for (const sim::Memory mode : {sim::Memory::sequential, sim::Memory::tso}) {
        sim::Exhaustive strategy({});
        sim::Options options;
        options.elide = sim::Elide::nothing;
        options.memory = mode;
        std::set<std::array<int, 2>> finals;
        do {
            Memory memory;
            {
                sim::Simulation simulation(strategy, options);
                for (const Body& body : threads) {
                    simulation.spawn("thread", [&] {
                        Results none{};
                        body(memory, none);
                    });
                }
                ASSERT_TRUE(simulation.run().finished());
            }
            finals.insert({memory.x.load(relaxed), memory.y.load(relaxed)});
        } while (strategy.next());
        EXPECT_EQ(finals, (std::set<std::array<int, 2>>{{1, 2}, {2, 1}, {2, 2}}));
    }
}
INSTANTIATE_TEST_SUITE_P(Ww, TwoWriters, all_orders, row_name);

// A thread reads its own stores at once, in their order.
TEST(StoreBuffer, own_stores_are_read_before_they_reach_memory) {
    for (const Results& results :
         enumerate(sim::Memory::tso, {[](Memory& m, Results& r) {
                                          m.x.store(1, relaxed);
                                          m.x.store(2, relaxed);
                                          r[0] = m.x.load(relaxed);
                                          r[1] = m.x.fetch_add(1, relaxed);
                                          r[2] = m.x.load(relaxed);
                                      },
                                      [](Memory& m, Results& r) { r[3] = m.x.load(relaxed); }})
             .outcomes) {
        EXPECT_EQ((std::array<int, 3>{results[0], results[1], results[2]}),
                  (std::array<int, 3>{2, 2, 3}));
    }
}

// Forwarding is visible: both may read their own store and miss the other's.
TEST(StoreBuffer, both_may_see_their_own_store_first) {
    const Enumeration all = enumerate(sim::Memory::tso, {[](Memory& m, Results& r) {
                                                             m.x.store(1, release);
                                                             r[0] = m.x.load(acquire);
                                                             r[1] = m.y.load(acquire);
                                                         },
                                                         [](Memory& m, Results& r) {
                                                             m.y.store(1, release);
                                                             r[2] = m.y.load(acquire);
                                                             r[3] = m.x.load(acquire);
                                                         }});
    EXPECT_TRUE(all.outcomes.contains({1, 0, 1, 0}));
}

// An atomic that goes takes the stores that wait for it along.
TEST(StoreBuffer, a_store_does_not_outlive_its_object) {
    sim::Exhaustive strategy({});
    sim::Options options;
    options.elide = sim::Elide::nothing;
    options.memory = sim::Memory::tso;
    do {
        sim::Simulation simulation(strategy, options);
        os::atomic<int> other{0};
        auto shared = std::make_optional<os::atomic<int>>(0);
        simulation.spawn("writer", [&] {
            other.store(1, relaxed);
            shared->store(1, relaxed);
            shared.reset();
            other.load(relaxed);
        });
        simulation.spawn("bystander", [&] { other.load(relaxed); });
        ASSERT_TRUE(simulation.run().finished());
        EXPECT_EQ(other.load(relaxed), 1);
    } while (strategy.next());
}

}  // namespace
