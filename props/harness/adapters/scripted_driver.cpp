// SPDX-License-Identifier: Apache-2.0
#include "harness/adapters/scripted_driver.h"

#include <cstddef>
#include <string>

#include <blkdrain/error.h>

#include "harness/adapters/translate.h"
#include "harness/witness.h"

namespace blkdrain_props {

// The edge by which a request has left a node.
struct ScriptedDriver::Crossing {
    Crossing(const blkdrain::Node& from, bool to_last)
        : node(from), last(to_last), children(from.children().size()), child(to().id().value) {}

    [[nodiscard]] blkdrain::Node& to() const {
        return last ? *node.children().back() : *node.children().front();
    }
    [[nodiscard]] bool still_there() const {
        return node.children().size() == children && to().id().value == child;
    }

    const blkdrain::Node& node;
    const bool last;
    const std::size_t children;
    const std::uint32_t child;
};

// A request that passes through a node with children.
struct ScriptedDriver::Step final : blkdrain::Continuation {
    Step(ScriptedDriver& passed, const Crossing& by)
        : Continuation(&Step::back), driver(passed), crossing(by) {}

    static void back(Continuation& self, blkdrain::Request& request, std::error_code result) {
        auto& step = static_cast<Step&>(self);
        step.driver.called_on(request.loop());
        step.driver.came_back(step.crossing);
        step.driver.leave();
        delete &step;
        request.complete(result);
    }

    ScriptedDriver& driver;
    const Crossing crossing;
};

// What a settle writes to the first child before it ends.
struct ScriptedDriver::MetadataWrite final : blkdrain::InnerRequest {
    MetadataWrite(ScriptedDriver& settling, const blkdrain::Node& node)
        : driver(settling), crossing(node, false) {}

    static void done(InnerRequest& self, std::error_code) {
        auto& write = static_cast<MetadataWrite&>(self);
        ScriptedDriver& driver = write.driver;
        driver.came_back(write.crossing);
        delete &write;
        driver.settle_or_hold();
    }

    ScriptedDriver& driver;
    const Crossing crossing;
};

// HarnessCanary::rogue_driver
struct ScriptedDriver::RogueWrite final : blkdrain::InnerRequest {
    static void done(InnerRequest& self, std::error_code) {
        delete &static_cast<RogueWrite&>(self);
    }
};

PinnedDriver::PinnedDriver(DriverWorld& world, Slot slot) : world_(world), slot_(slot) {
    const blkdrain::os::mutex_lock lock(world_.mutex);
    driver_ = world_.drivers[slot_];
    if (driver_ != nullptr) {
        ++world_.pins[slot_];
    }
}

PinnedDriver::~PinnedDriver() {
    if (driver_ != nullptr) {
        const blkdrain::os::mutex_lock lock(world_.mutex);
        if (--world_.pins[slot_] == 0) {
            world_.unpinned.notify_all();
        }
    }
}

ScriptedDriver::ScriptedDriver(DriverWorld& world, Slot slot, SettleKind settle, bool pinned)
    : world_(world), slot_(slot), settle_(settle), pinned_(pinned) {}

ScriptedDriver::~ScriptedDriver() {
    {
        blkdrain::os::mutex_lock lock(world_.mutex);
        world_.drivers[slot_] = nullptr;
        while (world_.pins[slot_] != 0) {
            world_.unpinned.wait(lock);
        }
    }
    if (active() != 0) {
        world_.stage->misbehaved(27, "closed_while_active",
                                 "the node number " + std::to_string(slot_) +
                                     " was destroyed with " + std::to_string(active()) +
                                     " requests or settles in it (R27)");
    }
    if (Witness* const witness = world_.stage->witness()) {
        witness->closed(slot_);
    }
    world_.stage->node_gone(slot_);
}

void ScriptedDriver::enter() {
    active_.fetch_add(1, std::memory_order_seq_cst);
    world_.active.fetch_add(1, std::memory_order_relaxed);
    world_.moved();
    if (!world_.threaded) {
        world_.stage->judge().node_entered(node_->id().value);
    }
}

void ScriptedDriver::leave() {
    world_.moved();
    world_.active.fetch_sub(1, std::memory_order_relaxed);
    active_.fetch_sub(1, std::memory_order_seq_cst);
}

void ScriptedDriver::called_on(const blkdrain::EventLoop& loop) {
    if (!loop.is_current()) {
        world_.stage->misbehaved(9, "driver_called_elsewhere",
                                 "the driver of the node number " + std::to_string(slot_) +
                                     " is called on another loop than " + loop.name() + " (R9)");
    }
}

void ScriptedDriver::came_back(const Crossing& crossed) {
    if (!crossed.still_there()) {
        world_.stage->misbehaved(24, "edge_changed_under_request",
                                 "the children of n" + std::to_string(crossed.node.id().value) +
                                     " changed while a request was on its way from it to n" +
                                     std::to_string(crossed.child) + " (R24)");
    }
}

void ScriptedDriver::submit(blkdrain::Node& node, blkdrain::Request& request) {
    enter();
    called_on(request.loop());
    SentRequest* const sent = SentRequest::of(request);
    Witness* const witness = sent != nullptr ? world_.stage->witness() : nullptr;
    if (witness != nullptr) {
        witness->reached(sent->call.ticket, slot_, sent->last);
        sent->last = slot_;
    }
    if (!node.children().empty()) {
        const Crossing edge(node, request.io().type != blkdrain::IoType::read);
        request.forward(edge.to(), *new Step(*this, edge));
        return;
    }
    if (sent == nullptr) {
        // A turn of the loop later, or nobody could come in between.
        node.loop().post([&world = world_, slot = slot_, &request] {
            if (const PinnedDriver driver(world, slot); driver) {
                driver->leave();
            }
            request.complete({});
        });
        return;
    }
    if (world_.stage->node_holds(slot_)) {
        sent->holder = this;
        // seq_cst: who completes it sees the holder (release); and sees it at once, since the stage
        // is told next, which has no lock in the simulated world.
        sent->held.store(&request, std::memory_order_seq_cst);
        request.on_cancel(&ScriptedDriver::cancel, nullptr);
        world_.stage->request_held(sent->slot, true);
        return;
    }
    leave();
    if (witness != nullptr) {
        witness->answered(sent->call.ticket, Result::ok);
    }
    request.complete({});
}

void ScriptedDriver::answer(SentRequest& sent, std::error_code result) {
    if (sent.holder != nullptr && sent.slot % 3 == 2 &&
        sent.holder->world_.canary == HarnessCanary::answer_withheld) {
        return;
    }
    // acquire: see submit.
    if (blkdrain::Request* request = sent.held.exchange(nullptr, std::memory_order_acquire)) {
        sent.holder->leave();
        if (Witness* const witness = sent.holder->world_.stage->witness()) {
            witness->answered(sent.call.ticket, result_of(result));
        }
        request->complete(result);
    }
}

void ScriptedDriver::cancel(blkdrain::Request& request, void*, std::uint64_t) {
    SentRequest& sent = *SentRequest::of(request);
    if (sent.obliges.load(std::memory_order_relaxed)) {
        sent.holder->world_.stage->request_held(sent.slot, false);
        answer(sent, make_error_code(blkdrain::Errc::cancelled));
    }
}

void ScriptedDriver::settle(blkdrain::Node& node, blkdrain::Settlement& settlement) {
    enter();
    called_on(node.loop());
    if (Witness* const witness = world_.stage->witness()) {
        witness->settling(slot_);
    }
    // seq_cst: as held in submit.
    settlement_.store(&settlement, std::memory_order_seq_cst);
    if (node.children().empty()) {
        settle_or_hold();
        return;
    }
    auto* write = new MetadataWrite(*this, node);
    write->send(node.loop(), blkdrain::Io::flush(), write->crossing.to(), &MetadataWrite::done);
}

void ScriptedDriver::settle_or_hold() {
    if (world_.stage->node_holds(slot_)) {
        world_.stage->settle_held(slot_, true);
        return;
    }
    settle_done(false);
}

void ScriptedDriver::settle_done(bool error) {
    end_settle(error || settle_ == SettleKind::fails ? make_error_code(blkdrain::Errc::io_error)
                                                     : std::error_code{});
}

void ScriptedDriver::end_settle(std::error_code result) {
    if (blkdrain::Settlement* settlement =
            settlement_.exchange(nullptr, std::memory_order_acq_rel)) {
        leave();
        if (Witness* const witness = world_.stage->witness()) {
            witness->settled(slot_, result_of(result));
        }
        settlement->complete(result);
    }
}

bool ScriptedDriver::may_move(const blkdrain::Node& node, const blkdrain::EventLoop&) const {
    if (node_ == nullptr) {
        node_ = const_cast<blkdrain::Node*>(&node);
    }
    return !pinned_;
}

std::error_code ScriptedDriver::begin_internal() {
    const std::error_code error = node_->begin_internal();
    if (!error) {
        active_.fetch_add(1, std::memory_order_seq_cst);
        world_.active.fetch_add(1, std::memory_order_relaxed);
    } else if (world_.canary == HarnessCanary::rogue_driver) {
        node_->loop().post([&world = world_, slot = slot_] {
            if (const PinnedDriver driver(world, slot); driver) {
                driver->go_rogue();
            }
        });
    }
    return error;
}

void ScriptedDriver::go_rogue() {
    if (!node_->begin_internal()) {
        node_->end_internal();  // it may again
    } else if (node_->loop().is_current() && !node_->children().empty()) {
        auto* write = new RogueWrite;
        write->send(node_->loop(), blkdrain::Io::flush(), *node_->children().front(),
                    &RogueWrite::done);
    }
}

void ScriptedDriver::end_internal() {
    leave();
    node_->end_internal();
}

}  // namespace blkdrain_props
