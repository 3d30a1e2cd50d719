// SPDX-License-Identifier: Apache-2.0
//
// What the simulated world promises to the harness, beyond the contract of the seam.
#include "sim/simulation.h"

#include <array>
#include <chrono>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "mixture.h"
#include "os/backend.h"
#include "sim/strategies/default_order.h"
#include "sim/strategies/random.h"
#include "sim/strategies/replay.h"

namespace {

namespace os = blkdrain::os;
namespace sim = blkdrain::sim;
using os_test::Mixture;
using sim::DefaultOrder;
using sim::Options;
using sim::Outcome;
using sim::RandomOrder;
using sim::Simulation;
using std::chrono::hours;
using std::chrono::nanoseconds;

constexpr auto relaxed = std::memory_order_relaxed;
constexpr os::duration for_ever = os::duration(-1);

Options recording() {
    Options options;
    options.record_choices = true;
    options.record_trace = true;
    return options;
}

TEST(Simulation, default_order_runs_each_thread_until_it_blocks) {
    DefaultOrder strategy;
    Options options = recording();
    Simulation simulation(strategy, options);
    os::mutex mutex;
    os::condition condition;
    bool open = false;
    simulation.spawn("waiter", [&] {
        os::mutex_lock lock(mutex);
        while (!open) {
            condition.wait(lock);
        }
    });
    simulation.spawn("opener", [&] {
        os::mutex_lock lock(mutex);
        open = true;
        condition.notify_one();
    });
    EXPECT_TRUE(simulation.run().finished());
    EXPECT_EQ(simulation.trace_text(),
              "waiter: start\n"
              "waiter: lock mutex#0\n"
              "waiter: condition wait condition#0\n"
              "opener: start\n"
              "opener: lock mutex#0\n"
              "opener: notify one condition#0\n"
              "opener: unlock mutex#0\n"
              "waiter: lock mutex#0\n"
              "waiter: unlock mutex#0\n");
}

TEST(Simulation, same_seed_gives_the_same_trace_byte_for_byte) {
    std::set<std::string> traces;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        std::string text;
        std::uint64_t hash = 0;
        for (int repetition = 0; repetition < 2; ++repetition) {
            RandomOrder strategy(seed);
            Options options = recording();
            options.spurious = true;
            Simulation simulation(strategy, options);
            // At another address each time.
            const auto padding =
                std::make_unique<char[]>(static_cast<std::size_t>(repetition) * 64 + 1);
            const auto mixture = std::make_unique<Mixture>();
            mixture->spawn_into(simulation);
            const Outcome outcome = simulation.run();
            ASSERT_TRUE(outcome.finished()) << outcome.to_string();
            if (repetition == 0) {
                text = simulation.trace_text();
                hash = simulation.trace_hash();
            }
            EXPECT_EQ(simulation.trace_text(), text);
            EXPECT_EQ(simulation.trace_hash(), hash);
        }
        traces.insert(text);
    }
    EXPECT_GT(traces.size(), 45U) << "seeds make a difference";
}

TEST(Simulation, a_recording_replays_to_the_same_trace) {
    RandomOrder random(7);
    std::string text;
    std::vector<std::uint32_t> choices;
    {
        Simulation simulation(random, recording());
        Mixture mixture;
        mixture.spawn_into(simulation);
        EXPECT_TRUE(simulation.run().finished());
        text = simulation.trace_text();
        choices = simulation.choices();
    }
    EXPECT_FALSE(choices.empty());
    sim::Replay replay(choices);
    Simulation simulation(replay, recording());
    Mixture mixture;
    mixture.spawn_into(simulation);
    EXPECT_TRUE(simulation.run().finished());
    EXPECT_EQ(simulation.trace_text(), text);
    EXPECT_EQ(replay.used(), choices.size());
    EXPECT_EQ(replay.misfits(), 0U);
}

TEST(Simulation, random_order_finds_a_lost_update_that_the_default_order_does_not) {
    const auto count_up = [](sim::Strategy& strategy) {
        Simulation simulation(strategy);
        os::atomic<int> number{0};
        for (const char* name : {"a", "b"}) {
            simulation.spawn(name, [&number] {
                number.load(relaxed);
                number.store(number.load(relaxed) + 1, relaxed);
            });
        }
        EXPECT_TRUE(simulation.run().finished());
        return number.load(relaxed);
    };
    DefaultOrder in_order;
    EXPECT_EQ(count_up(in_order), 2);
    std::set<int> results;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        RandomOrder strategy(seed);
        results.insert(count_up(strategy));
    }
    EXPECT_EQ(results, (std::set<int>{1, 2}));
}

TEST(Simulation, which_accesses_are_choice_points_is_an_option) {
    const auto points = [](sim::Elide elide) {
        DefaultOrder strategy;
        Options options;
        options.elide = elide;
        Simulation simulation(strategy, options);
        os::atomic<int> from_host{0};
        simulation.spawn("a", [&from_host] {
            os::atomic<int> own{0};
            for (int i = 0; i < 10; ++i) {
                own.fetch_add(1, relaxed);
                from_host.fetch_add(1, relaxed);
            }
            os::thread child("child", [&own] { own.load(relaxed); });
            child.join();
            own.load(relaxed);
        });
        EXPECT_TRUE(simulation.run().finished());
        EXPECT_EQ(simulation.steps(), 24U);
        return simulation.points();
    };
    // Besides: spawn, join, and the two loads after sharing.
    EXPECT_EQ(points(sim::Elide::nothing), 24U);
    EXPECT_EQ(points(sim::Elide::own_objects), 14U);
    EXPECT_EQ(points(sim::Elide::first_user), 4U);
}

TEST(Simulation, deadlock_names_each_thread_and_what_it_waits_for) {
    DefaultOrder strategy;
    Simulation simulation(strategy);
    os::mutex mutex;
    os::mutex other;
    os::condition condition;
    os::poller poller;
    ASSERT_FALSE(poller.open());
    simulation.spawn("client0", [&] {
        os::mutex_lock lock(mutex);
        condition.wait(lock);
    });
    simulation.spawn("loop0", [&] {
        std::array<os::ready, 1> events;
        poller.wait(events, for_ever);
    });
    simulation.spawn("holder", [&] {
        os::mutex_lock lock(other);
        os::mutex_lock second(mutex);
        condition.wait(second);
    });
    simulation.spawn("locker", [&] { os::mutex_lock lock(other); });
    simulation.spawn("parent", [&] {
        os::thread child("child", [&] { os::mutex_lock lock(other); });
        child.join();
    });
    simulation.spawn("spinner", [] {
        // The first hint may return: the others wrote something before it.
        os::spin_hint();
        os::spin_hint();
    });
    const Outcome outcome = simulation.run();
    EXPECT_EQ(outcome.kind, Outcome::Kind::deadlock);
    EXPECT_EQ(outcome.to_string(),
              "deadlock: client0: condition wait condition#0, no deadline; "
              "loop0: epoll wait poller#3, no deadline; "
              "holder: condition wait condition#0, no deadline; "
              "locker: lock mutex#1, held by holder; "
              "parent: join of child; "
              "spinner: spin; "
              "child: lock mutex#1, held by holder");
}

TEST(Simulation, a_lock_order_inversion_deadlocks_under_some_schedule_and_stacks_are_used_again) {
    int deadlocks = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        RandomOrder strategy(seed);
        Simulation simulation(strategy);
        os::mutex a;
        os::mutex b;
        simulation.spawn("ab", [&] {
            os::mutex_lock first(a);
            os::mutex_lock second(b);
        });
        simulation.spawn("ba", [&] {
            os::mutex_lock first(b);
            os::mutex_lock second(a);
        });
        const Outcome outcome = simulation.run();
        deadlocks += outcome.finished() ? 0 : 1;
    }
    EXPECT_GT(deadlocks, 0);
    EXPECT_LT(deadlocks, 100);
}

TEST(Simulation, step_limit_stops_a_thread_that_never_ends) {
    for (const sim::Elide elide : {sim::Elide::nothing, sim::Elide::first_user}) {
        DefaultOrder strategy;
        Options options;
        options.step_limit = 1000;
        options.elide = elide;
        Simulation simulation(strategy, options);
        os::atomic<bool> stop{false};
        simulation.spawn("busy", [&stop] {
            while (!stop.load(relaxed)) {
            }
        });
        const Outcome outcome = simulation.run();
        EXPECT_EQ(outcome.kind, Outcome::Kind::step_limit);
        ASSERT_EQ(outcome.unfinished.size(), 1U);
        EXPECT_EQ(outcome.unfinished[0].thread, "busy");
        EXPECT_FALSE(outcome.unfinished[0].blocked);
    }
}

TEST(Simulation, a_spinning_thread_runs_again_only_after_another_changed_something) {
    DefaultOrder strategy;
    Simulation simulation(strategy);
    os::atomic<bool> flag{false};
    int spins = 0;
    simulation.spawn("spinner", [&] {
        while (!flag.load(relaxed)) {
            ++spins;
            os::spin_hint();
        }
    });
    simulation.spawn("setter", [&] {
        for (int i = 0; i < 100; ++i) {
            flag.load(relaxed);
        }
        flag.store(true, relaxed);
    });
    EXPECT_TRUE(simulation.run().finished());
    EXPECT_EQ(spins, 1);
}

TEST(Simulation, time_jumps_to_the_next_deadline_only_when_allowed) {
    for (const bool allowed : {true, false}) {
        DefaultOrder strategy;
        Options options;
        options.auto_advance = allowed;
        Simulation simulation(strategy, options);
        os::mutex mutex;
        os::condition condition;
        os::time_point woke;
        simulation.spawn("sleeper", [&] {
            os::mutex_lock lock(mutex);
            EXPECT_FALSE(condition.wait_until(lock, os::now() + hours(1)));
            woke = os::now();
        });
        const Outcome outcome = simulation.run();
        if (allowed) {
            EXPECT_TRUE(outcome.finished());
        } else {
            EXPECT_EQ(outcome.to_string(),
                      "deadlock: sleeper: condition wait condition#0, until 3601000000000 ns");
            EXPECT_EQ(sim::next_deadline(), sim::start_time + hours(1));
            sim::advance(hours(1));
            EXPECT_TRUE(simulation.run().finished());
        }
        EXPECT_EQ(woke, sim::start_time + hours(1));
        EXPECT_EQ(sim::next_deadline(), std::nullopt);
    }
}

TEST(Simulation, advance_fires_what_is_due_in_the_order_of_deadlines) {
    DefaultOrder strategy;
    Options options = recording();
    options.auto_advance = false;
    Simulation simulation(strategy, options);
    os::mutex mutex;
    os::condition condition;
    std::vector<int> order;
    for (const int delay : {30, 10, 20}) {
        simulation.spawn("sleeper", [&, delay] {
            os::mutex_lock lock(mutex);
            condition.wait_until(lock, sim::start_time + nanoseconds(delay));
            order.push_back(delay);
        });
    }
    simulation.spawn("clock", [] {
        sim::quiesce();
        sim::advance(nanoseconds(10));
        sim::quiesce();
        EXPECT_EQ(sim::next_deadline(), sim::start_time + nanoseconds(20));
        sim::advance(nanoseconds(9));
        sim::quiesce();
        EXPECT_EQ(os::now(), sim::start_time + nanoseconds(19));
        sim::advance(nanoseconds(1000));
    });
    EXPECT_TRUE(simulation.run().finished());
    // Of the two that became due together, the default order runs the lower id first.
    EXPECT_EQ(order, (std::vector<int>{10, 30, 20}));
}

TEST(Simulation, quiesce_continues_when_all_others_are_blocked_and_by_ascending_id) {
    RandomOrder strategy(3);
    Simulation simulation(strategy);
    std::vector<std::string> log;
    os::atomic<int> work{0};
    os::mutex mutex;
    os::condition condition;
    bool open = false;
    simulation.spawn("waiter", [&] {
        os::mutex_lock lock(mutex);
        while (!open) {
            condition.wait(lock);
        }
        log.emplace_back("opened");
    });
    for (const char* name : {"first", "second"}) {
        simulation.spawn(name, [&, name] {
            sim::quiesce();
            log.emplace_back(name);
            EXPECT_EQ(work.load(relaxed), 20);
            if (name == std::string("first")) {
                os::mutex_lock lock(mutex);
                open = true;
                condition.notify_all();
            }
        });
    }
    for (const char* name : {"busy0", "busy1"}) {
        simulation.spawn(name, [&] {
            for (int i = 0; i < 10; ++i) {
                work.fetch_add(1, relaxed);
            }
        });
    }
    EXPECT_TRUE(simulation.run().finished());
    EXPECT_EQ(log, (std::vector<std::string>{"first", "opened", "second"}));
}

TEST(Simulation, quiesce_on_the_host_runs_up_to_that_point_without_passing_time) {
    DefaultOrder strategy;
    Simulation simulation(strategy);
    os::poller poller;
    os::wake_handle wake;
    ASSERT_FALSE(poller.open());
    ASSERT_FALSE(wake.open());
    ASSERT_FALSE(poller.add(wake.fd(), os::event_in, 1));
    int woken = 0;
    os::thread loop("loop", [&] {
        while (woken < 2) {
            std::array<os::ready, 1> events;
            woken += poller.wait(events, hours(1));
            wake.clear();
        }
    });
    sim::quiesce();
    EXPECT_EQ(sim::standing().to_string(),
              "deadlock: loop: epoll wait poller#3, until 3601000000000 ns");
    EXPECT_EQ(os::now(), sim::start_time);
    wake.signal();
    EXPECT_NE(sim::quiesce(), sim::Outcome::Kind::finished);
    EXPECT_EQ(woken, 1);
    wake.signal();
    loop.join();
    EXPECT_EQ(woken, 2);
}

TEST(Simulation, notify_one_may_wake_any_waiter) {
    std::set<int> first;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        RandomOrder strategy(seed);
        Simulation simulation(strategy);
        os::mutex mutex;
        os::condition condition;
        bool open = false;
        std::vector<int> order;
        for (int i = 0; i < 3; ++i) {
            simulation.spawn("waiter", [&, i] {
                os::mutex_lock lock(mutex);
                while (!open) {
                    condition.wait(lock);
                }
                order.push_back(i);
                condition.notify_one();
            });
        }
        simulation.spawn("opener", [&] {
            sim::quiesce();
            os::mutex_lock lock(mutex);
            open = true;
            condition.notify_one();
        });
        EXPECT_TRUE(simulation.run().finished());
        first.insert(order.front());
    }
    EXPECT_EQ(first, (std::set<int>{0, 1, 2}));
}

TEST(Simulation, a_poller_may_report_any_part_of_what_is_ready_in_any_order) {
    std::set<std::vector<std::uint64_t>> reports;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        RandomOrder strategy(seed);
        Simulation simulation(strategy);
        simulation.spawn("loop", [&] {
            os::poller poller;
            ASSERT_FALSE(poller.open());
            std::array<os::wake_handle, 3> handles;
            for (std::uint64_t i = 0; i < handles.size(); ++i) {
                ASSERT_FALSE(handles[i].open());
                handles[i].signal();
                ASSERT_FALSE(poller.add(handles[i].fd(), os::event_in, i));
            }
            std::array<os::ready, 8> events;
            const int count = poller.wait(events, for_ever);
            std::vector<std::uint64_t> report;
            for (int i = 0; i < count; ++i) {
                report.push_back(events[static_cast<std::size_t>(i)].cookie);
            }
            reports.insert(report);
        });
        EXPECT_TRUE(simulation.run().finished());
    }
    // 3 of one, 3 * 2 of two, 3 * 2 of three.
    EXPECT_EQ(reports.size(), 15U);
    EXPECT_FALSE(reports.contains({}));
}

TEST(Simulation, one_of_two_waiters_goes_on_waiting_when_the_other_took_the_edge) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        RandomOrder strategy(seed);
        Simulation simulation(strategy);
        os::poller poller;
        os::wake_handle wake;
        ASSERT_FALSE(poller.open());
        ASSERT_FALSE(wake.open());
        ASSERT_FALSE(poller.add(wake.fd(), os::event_in | os::event_edge, 1));
        int reports = 0;
        for (const char* name : {"a", "b"}) {
            simulation.spawn(name, [&] {
                std::array<os::ready, 1> events;
                reports += poller.wait(events, for_ever);
            });
        }
        simulation.spawn("signaller", [&] { wake.signal(); });
        const Outcome outcome = simulation.run();
        EXPECT_EQ(outcome.unfinished.size(), 1U) << outcome.to_string();
        EXPECT_EQ(reports, 1);
    }
}

// What a run does must not depend on whether the allocator gives an address again.
TEST(Simulation, an_address_that_came_back_is_not_the_one_that_was_read) {
    DefaultOrder strategy;
    Simulation simulation(strategy);
    int object = 0;
    int other = 0;
    os::atomic<int*> place{&object};
    bool exchanged = true;
    bool exchanged_then = false;
    simulation.spawn("reader", [&] {
        int* seen = place.load(relaxed);
        blkdrain::sim::quiesce();  // the other thread takes the pointer away and brings it back
        exchanged = place.compare_exchange_weak(seen, &other, relaxed);
        EXPECT_EQ(seen, &object);
        exchanged_then = place.compare_exchange_weak(seen, &other, relaxed);
    });
    simulation.spawn("writer", [&] {
        place.store(nullptr, relaxed);
        place.store(&object, relaxed);
    });
    EXPECT_TRUE(simulation.run().finished());
    EXPECT_FALSE(exchanged);
    EXPECT_TRUE(exchanged_then);
    EXPECT_EQ(place.load(relaxed), &other);
}

TEST(Simulation, spurious_failures_happen_only_on_demand) {
    for (const bool on : {false, true}) {
        int failures = 0;
        int empty_waits = 0;
        int empty_polls = 0;
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            RandomOrder strategy(seed);
            Options options;
            options.spurious = on;
            Simulation simulation(strategy, options);
            simulation.spawn("a", [&] {
                os::atomic<int> number{0};
                int expected = 0;
                failures += number.compare_exchange_weak(expected, 1, relaxed) ? 0 : 1;
                os::mutex mutex;
                if (mutex.try_lock()) {
                    mutex.unlock();
                } else {
                    ++failures;
                }
                os::condition condition;
                os::mutex_lock lock(mutex);
                empty_waits += condition.wait_until(lock, os::now() + nanoseconds(1)) ? 1 : 0;
                os::poller poller;
                os::wake_handle wake;
                ASSERT_FALSE(poller.open());
                ASSERT_FALSE(wake.open());
                ASSERT_FALSE(poller.add(wake.fd(), os::event_in, 1));
                wake.signal();
                std::array<os::ready, 1> events;
                empty_polls += poller.wait(events, for_ever) == 0 ? 1 : 0;
            });
            EXPECT_TRUE(simulation.run().finished());
        }
        EXPECT_EQ(failures > 0, on);
        EXPECT_EQ(empty_waits > 0, on);
        EXPECT_EQ(empty_polls > 0, on);
    }
}

TEST(Simulation, time_passes_while_threads_can_run_only_on_demand) {
    for (const std::uint32_t allowed : {0U, 2U}) {
        std::set<nanoseconds::rep> looks;
        bool overslept = false;
        for (std::uint64_t seed = 0; seed < 300; ++seed) {
            RandomOrder strategy(seed);
            Options options;
            options.time_jumps = allowed;
            options.auto_advance = false;
            Simulation simulation(strategy, options);
            simulation.spawn("looks", [&] {
                os::poller poller;
                std::array<os::timer_handle, 3> timers;
                std::array<os::ready, 3> events;
                ASSERT_FALSE(poller.open());
                for (std::size_t i = 0; i < timers.size(); ++i) {
                    ASSERT_FALSE(timers[i].open());
                    ASSERT_FALSE(poller.add(timers[i].fd(), os::event_in, i));
                    timers[i].arm(sim::start_time + nanoseconds(10 * (i + 1)));
                }
                for (int i = 0; i < 40; ++i) {
                    looks.insert((os::now() - sim::start_time).count());
                }
                overslept |= poller.wait(events, nanoseconds(0)) != 0;
            });
            EXPECT_TRUE(simulation.run().finished());
        }
        // From deadline to deadline, and no further than allowed.
        EXPECT_EQ(looks, allowed == 0 ? std::set<nanoseconds::rep>({0})
                                      : std::set<nanoseconds::rep>({0, 10, 20}));
        EXPECT_EQ(overslept, allowed != 0);
    }
}

TEST(Simulation, exceptions_being_handled_stay_with_their_thread) {
    DefaultOrder strategy;
    Simulation simulation(strategy);
    for (const std::string text : {"one", "two", "three"}) {
        simulation.spawn("thrower", [text] {
            try {
                throw std::runtime_error(text);
            } catch (const std::runtime_error& error) {
                sim::yield();
                EXPECT_EQ(error.what(), text);
                try {
                    sim::yield();
                    throw;
                } catch (const std::runtime_error& again) {
                    sim::yield();
                    EXPECT_EQ(again.what(), text);
                }
            }
            EXPECT_EQ(std::uncaught_exceptions(), 0);
        });
    }
    EXPECT_TRUE(simulation.run().finished());
}

TEST(Simulation, deep_frames_fit_on_a_stack) {
    DefaultOrder strategy;
    Simulation simulation(strategy);
    int sum = 0;
    simulation.spawn("deep", [&sum] {
        std::array<volatile unsigned char, 40000> frame{};
        frame[39999] = 1;
        sum = frame[39999];
    });
    EXPECT_TRUE(simulation.run().finished());
    EXPECT_EQ(sum, 1);
}

TEST(Simulation, objects_work_on_the_host_without_choice_points) {
    os::mutex before;
    os::atomic<int> number{1};
    number.fetch_add(1, relaxed);
    before.lock();
    EXPECT_FALSE(before.try_lock());
    before.unlock();
    os::condition condition;
    condition.notify_all();
    {
        os::poller poller;
        os::wake_handle wake;
        os::timer_handle timer;
        ASSERT_FALSE(poller.open());
        ASSERT_FALSE(wake.open());
        ASSERT_FALSE(timer.open());
        ASSERT_FALSE(poller.add(timer.fd(), os::event_in, 1));
        timer.arm(os::now() + nanoseconds(5));
        std::array<os::ready, 1> events;
        EXPECT_EQ(poller.wait(events, nanoseconds(4)), 0);
        EXPECT_EQ(poller.wait(events, nanoseconds(4)), 1);
    }
    DefaultOrder strategy;
    Simulation simulation(strategy);
    simulation.spawn("a", [&] {
        os::mutex_lock lock(before);
        EXPECT_EQ(number.load(relaxed), 2);
    });
    EXPECT_TRUE(simulation.run().finished());
    number.store(5, relaxed);
    EXPECT_EQ(number.load(relaxed), 5);
    EXPECT_EQ(simulation.points(), 3U) << "lock, load, unlock";
}

TEST(Simulation, objects_may_outlive_their_simulation) {
    os::mutex mutex;
    os::condition condition;
    os::wake_handle wake;
    os::thread unjoined;
    for (int i = 0; i < 2; ++i) {
        DefaultOrder strategy;
        Simulation simulation(strategy);
        if (i == 0) {
            ASSERT_FALSE(wake.open());
            // Leaves the mutex locked and itself in the condition's list of waiters.
            unjoined = os::thread("stuck", [&] {
                mutex.lock();
                os::mutex other;
                os::mutex_lock lock(other);
                condition.wait(lock);
            });
            EXPECT_EQ(simulation.run().unfinished.size(), 1U);
        } else {
            simulation.spawn("a", [&] {
                os::mutex_lock lock(mutex);
                condition.notify_one();
            });
            EXPECT_TRUE(simulation.run().finished());
        }
    }
    unjoined.join();
    EXPECT_FALSE(unjoined.joinable());
}

// A strategy whose answers are out of range must not go unnoticed.
class Liar final : public sim::Strategy {
public:
    std::uint32_t pick(const sim::Choice& choice) override { return choice.count; }
};

TEST(SimulationDeathTest, misuse_names_the_thread) {
    const auto run = [](sim::Strategy& strategy, const std::function<void()>& body) {
        Simulation simulation(strategy);
        simulation.spawn("culprit", body);
        simulation.spawn("bystander", [] {});
        simulation.run();
    };
    DefaultOrder strategy;
    Liar liar;
    EXPECT_DEATH(run(strategy,
                     [] {
                         os::mutex mutex;
                         mutex.lock();
                         mutex.lock();
                     }),
                 "thread culprit: lock of mutex#0, which it holds already");
    EXPECT_DEATH(run(strategy,
                     [] {
                         os::mutex mutex;
                         mutex.unlock();
                     }),
                 "thread culprit: unlock of a mutex it does not hold");
    EXPECT_DEATH(run(strategy,
                     [] {
                         os::atomic<int> wait_for_nothing{0};
                         os::thread thread("child", [] {});
                     }),
                 "thread culprit: a thread object was destroyed before join");
    EXPECT_DEATH(run(liar, [] { sim::yield(); }), "an answer that was not offered");
    EXPECT_DEATH(os::thread("alone", [] {}), "needs a Simulation");
}

}  // namespace
