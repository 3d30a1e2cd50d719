// SPDX-License-Identifier: Apache-2.0
#include "harness/adapters/translate.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <blkdrain/detail/check.h>

namespace blkdrain_props {

namespace ref = blkdrain_ref;
using blkdrain::Errc;
using blkdrain::detail::Announced;
using blkdrain::detail::Announcement;
using Kind = ref::Event::Kind;

namespace {

Result result_of(Errc error) {
    switch (error) {
        case Errc::ok:
            return Result::ok;
        case Errc::busy:
            return Result::busy;
        case Errc::conflict:
            return Result::conflict;
        case Errc::cycle:
            return Result::cycle;
        case Errc::context:
            return Result::context;
        case Errc::closing:
            return Result::closing;
        case Errc::no_medium:
            return Result::no_medium;
        case Errc::has_medium:
            return Result::has_medium;
        case Errc::not_filter:
            return Result::not_filter;
        case Errc::no_such_edge:
            return Result::no_such_edge;
        case Errc::not_quiesced:
            return Result::not_quiesced;
        case Errc::would_deadlock:
            return Result::would_deadlock;
        case Errc::cancelled:
            return Result::cancelled;
        case Errc::timed_out:
            return Result::timed_out;
        case Errc::io_error:
            return Result::io_error;
        case Errc::bad_token:
            return Result::bad_token;
        case Errc::stopped:
            return Result::stopped;
        case Errc::too_late:
            return Result::too_late;
        default:
            return refused_by_api;
    }
}

// Optional ids.
template <class I>
I optional(std::uint32_t id) {
    return id == 0 ? I{} : I{id};
}

Kind kind_of(Announced kind) {
    switch (kind) {
#define BLKDRAIN_SAME(name) \
    case Announced::name:   \
        return Kind::name;
        BLKDRAIN_SAME(node_new)
        BLKDRAIN_SAME(backend_new)
        BLKDRAIN_SAME(listen)
        BLKDRAIN_SAME(group_new)
        BLKDRAIN_SAME(limit)
        BLKDRAIN_SAME(join)
        BLKDRAIN_SAME(leave)
        BLKDRAIN_SAME(clock)
        BLKDRAIN_SAME(plug)
        BLKDRAIN_SAME(unplug)
        BLKDRAIN_SAME(cancel)
        BLKDRAIN_SAME(cancel_waiting)
        BLKDRAIN_SAME(send)
        BLKDRAIN_SAME(admit)
        BLKDRAIN_SAME(complete)
        BLKDRAIN_SAME(done)
        BLKDRAIN_SAME(token_request)
        BLKDRAIN_SAME(token_open)
        BLKDRAIN_SAME(token_fail)
        BLKDRAIN_SAME(token_close)
        BLKDRAIN_SAME(begin)
        BLKDRAIN_SAME(effective)
        BLKDRAIN_SAME(idle)
        BLKDRAIN_SAME(end)
        BLKDRAIN_SAME(release)
        BLKDRAIN_SAME(abandon)
        BLKDRAIN_SAME(cycle)
        BLKDRAIN_SAME(drain)
        BLKDRAIN_SAME(drain_done)
        BLKDRAIN_SAME(quiet_wait)
        BLKDRAIN_SAME(quiet_done)
        BLKDRAIN_SAME(notify)
        BLKDRAIN_SAME(internal_start)
        BLKDRAIN_SAME(internal_end)
        BLKDRAIN_SAME(settle_start)
        BLKDRAIN_SAME(settle_done)
        BLKDRAIN_SAME(settle)
        BLKDRAIN_SAME(change)
        BLKDRAIN_SAME(context)
        BLKDRAIN_SAME(finish)
        BLKDRAIN_SAME(close_backend)
        BLKDRAIN_SAME(close_node)
        BLKDRAIN_SAME(node_closed)
#undef BLKDRAIN_SAME
    }
    return Kind::node_new;
}

ref::ChangeOp op_of(blkdrain::detail::ChangeKind change) {
    using blkdrain::detail::ChangeKind;
    switch (change) {
        case ChangeKind::attach:
            return ref::ChangeOp::attach;
        case ChangeKind::detach:
            return ref::ChangeOp::detach;
        case ChangeKind::replace:
            return ref::ChangeOp::replace;
        case ChangeKind::insert_medium:
            return ref::ChangeOp::insert_medium;
        case ChangeKind::remove_medium:
            return ref::ChangeOp::remove_medium;
        case ChangeKind::insert_filter:
            return ref::ChangeOp::insert_filter;
        case ChangeKind::remove_filter:
            return ref::ChangeOp::remove_filter;
    }
    return ref::ChangeOp::attach;
}

void holding(const Announcement& from, ref::Event& into) {
    for (std::uint8_t i = 0; i < from.sections.size; ++i) {
        into.holding.sections.push_back({from.sections.ids[i]});
    }
    for (std::uint8_t i = 0; i < from.tokens.size; ++i) {
        into.holding.tokens.push_back({from.tokens.ids[i]});
    }
    if (from.requests.size != 0) {
        into.holding.request = {from.requests.ids[0]};
    }
}

}  // namespace

Result result_of(std::error_code error) {
    if (!error) {
        return Result::ok;
    }
    if (error.category() != blkdrain::error_category()) {
        return Result::io_error;
    }
    return result_of(static_cast<Errc>(error.value()));
}

void translate(const Announcement& from, ref::Event& into) {
    into = {};
    into.kind = kind_of(from.kind);
    into.error = static_cast<ref::Error>(result_of(from.error));
    switch (from.kind) {
        case Announced::node_new:
            into.node = {from.id};
            into.loop = {from.loop};
            into.pinned = from.flag;
            break;
        case Announced::backend_new:
            into.backend = {from.id};
            into.loop = {from.loop};
            into.pinned = from.flag;
            break;
        case Announced::listen:
            into.backend = {from.id};
            break;
        case Announced::send:
            into.request = {from.id};
            into.backend = {from.a};
            into.token = optional<ref::TokenId>(from.b);
            into.parent = optional<ref::RequestId>(from.c);
            into.direction = from.flag ? ref::Direction::write : ref::Direction::read;
            into.loop = {from.loop};
            into.bytes = from.bytes;
            into.flush = from.flush;
            break;
        case Announced::group_new:
            into.group = {from.id};
            break;
        case Announced::limit:
            into.group = {from.id};
            into.bucket = static_cast<std::uint8_t>(from.a);
            into.iops_size = from.b;
            into.rate = {from.rate[0], from.rate[1], from.rate[2], from.rate[3]};
            break;
        case Announced::join:
            into.backend = {from.id};
            into.group = {from.a};
            break;
        case Announced::leave:
        case Announced::cancel_waiting:
            into.backend = {from.id};
            break;
        case Announced::clock:
            into.group = {from.id};
            into.time = from.time;
            break;
        case Announced::plug:
        case Announced::unplug:
            into.loop = {from.loop};
            break;
        case Announced::cancel:
        case Announced::admit:
        case Announced::complete:
        case Announced::done:
            into.request = {from.id};
            break;
        case Announced::token_request:
            into.token = {from.id};
            for (std::uint64_t rest = from.set; rest != 0; rest &= rest - 1) {
                into.set.insert({static_cast<std::uint32_t>(__builtin_ctzll(rest))});
            }
            holding(from, into);
            break;
        case Announced::token_open:
        case Announced::token_fail:
        case Announced::token_close:
            into.token = {from.id};
            break;
        case Announced::begin: {
            into.section = {from.id};
            into.section_kind = static_cast<ref::SectionKind>(from.section);
            if (into.section_kind == ref::SectionKind::drained) {
                into.node = {from.a};
            } else if (into.section_kind != ref::SectionKind::quiesce_all) {
                into.backend = {from.a};
            }
            for (std::uint64_t rest = from.set; rest != 0; rest &= rest - 1) {
                into.set.insert({static_cast<std::uint32_t>(__builtin_ctzll(rest))});
            }
            into.attempt = from.flag;
            holding(from, into);
            break;
        }
        case Announced::effective:
        case Announced::idle:
        case Announced::end:
        case Announced::release:
        case Announced::finish:
            into.section = {from.id};
            break;
        case Announced::abandon:
        case Announced::cycle:
            // Of a section or of a wait: the sink knows which, it has the model.
            if (from.flag) {
                into.token = {from.id};
            } else {
                into.section = {from.id};
            }
            break;
        case Announced::drain:
            into.wait = {from.id};
            into.backend = {from.a};
            holding(from, into);
            break;
        case Announced::quiet_wait:
            into.wait = {from.id};
            into.section = {from.a};
            holding(from, into);
            break;
        case Announced::drain_done:
        case Announced::quiet_done:
            into.wait = {from.id};
            break;
        case Announced::notify:
            into.backend = {from.id};
            into.notice = from.flag ? ref::Notice::begin : ref::Notice::end;
            break;
        case Announced::internal_start:
        case Announced::internal_end:
        case Announced::settle_done:
            into.node = {from.id};
            break;
        case Announced::settle_start:
        case Announced::node_closed:
            into.node = {from.id};
            into.section = {from.a};
            break;
        case Announced::settle:
        case Announced::close_node:
            into.section = {from.id};
            into.node = {from.a};
            holding(from, into);
            break;
        case Announced::change: {
            into.section = {from.id};
            into.op = op_of(from.change);
            into.in_notification = from.flag;
            const bool on_backend =
                into.op == ref::ChangeOp::insert_medium || into.op == ref::ChangeOp::remove_medium;
            if (on_backend) {
                into.backend = {from.a};
            } else {
                into.node = {from.a};
            }
            if (into.op == ref::ChangeOp::detach) {
                into.edge = from.b;
            } else {
                into.other = optional<ref::NodeId>(from.b);
            }
            for (std::uint8_t i = 0; i < from.named.size; ++i) {
                into.tokens.push_back({from.named.ids[i]});
            }
            holding(from, into);
            break;
        }
        case Announced::context:
            into.section = {from.id};
            into.node = {from.a};
            into.loop = {from.loop};
            into.in_notification = from.flag;
            holding(from, into);
            break;
        case Announced::close_backend:
            into.section = {from.id};
            into.backend = {from.a};
            holding(from, into);
            break;
    }
}

}  // namespace blkdrain_props
