// SPDX-License-Identifier: Apache-2.0
//
// Words to write scripts of events with, and the script that judges them.
#pragma once

#include <gtest/gtest.h>

#include <blkdrain_ref/step.h>

namespace blkdrain_ref::words {

using Kind = Event::Kind;

inline constexpr NodeId n0{0}, n1{1}, n2{2}, n3{3};
inline constexpr BackendId b0{0}, b1{1}, b2{2}, b3{3};
inline constexpr RequestId r0{0}, r1{1}, r2{2}, r3{3};
inline constexpr TokenId t0{0}, t1{1};
inline constexpr SectionId s0{0}, s1{1}, s2{2}, s3{3}, s4{4};
inline constexpr SectionId d0{8}, d1{9};  // of drains and waits for quiet
inline constexpr LoopId l0{0}, l1{1};
inline constexpr GroupId g0{0};
// Buckets.
inline constexpr std::uint8_t iops_total = 0, iops_read = 1, iops_write = 2, bps_total = 3;

// Calls. What is not said has its default; `with`, `under`, ... refine an event.
inline Event node(NodeId n, LoopId loop = l0, bool pinned = false) {
    return {.kind = Kind::node_new, .pinned = pinned, .node = n, .loop = loop};
}
inline Event backend(BackendId b, LoopId loop = l0, bool pinned = false) {
    return {.kind = Kind::backend_new, .pinned = pinned, .backend = b, .loop = loop};
}
inline Event listen(BackendId b) {
    return {.kind = Kind::listen, .backend = b};
}
inline Event send(RequestId r, BackendId b, Direction direction = Direction::read) {
    return {.kind = Kind::send, .direction = direction, .backend = b, .request = r, .loop = l0};
}
inline Event group(GroupId g) {
    return {.kind = Kind::group_new, .group = g};
}
inline Event limit(GroupId g, std::uint8_t bucket, Rate rate, std::uint32_t iops_size = 0) {
    return {
        .kind = Kind::limit, .bucket = bucket, .iops_size = iops_size, .group = g, .rate = rate};
}
inline Event join(GroupId g, BackendId b) {
    return {.kind = Kind::join, .backend = b, .group = g};
}
inline Event leave(BackendId b) {
    return {.kind = Kind::leave, .backend = b};
}
inline Event clock(std::uint64_t nanoseconds) {
    return {.kind = Kind::clock, .group = g0, .time = nanoseconds};
}
inline Event cancel(RequestId r) {
    return {.kind = Kind::cancel, .request = r};
}
inline Event cancel_waiting(BackendId b) {
    return {.kind = Kind::cancel_waiting, .backend = b};
}
inline Event plug(LoopId loop) {
    return {.kind = Kind::plug, .loop = loop};
}
inline Event unplug(LoopId loop) {
    return {.kind = Kind::unplug, .loop = loop};
}
inline Event token_request(TokenId t, BackendSet set) {
    return {.kind = Kind::token_request, .token = t, .set = set};
}
inline Event token_close(TokenId t) {
    return {.kind = Kind::token_close, .token = t};
}
inline Event isolate(SectionId s, BackendId b, BackendSet also = {}) {
    return {.kind = Kind::begin, .backend = b, .section = s, .set = also};
}
inline Event drained(SectionId s, NodeId n) {
    return {.kind = Kind::begin, .section_kind = SectionKind::drained, .node = n, .section = s};
}
inline Event quiesce_all(SectionId s, BackendSet except = {}) {
    return {
        .kind = Kind::begin, .section_kind = SectionKind::quiesce_all, .section = s, .set = except};
}
inline Event self_quiesce(SectionId s, BackendId b) {
    return {
        .kind = Kind::begin, .section_kind = SectionKind::self_quiesce, .backend = b, .section = s};
}
inline Event end(SectionId s) {
    return {.kind = Kind::end, .section = s};
}
inline Event drain(SectionId d, BackendId b) {
    return {.kind = Kind::drain, .backend = b, .wait = d};
}
inline Event quiet_wait(SectionId d, SectionId s) {
    return {.kind = Kind::quiet_wait, .section = s, .wait = d};
}
inline Event internal_start(NodeId n) {
    return {.kind = Kind::internal_start, .node = n};
}
inline Event settle(SectionId s, NodeId n) {
    return {.kind = Kind::settle, .node = n, .section = s};
}
inline Event attach(SectionId s, NodeId parent, NodeId child) {
    return {.kind = Kind::change, .node = parent, .other = child, .section = s};
}
inline Event detach(SectionId s, NodeId parent, std::uint32_t edge) {
    return {
        .kind = Kind::change, .op = ChangeOp::detach, .edge = edge, .node = parent, .section = s};
}
inline Event change(SectionId s, ChangeOp op, NodeId x, NodeId y = {}) {
    return {.kind = Kind::change, .op = op, .node = x, .other = y, .section = s};
}
inline Event insert_medium(SectionId s, BackendId b, NodeId n) {
    return {.kind = Kind::change,
            .op = ChangeOp::insert_medium,
            .other = n,
            .backend = b,
            .section = s};
}
inline Event remove_medium(SectionId s, BackendId b) {
    return {.kind = Kind::change, .op = ChangeOp::remove_medium, .backend = b, .section = s};
}
inline Event context(SectionId s, NodeId n, LoopId loop) {
    return {.kind = Kind::context, .node = n, .section = s, .loop = loop};
}
inline Event close_backend(SectionId s, BackendId b) {
    return {.kind = Kind::close_backend, .backend = b, .section = s};
}
inline Event close_node(SectionId s, NodeId n) {
    return {.kind = Kind::close_node, .node = n, .section = s};
}
inline Event abandon(SectionId s) {
    return {.kind = Kind::abandon, .error = Error::cancelled, .section = s};
}
inline Event abandon_wait(SectionId d) {
    return {.kind = Kind::abandon, .error = Error::cancelled, .wait = d};
}
inline Event abandon(TokenId t) {
    return {.kind = Kind::abandon, .error = Error::cancelled, .token = t};
}

// Steps.
inline Event admit(RequestId r) {
    return {.kind = Kind::admit, .request = r};
}
inline Event complete(RequestId r) {
    return {.kind = Kind::complete, .request = r};
}
inline Event done(RequestId r) {
    return {.kind = Kind::done, .request = r};
}
inline Event token_open(TokenId t) {
    return {.kind = Kind::token_open, .token = t};
}
inline Event token_fail(TokenId t) {
    return {.kind = Kind::token_fail, .error = Error::closing, .token = t};
}
inline Event effective(SectionId s) {
    return {.kind = Kind::effective, .section = s};
}
inline Event idle(SectionId s) {
    return {.kind = Kind::idle, .section = s};
}
inline Event drain_done(SectionId d) {
    return {.kind = Kind::drain_done, .wait = d};
}
inline Event quiet_done(SectionId d) {
    return {.kind = Kind::quiet_done, .wait = d};
}
inline Event notify(BackendId b, Notice notice) {
    return {.kind = Kind::notify, .notice = notice, .backend = b};
}
inline Event internal_end(NodeId n) {
    return {.kind = Kind::internal_end, .node = n};
}
inline Event settle_start(NodeId n, SectionId s) {
    return {.kind = Kind::settle_start, .node = n, .section = s};
}
inline Event settle_done(NodeId n) {
    return {.kind = Kind::settle_done, .node = n};
}
inline Event node_closed(SectionId s, NodeId n) {
    return {.kind = Kind::node_closed, .node = n, .section = s};
}
inline Event finish(SectionId s) {
    return {.kind = Kind::finish, .section = s};
}
inline Event release(SectionId s) {
    return {.kind = Kind::release, .section = s};
}

// Refinements.
inline Event operator>>(Event event, Error error) {
    event.error = error;
    return event;
}
inline Event under(Event event, TokenId token) {
    event.token = token;
    return event;
}
inline Event of_bytes(Event event, std::uint32_t bytes) {
    event.bytes = bytes;
    return event;
}
inline Event flushing(Event event) {
    event.direction = Direction::write;
    event.flush = true;
    return event;
}
inline Event from(Event event, RequestId parent) {
    event.parent = parent;
    return event;
}
inline Event naming(Event event, TokenId token) {
    event.tokens.push_back(token);
    return event;
}
inline Event holding(Event event, SectionId section) {
    event.holding.sections.push_back(section);
    return event;
}
inline Event holding(Event event, TokenId token) {
    event.holding.tokens.push_back(token);
    return event;
}
inline Event holding(Event event, RequestId request) {
    event.holding.request = request;
    return event;
}
inline Event trying(Event event) {
    event.attempt = true;
    return event;
}
inline Event in_notification(Event event) {
    event.in_notification = true;
    return event;
}

inline bool gated(const State& state, BackendId b) {
    return View(state).covered().backends.contains(b);
}

class Script : public testing::Test {
protected:
    // The events happen, one after the other.
    template <class... Events>
    void happens(const Events&... events) {
        (step(events), ...);
    }
    // The event is refused for this reason and changes nothing; gives the sentence.
    std::string refused(const Event& event, Code code, int rule) {
        const std::string before = to_string(state);
        const std::optional<Reason> reason = accept(state, event);
        EXPECT_EQ(to_string(state), before);
        if (!reason) {
            ADD_FAILURE() << to_string(event) << " was accepted in\n" << to_string(state);
            return "";
        }
        EXPECT_EQ(name(reason->code), name(code)) << sentence(*reason);
        EXPECT_EQ(reason->rule, rule) << sentence(*reason);
        return sentence(*reason);
    }
    // The event is one that the implementation must perform now.
    bool must(const Event& event) const {
        std::vector<Event> events;
        due(state, events);
        for (const Event& other : events)
            if (other == event)
                return true;
        return false;
    }
    // Nothing is left to do but wait.
    bool at_rest() const {
        std::vector<Event> events;
        due(state, events);
        for (const Event& event : events)
            ADD_FAILURE() << "due: " << to_string(event);
        return events.empty();
    }
    // A request from its send to its completion; a section from begin to effective.
    void runs(RequestId r, BackendId b) { happens(send(r, b), admit(r)); }
    void ends(RequestId r) { happens(complete(r), done(r)); }
    void begins(const Event& begin) { happens(begin, effective(begin.section)); }
    void settles(SectionId s, NodeId n) { happens(settle_start(n, s), settle_done(n)); }

    State state;

private:
    void step(const Event& event) {
        const std::optional<Reason> reason = accept(state, event);
        ASSERT_FALSE(reason) << to_string(event) << ": " << sentence(*reason) << "\nin\n"
                             << to_string(state);
    }
};

// b0 on the filter n0, b1 on n1 below it:  b0 -> n0 -> n1 <- b1
class Chain : public Script {
protected:
    void SetUp() override {
        happens(node(n0), node(n1), backend(b0), backend(b1));
        happens(attach(s0, n0, n1), finish(s0));
        happens(insert_medium(s0, b0, n0), finish(s0));
        happens(insert_medium(s0, b1, n1), finish(s0));
    }
};

}  // namespace blkdrain_ref::words
