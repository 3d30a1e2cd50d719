// SPDX-License-Identifier: Apache-2.0
//
// A guest device: its queues, its backlog, stops and sections.
#include <algorithm>

#include <gtest/gtest.h>

#include "machine_fixture.h"

namespace blkdrain::testing {
namespace {

using Begun = SteppedGraph::Begun;

TEST(GuestDevice, SendsEachQueueInItsOrder) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        GuestDevice vda = m.device("vda", m.disk_node(disk), 2);
        for (const std::uint64_t number : Numbers{1, 2, 3}) {
            m.guest.put(vda.queue(0), write_of(number));
            m.guest.put(vda.queue(1), read_of(10 + number));
        }
        m.turn();
        EXPECT_EQ(disk->seen(), (Numbers{1, 2, 3, 11, 12, 13}));
        EXPECT_EQ(m.guest.back(), 6U);
        m.unplug(vda);
    });
}

TEST(GuestDevice, DepthLimitsWhatAQueueHasInFlight) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        GuestDeviceOptions options;
        options.queue_depth = 2;
        GuestDevice vda = m.device("vda", m.disk_node(disk), 1, options);
        disk->hold();
        for (const std::uint64_t number : Numbers{1, 2, 3}) {
            m.put(vda, write_of(number));
        }
        EXPECT_EQ(disk->seen(), (Numbers{1, 2}));
        EXPECT_EQ(vda.queue(0).load().in_flight, 2U);
        EXPECT_EQ(vda.queue(0).load().backlog, 1U);
        m.on_loop([&] { disk->let_go(); });
        EXPECT_EQ(disk->seen(), (Numbers{1, 2, 3}));
        EXPECT_EQ(m.guest.back(), 3U);
        m.unplug(vda);
    });
}

TEST(GuestDevice, KeepsItsBacklogWhileStopped) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        GuestDevice vda = m.device("vda", m.disk_node(disk));
        m.stop();
        for (const std::uint64_t number : Numbers{1, 2, 3}) {
            m.put(vda, write_of(number));
        }
        EXPECT_EQ(disk->seen(), Numbers{});
        EXPECT_EQ(vda.queue(0).load().backlog, 3U);
        EXPECT_EQ(vda.queue(0).load().in_flight, 0U);
        m.cont();
        EXPECT_EQ(disk->seen(), (Numbers{1, 2, 3}));
        EXPECT_EQ(m.guest.back(), 3U);
        m.unplug(vda);
    });
}

TEST(GuestDevice, StopWaitsForWhatIsInFlightAndSaysSo) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        GuestDevice vda = m.device("vda", m.disk_node(disk));
        disk->hold();
        m.put(vda, write_of(1));
        Done done;
        const StopWait wait = m.vm.stop({}, done.callback());
        m.turn();
        EXPECT_FALSE(done.error.has_value());
        const StopExplanation explanation = wait.explain();
        ASSERT_EQ(explanation.listeners.size(), 1U);
        EXPECT_EQ(explanation.listeners[0].name, "vda");
        ASSERT_EQ(explanation.listeners[0].waits.items.size(), 1U);
        EXPECT_EQ(explanation.listeners[0].waits.items[0].kind, WaitItem::Kind::request);
        EXPECT_EQ(explanation.listeners[0].waits.items[0].backend, vda.backend());
        EXPECT_EQ(vda.explain().items.size(), 1U);
        m.on_loop([&] { disk->let_go(); });
        EXPECT_TRUE(done.error && !*done.error);
        EXPECT_TRUE(vda.explain().items.empty());
        m.cont();
        m.unplug(vda);
    });
}

TEST(GuestDevice, StopContStopNeedsNoRoundOfALoop) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        GuestDevice vda = m.device("vda", m.disk_node(disk));
        Done one;
        Done two;
        m.vm.stop({}, one.callback());
        m.vm.cont();
        m.vm.stop({}, two.callback());
        m.put(vda, write_of(1));
        EXPECT_TRUE(one.error && *one.error == Errc::cancelled);
        EXPECT_TRUE(two.error && !*two.error);
        EXPECT_EQ(disk->seen(), Numbers{});
        m.vm.cont();
        m.vm.stop({}, nullptr);
        m.vm.cont();
        m.turn();
        EXPECT_EQ(disk->seen(), Numbers{1});
        EXPECT_EQ(m.guest.back(), 1U);
        m.unplug(vda);
    });
}

TEST(GuestDevice, PluggedIntoAStoppedMachineItIsStopped) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        const NodeId node = m.disk_node(disk);
        m.stop();
        GuestDevice vda = m.device("vda", node);
        EXPECT_EQ(m.vm.status().state, RunState::stopped);
        m.put(vda, write_of(1));
        EXPECT_EQ(disk->seen(), Numbers{});
        m.cont();
        EXPECT_EQ(disk->seen(), Numbers{1});
        m.unplug(vda);
    });
}

TEST(GuestDevice, LooksAtItsQueuesAgainAfterASection) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        const NodeId node = m.disk_node(disk);
        GuestDevice vda = m.device("vda", node, 2);
        Begun begun;
        m.graph.drained(node, {}, begun.callback());
        m.turn();
        ASSERT_TRUE(begun.section.live());
        m.put(vda, write_of(1), 0);
        m.put(vda, write_of(2), 1);
        EXPECT_EQ(vda.queue(0).load().backlog, 1U);
        EXPECT_EQ(vda.queue(1).load().backlog, 1U);
        begun.section.end();
        m.turn();
        EXPECT_EQ(disk->seen(), (Numbers{1, 2}));
        EXPECT_EQ(m.guest.back(), 2U);
        m.unplug(vda);
    });
}

// A request that got to the gate before the device had heard of the section.
TEST(GuestDevice, RequestsAtTheGateSurviveStopSectionAndStartInAnyOrder) {
    // Who comes first, who goes first.
    for (const bool stop_first : {false, true}) {
        for (const bool cont_first : {false, true}) {
            in_world([&] {
                SteppedMachine m;
                NotingDisk* disk = nullptr;
                const NodeId node = m.disk_node(disk);
                GuestDevice vda = m.device("vda", node);
                Begun begun;
                Done stopped;
                m.guest.put(vda.queue(0), write_of(1));
                m.loop->post([&] {
                    // Its queue has been posted already; the notification comes after it.
                    m.guest.put(vda.queue(0), write_of(2));
                    if (stop_first) {
                        m.vm.stop({}, stopped.callback());
                    }
                    m.graph.drained(node, {}, begun.callback());
                    if (!stop_first) {
                        m.vm.stop({}, stopped.callback());
                    }
                });
                m.turn();
                ASSERT_TRUE(stopped.error && !*stopped.error);
                ASSERT_TRUE(begun.section.live());
                EXPECT_EQ(disk->seen(), Numbers{1});
                m.put(vda, write_of(3));
                if (cont_first) {
                    m.cont();
                    EXPECT_EQ(disk->seen(), Numbers{1});
                    begun.section.end();
                } else {
                    begun.section.end();
                    m.turn();
                    EXPECT_EQ(disk->seen(), Numbers{1});
                    m.vm.cont();
                }
                m.turn();
                EXPECT_EQ(disk->seen(), (Numbers{1, 2, 3}));
                EXPECT_EQ(m.guest.back(), 3U);
                m.unplug(vda);
            });
        }
    }
}

TEST(GuestDevice, GivenUpStopLetsTheBacklogGo) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        GuestDevice vda = m.device("vda", m.disk_node(disk));
        disk->hold();
        m.put(vda, write_of(1));
        Done done;
        StopWait wait = m.vm.stop({}, done.callback());
        m.put(vda, write_of(2));
        EXPECT_EQ(disk->seen(), Numbers{1});
        EXPECT_TRUE(wait.abandon());
        m.turn();
        EXPECT_TRUE(done.error && *done.error == Errc::cancelled);
        EXPECT_EQ(disk->seen(), (Numbers{1, 2}));
        m.on_loop([&] { disk->let_go(); });
        m.unplug(vda);
    });
}

TEST(GuestDevice, WithoutAMediumTheGuestIsTold) {
    in_world([] {
        SteppedMachine m;
        GuestDevice vda(m.graph, m.vm, "vda", *m.loop, {m.loop.get()});
        const std::size_t request = m.put(vda, write_of(1));
        EXPECT_EQ(m.guest.result(request), make_error_code(Errc::no_medium));
        m.unplug(vda);
    });
}

TEST(GuestDevice, RefusesToMove) {
    in_world([] {
        const auto away = SteppedGraph::make_loop("away");
        SteppedMachine m;
        EXPECT_FALSE(m.graph.add_loop(*away));
        NotingDisk* disk = nullptr;
        const NodeId node = m.disk_node(disk);
        GuestDevice vda = m.device("vda", node);
        Done done;
        m.graph.set_event_loop(node, *away, {}, done.callback());
        m.turn();
        EXPECT_TRUE(done.error && *done.error == Errc::context);
        m.unplug(vda);
    });
}

// Queues on loops of their own, a guest that puts requests in from another thread, and a machine
// that stops and goes on meanwhile.
TEST(GuestDevice, LosesAndDoublesNothingOnSeveralLoops) {
    in_many_schedules([] {
        constexpr std::uint64_t each = 4;
        std::error_code error;
        const auto home = IoThread::start("home", error);
        const auto io0 = IoThread::start("io0", error);
        const auto io1 = IoThread::start("io1", error);
        ASSERT_FALSE(error);
        Graph graph;
        for (const auto* thread : {&home, &io0, &io1}) {
            EXPECT_FALSE(graph.add_loop((*thread)->loop()));
        }
        auto made = std::make_unique<NotingDisk>();
        NotingDisk& disk = *made;
        const NodeId node = graph.add_node("disk", std::move(made), home->loop());
        VmState vm("vm0", home->loop());
        Guest guest;
        {
            GuestDevice vda(graph, vm, "vda", home->loop(), {&io0->loop(), &io1->loop()});
            EXPECT_FALSE(blocking::insert_medium(graph, vda.backend(), node));
            os::thread putting("guest", [&] {
                for (std::uint64_t i = 0; i < each; ++i) {
                    guest.put(vda.queue(0), write_of(i));
                    guest.put(vda.queue(1), write_of(100 + i));
                }
            });
            for (int round = 0; round < 2; ++round) {
                const Error stopped = blocking::stop(vm);
                EXPECT_FALSE(stopped) << stopped.message;
                const std::size_t seen = disk.seen().size();
                vm.stop({}, nullptr);
                EXPECT_EQ(disk.seen().size(), seen);
                vm.cont();
                vm.stop({}, nullptr);
                vm.cont();
            }
            putting.join();
            guest.wait_for_all();
            os::mutex mutex;
            os::condition gone;
            bool over = false;
            vda.unplug(nullptr, [&](const Error& outcome) {
                EXPECT_FALSE(outcome) << outcome.message;
                const os::mutex_lock lock(mutex);
                over = true;
                gone.notify_all();
            });
            os::mutex_lock lock(mutex);
            while (!over) {
                gone.wait(lock);
            }
        }
        // Once each. Those that waited at the gate may meet later ones in the driver: the order of
        // R18 is that of admission.
        Numbers seen = disk.seen();
        std::sort(seen.begin(), seen.end());
        EXPECT_EQ(seen, (Numbers{0, 1, 2, 3, 100, 101, 102, 103}));
    });
}

}  // namespace
}  // namespace blkdrain::testing
