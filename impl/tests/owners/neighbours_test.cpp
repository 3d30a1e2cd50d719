// SPDX-License-Identifier: Apache-2.0
//
// R31: stopping the machine is for its devices alone.
#include <gtest/gtest.h>

#include "machine_fixture.h"

namespace blkdrain::testing {
namespace {

using Begun = SteppedGraph::Begun;
using Results = std::vector<std::error_code>;

TEST(StopOfTheMachine, DoesNotConcernAJobOnTheSameNode) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        const NodeId node = m.disk_node(disk);
        GuestDevice vda = m.device("vda", node);
        BlockBackend job = m.backend("job", node);
        Results results;
        disk->hold();
        m.send(job, results);
        // Not waited for, though it is at work in the node of the device.
        m.stop();
        EXPECT_TRUE(results.empty());
        // Nor kept back.
        m.send(job, results);
        m.put(vda, write_of(7));
        EXPECT_EQ(disk->seen(), (Numbers{0, 0}));
        m.on_loop([&] { disk->let_go(); });
        EXPECT_EQ(results.size(), 2U);
        m.send(job, results);
        EXPECT_EQ(results.size(), 3U);
        m.cont();
        EXPECT_EQ(disk->seen(), (Numbers{0, 0, 0, 7}));
        m.close(job);
        m.unplug(vda);
    });
}

TEST(StopOfTheMachine, WaitsForEachDeviceOnANode) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        const NodeId node = m.disk_node(disk);
        GuestDevice vda = m.device("vda", node);
        GuestDevice vdb = m.device("vdb", node, 2);
        disk->hold();
        m.put(vdb, write_of(1), 1);
        Done done;
        const StopWait wait = m.vm.stop({}, done.callback());
        m.turn();
        EXPECT_FALSE(done.error.has_value());
        ASSERT_EQ(wait.explain().listeners.size(), 1U);
        EXPECT_EQ(wait.explain().listeners[0].name, "vdb");
        m.on_loop([&] { disk->let_go(); });
        EXPECT_TRUE(done.error && !*done.error);
        m.put(vda, write_of(2));
        m.put(vdb, write_of(3));
        EXPECT_EQ(disk->seen(), Numbers{1});
        m.cont();
        EXPECT_EQ(m.guest.back(), 3U);
        m.unplug(vda);
        m.unplug(vdb);
    });
}

TEST(StopOfTheMachine, GoesTogetherWithTheSectionOfAJob) {
    in_world([] {
        SteppedMachine m;
        NotingDisk* disk = nullptr;
        const NodeId node = m.disk_node(disk);
        GuestDevice vda = m.device("vda", node);
        BlockBackend job = m.backend("job", node);
        Begun isolated;
        job.isolate({}, isolated.callback());
        m.turn();
        ASSERT_TRUE(isolated.section.live());
        m.put(vda, write_of(1));
        m.stop();
        m.cont();
        EXPECT_EQ(disk->seen(), Numbers{});
        m.stop();
        isolated.section.end();
        m.turn();
        EXPECT_EQ(disk->seen(), Numbers{});
        m.cont();
        EXPECT_EQ(disk->seen(), Numbers{1});
        m.close(job);
        m.unplug(vda);
    });
}

// The job sends through its own backend from its own loop, and is never kept back.
TEST(StopOfTheMachine, LeavesAJobOnItsOwnLoopAlone) {
    in_many_schedules([] {
        std::error_code error;
        const auto home = IoThread::start("home", error);
        const auto other = IoThread::start("job", error);
        ASSERT_FALSE(error);
        Graph graph;
        EXPECT_FALSE(graph.add_loop(home->loop()));
        EXPECT_FALSE(graph.add_loop(other->loop()));
        auto made = std::make_unique<NotingDisk>();
        NotingDisk& disk = *made;
        const NodeId node = graph.add_node("disk", std::move(made), home->loop());
        VmState vm("vm0", home->loop());
        BlockBackend job(graph, "job", home->loop());
        EXPECT_FALSE(blocking::insert_medium(graph, job.id(), node));
        struct Sender {
            BlockBackend& backend;
            os::mutex mutex;
            os::condition over;
            int left = 4;
            void send() {
                EXPECT_FALSE(
                    backend.submit(write_of(50), {[](void* context, std::error_code result) {
                                                      EXPECT_FALSE(result);
                                                      static_cast<Sender*>(context)->sent();
                                                  },
                                                  this}));
            }
            void sent() {
                const os::mutex_lock lock(mutex);
                if (--left != 0) {
                    send();
                } else {
                    over.notify_all();
                }
            }
        } sender{job, {}, {}, 4};
        Guest guest;
        {
            GuestDevice vda(graph, vm, "vda", home->loop(), {&home->loop()});
            EXPECT_FALSE(blocking::insert_medium(graph, vda.backend(), node));
            other->loop().post([&] { sender.send(); });
            const Error stopped = blocking::stop(vm);
            EXPECT_FALSE(stopped) << stopped.message;
            guest.put(vda.queue(0), write_of(1));
            // It comes to its end while the machine is stopped.
            {
                os::mutex_lock lock(sender.mutex);
                while (sender.left != 0) {
                    sender.over.wait(lock);
                }
            }
            EXPECT_EQ(disk.seen(), Numbers(4, 50));
            vm.cont();
            guest.wait_for_all();
        }
        EXPECT_FALSE(blocking::close(job));
        EXPECT_FALSE(blocking::stop(vm));
        vm.cont();
    });
}

}  // namespace
}  // namespace blkdrain::testing
