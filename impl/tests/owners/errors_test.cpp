// SPDX-License-Identifier: Apache-2.0
//
// What a device does with requests that fail.
#include <gtest/gtest.h>

#include "machine_fixture.h"

namespace blkdrain::testing {
namespace {

GuestDeviceOptions policies(ErrorPolicy read, ErrorPolicy write) {
    GuestDeviceOptions options;
    options.on_read_error = read;
    options.on_write_error = write;
    return options;
}

TEST(GuestDeviceErrors, AreReportedOrIgnoredByDirection) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        GuestDevice vda = m.device("vda", m.disk_node(disk), 1,
                                   policies(ErrorPolicy::ignore, ErrorPolicy::report));
        disk->fail(3);
        const std::size_t read = m.put(vda, read_of(1));
        const std::size_t write = m.put(vda, write_of(2));
        const std::size_t flush = m.put(vda, Io::flush());
        EXPECT_EQ(m.guest.result(read), ok());
        EXPECT_EQ(m.guest.result(write), make_error_code(Errc::io_error));
        EXPECT_EQ(m.guest.result(flush), make_error_code(Errc::io_error));
        EXPECT_EQ(m.vm.status().state, RunState::running);
        m.unplug(vda);
    });
}

TEST(GuestDeviceErrors, StopTheMachineAndAreTriedAgain) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        GuestDevice vda =
            m.device("vda", m.disk_node(disk), 2, policies(ErrorPolicy::stop, ErrorPolicy::stop));
        disk->fail(1);
        const std::size_t failing = m.put(vda, write_of(1));
        EXPECT_EQ(m.vm.status().state, RunState::stopped);
        EXPECT_EQ(m.vm.status().cause, StopCause::io_error);
        EXPECT_TRUE(contains(m.vm.status().reason, "device 'vda': write of 0 bytes at 1"))
            << m.vm.status().reason;
        EXPECT_EQ(vda.queue(0).load().backlog, 1U);
        m.put(vda, write_of(2));
        m.put(vda, write_of(3), 1);
        EXPECT_EQ(disk->seen(), Numbers{1});
        EXPECT_FALSE(m.guest.result(failing).has_value());

        // It fails again.
        disk->fail(1);
        m.cont();
        EXPECT_EQ(m.vm.status().state, RunState::stopped);
        EXPECT_FALSE(m.guest.result(failing).has_value());

        m.cont();
        EXPECT_EQ(m.vm.status().state, RunState::running);
        EXPECT_EQ(m.guest.result(failing), ok());
        EXPECT_EQ(m.guest.back(), 3U);
        m.unplug(vda);
    });
}

TEST(GuestDeviceErrors, RequestsThatFailTogetherAreTriedAgainInTheirOrder) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        GuestDeviceOptions options = policies(ErrorPolicy::stop, ErrorPolicy::stop);
        options.queue_depth = 3;
        GuestDevice vda = m.device("vda", m.disk_node(disk), 1, options);
        disk->hold();
        for (const std::uint64_t number : Numbers{1, 2, 3, 4}) {
            m.put(vda, write_of(number));
        }
        m.on_loop([&] { disk->let_go(Errc::io_error); });
        EXPECT_EQ(m.vm.status().state, RunState::stopped);
        EXPECT_EQ(vda.queue(0).load().backlog, 4U);
        EXPECT_EQ(m.guest.back(), 0U);
        m.cont();
        EXPECT_EQ(disk->seen(), (Numbers{1, 2, 3, 1, 2, 3, 4}));
        EXPECT_EQ(m.guest.back(), 4U);
        m.unplug(vda);
    });
}

TEST(GuestDeviceErrors, WhileStoppingTurnTheStopIntoOneForAnError) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        GuestDevice vda =
            m.device("vda", m.disk_node(disk), 1, policies(ErrorPolicy::report, ErrorPolicy::stop));
        disk->hold();
        m.put(vda, write_of(1));
        Done done;
        m.vm.stop({}, done.callback());
        m.on_loop([&] { disk->let_go(Errc::io_error); });
        EXPECT_TRUE(done.error && !*done.error);
        EXPECT_EQ(m.vm.status().cause, StopCause::io_error);
        m.cont();
        EXPECT_EQ(disk->seen(), (Numbers{1, 1}));
        EXPECT_EQ(m.guest.back(), 1U);
        m.unplug(vda);
    });
}

TEST(GuestDeviceErrors, OfAnUnpluggedDeviceAreReported) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        GuestDevice vda =
            m.device("vda", m.disk_node(disk), 1, policies(ErrorPolicy::stop, ErrorPolicy::stop));
        disk->hold();
        const std::size_t request = m.put(vda, write_of(1));
        Done done;
        vda.unplug(nullptr, done.callback());
        m.on_loop([&] { disk->let_go(Errc::io_error); });
        EXPECT_EQ(m.guest.result(request), make_error_code(Errc::io_error));
        EXPECT_TRUE(done.error && !*done.error);
        EXPECT_EQ(m.vm.status().state, RunState::running);
    });
}

// Errors on two loops at once, while another thread makes the machine go on.
TEST(GuestDeviceErrors, LoseAndDoubleNothingOnSeveralLoops) {
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
        os::condition changed;
        int stops = 0;
        bool over = false;
        vm.on_change([&](const RunStatus& status) {
            const os::mutex_lock lock(mutex);
            stops += status.state == RunState::stopped ? 1 : 0;
            changed.notify_all();
        });
        {
            GuestDevice vda(graph, vm, "vda", home->loop(), {&home->loop(), &io0->loop()},
                            policies(ErrorPolicy::stop, ErrorPolicy::stop));
            EXPECT_FALSE(blocking::insert_medium(graph, vda.backend(), node));
            disk.fail(2);
            for (const std::uint64_t number : Numbers{1, 2}) {
                guest.put(vda.queue(0), write_of(number));
                guest.put(vda.queue(1), write_of(100 + number));
            }
            while (guest.back() != 4) {
                {
                    os::mutex_lock lock(mutex);
                    while (stops == 0) {
                        if (guest.back() == 4) {
                            break;
                        }
                        changed.wait_until(lock, os::now() + std::chrono::milliseconds(1));
                    }
                    stops = 0;
                }
                vm.cont();
            }
            guest.wait_for_all();
            vm.cont();
            vda.unplug(nullptr, [&](const Error& outcome) {
                EXPECT_FALSE(outcome) << outcome.message;
                const os::mutex_lock lock(mutex);
                over = true;
                changed.notify_all();
            });
            os::mutex_lock lock(mutex);
            while (!over) {
                changed.wait(lock);
            }
        }
        EXPECT_EQ(disk.seen().size(), 6U);
        vm.on_change({});
    });
}

}  // namespace
}  // namespace blkdrain::testing
