// SPDX-License-Identifier: Apache-2.0
//
// Simulated threads carried by fibers and by operating-system threads: the same choices give the
// same trace, and each is what it says.
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>

#include "mixture.h"
#include "os/backend.h"
#include "sim/simulation.h"
#include "sim/strategies/random.h"
#include "sim/strategies/replay.h"

namespace {

namespace os = blkdrain::os;
namespace sim = blkdrain::sim;
using sim::Carrier;
using sim::Simulation;
using std::chrono::hours;

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto release = std::memory_order_release;

// What can be told of a run.
struct Told {
    std::string outcome;
    std::string trace;
    std::vector<std::uint32_t> choices;
    std::uint64_t hash = 0;
    std::uint64_t points = 0;
    std::uint64_t steps = 0;
    std::uint64_t switches = 0;

    bool operator==(const Told&) const = default;
    // NOLINTNEXTLINE(readability-identifier-naming): the name GoogleTest looks for
    friend void PrintTo(const Told& told, std::ostream* out) {
        *out << told.outcome << ", " << told.switches << " switches\n" << told.trace;
    }
};

// Spawns threads; what they share belongs to them.
using Program = std::function<void(Simulation&)>;

Told run(sim::Strategy& strategy, Carrier carrier, sim::Options options, const Program& program) {
    options.carrier = carrier;
    options.record_choices = true;
    options.record_trace = true;
    Simulation simulation(strategy, options);
    program(simulation);
    Told told;
    told.outcome = simulation.run().to_string();
    told.trace = simulation.trace_text();
    told.choices = simulation.choices();
    told.hash = simulation.trace_hash();
    told.points = simulation.points();
    told.steps = simulation.steps();
    told.switches = simulation.switches();
    return told;
}

constexpr std::uint64_t seeds = 40;

// Runs the program under random schedules on both carriers; the outcomes that occurred.
std::set<std::string> same_on_both(const Program& program, const sim::Options& options = {}) {
    std::set<std::string> outcomes;
    std::set<std::string> traces;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        sim::RandomOrder random(seed);
        const Told on_fibers = run(random, Carrier::fibers, options, program);
        sim::RandomOrder again(seed);
        EXPECT_EQ(run(again, Carrier::threads, options, program), on_fibers) << "seed " << seed;
        sim::Replay recording(on_fibers.choices);
        EXPECT_EQ(run(recording, Carrier::threads, options, program), on_fibers)
            << "recording of seed " << seed;
        outcomes.insert(on_fibers.outcome);
        traces.insert(on_fibers.trace);
    }
    EXPECT_GT(traces.size(), 1U) << "seeds make a difference";
    return outcomes;
}

using Outcomes = std::set<std::string>;

TEST(Carriers, agree_on_a_mixture_of_everything) {
    for (const bool spurious : {false, true}) {
        sim::Options options;
        options.spurious = spurious;
        std::unique_ptr<os_test::Mixture> mixture;
        const Outcomes outcomes = same_on_both(
            [&mixture](Simulation& simulation) {
                mixture = std::make_unique<os_test::Mixture>();
                mixture->spawn_into(simulation);
            },
            options);
        EXPECT_EQ(outcomes, Outcomes{"finished"});
    }
}

TEST(Carriers, agree_on_exceptions_in_flight_across_a_switch) {
    const Outcomes outcomes = same_on_both([](Simulation& simulation) {
        for (const std::string text : {"one", "two", "three"}) {
            simulation.spawn("thrower", [text] {
                struct YieldsWhenUnwound {
                    ~YieldsWhenUnwound() {
                        EXPECT_EQ(std::uncaught_exceptions(), 1);
                        sim::yield();
                        EXPECT_EQ(std::uncaught_exceptions(), 1);
                    }
                };
                try {
                    const YieldsWhenUnwound here;
                    throw std::runtime_error(text);
                } catch (const std::runtime_error& error) {
                    sim::yield();
                    EXPECT_EQ(error.what(), text);
                }
                EXPECT_EQ(std::uncaught_exceptions(), 0);
            });
        }
    });
    EXPECT_EQ(outcomes, Outcomes{"finished"});
}

TEST(Carriers, agree_on_stores_that_wait) {
    std::set<int> read;
    sim::Options options;
    options.memory = sim::Memory::tso;
    const Outcomes outcomes = same_on_both(
        [&](Simulation& simulation) {
            struct Shared {
                std::array<os::atomic<int>, 2> place{};
                std::array<int, 2> saw{};
            };
            const auto shared = std::make_shared<Shared>();
            simulation.spawn("judge", [shared, &read] {
                std::array<os::thread, 2> writers;
                for (std::size_t i : {0U, 1U}) {
                    writers[i] = os::thread("writer", [shared, i] {
                        shared->place[i].store(1, release);
                        shared->saw[i] = shared->place[1 - i].load(relaxed);
                    });
                }
                for (os::thread& writer : writers) {
                    writer.join();
                }
                read.insert(2 * shared->saw[0] + shared->saw[1]);
            });
        },
        options);
    EXPECT_EQ(outcomes, Outcomes{"finished"});
    EXPECT_EQ(read, (std::set<int>{0, 1, 2, 3})) << "0: both stores waited";
}

TEST(Carriers, agree_on_time_slots_and_the_host_in_between) {
    struct Tag {};
    using Slot = os::thread_slot<Tag, int>;
    static std::array<int, 3> marks{};
    const Outcomes outcomes = same_on_both([](Simulation& simulation) {
        struct Shared {
            os::mutex mutex;
            os::condition condition;
            bool open = false;
        };
        const auto shared = std::make_shared<Shared>();
        Slot::set(marks.data() + 2);
        for (const std::size_t i : {0U, 1U}) {
            simulation.spawn("sleeper", [shared, i] {
                Slot::set(marks.data() + i);
                sim::quiesce();
                os::mutex_lock lock(shared->mutex);
                while (!shared->open) {
                    shared->condition.wait_until(lock, os::now() + hours(i + 1));
                }
                EXPECT_EQ(Slot::get(), marks.data() + i);
            });
        }
        EXPECT_NE(sim::quiesce(), sim::Outcome::Kind::finished);
        EXPECT_EQ(sim::current_thread(), std::nullopt);
        EXPECT_EQ(Slot::get(), marks.data() + 2);
        simulation.spawn("opener", [shared] {
            EXPECT_EQ(Slot::get(), nullptr);
            os::mutex_lock lock(shared->mutex);
            shared->condition.wait_until(lock, os::now() + hours(3));
            shared->open = true;
            shared->condition.notify_all();
        });
    });
    EXPECT_EQ(outcomes, Outcomes{"finished"});
}

TEST(Carriers, agree_on_a_deadlock) {
    const Outcomes outcomes = same_on_both([](Simulation& simulation) {
        struct Shared {
            os::mutex a;
            os::mutex b;
        };
        const auto shared = std::make_shared<Shared>();
        simulation.spawn("ab", [shared] {
            os::mutex_lock first(shared->a);
            os::mutex_lock second(shared->b);
            sim::yield();
        });
        simulation.spawn("ba", [shared] {
            os::mutex_lock first(shared->b);
            os::mutex_lock second(shared->a);
            sim::yield();
        });
    });
    EXPECT_EQ(outcomes.size(), 3U);
    EXPECT_TRUE(outcomes.contains("finished"));
}

TEST(Carriers, agree_on_what_is_unfinished_at_the_step_limit) {
    sim::Options options;
    options.step_limit = 100;
    const Outcomes outcomes = same_on_both(
        [](Simulation& simulation) {
            const auto stop = std::make_shared<os::atomic<bool>>(false);
            for (const char* name : {"busy0", "busy1"}) {
                simulation.spawn(name, [stop] {
                    while (!stop->load(relaxed)) {
                    }
                });
            }
        },
        options);
    EXPECT_EQ(outcomes,
              Outcomes{"step limit: busy0: load atomic#0, can go on; busy1: load atomic#0, "
                       "can go on"});
}

// That the second carrier is used at all: nothing else here would notice.
TEST(Carriers, only_one_of_them_gives_each_simulated_thread_one_of_the_system_with_its_name) {
    for (const Carrier carrier : {Carrier::fibers, Carrier::threads}) {
        sim::RandomOrder strategy(1);
        sim::Options options;
        options.carrier = carrier;
        Simulation simulation(strategy, options);
        std::set<std::thread::id> ids{std::this_thread::get_id()};
        std::vector<std::string> names;
        const auto note = [&] {
            const std::thread::id id = std::this_thread::get_id();
            ids.insert(id);
            std::array<char, 16> name{};
            EXPECT_EQ(::pthread_getname_np(::pthread_self(), name.data(), name.size()), 0);
            names.emplace_back(name.data());
            sim::yield();
            EXPECT_EQ(std::this_thread::get_id(), id) << "it stays where it is";
        };
        simulation.spawn("loop0", note);
        simulation.spawn("a_name_of_eighteen", [&] {
            os::thread child("child", note);
            child.join();
            note();
        });
        EXPECT_TRUE(simulation.run().finished());
        ASSERT_EQ(names.size(), 3U);
        if (carrier == Carrier::fibers) {
            EXPECT_EQ(ids.size(), 1U);
        } else {
            EXPECT_EQ(ids.size(), 4U) << "with the host";
            EXPECT_EQ(std::set(names.begin(), names.end()),
                      (std::set<std::string>{"loop0", "a_name_of_eight", "child"}));
        }
    }
}

// The objects of a fiber serve threads in the next run and the other way round.
TEST(Carriers, take_turns_in_one_process_whatever_was_left_unfinished) {
    for (int round = 0; round < 10; ++round) {
        sim::RandomOrder strategy(3);
        sim::Options options;
        options.carrier = round % 3 == 0 ? Carrier::fibers : Carrier::threads;
        Simulation simulation(strategy, options);
        os::mutex mutex;
        os::condition condition;
        bool ended = false;
        simulation.spawn("waits for ever", [&] {
            os::mutex_lock lock(mutex);
            condition.wait(lock);
        });
        simulation.spawn("ends", [&] { ended = true; });
        EXPECT_FALSE(simulation.run().finished());
        EXPECT_TRUE(ended);
    }
}

TEST(CarriersDeathTest, misuse_and_exceptions_that_leave_are_told_on_either) {
    os::wake_handle early;
    ASSERT_FALSE(early.open());
    for (const Carrier carrier : {Carrier::fibers, Carrier::threads}) {
        const auto run = [carrier](const std::function<void()>& body) {
            sim::RandomOrder strategy(1);
            sim::Options options;
            options.carrier = carrier;
            Simulation simulation(strategy, options);
            simulation.spawn("culprit", body);
            simulation.spawn("bystander", [] {});
            simulation.run();
        };
        EXPECT_DEATH(run([] {
                         sim::yield();
                         os::mutex mutex;
                         mutex.unlock();
                     }),
                     "thread culprit: unlock of a mutex it does not hold");
        EXPECT_DEATH(run([&early] { early.signal(); }),
                     "thread culprit: use of a descriptor that was opened before the simulation");
        EXPECT_DEATH(run([] { throw std::runtime_error("left"); }), "left");
    }
}

}  // namespace
