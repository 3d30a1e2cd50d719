// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <blkdrain/world.h>

#include "os/canary.h"
#include "section/control_plane.h"

// What a section does with each of thousands of members, inline.

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// Calls visit(cell) for each of `bank`, one a loop that ever sent under a counter near it.
template <class Visit>
void ControlPlane::for_each_cell(const Bank& bank, Visit visit) const {
    const std::uint32_t lanes = lane_count_.load(std::memory_order_relaxed);
    for (std::uint32_t i = 0; i < lanes; ++i) {
        if (Cell* cell = lanes_[i]->find(bank.place); cell != nullptr) {
            visit(*cell);
        }
    }
}

inline void ControlPlane::watch_cells(Backend& backend) {
    backend.watched = true;
    backend.banks.for_each([this](const Bank& bank) {
        for_each_cell(bank, [](Cell& cell) {
            // relaxed: only written under this lock; the process-wide fence that follows orders it.
            cell.watched.store(1, std::memory_order_relaxed);
        });
    });
}

// Says whether the word has changed.
inline bool ControlPlane::update_word(Backend& backend) {
    const bool deaf =
        canary(Canary::gate_trusts_owner) && backend.listener() != nullptr && !backend.owed.empty();
    const bool slow = (backend.gated() && !deaf) || backend.closing || backend.somebody_waits() ||
                      (backend.group() != nullptr && backend.group()->limited());
    const std::uint64_t word = GateWord::pack(backend.banks.current().counter, slow);
    // relaxed: only written under this lock.
    if (backend.word.load(std::memory_order_relaxed) == word) {
        return false;
    }
    // release: whoever finds the gate open finds what was written before (medium, children, banks).
    backend.word.store(word, std::memory_order_release);
    os::store_in_effect();
    return true;
}

inline void ControlPlane::set_busy(Cover& cover, bool busy) {
    busy = busy && cover.demand != Demand::gated;
    if (busy != cover.busy) {
        cover.busy = busy;
        std::size_t& count = cover.section->busy_members;
        count = busy ? count + 1 : count - 1;
    }
}

inline std::uint64_t ControlPlane::done_of(const Bank& bank) const {
    std::uint64_t total = 0;
    for_each_cell(bank, [&](const Cell& cell) {
        // acquire: what the completions did is visible to whoever is told that they are over.
        total += cell.done.load(std::memory_order_acquire);
    });
    return total;
}

inline std::uint64_t ControlPlane::sent_of(const Bank& bank) const {
    std::uint64_t total = 0;
    for_each_cell(bank, [&](const Cell& cell) {
        // relaxed: read after all that is done; a request in between makes the sum larger.
        total += cell.sent.load(std::memory_order_relaxed);
    });
    return total;
}

inline std::uint64_t ControlPlane::in_flight(const Bank& bank) const {
    if (canary(Canary::counts_sent_first)) {
        const std::uint64_t sent = sent_of(bank);
        return sent - done_of(bank);
    }
    std::uint64_t total = 0;
    for_each_cell(bank, [&](const Cell& cell) {
        // acquire: what the completions did is visible to whoever is told that they are over; and
        // `sent` is read after it (lane.h, 4). relaxed: the order against the senders is that of
        // the process-wide fence.
        const std::uint64_t over = cell.done.load(std::memory_order_acquire);
        total += cell.sent.load(std::memory_order_relaxed) - over;
    });
    return total;
}

inline std::uint64_t ControlPlane::in_flight(const Backend& backend) const {
    std::uint64_t total = in_flight(backend.banks.current());
    if (backend.banks.draining()) [[unlikely]] {
        for (const Bank& bank : backend.banks.older()) {
            total += in_flight(bank);
        }
    }
    return total;
}

[[gnu::always_inline]] inline void ControlPlane::add_cover(SectionOperation& section,
                                                           NodeState& node, Demand demand,
                                                           bool entering) {
    Cover& cover = section.covers.add(covers_);
    cover = Cover(section, node, demand, entering);
    node.covers.link(cover);
    if (node.internal_requests != 0) {
        set_busy(cover, true);
    }
}

// The gate closes at once; close_gates() sees to it that everybody knows.
[[gnu::always_inline]] inline void ControlPlane::add_cover(SectionOperation& section,
                                                           Backend& backend, Demand demand,
                                                           bool entering) {
    Cover& cover = section.covers.add(covers_);
    cover = Cover(section, backend, demand, entering);
    backend.covers.link(cover);
    update_word(backend);
    watch_cells(backend);
    fresh_.push_back(&cover);
}

// `cover` is linked, and leaves the chain of its member; the rest is the caller's.
inline void ControlPlane::unlink(Cover& cover) {
    if (cover.busy) {
        set_busy(cover, false);
    }
    if (cover.node() != nullptr) {
        NodeState& node = *cover.node();
        node.covers.unlink(cover);
        if (node.settle == NodeState::Settle::done) {
            // Only a change brings in somebody else who wants it settled.
            if (node.covers.empty() && pending_changes_ == 0) {
                forget_settle(node);
            } else {
                left_.push_back(&node);
            }
        }
    } else {
        Backend& backend = *cover.backend();
        backend.covers.unlink(cover);
        while (canary(Canary::end_opens_gate) && backend.covers.first() != nullptr) {
            uncover(*backend.covers.first());
        }
        if (backend.covers.empty()) {
            touched_.push_back(&backend);
        }
    }
}

inline void ControlPlane::unwatch_if_unused(Backend& backend) {
    if (!backend.watched || backend.closed || backend.gated() || backend.banks.draining()) {
        return;
    }
    backend.watched = false;
    for_each_cell(backend.banks.current(), [](Cell& cell) {
        // relaxed: at worst a completion more takes the slow path.
        cell.watched.store(0, std::memory_order_relaxed);
    });
}

// Maybe nothing gates it any more, or limits it: who waits is admitted as far as that goes.
inline void ControlPlane::release(Backend& backend) {
    note_gate(backend);
    if (backend.somebody_waits()) {
        admit_waiting(backend);
    }
    limit_again(backend.group());
    update_word(backend);
    if (backend.gated()) {
        reassess(backend);
    } else {
        unwatch_if_unused(backend);
    }
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
