// SPDX-License-Identifier: Apache-2.0
//
// Gates, and what is in flight behind them.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <blkdrain/detail/check.h>

#include "section/control_plane.h"
#include "section/members.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// --- gates ---

// Of all backends that are covered since the last call: what is behind their gates is counted, once
// no loop goes by an older word or an older watch (lane.h, 2 and 3).
void ControlPlane::close_gates() {
    if (fresh_.empty()) {
        return;
    }
    fence_watches([this] {
        for (const Cover* cover : fresh_) {
            watch_cells(*cover->backend());
        }
    });
    for (Cover* cover : fresh_) {
        Backend& backend = *cover->backend();
        note_gate(backend);
        if (!plugged_.empty()) {
            unplugged_.push_back(&backend);
        }
        limit_again(backend.group());
        set_busy(*cover, busy_for(*cover, in_flight(backend)));
    }
    fresh_.clear();
}

// Watches have been set; `watch_again` does it once more. That is for a loop which sends its first
// request ever beside us: it makes its cells later.
template <class WatchAgain>
void ControlPlane::fence_watches(WatchAgain watch_again) {
    const auto fence = [this] {
        if (!canary(Canary::fence_forgotten)) {
            os::fence_process(fence_peers_);
        }
    };
    fence();
    for (std::uint64_t made = segments_made(); segments_known_ != made; made = segments_made()) {
        segments_known_ = made;
        if (canary(Canary::new_cells_unwatched)) {
            return;
        }
        watch_again();
        fence();
    }
}

void ControlPlane::watch(Backend& backend) {
    watch_cells(backend);
    fence_watches([&] { watch_cells(backend); });
}

std::uint64_t ControlPlane::segments_made() const {
    std::uint64_t made = 0;
    const std::uint32_t lanes = lane_count_.load(std::memory_order_relaxed);
    for (std::uint32_t i = 0; i < lanes; ++i) {
        made += lanes_[i]->segments_made();
    }
    return made;
}

// --- banks ---

void ControlPlane::add_bank(Backend& backend) {
    std::uint32_t counter = 0;
    if (free_counters_.empty()) {
        counter = static_cast<std::uint32_t>(counter_owners_.size());
        counter_owners_.push_back(&backend);
    } else {
        counter = free_counters_.back();
        free_counters_.pop_back();
        counter_owners_[counter] = &backend;
    }
    backend.banks.open(counter);
}

// Forgets banks that are closed, empty, and have nothing older before them; says whether there were
// any.
bool ControlPlane::retire_banks(Backend& backend) {
    bool retired = false;
    while (backend.banks.draining() && backend.banks.oldest().open_tokens == 0 &&
           in_flight(backend.banks.oldest()) ==
               (canary(Canary::drain_ignores_waiting) ? backend.not_admitted : 0)) {
        free_counter(backend.banks.oldest());
        backend.banks.forget_oldest();
        retired = true;
    }
    if (retired) {
        // Who counted the last one done reports under a counter that is nobody's now.
        reassess(backend);
    }
    return retired;
}

void ControlPlane::free_counter(const Bank& bank) {
    counter_owners_[bank.counter] = nullptr;
    free_counters_.push_back(bank.counter);
}

void ControlPlane::free_counters(const Backend& backend) {
    backend.banks.for_each([this](const Bank& bank) { free_counter(bank); });
}

// --- busy ---

// Not quiet: something that was admitted is not DONE, or an operation has started. WAITING does not
// count (R11).
bool ControlPlane::busy_for(const Cover& cover, std::uint64_t in_flight_now) const {
    const Backend& backend = *cover.backend();
    if (in_flight_now != backend.not_admitted) {
        return true;
    }
    const bool nobody = !backend.banks.draining() && backend.banks.current().open_tokens == 0 &&
                        !backend.somebody_waits() && plugged_.empty();
    return !nobody && operation_started(cover);
}

// A token is open; or a request waits that was sent under one which has been closed since.
bool ControlPlane::operation_started(const Cover& cover) const {
    const Backend& backend = *cover.backend();
    const auto counts = [&](TokenId token) { return !excuses(cover, token); };
    const auto started = [&](const OuterRequest& request) {
        return request.backend.load(std::memory_order_relaxed) == &backend &&
               of_closed_token(request) &&
               counts(TokenId{request.token.load(std::memory_order_relaxed)});
    };
    return std::any_of(backend.open_tokens.begin(), backend.open_tokens.end(), counts) ||
           std::any_of(backend.waiting.begin(), backend.waiting.end(), started) ||
           std::any_of(plugged_.begin(), plugged_.end(), started);
}

// Sent under a token that has been closed since: it belongs to an operation that has started,
// though it waits.
bool ControlPlane::of_closed_token(const OuterRequest& request) const {
    const TokenId token{request.token.load(std::memory_order_relaxed)};
    return token.value != 0 && !is_open(token);
}

// A token named by a pending change counts as closed for the own part of every pending change
// (R24).
bool ControlPlane::excuses(const Cover& cover, TokenId token) const {
    return cover.section->kind == OperationKind::change && !cover.entering && suspended(token);
}

void ControlPlane::reassess(Backend& backend) {
    if (backend.covers.empty()) {
        return;
    }
    const std::uint64_t now = in_flight(backend);
    for (Cover* cover = backend.covers.first(); cover != nullptr; cover = cover->next) {
        set_busy(*cover, busy_for(*cover, now));
    }
}

void ControlPlane::reassess(NodeState& node) {
    for (Cover* cover = node.covers.first(); cover != nullptr; cover = cover->next) {
        set_busy(*cover, node.internal_requests != 0);
    }
}

// It is admitted, or over without.
void ControlPlane::leave_waiting(OuterRequest& request) {
    --request.backend.load(std::memory_order_relaxed)->not_admitted;
    Cell& cell = request.cell();
    // relaxed: only written under this lock; see Cell::at_rest.
    cell.waiting.store(cell.waiting.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
}

// --- what the request path asks ---

void ControlPlane::released(std::uint32_t counter) {
    const Locked locked(*this);
    Backend* backend = counter_owners_[counter];
    if (backend != nullptr) {
        reassess(*backend);
        progress();
    }
}

void ControlPlane::done_unadmitted(OuterRequest& request) {
    const Locked locked(*this);
    Backend& backend = *request.backend.load(std::memory_order_relaxed);
    const std::uint32_t id = request.id.load(std::memory_order_relaxed);
    Cell& cell = request.cell();
    request.lane.recycle(request);
    leave_waiting(request);
    // release: as on the fast path.
    cell.done.store(cell.done.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    announce(Announced::done, id);
    reassess(backend);
    progress();
}

Gatekeeper::Decision ControlPlane::decide(OuterRequest& request, bool undone,
                                          std::uint32_t undone_counter) {
    const Locked locked(*this);
    Backend& backend = *request.backend.load(std::memory_order_relaxed);
    const TokenId token_id{request.token.load(std::memory_order_relaxed)};
    Announcement sent = describe_send(request, backend);
    Decision decision;
    if (backend.closed) {
        decision.refusal = make_error_code(Errc::no_such_object);
        if (undone) {
            taken_back(undone_counter);
        }
        return decision;
    }

    const TokenOperation* token = nullptr;
    std::size_t place = 0;
    Errc refusal = backend.closing ? Errc::closing : Errc::ok;
    if (refusal == Errc::ok && token_id.value != 0) {
        const TokenOperation* found = tokens_.find(token_id);
        if (found != nullptr && found->open) {
            token = found;
            while (place < token->backends.size() && token->backends[place].get() != &backend) {
                ++place;
            }
        }
        if (token == nullptr || place == token->backends.size()) {
            refusal = Errc::bad_token;
        }
    }
    if (refusal != Errc::ok) {
        sent.error = refusal;
        announce(sent);
        decision.refusal = make_error_code(refusal);
    } else {
        // The oldest bank it belongs to: that of the request whose completion sends it (R10:
        // chain), that of its token, the current one.
        std::uint64_t serial =
            token != nullptr ? token->serials[place] : backend.banks.current().serial;
        const OuterRequest* parent = request.lane.dispatching;
        if (parent != nullptr && parent->backend.load(std::memory_order_relaxed) == &backend &&
            !canary(Canary::drain_forgets_chain)) {
            const std::uint32_t counter = parent->counter.load(std::memory_order_relaxed);
            backend.banks.for_each([&](const Bank& bank) {
                serial = bank.counter == counter ? std::min(serial, bank.serial) : serial;
            });
        }
        Cell& cell = request.count_under(backend.banks.of(serial).counter);
        bool waits = request.plugged || kept(request);
        for (const OuterRequest& earlier : backend.waiting) {
            if (waits) {
                break;
            }
            waits = earlier.is_write() == request.is_write() &&
                    earlier.token.load(std::memory_order_relaxed) == token_id.value;
        }
        // One that waits anyhow makes nobody active: its limits are not looked at.
        Group* const limits = !waits && charged(request) ? backend.group() : nullptr;
        if (limits != nullptr) {
            // Those who are due come first; if there is nobody left, the turn is this one's.
            look_at_clock(*limits);
            admit_by_turns(*limits);
            waits = !limits->passes(direction_of(request.io()));
        }
        request.stage.store(waits ? Stage::waiting : Stage::admitted, std::memory_order_relaxed);
        if (backend.watched) {
            // relaxed: this thread is the one that will read it.
            cell.watched.store(1, std::memory_order_relaxed);
        }
        if (waits) {
            request.never_admitted = true;
            ++backend.not_admitted;
            // relaxed: only written under this lock; this thread is the one that will read it.
            cell.waiting.store(cell.waiting.load(std::memory_order_relaxed) + 1,
                               std::memory_order_relaxed);
        }
        cell.sent.store(cell.sent.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        announce(sent);
        if (waits) {
            (request.plugged ? plugged_ : backend.waiting).push_back(request);
            update_word(backend);
            tell_of_cycles();  // a drain that covers it waits for the gate from now on
        } else {
            announce(Announced::admit, sent.id);
            decision.admitted = true;
            if (limits != nullptr) {
                limits->charge(request.io());
                limits->served(direction_of(request.io()), backend);
            }
        }
        if (limits != nullptr) {
            arm(*limits, Direction::read);
            arm(*limits, Direction::write);
        }
    }
    if (undone) {
        taken_back(undone_counter);
    }
    return decision;
}

// What the fast path took back may have kept somebody waiting who read the cells in between: also
// one who has the counter since its backend was closed.
void ControlPlane::taken_back(std::uint32_t counter) {
    if (counter_owners_[counter] != nullptr) {
        reassess(*counter_owners_[counter]);
        progress();
    }
}

std::error_code ControlPlane::begin_internal(NodeId id) {
    const Locked locked(*this);
    NodeState* const found = find_node(id);
    if (found == nullptr) {
        return make_error_code(Errc::no_such_object);
    }
    NodeState& node = *found;
    const Errc error = node.body->closing.value != 0                               ? Errc::closing
                       : node.stopped() && !canary(Canary::internal_while_stopped) ? Errc::stopped
                                                                                   : Errc::ok;
    if (error == Errc::ok) {
        ++node.internal_requests;
    }
    announce(Announced::internal_start, node.id().value, [&](Announcement& a) { a.error = error; });
    return error == Errc::ok ? std::error_code{} : make_error_code(error);
}

void ControlPlane::end_internal(NodeId id) {
    const Locked locked(*this);
    NodeState* const found = find_node(id);
    if (found == nullptr) {
        return;  // the graph goes, and its nodes with it
    }
    NodeState& node = *found;
    BLKDRAIN_CHECK(node.internal_requests != 0, "an internal request ends once");
    node.internal_requests -= canary(Canary::internal_miscounted) && node.stopped() ? 0 : 1;
    announce(Announced::internal_end, node.id().value);
    if (node.internal_requests == 0) {
        reassess(node);
        progress();
    }
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
