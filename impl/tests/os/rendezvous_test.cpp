// SPDX-License-Identifier: Apache-2.0
//
// What stands for an interruption of a thread where it answers or is outside: all schedules of one
// pair of light fences against who asks, on both memories.
#include "os/rendezvous.h"

#include <array>
#include <cstdint>
#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "os/backend.h"
#include "sim/simulation.h"
#include "sim/strategies/exhaustive.h"

namespace {

namespace os = blkdrain::os;
namespace sim = blkdrain::sim;

constexpr auto relaxed = std::memory_order_relaxed;

using Rendezvous = os::basic_rendezvous<os::atomic<std::uint64_t>, &os::fence_full>;

void no_fence() {}
using ComesInUnfenced = os::basic_rendezvous<os::atomic<std::uint64_t>, &no_fence>;

// Of the thread that is asked. What it saw of the askers' stores is in `saw`.
template <class Peer>
struct Memory {
    Peer peer;
    os::atomic<int> hot{0};
    std::array<os::atomic<int>, 2> rare{};
    std::array<int, 2> saw{};

    void pair() {
        hot.store(1, relaxed);
        os::fence_light();
        for (std::size_t i = 0; i < rare.size(); ++i) {
            saw[i] = rare[i].load(relaxed);
        }
    }
};

enum class Met : std::uint8_t { no, one_saw_the_other, neither_saw };

// Every way in which `asked` can meet `askers` threads that store, ask and look.
template <class Peer>
std::set<Met> meetings(sim::Memory memory_mode, const std::function<void(Memory<Peer>&)>& asked,
                       std::size_t askers = 1, sim::ScheduleBound bound = {}) {
    sim::Exhaustive strategy(bound);
    sim::Options options;
    options.elide = sim::Elide::nothing;
    options.memory = memory_mode;
    std::set<Met> seen;
    do {
        Memory<Peer> memory;
        std::array<bool, 2> met{};
        std::array<int, 2> looked{};
        {
            sim::Simulation simulation(strategy, options);
            simulation.spawn("asked", [&] { asked(memory); });
            for (std::size_t i = 0; i < askers; ++i) {
                simulation.spawn("asks", [&, i] {
                    memory.rare[i].store(1, relaxed);
                    os::fence_full();
                    const std::array<Peer*, 1> peers{&memory.peer};
                    int patience = 2;
                    met[i] =
                        os::meet(std::span<Peer* const>(peers), [&] { return patience-- > 0; });
                    looked[i] = memory.hot.load(relaxed);
                });
            }
            EXPECT_TRUE(simulation.run().finished());
        }
        for (std::size_t i = 0; i < askers; ++i) {
            seen.insert(!met[i]                                ? Met::no
                        : memory.saw[i] == 1 || looked[i] == 1 ? Met::one_saw_the_other
                                                               : Met::neither_saw);
        }
    } while (strategy.next());
    EXPECT_FALSE(strategy.diverged());
    return seen;
}

class Meeting : public testing::TestWithParam<sim::Memory> {};

const std::set<Met> kept{Met::no, Met::one_saw_the_other};

TEST_P(Meeting, thread_that_answers_after_a_pair) {
    EXPECT_EQ(meetings<Rendezvous>(GetParam(),
                                   [](auto& memory) {
                                       memory.peer.enter();
                                       memory.pair();
                                       memory.peer.pass();
                                   }),
              kept);
}

TEST_P(Meeting, thread_that_answers_before_a_pair) {
    EXPECT_EQ(meetings<Rendezvous>(GetParam(),
                                   [](auto& memory) {
                                       memory.peer.enter();
                                       memory.peer.pass();
                                       memory.pair();
                                   }),
              kept);
}

TEST_P(Meeting, thread_that_leaves_after_a_pair) {
    EXPECT_EQ(meetings<Rendezvous>(GetParam(),
                                   [](auto& memory) {
                                       memory.peer.enter();
                                       memory.pair();
                                       memory.peer.leave();
                                   }),
              kept);
}

TEST_P(Meeting, thread_that_comes_back) {
    EXPECT_EQ(meetings<Rendezvous>(GetParam(),
                                   [](auto& memory) {
                                       memory.peer.enter();
                                       memory.peer.leave();
                                       memory.peer.enter();
                                       memory.pair();
                                   }),
              kept);
}

TEST_P(Meeting, two_ask_at_once) {
    EXPECT_EQ(meetings<Rendezvous>(GetParam(),
                                   [](auto& memory) {
                                       memory.peer.enter();
                                       memory.pair();
                                       memory.peer.pass();
                                       memory.peer.leave();
                                   },
                                   2, {.cost = sim::ScheduleBound::Cost::preemptions, .max = 2}),
              kept);
}

TEST_P(Meeting, thread_outside_is_not_waited_for) {
    EXPECT_EQ(meetings<Rendezvous>(GetParam(), [](auto&) {}), std::set{Met::neither_saw});
}

INSTANTIATE_TEST_SUITE_P(Memories, Meeting,
                         testing::Values(sim::Memory::sequential, sim::Memory::tso),
                         [](const auto& row) {
                             return row.param == sim::Memory::tso ? "tso" : "sequential";
                         });

// What the enumeration would find: a pair of who is outside, and who comes in without a fence.
TEST(MeetingBroken, pair_outside_is_lost) {
    EXPECT_TRUE(meetings<Rendezvous>(sim::Memory::tso, [](auto& memory) {
                    memory.pair();
                }).contains(Met::neither_saw));
}

TEST(MeetingBroken, coming_in_without_a_fence_loses_the_pair) {
    const auto comes_in = [](auto& memory) {
        memory.peer.enter();
        memory.pair();
    };
    EXPECT_FALSE(
        meetings<ComesInUnfenced>(sim::Memory::sequential, comes_in).contains(Met::neither_saw));
    EXPECT_TRUE(meetings<ComesInUnfenced>(sim::Memory::tso, comes_in).contains(Met::neither_saw));
}

}  // namespace
