// SPDX-License-Identifier: Apache-2.0
//
// The driver of every node in a scenario. A node without children is a leaf: it holds what reaches
// it until the scenario completes it, or answers at once. Other nodes forward: a read to the first
// child, a write to the last. Each driver counts what is active in its node: an oracle that knows
// nothing of the library's own accounting, nor of the reference.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <system_error>

#include <blkdrain/driver.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/request.h>

#include "canary/canaries.h"
#include "harness/adapter.h"
#include "harness/adapters/world.h"
#include "harness/objects.h"
#include "os/backend.h"

namespace blkdrain_props {

// An owner's request on its way; Io::buffer points at it, so that each driver knows what it serves.
struct SentRequest {
    class ImplementationAdapter* adapter = nullptr;
    Call call;  // the send
    Slot slot = no_slot;
    std::uint32_t id = 0;
    Slot last = no_slot;                                     // the node that it has reached
    blkdrain::os::atomic<blkdrain::Request*> held{nullptr};  // by a leaf, waiting for the scenario
    blkdrain::os::atomic<bool> obliges{false};  // that leaf's driver, when asked to cancel it
    class ScriptedDriver* holder = nullptr;     // that leaf's driver

    [[nodiscard]] blkdrain::Io io() {
        const auto word = static_cast<IoWord>(call.number);
        const blkdrain::IoType type = reads(word)               ? blkdrain::IoType::read
                                      : word == IoWord::flush   ? blkdrain::IoType::flush
                                      : word == IoWord::discard ? blkdrain::IoType::discard
                                                                : blkdrain::IoType::write;
        return {type, 0, bytes_of(word), reinterpret_cast<std::byte*>(this)};
    }
    // Null: an inner request of a settle.
    static SentRequest* of(const blkdrain::Request& request) {
        return reinterpret_cast<SentRequest*>(request.io().buffer);
    }
};

// What the adapter and the drivers have in common; outlives the graph.
struct DriverWorld {
    Stage* stage = nullptr;
    bool threaded = false;
    HarnessCanary canary = HarnessCanary::none;
    std::atomic<int> active{0};  // in all nodes together
    // Threaded: changes whenever a driver or an owner is called.
    std::atomic<std::uint64_t> moves{0};
    void moved() {
        if (threaded) {
            moves.fetch_add(1, std::memory_order_relaxed);
        }
        World::touch();
    }

    // The drivers by slot, null when gone. A driver is not destroyed while it is pinned: a node may
    // be closed at any time, and what it starts on its own account comes from any thread.
    blkdrain::os::mutex mutex;  // drivers, pins
    blkdrain::os::condition unpinned;
    std::array<class ScriptedDriver*, 64> drivers{};
    std::array<std::uint32_t, 64> pins{};
};

// Keeps the driver of a slot, if it is there, from going.
class PinnedDriver {
public:
    PinnedDriver(DriverWorld& world, Slot slot);
    ~PinnedDriver();
    PinnedDriver(const PinnedDriver&) = delete;
    PinnedDriver& operator=(const PinnedDriver&) = delete;

    explicit operator bool() const { return driver_ != nullptr; }
    ScriptedDriver* operator->() const { return driver_; }

private:
    DriverWorld& world_;
    const Slot slot_;
    ScriptedDriver* driver_ = nullptr;
};

class ScriptedDriver : public blkdrain::Driver {
public:
    ScriptedDriver(DriverWorld& world, Slot slot, SettleKind settle, bool pinned);
    // Tells the stage that the node is gone, and that it left nothing behind.
    ~ScriptedDriver() override;

    void submit(blkdrain::Node& node, blkdrain::Request& request) override;
    [[nodiscard]] bool settles() const override { return settle_ != SettleKind::none; }
    void settle(blkdrain::Node& node, blkdrain::Settlement& settlement) override;
    [[nodiscard]] bool may_move(const blkdrain::Node& node,
                                const blkdrain::EventLoop& loop) const override;

    // Ends a request that a leaf holds; nothing if none does.
    static void answer(SentRequest& sent, std::error_code result);
    // Ends a settle that is held.
    virtual void settle_done(bool error);

    // Only while pinned.
    std::error_code begin_internal();
    void end_internal();

    // Requests, settles and internal requests in the node now.
    [[nodiscard]] int active() const { return active_.load(std::memory_order_seq_cst); }

protected:
    void enter();
    void leave();

    DriverWorld& world_;
    const Slot slot_;

private:
    struct Crossing;
    struct Step;
    struct MetadataWrite;
    struct RogueWrite;

    static void cancel(blkdrain::Request& request, void*, std::uint64_t);
    // As driver.h says of the call under way.
    void called_on(const blkdrain::EventLoop& loop);
    // R24: `crossed` was given to a child, and nothing about that edge has changed before it is
    // back.
    void came_back(const Crossing& crossed);
    void go_rogue();
    void settle_or_hold();
    void end_settle(std::error_code result);

    const SettleKind settle_;
    const bool pinned_;
    std::atomic<int> active_{0};
    // The graph asks may_move when the node is born, before anybody can use it: that is how the
    // driver learns its node.
    mutable blkdrain::Node* node_ = nullptr;
    blkdrain::os::atomic<blkdrain::Settlement*> settlement_{nullptr};
};

}  // namespace blkdrain_props
