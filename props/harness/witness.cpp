// SPDX-License-Identifier: Apache-2.0
#include "harness/witness.h"

#include <utility>

namespace blkdrain_props {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;

namespace {

ref::NodeId node_of(Slot slot) {
    return slot == no_slot ? ref::NodeId{} : ref::NodeId{name_of_slot(slot)};
}

}  // namespace

void Witness::start(const Scenario& scenario, ref::State state, std::uint64_t tick) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ref::NodeSet settling;
    for (Slot slot = 0; slot < scenario.graph.nodes.size(); ++slot) {
        if (scenario.graph.nodes[slot].settle != SettleKind::none) {
            settling.insert(node_of(slot));
        }
    }
    boxes_.start(std::move(state), settling, whole_);
    tick_ns_ = tick;
    now_ = for_sure_ = 0;
    calls_.assign(1, {});
    blocking_.clear();
    requests_.clear();
    tokens_.clear();
    sections_.clear();
    waits_.clear();
    if (tick_ns_ == 0) {
        see({.kind = Seen::Kind::time, .time = BlackBox::no_deadline - 1});
    }
}

void Witness::put(std::vector<Ticket>& table, Slot slot, Ticket ticket) {
    if (slot == no_slot) {
        return;
    }
    if (table.size() <= slot) {
        table.resize(slot + 1, no_ticket);
    }
    table[slot] = ticket;
}

Ticket Witness::call(std::span<const ref::Event> events, std::uint8_t deadline) {
    const auto ticket = static_cast<Ticket>(calls_.size());
    see({.kind = Seen::Kind::called,
         .ticket = ticket,
         .time = deadline == 0   ? BlackBox::no_deadline
                 : tick_ns_ == 0 ? 0
                                 : for_sure_ + deadline * tick_ns_,
         .events = {events.begin(), events.end()}});
    calls_.push_back(events.front());
    return ticket;
}

Ticket Witness::called(const Call& call) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto own = static_cast<Ticket>(calls_.size());
    if (call.client == deaf_to_) {
        return no_ticket;
    }
    switch (call.opcode) {
        case Opcode::complete:
        case Opcode::settle_done:
            return no_ticket;
        case Opcode::limit:
            return this->call(events_of_limit(call, tick_ns_), 0);
        case Opcode::abandon: {
            const Ticket pending = at(waits_, call.wait);
            if (pending == no_ticket) {
                return no_ticket;
            }
            ref::Event event{.kind = Kind::abandon, .error = ref::Error::cancelled};
            name_pending(event, calls_[pending].kind, pending);
            return this->call({&event, 1}, 0);
        }
        default:
            break;
    }
    ref::Event event = event_of(call, *this, own);
    if (call.opcode == Opcode::send && call.completing != no_slot) {
        const Ticket parent = at(requests_, call.completing);
        if (parent != no_ticket && calls_[parent].backend == event.backend) {
            event.parent = {parent};
        }
    }
    if (call.opcode == Opcode::new_node &&
        static_cast<SettleKind>(call.number) != SettleKind::none) {
        boxes_.settles(event.node);
    }
    this->call({&event, 1}, call.deadline);
    if (call.blocking) {
        blocking_.push_back(own);
    }
    put(waits_, call.own_wait, own);
    put(tokens_, call.own_token, own);
    put(sections_, call.own_section, own);
    return own;
}

void Witness::returned(const Call& call, Result result) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const bool had_rested = call.blocking && std::erase(blocking_, call.ticket) == 0;
    if (call.ticket != no_ticket && !had_rested) {
        see({.kind = Seen::Kind::returned, .result = result, .ticket = call.ticket});
    }
}

void Witness::made_request(Slot request, Ticket send) {
    const std::lock_guard<std::mutex> lock(mutex_);
    put(requests_, request, send);
}

void Witness::outcome(Ticket call, Result result) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (call != no_ticket) {
        see({.kind = Seen::Kind::outcome, .result = result, .ticket = call});
    }
}

void Witness::reached(Ticket send, Slot node, Slot from) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (send != no_ticket) {
        see({.kind = Seen::Kind::reached,
             .ticket = send,
             .node = node_of(node),
             .from = node_of(from)});
    }
}

void Witness::answered(Ticket send, Result result) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (send != no_ticket) {
        see({.kind = Seen::Kind::answered, .result = result, .ticket = send});
    }
}

void Witness::settling(Slot node) {
    const std::lock_guard<std::mutex> lock(mutex_);
    see({.kind = Seen::Kind::settling, .node = node_of(node)});
}

void Witness::settled(Slot node, Result result) {
    const std::lock_guard<std::mutex> lock(mutex_);
    see({.kind = Seen::Kind::settled, .result = result, .node = node_of(node)});
}

void Witness::closed(Slot node) {
    const std::lock_guard<std::mutex> lock(mutex_);
    see({.kind = Seen::Kind::closed, .node = node_of(node)});
}

void Witness::completed(Ticket send, Result result) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (send != no_ticket) {
        see({.kind = Seen::Kind::completed, .result = result, .ticket = send});
    }
}

void Witness::dispatched(Ticket send) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (send != no_ticket) {
        see({.kind = Seen::Kind::dispatched, .ticket = send});
    }
}

void Witness::told(Slot backend, bool begin) {
    const std::lock_guard<std::mutex> lock(mutex_);
    see({.kind = begin ? Seen::Kind::told_begin : Seen::Kind::told_end,
         .backend = {name_of_slot(backend)}});
}

void Witness::advances(std::uint64_t ticks) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (tick_ns_ != 0) {
        now_ += ticks * tick_ns_;
        see({.kind = Seen::Kind::time, .time = now_});
    }
}

void Witness::advanced(std::uint64_t ticks) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for_sure_ += ticks * tick_ns_;
}

void Witness::rest() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const Ticket call : std::exchange(blocking_, {})) {
        see({.kind = Seen::Kind::returned, .ticket = call});
    }
    see({.kind = Seen::Kind::rest});
}

BlackBox::Verdict Witness::explain() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return boxes_.explain();
}

Violation Witness::violation() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return boxes_.violation();
}

}  // namespace blkdrain_props
