// SPDX-License-Identifier: Apache-2.0
//
// Hot-unplug.
#include <gtest/gtest.h>

#include <blkdrain/owners/coro.h>

#include "machine_fixture.h"

namespace blkdrain::testing {
namespace {

using Begun = SteppedGraph::Begun;

TEST(Unplug, WaitsForWhatIsInFlightAndCancelsTheRest) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        GuestDeviceOptions options;
        options.queue_depth = 1;
        GuestDevice vda = m.device("vda", m.disk_node(disk), 2, options);
        disk->hold();
        const std::size_t sent = m.put(vda, write_of(1), 0);
        const std::size_t kept = m.put(vda, write_of(2), 0);
        Done done;
        vda.unplug(nullptr, done.callback());
        EXPECT_EQ(vda.queue(1).submit(write_of(3), {}), make_error_code(Errc::closing));
        m.turn();
        EXPECT_EQ(m.guest.result(kept), make_error_code(Errc::cancelled));
        EXPECT_FALSE(m.guest.result(sent).has_value());
        EXPECT_FALSE(done.error.has_value());
        ASSERT_EQ(vda.explain().items.size(), 1U);
        EXPECT_EQ(vda.explain().items[0].kind, WaitItem::Kind::request);
        m.on_loop([&] { disk->let_go(); });
        EXPECT_EQ(m.guest.result(sent), ok());
        EXPECT_TRUE(done.error && !*done.error);
        EXPECT_TRUE(vda.explain().items.empty());
        EXPECT_EQ(disk->seen(), Numbers{1});
    });
}

TEST(Unplug, HappensOnce) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        GuestDevice vda = m.device("vda", m.disk_node(disk));
        disk->hold();
        m.put(vda, write_of(1));
        Done one;
        Done two;
        Done three;
        vda.unplug(nullptr, one.callback());
        vda.unplug(m.loop.get(), two.callback());
        m.turn();
        EXPECT_TRUE(two.error && *two.error == Errc::closing);
        m.on_loop([&] { disk->let_go(); });
        EXPECT_TRUE(one.error && !*one.error);
        vda.unplug(nullptr, three.callback());
        m.turn();
        EXPECT_TRUE(three.error && *three.error == Errc::closing);
        EXPECT_TRUE(contains(three.error->message, "'vda'")) << three.error->message;
    });
}

TEST(Unplug, DuringAStopEndsTheWaitForTheDevice) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        GuestDevice vda = m.device("vda", m.disk_node(disk));
        disk->hold();
        m.put(vda, write_of(1));
        Done stopped;
        Done gone;
        const StopWait wait = m.vm.stop({}, stopped.callback());
        vda.unplug(nullptr, gone.callback());
        m.turn();
        EXPECT_FALSE(stopped.error || gone.error);
        EXPECT_EQ(wait.explain().listeners.size(), 1U);
        m.on_loop([&] { disk->let_go(); });
        EXPECT_TRUE(stopped.error && !*stopped.error);
        EXPECT_TRUE(gone.error && !*gone.error);
        m.cont();
    });
}

TEST(Unplug, StopDuringItWaitsUntilTheDeviceHasLeft) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        GuestDevice vda = m.device("vda", m.disk_node(disk));
        disk->hold();
        m.put(vda, write_of(1));
        Done stopped;
        Done gone;
        vda.unplug(nullptr, gone.callback());
        m.turn();
        const StopWait wait = m.vm.stop({}, stopped.callback());
        m.turn();
        EXPECT_FALSE(stopped.error || gone.error);
        ASSERT_EQ(wait.explain().listeners.size(), 1U);
        EXPECT_EQ(wait.explain().listeners[0].waits.items.size(), 1U);
        m.on_loop([&] { disk->let_go(); });
        EXPECT_TRUE(stopped.error && !*stopped.error);
        EXPECT_TRUE(gone.error && !*gone.error);
        m.cont();
    });
}

TEST(Unplug, WhileStoppedCancelsTheBacklogAndEnds) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        GuestDevice vda = m.device("vda", m.disk_node(disk));
        m.stop();
        const std::size_t kept = m.put(vda, write_of(1));
        m.unplug(vda);
        EXPECT_EQ(m.guest.result(kept), make_error_code(Errc::cancelled));
        EXPECT_EQ(disk->seen(), Numbers{});
        m.cont();
    });
}

// What waits at the gate must not get into the graph because the device leaves.
TEST(Unplug, WhileStoppedCancelsWhatWaitsAtTheGate) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        const NodeId node = m.disk_node(disk);
        GuestDevice vda = m.device("vda", node);
        std::size_t waiting = 0;
        m.on_loop([&] {
            waiting = m.guest.put(vda.queue(0), write_of(1));
            // The queue's turn comes before the device hears of it.
            m.graph.drained(node, {}, [](const Error&, Section section) { section.end(); });
        });
        m.turn();
        EXPECT_EQ(m.guest.result(waiting), ok());

        Begun begun;
        m.on_loop([&] {
            waiting = m.guest.put(vda.queue(0), write_of(2));
            m.graph.drained(node, {}, begun.callback());
        });
        ASSERT_TRUE(begun.section.live());
        EXPECT_EQ(vda.queue(0).load().in_flight, 1U);
        m.stop();
        begun.section.end();
        EXPECT_FALSE(m.guest.result(waiting).has_value());
        m.unplug(vda);
        EXPECT_EQ(m.guest.result(waiting), make_error_code(Errc::cancelled));
        EXPECT_EQ(disk->seen(), Numbers{1});
        EXPECT_EQ(m.vm.status().state, RunState::stopped);
        m.cont();
    });
}

// Whatever the policy: it is no error of the disk.
TEST(Unplug, CancelsWhatWaitsForASection) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        const NodeId node = m.disk_node(disk);
        GuestDeviceOptions options;
        options.on_write_error = ErrorPolicy::ignore;
        GuestDevice vda = m.device("vda", node, 1, options);
        Begun begun;
        std::size_t waiting = 0;
        m.on_loop([&] {
            waiting = m.guest.put(vda.queue(0), write_of(1));
            m.graph.drained(node, {}, begun.callback());
        });
        m.unplug(vda);
        EXPECT_EQ(m.guest.result(waiting), make_error_code(Errc::cancelled));
        EXPECT_EQ(disk->seen(), Numbers{});
    });
}

TEST(Unplug, WaitsForAChangeOfItsRoot) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        const NodeId node = m.disk_node(disk);
        GuestDevice vda = m.device("vda", node);
        disk->hold();
        const std::size_t request = m.put(vda, write_of(1));
        Done removed;
        m.graph.remove_medium(vda.backend(), {}, removed.callback());
        Done gone;
        vda.unplug(nullptr, gone.callback());
        m.turn();
        EXPECT_FALSE(removed.error || gone.error);
        m.vm.stop({}, nullptr);
        m.on_loop([&] { disk->let_go(); });
        EXPECT_EQ(m.guest.result(request), ok());
        EXPECT_TRUE(removed.error && !*removed.error);
        EXPECT_TRUE(gone.error && !*gone.error);
        EXPECT_EQ(m.vm.status().state, RunState::stopped);
        m.cont();
    });
}

TEST(Unplug, HappensInTheBackgroundWhenTheHandleGoes) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        const NodeId node = m.disk_node(disk);
        std::size_t request = 0;
        {
            const GuestDevice vda = m.device("vda", node);
            disk->hold();
            request = m.put(vda, write_of(1));
        }
        m.turn();
        EXPECT_FALSE(m.guest.result(request).has_value());
        m.on_loop([&] { disk->let_go(); });
        EXPECT_EQ(m.guest.result(request), ok());
        Done closed;
        m.graph.close(node, {}, closed.callback());
        m.turn();
        EXPECT_TRUE(closed.error && !*closed.error);
        m.stop();
        m.cont();
    });
}

coro::Task<void> unplug_and_note(GuestDevice& device, std::optional<Error>& outcome) {
    outcome = co_await coro::co_unplug(device);
}

TEST(Unplug, CanBeAwaited) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        GuestDevice vda = m.device("vda", m.disk_node(disk));
        std::optional<Error> outcome;
        coro::spawn(*m.loop, unplug_and_note(vda, outcome));
        m.turn();
        ASSERT_TRUE(outcome.has_value());
        EXPECT_FALSE(*outcome);
    });
}

// A guest that puts requests in, a machine that stops and goes on, and a device that leaves.
TEST(Unplug, RacesSubmitStopAndCont) {
    in_many_schedules([] {
        std::error_code error;
        const auto home = IoThread::start("home", error);
        const auto io0 = IoThread::start("io0", error);
        ASSERT_FALSE(error);
        Graph graph;
        EXPECT_FALSE(graph.add_loop(home->loop()));
        EXPECT_FALSE(graph.add_loop(io0->loop()));
        auto made = std::make_unique<NotingDisk>();
        NotingDisk& disk = *made;
        const NodeId node = graph.add_node("disk", std::move(made), home->loop());
        VmState vm("vm0", home->loop());
        Guest guest;
        os::mutex mutex;
        os::condition gone;
        bool over = false;
        {
            GuestDevice vda(graph, vm, "vda", home->loop(), {&io0->loop(), &home->loop()});
            EXPECT_FALSE(blocking::insert_medium(graph, vda.backend(), node));
            os::thread putting("guest", [&] {
                for (std::uint64_t i = 0; i < 3; ++i) {
                    guest.put(vda.queue(0), write_of(i));
                    guest.put(vda.queue(1), write_of(100 + i));
                }
            });
            os::thread stopping("monitor", [&] {
                vm.stop({}, nullptr);
                vm.cont();
                vm.stop({}, nullptr);
                vm.cont();
            });
            vda.unplug(nullptr, [&](const Error& outcome) {
                EXPECT_FALSE(outcome) << outcome.message;
                const os::mutex_lock lock(mutex);
                over = true;
                gone.notify_all();
            });
            putting.join();
            stopping.join();
            guest.wait_for_all();
            os::mutex_lock lock(mutex);
            while (!over) {
                gone.wait(lock);
            }
        }
        EXPECT_FALSE(blocking::stop(vm));
        vm.cont();
        EXPECT_LE(disk.seen().size(), 6U);
    });
}

}  // namespace
}  // namespace blkdrain::testing
