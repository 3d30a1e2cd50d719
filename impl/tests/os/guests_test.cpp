// SPDX-License-Identifier: Apache-2.0
//
// With guests or without, the others run in the same order (sim/strategies/guests.h).
#include "sim/strategies/guests.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "os/backend.h"
#include "sim/simulation.h"
#include "sim/strategies/pct.h"

namespace {

namespace os = blkdrain::os;
namespace sim = blkdrain::sim;

constexpr auto seq_cst = std::memory_order_seq_cst;
constexpr std::uint32_t workers = 3;
constexpr std::uint32_t first_guest = workers + 1;
constexpr std::uint32_t seeds = 300;

// Workers hand tasks to a server that sleeps when it has none. Guests use the same lock and look at
// the same variables.
class Party {
public:
    explicit Party(std::uint32_t guests) : guests_(guests) {}

    void run(sim::Strategy& strategy) {
        sim::Options options;
        options.elide = sim::Elide::nothing;
        sim::Simulation simulation(strategy, options);
        simulation.spawn("server", [this] { serve(); });
        for (std::uint32_t i = 0; i < workers; ++i) {
            simulation.spawn("worker", [this, i] { work(i); });
        }
        for (std::uint32_t i = 0; i < guests_; ++i) {
            simulation.spawn("guest", [this] { visit(); });
        }
        ASSERT_TRUE(simulation.run().finished());
    }

    // What server and workers did, in order.
    std::vector<std::string> done;
    // How much of that guests found done.
    std::set<std::size_t> visited;

private:
    static constexpr std::uint32_t rounds = 4;

    void step(const std::string& what) {
        done.push_back(what);
        variable_.fetch_add(1, seq_cst);
    }

    void serve() {
        os::mutex_lock lock(mutex_);
        for (std::uint32_t served = 0; served < workers * rounds; ++served) {
            while (tasks_ == 0) {
                changed_.wait(lock);
            }
            --tasks_;
            step("serve");
        }
    }

    void work(std::uint32_t worker) {
        const std::string name = "work " + std::to_string(worker);
        for (std::uint32_t round = 0; round < rounds; ++round) {
            sim::label(1 + worker * rounds + round);
            step(name);
            step(name);
            const os::mutex_lock lock(mutex_);
            step(name + " hands over");
            ++tasks_;
            changed_.notify_all();
            step(name);
        }
    }

    void visit() {
        for (std::uint32_t round = 0; round < rounds; ++round) {
            sim::label(1000 + round);
            variable_.load(seq_cst);
            visited.insert(done.size());
            const os::mutex_lock lock(mutex_);
            variable_.load(seq_cst);
        }
    }

    std::uint32_t guests_;
    os::mutex mutex_;
    os::condition changed_;
    os::atomic<std::uint32_t> variable_{0};
    std::uint32_t tasks_ = 0;
};

void run_by_turns(Party& party, std::uint64_t seed) {
    sim::Guests strategy(seed, first_guest);
    party.run(strategy);
}

TEST(Guests, leave_the_others_in_their_order) {
    std::set<std::vector<std::string>> orders;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Party alone(0);
        Party with_one(1);
        Party with_many(5);
        for (Party* party : {&alone, &with_one, &with_many}) {
            run_by_turns(*party, seed);
            EXPECT_EQ(party->done, alone.done) << seed;
        }
        orders.insert(alone.done);
    }
    EXPECT_GT(orders.size(), seeds * 9 / 10);
}

TEST(Guests, come_in_between_everywhere) {
    std::set<std::size_t> visited;
    std::size_t steps = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Party party(2);
        run_by_turns(party, seed);
        visited.merge(party.visited);
        steps = party.done.size();
    }
    EXPECT_EQ(visited.size(), steps + 1);
}

TEST(Guests, reshuffle_the_others_under_another_strategy) {
    std::uint32_t reshuffled = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Party alone(0);
        Party beside(1);
        sim::Pct one(seed, 3, 200);
        sim::Pct other(seed, 3, 200);
        alone.run(one);
        beside.run(other);
        reshuffled += alone.done != beside.done ? 1 : 0;
    }
    EXPECT_GT(reshuffled, seeds / 4);
}

}  // namespace
