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

// What a section may be about to do, by its kind and phase; `check` decides.
void due_of_section(Collector& collector, const State& state, const Section& section) {
    const SectionId s = section.id;
    if (section.abandoned) {
        collector.offer({.kind = Kind::release, .section = s});
        return;
    }
    if (section.phase < Phase::effective)
        collector.offer({.kind = Kind::effective, .section = s});
    if (section.kind == SectionKind::drained && !section.begun())
        collector.offer_result({.kind = Kind::idle, .section = s});
    if (section.momentary())
        collector.offer_result({.kind = Kind::finish, .section = s});
    else if (!section.begun() && section.holding != Holding{})
        collector.offer({.kind = Kind::abandon, .error = Error::would_deadlock, .section = s});
    const bool settles = (section.momentary() && section.kind != SectionKind::close_backend) ||
                         (section.kind == SectionKind::drained && !section.begun());
    for (const Node& node : state.nodes) {
        if (settles && node.settle == Settle::none)
            collector.offer({.kind = Kind::settle_start, .node = node.id, .section = s});
        if (section.closing.contains(node.id))
            collector.offer({.kind = Kind::node_closed, .node = node.id, .section = s});
    }
}

}  // namespace

void due(const State& state, std::vector<Event>& events) {
    Collector collector{state, events};
    for (const Request& request : state.requests) {
        if (request.state == RequestState::completing)
            collector.offer({.kind = Kind::done, .request = request.id});
        else if (request.cancelled)
            collector.offer_result({.kind = Kind::complete, .request = request.id});
        else if (request.state == RequestState::waiting)
            collector.offer({.kind = Kind::admit, .request = request.id});
    }
    for (const Token& token : state.tokens)
        if (!token.open) {
            collector.offer({.kind = Kind::token_open, .token = token.id});
            collector.offer_result({.kind = Kind::token_fail, .token = token.id});
        }
    for (const Wait& wait : state.waits)
        collector.offer_result(
            {.kind = wait.drain() ? Kind::drain_done : Kind::quiet_done, .wait = wait.id});
    for (const Backend& backend : state.backends)
        if (!backend.owed.empty())
            collector.offer(
                {.kind = Kind::notify, .notice = backend.owed[0], .backend = backend.id});
    for (const Section& section : state.sections)
        due_of_section(collector, state, section);
}

void environment(const State& state, std::vector<Event>& events) {
    Collector collector{state, events};
    for (const Request& request : state.requests)
        if (request.state == RequestState::admitted)
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
