// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <blkdrain/blocking.h>
#include <blkdrain/drivers/passthrough.h>
#include <blkdrain/io_thread.h>
#include <blkdrain/owners/guest_device.h>
#include <blkdrain/owners/vm_state.h>

#include "../section/graph_fixture.h"
#include "os/backend.h"

#if defined(BLKDRAIN_WORLD_SIM)
#include "sim/strategies/delays.h"
#include "sim/strategies/pct.h"
#include "sim/strategies/pos.h"
#include "sim/strategies/preemptions.h"
#endif

namespace blkdrain::testing {

// As in_world, under strategies of every kind in the simulated one; for tests with several threads.
inline void in_many_schedules(const std::function<void()>& body, [[maybe_unused]] int seeds = 40) {
    in_world(body, seeds);
#if defined(BLKDRAIN_WORLD_SIM)
    constexpr std::uint32_t horizon = 400;
    for (int number = 1; number <= seeds && !::testing::Test::HasFailure(); ++number) {
        const auto seed = static_cast<std::uint64_t>(number);
        const auto depth = static_cast<std::uint32_t>(1 + number % 3);
        sim::Pct pct(seed, depth, horizon);
        sim::Delays delays(seed, depth, horizon);
        sim::Preemptions preemptions(seed, depth, horizon);
        sim::PartialOrders orders(seed);
        for (sim::Strategy* strategy :
             {static_cast<sim::Strategy*>(&pct), static_cast<sim::Strategy*>(&delays),
              static_cast<sim::Strategy*>(&preemptions), static_cast<sim::Strategy*>(&orders)}) {
            sim::Simulation simulation(*strategy, {});
            simulation.spawn("main", body);
            const sim::Outcome outcome = simulation.run();
            ASSERT_TRUE(outcome.finished()) << "seed " << number << ": " << outcome.to_string();
            ASSERT_FALSE(::testing::Test::HasFailure()) << "with seed " << number;
        }
    }
#endif
}

inline Io read_of(std::uint64_t number) {
    return {IoType::read, number, 0, nullptr};
}
inline Io write_of(std::uint64_t number) {
    return {IoType::write, number, 0, nullptr};
}

// Puts requests in and counts what comes back. Any thread.
class Guest {
public:
    struct Request {
        Guest* guest;
        RequestQueue queue;
        int completions = 0;
        std::error_code result;
        std::error_code refused;
    };

    std::size_t put(RequestQueue queue, const Io& io) {
        Request* request = nullptr;
        std::size_t number = 0;
        {
            const os::mutex_lock lock(mutex_);
            number = requests_.size();
            request = &requests_.emplace_back(Request{this, queue, 0, {}, {}});
        }
        const std::error_code refused = queue.submit(io, {completed, request});
        const os::mutex_lock lock(mutex_);
        request->refused = refused;
        changed_.notify_all();
        return number;
    }

    [[nodiscard]] std::optional<std::error_code> result(std::size_t number) {
        const os::mutex_lock lock(mutex_);
        const Request& request = requests_[number];
        return request.completions == 0 ? std::nullopt : std::optional(request.result);
    }

    // Not on a loop: until every request that was accepted has come back.
    void wait_for_all() {
        os::mutex_lock lock(mutex_);
        while (!all_back()) {
            changed_.wait(lock);
        }
    }

    [[nodiscard]] std::size_t back() {
        const os::mutex_lock lock(mutex_);
        std::size_t count = 0;
        for (const Request& request : requests_) {
            count += request.completions != 0 ? 1U : 0U;
        }
        return count;
    }

private:
    static void completed(void* context, std::error_code result) {
        auto& request = *static_cast<Request*>(context);
        const os::mutex_lock lock(request.guest->mutex_);
        EXPECT_EQ(++request.completions, 1);
        EXPECT_TRUE(request.queue.loop().is_current());
        request.result = result;
        request.guest->changed_.notify_all();
    }

    [[nodiscard]] bool all_back() const {
        for (const Request& request : requests_) {
            if (!request.refused && request.completions == 0) {
                return false;
            }
        }
        return true;
    }

    os::mutex mutex_;  // guards everything below
    os::condition changed_;
    std::deque<Request> requests_;
};

// Answers at once or when let go, with success or, as often as told, with an error; notes which
// requests come, by their offsets. Serves several loops.
class NotingDisk final : public Driver {
public:
    void submit(Node& /*node*/, Request& request) override {
        std::error_code result;
        {
            const os::mutex_lock lock(mutex_);
            seen_.push_back(request.io().offset);
            came_.notify_all();
            if (holding_) {
                held_.push_back(&request);
                return;
            }
            if (failures_ != 0) {
                --failures_;
                result = Errc::io_error;
            }
        }
        request.complete(result);
    }

    void hold() {
        const os::mutex_lock lock(mutex_);
        holding_ = true;
    }
    void fail(int times) {
        const os::mutex_lock lock(mutex_);
        failures_ = times;
    }
    // Those held, and from now on each at once.
    void let_go(std::error_code result = {}) {
        std::vector<Request*> going;
        {
            const os::mutex_lock lock(mutex_);
            holding_ = false;
            going.swap(held_);
        }
        for (Request* request : going) {
            request->complete(result);
        }
    }
    [[nodiscard]] std::vector<std::uint64_t> seen() {
        const os::mutex_lock lock(mutex_);
        return seen_;
    }
    // Not on a loop.
    void wait_until_seen(std::size_t count) {
        os::mutex_lock lock(mutex_);
        while (seen_.size() < count) {
            came_.wait(lock);
        }
    }

private:
    os::mutex mutex_;  // guards everything below
    os::condition came_;
    std::vector<std::uint64_t> seen_;
    std::vector<Request*> held_;
    int failures_ = 0;
    bool holding_ = false;
};

using Numbers = std::vector<std::uint64_t>;
using Done = SteppedGraph::Done;

// A machine on one loop that the test steps itself.
class SteppedMachine : public SteppedGraph {
public:
    SteppedMachine() : vm("vm0", *loop) {}

    // The node with its disk.
    NodeId disk_node(NotingDisk*& disk) {
        auto made = std::make_unique<NotingDisk>();
        disk = made.get();
        return graph.add_node("disk", std::move(made), *loop);
    }

    GuestDevice device(const std::string& name, NodeId root, std::size_t queues = 1,
                       const GuestDeviceOptions& options = {}) {
        GuestDevice made(graph, vm, name, *loop, std::vector<EventLoop*>(queues, loop.get()),
                         options);
        insert(made, root);
        return made;
    }

    void insert(const GuestDevice& device, NodeId root) {
        Done done;
        graph.insert_medium(device.backend(), root, {}, done.callback());
        turn();
        EXPECT_TRUE(done.error && !*done.error);
    }

    // Puts one request in and runs the loop.
    std::size_t put(const GuestDevice& device, const Io& io, std::size_t queue = 0) {
        const std::size_t number = guest.put(device.queue(queue), io);
        turn();
        return number;
    }

    void stop() {
        Done done;
        vm.stop({}, done.callback());
        turn();
        ASSERT_TRUE(done.error.has_value());
        EXPECT_FALSE(*done.error) << done.error->message;
        EXPECT_EQ(vm.status().state, RunState::stopped);
    }

    void cont() {
        vm.cont();
        turn();
    }

    void unplug(GuestDevice& device) {
        Done done;
        device.unplug(nullptr, done.callback());
        turn();
        ASSERT_TRUE(done.error.has_value());
        EXPECT_FALSE(*done.error) << done.error->message;
    }

    VmState vm;
    Guest guest;
};

inline std::error_code ok() {
    return {};
}

}  // namespace blkdrain::testing
