// SPDX-License-Identifier: Apache-2.0
#include <blkdrain_ref/step.h>

namespace blkdrain_ref {
namespace {

using Kind = Event::Kind;

struct Collector {
    const State& state;
    std::vector<Event>& events;

    void offer(const Event& event) {
        if (!check(state, event))
            events.push_back(event);
    }
    // With the result it must have now.
    void offer_result(Event event) {
        event.error = result_of(state, event);
        offer(event);
    }
};

void due_of_sections(Collector& collector, const State& state) {
    for (const Section& section : state.sections) {
        const SectionId s = section.id;
        collector.offer({.kind = Kind::effective, .section = s});
        collector.offer_result({.kind = Kind::idle, .section = s});
        collector.offer_result({.kind = Kind::finish, .section = s});
        collector.offer({.kind = Kind::release, .section = s});
        collector.offer({.kind = Kind::abandon, .error = Error::would_deadlock, .section = s});
        for (const Node& node : state.nodes) {
            collector.offer({.kind = Kind::settle_start, .node = node.id, .section = s});
            collector.offer({.kind = Kind::node_closed, .node = node.id, .section = s});
        }
    }
}

}  // namespace

void due(const State& state, std::vector<Event>& events) {
    Collector collector{state, events};
    for (const Request& request : state.requests) {
        collector.offer({.kind = Kind::admit, .request = request.id});
        collector.offer({.kind = Kind::done, .request = request.id});
        if (request.cancelled)
            collector.offer_result({.kind = Kind::complete, .request = request.id});
    }
    for (const Token& token : state.tokens) {
        collector.offer({.kind = Kind::token_open, .token = token.id});
        collector.offer_result({.kind = Kind::token_fail, .token = token.id});
    }
    for (const Wait& wait : state.waits)
        collector.offer_result(
            {.kind = wait.drain() ? Kind::drain_done : Kind::quiet_done, .wait = wait.id});
    for (const Backend& backend : state.backends)
        for (const Notice notice : {Notice::begin, Notice::end})
            collector.offer({.kind = Kind::notify, .notice = notice, .backend = backend.id});
    due_of_sections(collector, state);
}

void environment(const State& state, std::vector<Event>& events) {
    Collector collector{state, events};
    for (const Request& request : state.requests)
        for (const Error error : {Error::ok, Error::io_error, Error::no_medium})
            collector.offer({.kind = Kind::complete, .error = error, .request = request.id});
    for (const Node& node : state.nodes) {
        collector.offer({.kind = Kind::settle_done, .node = node.id});
        collector.offer({.kind = Kind::settle_done, .error = Error::io_error, .node = node.id});
        collector.offer({.kind = Kind::internal_end, .node = node.id});
    }
}

std::vector<Event> enabled(const State& state) {
    std::vector<Event> events;
    due(state, events);
    environment(state, events);
    return events;
}

Reason liveness_reason(const State& state, const Event& event) {
    return refusal(state, event, Code::never_happened);
}

}  // namespace blkdrain_ref
