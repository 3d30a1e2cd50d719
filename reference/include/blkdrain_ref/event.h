// SPDX-License-Identifier: Apache-2.0
//
// What an implementation announces, one commit point each: calls with their result, and internal
// steps.
#pragma once

#include <cstdint>
#include <string>

#include <blkdrain_ref/state.h>

namespace blkdrain_ref {

// Flat: each kind uses the fields named beside it in the list and leaves the others as they are.
struct Event {
    enum class Kind : std::uint8_t {
#define BLKDRAIN_REF_EVENT(kind, rule, objects, function) kind,
#include <blkdrain_ref/events.inc>
#undef BLKDRAIN_REF_EVENT
        count
    };
    static constexpr int kinds = static_cast<int>(Kind::count);

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
    Few<TokenId> tokens{};
    Holding holding{};

    bool operator==(const Event&) const = default;
};

std::string name(Event::Kind kind);
std::string to_string(const Event& event);  // "send r1 b0 read t2 l0 -> closing"

}  // namespace blkdrain_ref
