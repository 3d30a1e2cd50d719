// SPDX-License-Identifier: Apache-2.0
#include "operations.h"

#include <algorithm>

namespace blkdrain_ref {
namespace {

using Kind = Event::Kind;

// Ids that some object still speaks of are not given again, though the object they named may be
// over.
struct Mentioned {
    explicit Mentioned(const State& state) {
        for (const Request& request : state.requests) {
            requests |= bit(request.id);
            tokens |= bit(request.token);
        }
        for (const Token& token : state.tokens) {
            tokens |= bit(token.id);
            backends |= token.backends.bits();
            held(token.holding);
        }
        for (const Section& section : state.sections) {
            sections |= bit(section.id);
            backends |= section.set.bits();
            backends |= bit(section.backend);
            for (const TokenId token : section.tokens)
                tokens |= bit(token);
            held(section.holding);
        }
        for (const Group& group : state.groups)
            for (const BackendId member : group.members)
                backends |= bit(member);
        for (const Node& node : state.nodes)
            nodes |= bit(node.id);
        for (const Backend& backend : state.backends)
            backends |= bit(backend.id);
    }
    template <class I>
    static std::uint64_t bit(I id) {
        return id ? std::uint64_t{1} << id.value : 0;
    }
    void held(const Holding& holding) {
        for (const SectionId section : holding.sections)
            sections |= bit(section);
        for (const TokenId token : holding.tokens)
            tokens |= bit(token);
        requests |= bit(holding.request);
    }
    std::uint64_t nodes = 0, backends = 0, requests = 0, tokens = 0, sections = 0;
};

std::uint32_t lowest_free(std::uint64_t used) {
    return static_cast<std::uint32_t>(std::countr_one(used));
}

Holding all_that_can_be_held(const State& state) {
    Holding holding;
    for (const Section& section : state.sections)
        if (section.begun())
            holding.sections.push_back(section.id);
    for (const Token& token : state.tokens)
        if (token.open)
            holding.tokens.push_back(token.id);
    for (const Request& request : state.requests)
        if (request.state == RequestState::completing)
            holding.request = request.id;
    return holding;
}

class Calls {
public:
    Calls(const State& state, const Bounds& bounds, std::vector<Event>& events)
        : state_(state),
          bounds_(bounds),
          events_(events),
          used_(state),
          section_{lowest_free(used_.sections)},
          waits_(static_cast<std::size_t>(std::ranges::count_if(state.sections, &Section::waits))) {
    }

    void births() {
        if (state_.nodes.size() < bounds_.nodes)
            add({.kind = Kind::node_new, .node = {lowest_free(used_.nodes)}, .loop = {0}});
        if (state_.backends.size() < bounds_.backends)
            add({.kind = Kind::backend_new, .backend = {lowest_free(used_.backends)}, .loop = {0}});
        for (const Backend& backend : state_.backends)
            if (bounds_.listening && !backend.listening)
                add({.kind = Kind::listen, .backend = backend.id});
    }

    void requests() {
        for (const Token& token : state_.tokens)
            if (token.open)
                add({.kind = Kind::token_close, .token = token.id});
        if (state_.requests.size() < bounds_.requests)
            for (const Backend& backend : state_.backends)
                sends({.kind = Kind::send,
                       .backend = backend.id,
                       .request = {lowest_free(used_.requests)},
                       .loop = {0}});
        if (state_.tokens.size() >= bounds_.tokens)
            return;
        const TokenId id{lowest_free(used_.tokens)};
        BackendSet all;
        for (const Backend& backend : state_.backends) {
            all.insert(backend.id);
            add_wait({.kind = Kind::token_request, .token = id, .set = {backend.id}});
        }
        if (bounds_.wide && state_.backends.size() > 1)
            add_wait({.kind = Kind::token_request, .token = id, .set = all});
    }

    void limits() {
        if (!bounds_.limiting)
            return;
        if (state_.groups.empty())
            return add({.kind = Kind::group_new, .group = {0}});
        const GroupId group = state_.groups[0].id;
        // One request a second, two at once; or none.
        for (const Rate rate : {Rate{.rate = 1, .burst = 1}, Rate{}})
            if (state_.groups[0].buckets[0].rate != rate)
                add({.kind = Kind::limit, .group = group, .rate = rate});
        for (const Backend& backend : state_.backends) {
            add({.kind = Kind::join, .backend = backend.id, .group = group});
            add({.kind = Kind::leave, .backend = backend.id});
        }
    }

    void cancels() {
        if (!bounds_.cancelling)
            return;
        add({.kind = Kind::cancel, .request = {lowest_free(used_.requests)}});
        for (const Request& request : state_.requests)
            add({.kind = Kind::cancel, .request = request.id});
        for (const Backend& backend : state_.backends)
            add({.kind = Kind::cancel_waiting, .backend = backend.id});
    }

    void plugs() {
        if (bounds_.plugging)
            for (std::uint32_t loop = 0; loop < bounds_.loops; ++loop)
                add({.kind = Kind::plug, .loop = {loop}});
    }

    void waits() {
        if (waits_ >= bounds_.waits)
            return;
        for (const Backend& backend : state_.backends)
            if (bounds_.drains)
                add_wait({.kind = Kind::drain, .backend = backend.id, .wait = section_});
        for (const Section& section : state_.sections)
            if (!section.waits())
                add_wait({.kind = Kind::quiet_wait, .section = section.id, .wait = section_});
    }

    void nodes() {
        for (const Node& node : state_.nodes)
            if (node.internal < bounds_.internal)
                add({.kind = Kind::internal_start, .node = node.id});
    }

    void ends() {
        for (const Section& section : state_.sections)
            if (section.waits() && bounds_.abandoning) {
                add({.kind = Kind::abandon, .wait = section.id});
            } else if (!section.waits()) {
                add({.kind = Kind::end, .section = section.id});
                if (bounds_.abandoning)
                    add({.kind = Kind::abandon, .section = section.id});
            }
        if (!bounds_.abandoning)
            return;
        for (const Token& token : state_.tokens)
            add({.kind = Kind::abandon, .token = token.id});
    }

    void sections() {
        // No new one while an owner is two notifications behind, for the states to be finitely
        // many.
        for (const Backend& backend : state_.backends)
            if (backend.owed > 1)
                return;
        if (state_.sections.size() - waits_ >= bounds_.sections)
            return;
        for (const SectionKind kind : bounds_.kinds)
            section_of(kind);
    }

private:
    void add(const Event& event) { events_.push_back(event); }

    void add_wait(Event event) {
        add(event);
        event.holding = all_that_can_be_held(state_);
        const bool wanted =
            event.kind == Kind::token_request ? bounds_.token_holding : bounds_.holding;
        if (wanted && !event.holding.empty())
            add(event);
    }

    void sends(Event event) {
        for (const Direction direction : {Direction::read, Direction::write}) {
            if (direction == Direction::write && !bounds_.writes)
                break;
            event.direction = direction;
            add(event);
            for (const Token& token : state_.tokens) {
                event.token = token.id;
                add(event);
            }
            event.token = {};
            for (const Request& parent : state_.requests) {
                event.parent = parent.id;
                if (bounds_.chains)
                    add(event);
            }
            event.parent = {};
        }
        event.flush = true;
        if (bounds_.flushing)
            add(event);
    }

    void section_of(SectionKind kind) {
        const Event user{.kind = Kind::begin, .section_kind = kind, .section = section_};
        switch (kind) {
            case SectionKind::isolate:
                for (const Backend& backend : state_.backends) {
                    Event event = user;
                    event.backend = backend.id;
                    with_sets(event);
                }
                break;
            case SectionKind::quiesce_all:
                with_sets(user);
                break;
            case SectionKind::self_quiesce:
                for (const Backend& backend : state_.backends) {
                    Event event = user;
                    event.backend = backend.id;
                    add(event);
                }
                break;
            case SectionKind::drained:
                on_nodes(user);
                break;
            case SectionKind::settle:
                on_nodes({.kind = Kind::settle, .section = section_});
                break;
            case SectionKind::context:
                for (std::uint32_t loop = 0; loop < bounds_.loops; ++loop)
                    on_nodes({.kind = Kind::context, .section = section_, .loop = {loop}});
                break;
            case SectionKind::close_backend:
                for (const Backend& backend : state_.backends)
                    add({.kind = Kind::close_backend, .backend = backend.id, .section = section_});
                break;
            case SectionKind::close_node:
                for (const Node& node : state_.nodes)
                    add({.kind = Kind::close_node, .node = node.id, .section = section_});
                break;
            case SectionKind::change:
                for (const ChangeOp op : bounds_.changes)
                    change_of({.kind = Kind::change, .op = op, .section = section_});
                break;
            default:
                break;
        }
    }

    void with_sets(Event event) {
        add_wait(event);
        for (const Backend& backend : state_.backends)
            if (bounds_.also && backend.id != event.backend) {
                event.set = {backend.id};
                add_wait(event);
            }
    }

    void on_nodes(Event event) {
        for (const Node& node : state_.nodes) {
            event.node = node.id;
            add_wait(event);
        }
    }

    void change_of(Event event) {
        const bool second = event.op == ChangeOp::attach || event.op == ChangeOp::replace ||
                            event.op == ChangeOp::insert_filter;
        const bool medium =
            event.op == ChangeOp::insert_medium || event.op == ChangeOp::remove_medium;
        if (medium) {
            for (const Backend& backend : state_.backends) {
                event.backend = backend.id;
                for (const Node& node : state_.nodes) {
                    if (event.op == ChangeOp::insert_medium)
                        event.other = node.id;
                    add_change(event);
                    if (event.op == ChangeOp::remove_medium)
                        break;
                }
            }
            return;
        }
        for (const Node& node : state_.nodes) {
            event.node = node.id;
            // No third edge, for the states to be finitely many.
            if (event.op == ChangeOp::attach && edges_of(state_.edges, node.id).size() > 1)
                continue;
            if (second) {
                for (const Node& other : state_.nodes) {
                    event.other = other.id;
                    add_change(event);
                }
            } else {
                add_change(event);
            }
        }
    }

    void add_change(Event event) {
        add_wait(event);
        if (!bounds_.naming)
            return;
        for (const Token& token : state_.tokens)
            event.tokens.push_back(token.id);
        if (!event.tokens.empty())
            add_wait(event);
    }

    const State& state_;
    const Bounds& bounds_;
    std::vector<Event>& events_;
    Mentioned used_;
    SectionId section_;  // for the next
    std::size_t waits_;
};

}  // namespace

std::vector<Event> candidates(const State& state, const Bounds& bounds) {
    std::vector<Event> events;
    Calls calls(state, bounds, events);
    calls.births();
    calls.requests();
    calls.limits();
    calls.cancels();
    calls.plugs();
    calls.waits();
    calls.nodes();
    calls.ends();
    calls.sections();
    return events;
}

std::vector<Event> operations(const State& state, const Bounds& bounds) {
    std::vector<Event> events = candidates(state, bounds);
    for (Event& event : events)
        event.error = event.kind == Kind::abandon ? Error::cancelled : result_of(state, event);
    // The other answer that is right as well: of a request that runs; of a deadline.
    const auto also = [&](Event event, Error error) {
        event.error = error;
        events.push_back(event);
    };
    for (std::size_t i = events.size(); i-- > 0;)
        if (events[i].kind == Kind::cancel && events[i].error == Error::ok)
            also(events[i], Error::too_late);
        else if (events[i].kind == Kind::abandon)
            also(events[i], Error::timed_out);
    std::erase_if(events, [&](const Event& event) { return check(state, event).has_value(); });
    return events;
}

std::vector<Event> environment(const State& state) {
    std::vector<Event> events;
    answers(state, events);
    // Half a second: what a limiter of one a second can tell apart.
    for (const Group& group : state.groups)
        if (group.buckets[0].level != 0)
            events.push_back(
                {.kind = Kind::clock, .group = group.id, .time = group.now + billion / 2});
    return events;
}

std::vector<Event> enabled(const State& state) {
    std::vector<Event> events;
    due(state, events);
    for (const Event& event : environment(state))
        events.push_back(event);
    return events;
}

}  // namespace blkdrain_ref
