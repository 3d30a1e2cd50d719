// SPDX-License-Identifier: Apache-2.0
#include "harness/call_event.h"

#include <cstddef>

#include "harness/throttling.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;

namespace {

ref::BackendId backend_named(Slot slot) {
    return {name_of_slot(slot)};
}

ref::NodeId node_named(Slot slot) {
    return {name_of_slot(slot)};
}

void begin(ref::Event& event, ref::SectionKind kind) {
    event.kind = Kind::begin;
    event.section_kind = kind;
}

void change(ref::Event& event, ref::ChangeOp op) {
    event.kind = Kind::change;
    event.op = op;
}

// What the operation is, and on what.
void describe(ref::Event& event, const Call& call, const CallNames& names) {
    if (call.node != no_slot) {
        event.node = node_named(call.node);
    }
    if (call.other != no_slot) {
        event.other = node_named(call.other);
    }
    if (call.backend != no_slot) {
        event.backend = backend_named(call.backend);
    }
    switch (call.opcode) {
        case Opcode::new_node:
            event.kind = Kind::node_new;
            event.loop = {call.loop};
            event.pinned = call.pinned;
            break;
        case Opcode::new_backend:
            event.kind = Kind::backend_new;
            event.node = {};
            event.loop = {call.loop};
            event.pinned = call.pinned;
            break;
        case Opcode::listen:
            event.kind = Kind::listen;
            break;
        case Opcode::send: {
            const auto word = static_cast<IoWord>(call.number);
            event.kind = Kind::send;
            event.direction = reads(word) ? ref::Direction::read : ref::Direction::write;
            event.flush = word == IoWord::flush;
            event.bytes = bytes_of(word);
            event.loop = {call.loop};
            if (call.token != no_slot) {
                event.token = {names.token_named(call.token)};
            }
            break;
        }
        case Opcode::close_token:
            event.kind = Kind::token_close;
            event.token = {names.token_named(call.token)};
            break;
        case Opcode::end:
            event.kind = Kind::end;
            event.section = {names.section_named(call.section)};
            break;
        case Opcode::internal_start:
            event.kind = Kind::internal_start;
            break;
        case Opcode::internal_end:
            event.kind = Kind::internal_end;
            break;
        case Opcode::cancel:
            event.kind = Kind::cancel;
            event.backend = {};
            event.request = {names.request_named(call.request)};
            break;
        case Opcode::cancel_waiting:
            event.kind = Kind::cancel_waiting;
            break;
        case Opcode::plug:
            event.kind = Kind::plug;
            event.loop = {call.loop};
            break;
        case Opcode::unplug:
            event.kind = Kind::unplug;
            event.loop = {call.loop};
            break;
        case Opcode::join:
        case Opcode::leave:
            event.kind = call.opcode == Opcode::join ? Kind::join : Kind::leave;
            event.group = {group_id(call.group)};
            break;
        case Opcode::open_token:
            event.kind = Kind::token_request;
            event.backend = {};
            event.set.insert(backend_named(call.backend));
            break;
        case Opcode::drain:
            event.kind = Kind::drain;
            break;
        case Opcode::quiet:
            event.kind = Kind::quiet_wait;
            event.section = {names.section_named(call.section)};
            break;
        case Opcode::isolate:
            begin(event, ref::SectionKind::isolate);
            event.attempt = call.variant;
            break;
        case Opcode::drained:
            begin(event, ref::SectionKind::drained);
            break;
        case Opcode::quiesce_all:
            begin(event, ref::SectionKind::quiesce_all);
            event.backend = {};
            if (call.backend != no_slot) {
                event.set.insert(backend_named(call.backend));
            }
            break;
        case Opcode::self_quiesce:
            begin(event, ref::SectionKind::self_quiesce);
            break;
        case Opcode::attach:
            change(event, ref::ChangeOp::attach);
            break;
        case Opcode::detach:
            change(event, ref::ChangeOp::detach);
            event.edge = call.number;
            break;
        case Opcode::replace:
            change(event, ref::ChangeOp::replace);
            break;
        case Opcode::insert_medium:
            change(event, ref::ChangeOp::insert_medium);
            event.other = node_named(call.node);
            event.node = {};
            break;
        case Opcode::remove_medium:
            change(event, ref::ChangeOp::remove_medium);
            break;
        case Opcode::insert_filter:
            change(event, ref::ChangeOp::insert_filter);
            break;
        case Opcode::remove_filter:
            change(event, ref::ChangeOp::remove_filter);
            break;
        case Opcode::set_loop:
            event.kind = Kind::context;
            event.loop = {call.loop};
            break;
        case Opcode::settle:
            event.kind = Kind::settle;
            break;
        case Opcode::close_backend:
            event.kind = Kind::close_backend;
            break;
        case Opcode::close_node:
            event.kind = Kind::close_node;
            break;
        default:
            break;
    }
    if (call.also != no_slot) {
        event.set.insert(backend_named(call.also));
    }
    if (event.kind == Kind::change && call.token != no_slot) {
        event.tokens.push_back({names.token_named(call.token)});
    }
}

}  // namespace

ref::Event event_of(const Call& call, const CallNames& names, std::uint32_t own) {
    ref::Event event;
    describe(event, call, names);
    event.in_notification = call.in_notification;
    if (call.holds_section != no_slot) {
        event.holding.sections.push_back({names.section_named(call.holds_section)});
    }
    if (call.holds_token != no_slot) {
        event.holding.tokens.push_back({names.token_named(call.holds_token)});
    }
    if (call.holds_request != no_slot) {
        event.holding.request = {names.request_named(call.holds_request)};
    }
    if (event.kind == Kind::send) {
        event.request = {own};
    } else if (event.kind == Kind::token_request) {
        event.token = {own};
    } else if (event.kind == Kind::drain || event.kind == Kind::quiet_wait) {
        event.wait = {own};
    } else if (event.kind == Kind::begin ||
               (event.kind >= Kind::settle && event.kind <= Kind::close_node)) {
        event.section = {own};
    }
    return event;
}

std::array<ref::Event, 6> events_of_limit(const Call& call, std::uint64_t tick) {
    const Limits6 all = limits_of(static_cast<LimitWord>(call.number), tick);
    std::array<ref::Event, 6> events;
    for (std::size_t i = 0; i < events.size(); ++i) {
        const LimitSpec& spec = all.limits[i];
        ref::Event& event = events[i];
        event.kind = Kind::limit;
        event.group = {group_id(call.group)};
        event.iops_size = all.iops_size;
        event.bucket = static_cast<std::uint8_t>(i);
        event.rate = {spec.rate, spec.burst, spec.peak, spec.peak_burst};
    }
    return events;
}

void name_pending(ref::Event& event, Kind call, std::uint32_t id) {
    if (call == Kind::token_request) {
        event.token = {id};
    } else if (call == Kind::drain || call == Kind::quiet_wait) {
        event.wait = {id};
    } else {
        event.section = {id};
    }
}

}  // namespace blkdrain_props
