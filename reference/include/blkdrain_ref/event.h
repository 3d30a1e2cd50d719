// SPDX-License-Identifier: Apache-2.0
//
// What an implementation announces, one commit point each: calls with their result, and internal
// steps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <blkdrain_ref/state.h>

namespace blkdrain_ref {

// Flat: each kind uses the fields named beside it and leaves the others as they are by default.
struct Event {
    enum class Kind : std::uint8_t {
        // Calls.
        node_new,        // node loop pinned: refuses context changes
        backend_new,     // backend loop pinned
        listen,          // backend: its owner registers for notifications, once
        send,            // request backend direction token? loop parent? error
        token_request,   // token set holding error
        token_close,     // token
        drain,           // wait backend holding
        quiet_wait,      // wait section holding
        internal_start,  // node error
        begin,    // section section_kind backend|node set (also, except) holding attempt error
        end,      // section
        abandon,  // one of section, wait, token; error: cancelled, timed_out, would_deadlock
        settle,   // section node holding error
        change,   // section op node|backend other edge tokens holding in_notification error
        context,  // section node loop holding in_notification error
        close_backend,  // section backend holding error
        close_node,     // section node holding error
        // What the environment does.
        complete,      // request error
        settle_done,   // node error
        internal_end,  // node
        // What the implementation has to do.
        admit,         // request
        done,          // request
        token_open,    // token
        token_fail,    // token error
        effective,     // section: gates closed; a queued isolate becomes live
        idle,          // section error
        drain_done,    // wait error
        quiet_done,    // wait error
        notify,        // backend notice
        settle_start,  // node section
        node_closed,   // section node
        finish,        // section error: a momentary section takes effect and ends
        release        // section: an abandoned one is gone
    };
    static constexpr int kinds = static_cast<int>(Kind::release) + 1;

    Kind kind = Kind::node_new;
    Error error = Error::ok;
    Direction direction = Direction::read;
    SectionKind section_kind = SectionKind::isolate;
    ChangeOp op = ChangeOp::attach;
    Notice notice = Notice::begin;
    bool pinned = false;
    bool attempt = false;  // try: do not queue
    bool in_notification = false;
    std::uint32_t edge = 0;
    NodeId node{};   // n; x of a change
    NodeId other{};  // y of a change
    BackendId backend{};
    RequestId request{};
    RequestId parent{};  // the request of the same backend whose completion dispatch sends this one
    TokenId token{};
    SectionId section{};
    WaitId wait{};
    LoopId loop{};
    BackendSet set{};
    std::vector<TokenId> tokens{};
    Holding holding{};

    bool operator==(const Event&) const = default;
};

const char* name(Event::Kind kind);
int rule(Event::Kind kind);  // the rule that decides most about it
// The objects the event is about: n node, o other, b backend, r request, t token, s section, d
// wait; capitals for those that it creates.
const char* objects(const Event& event);
std::string to_string(const Event& event);  // "send r1 b0 read t2 l0 -> closing"

}  // namespace blkdrain_ref
