// SPDX-License-Identifier: Apache-2.0
#include <blkdrain_ref/step.h>

namespace blkdrain_ref {
namespace {

using Kind = Event::Kind;

// Collects of the events that come into question those that are accepted.
struct Collector {
    const View& view;
    std::vector<Event>& events;

    void offer(const Event& event) {
        if (!check(view, event))
            events.push_back(event);
    }
    // With the result it must have now.
    void offer_result(Event event) {
        event.error = result_of(view, event);
        offer(event);
    }
    void offer_steps_of(const Section& section);
};

void Collector::offer_steps_of(const Section& section) {
    const SectionId s = section.id;
    if (section.abandoned)
        return offer({.kind = Kind::release, .section = s});
    if (section.begun())
        return;
    if (section.phase < Phase::effective)
        offer({.kind = Kind::effective, .section = s});
    if (section.kind == SectionKind::drained)
        offer_result({.kind = Kind::idle, .section = s});
    if (section.momentary())
        offer_result({.kind = Kind::finish, .section = s});
    else if (section.holding != Holding{})
        offer({.kind = Kind::abandon, .error = Error::would_deadlock, .section = s});
    for (const Node& node : view.state.nodes) {
        if (node.settle == Settle::none && section.live())
            offer({.kind = Kind::settle_start, .node = node.id, .section = s});
        if (section.closing.contains(node.id))
            offer({.kind = Kind::node_closed, .node = node.id, .section = s});
    }
}

}  // namespace

void due(const View& view, std::vector<Event>& events) {
    Collector collector{view, events};
    for (const Request& request : view.state.requests) {
        if (request.state == RequestState::completing)
            collector.offer({.kind = Kind::done, .request = request.id});
        else if (request.cancelled)
            collector.offer_result({.kind = Kind::complete, .request = request.id});
        else if (request.state == RequestState::waiting)
            collector.offer({.kind = Kind::admit, .request = request.id});
    }
    for (const Token& token : view.state.tokens)
        if (!token.open) {
            collector.offer({.kind = Kind::token_open, .token = token.id});
            collector.offer_result({.kind = Kind::token_fail, .token = token.id});
        }
    for (const Wait& wait : view.state.waits)
        collector.offer_result(
            {.kind = wait.drain() ? Kind::drain_done : Kind::quiet_done, .wait = wait.id});
    for (const Backend& backend : view.state.backends)
        if (!backend.owed.empty())
            collector.offer(
                {.kind = Kind::notify, .notice = backend.owed[0], .backend = backend.id});
    for (const Section& section : view.state.sections)
        collector.offer_steps_of(section);
}

void environment(const View& view, std::vector<Event>& events) {
    Collector collector{view, events};
    for (const Request& request : view.state.requests)
        if (request.state == RequestState::admitted)
            for (const Error error : {Error::ok, Error::io_error, Error::no_medium})
                collector.offer({.kind = Kind::complete, .error = error, .request = request.id});
    for (const Node& node : view.state.nodes) {
        collector.offer({.kind = Kind::settle_done, .node = node.id});
        collector.offer({.kind = Kind::settle_done, .error = Error::io_error, .node = node.id});
        collector.offer({.kind = Kind::internal_end, .node = node.id});
    }
}

std::vector<Event> enabled(const View& view) {
    std::vector<Event> events;
    due(view, events);
    environment(view, events);
    return events;
}

}  // namespace blkdrain_ref
