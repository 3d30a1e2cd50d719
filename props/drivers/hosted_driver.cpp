// SPDX-License-Identifier: Apache-2.0
#include "drivers/hosted_driver.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <utility>

#include <blkdrain/error.h>

namespace blkdrain_props {

namespace {

// What a device does with the buffer: one that is gone by then shows.
void transfer(const blkdrain::Io& io) {
    io.for_each_piece([&io](std::span<std::byte> memory) {
        if (io.type == blkdrain::IoType::read) {
            std::ranges::fill(memory, std::byte{0x5a});
        } else {
            static volatile const void* seen;
            seen = std::memchr(memory.data(), 0xa5, memory.size());
            static_cast<void>(seen);
        }
    });
}

const std::byte* memory_of(const blkdrain::Io& io) {
    return io.pieces.empty() ? io.buffer : static_cast<const std::byte*>(io.pieces[0].iov_base);
}

}  // namespace

// ---- The host

void Host::open() {
    passages_.clear();
    sent_.clear();
}

std::unique_ptr<ScriptedDriver> Host::driver(DriverWorld& world, Slot slot, SettleKind settle,
                                             bool pinned) {
    return std::make_unique<HostedDriver>(*this, world, slot, settle, pinned);
}

blkdrain::Io Host::io(SentRequest& sent) {
    using blkdrain::IoType;
    const std::size_t number = sent_.size() % blocks;
    sent_.push_back(&sent);
    blkdrain::Io io = sent.io();
    io.offset = first_offset + number * block;
    io.buffer = nullptr;
    if (io.type != IoType::read && io.type != IoType::write) {
        return io;
    }
    const std::span<std::byte> memory(&data_[number * block], io.length);
    if (number % 2 == 0) {
        io.buffer = memory.data();
        return io;
    }
    const std::size_t cut = memory.size() / 3;
    pieces_[number] = {iovec{memory.data(), cut}, iovec{memory.data() + cut, memory.size() - cut}};
    io.pieces = pieces_[number];
    return io;
}

void Host::answer(SentRequest& sent, std::error_code result) {
    // An answer may end the node of a driver that has given its own.
    const std::vector<HostedDriver*> drivers = drivers_;
    for (HostedDriver* const driver : drivers) {
        if (std::find(drivers_.begin(), drivers_.end(), driver) != drivers_.end()) {
            driver->answer(sent, result);
        }
    }
}

Passage* Host::passage_of(const blkdrain::Request& request) {
    const auto found = std::find_if(passages_.begin(), passages_.end(),
                                    [&](const auto& passage) { return passage.get() == &request; });
    return found == passages_.end() ? nullptr : found->get();
}

SentRequest* Host::origin_of(const blkdrain::Request& request) {
    if (const Passage* const passage = passage_of(request)) {
        return passage->origin;
    }
    const blkdrain::Io& io = request.io();
    const std::less<> before;
    std::size_t number = blocks;
    if (const std::byte* const memory = memory_of(io);
        memory != nullptr && !before(memory, data_.data()) &&
        before(memory, data_.data() + data_.size())) {
        number = static_cast<std::size_t>(memory - data_.data()) / block;
    } else if (io.offset >= first_offset) {
        number = static_cast<std::size_t>((io.offset - first_offset) / block);
    }
    return number < sent_.size() ? sent_[number] : nullptr;
}

// ---- A driver

HostedDriver::HostedDriver(Host& host, DriverWorld& world, Slot slot, SettleKind settle,
                           bool pinned)
    : ScriptedDriver(world, slot, settle, pinned), host_(host), subject_(host.make_()) {
    host_.drivers_.push_back(this);
}

HostedDriver::~HostedDriver() {
    std::erase(host_.drivers_, this);
}

bool HostedDriver::hosts(const blkdrain::Node& node) const {
    return node.children().empty() == (host_.place_ == blkdrain::harness::Place::leaf);
}

void HostedDriver::submit(blkdrain::Node& node, blkdrain::Request& request) {
    if (!hosts(node)) {
        if (node.children().empty()) {
            hold(request);
        } else {
            ScriptedDriver::submit(node, request);
        }
        return;
    }
    if (Passage* const passage = host_.passage_of(request);
        passage != nullptr && &passage->driver == this && !passage->arrived) {
        passage->arrived = true;
        subject_->submit(node, request);
        return;
    }
    enter();
    Passage& passage = *host_.passages_.emplace_back(
        std::make_unique<Passage>(*this, request, host_.origin_of(request)));
    request.on_cancel(&HostedDriver::cancel_passage, &passage);
    passage.send(request.loop(), request.io(), node, &HostedDriver::passed);
}

void HostedDriver::passed(blkdrain::InnerRequest& inner, std::error_code result) {
    auto& passage = static_cast<Passage&>(inner);
    passage.driver.leave();
    passage.outer.complete(result);
}

void HostedDriver::hold(blkdrain::Request& request) {
    enter();
    if (!world_.stage->node_holds(slot_)) {
        leave();
        transfer(request.io());
        request.complete({});
        return;
    }
    SentRequest* const origin = host_.origin_of(request);
    held_.push_back({&request, origin});
    request.on_cancel(&HostedDriver::cancel_held, this);
    if (origin != nullptr && origin->slot != no_slot) {
        world_.stage->request_held(origin->slot, true);
    }
    world_.stage->settle_held(slot_, true);
}

template <class Wanted>
void HostedDriver::answer_all(Wanted wanted, std::error_code result) {
    std::vector<Held> now;
    std::copy_if(held_.begin(), held_.end(), std::back_inserter(now), wanted);
    std::erase_if(held_, wanted);
    for (const Held& held : now) {
        leave();
        if (!result) {
            transfer(held.request->io());
        }
        held.request->complete(result);
    }
}

void HostedDriver::cancel_passage(blkdrain::Request&, void* passage, std::uint64_t) {
    static_cast<Passage*>(passage)->cancel();
}

void HostedDriver::cancel_held(blkdrain::Request& request, void* leaf, std::uint64_t) {
    auto& driver = *static_cast<HostedDriver*>(leaf);
    const auto found = std::find_if(driver.held_.begin(), driver.held_.end(),
                                    [&](const Held& held) { return held.request == &request; });
    SentRequest* const origin = found == driver.held_.end() ? nullptr : found->origin;
    // Others may run here: nothing is walked over meanwhile, and the request may be gone behind it.
    if (origin != nullptr && origin->obliges.load(std::memory_order_relaxed)) {
        driver.answer_all(
            [&](const Held& held) { return held.request == &request && held.origin == origin; },
            make_error_code(blkdrain::Errc::cancelled));
    }
}

void HostedDriver::answer(const SentRequest& sent, std::error_code result) {
    answer_all([&](const Held& held) { return held.origin == &sent; }, result);
}

void HostedDriver::settle_done(bool error) {
    answer_all([](const Held&) { return true; },
               error ? make_error_code(blkdrain::Errc::io_error) : std::error_code{});
}

void HostedDriver::settle(blkdrain::Node& node, blkdrain::Settlement& settlement) {
    enter();
    settling_.begin(settlement);
    if (hosts(node)) {
        subject_->settle(node, settling_);
    } else {
        settling_.complete({});
    }
}

void HostedDriver::Settling::complete(std::error_code result) {
    blkdrain::Settlement* const outer = std::exchange(outer_, nullptr);
    if (outer == nullptr) {
        driver_.world_.stage->misbehaved(21, "settled_twice",
                                         "the driver of the node number " +
                                             std::to_string(driver_.slot_) +
                                             " answered one settle twice (R21)");
        return;
    }
    driver_.leave();
    outer->complete(result);
}

}  // namespace blkdrain_props
