// SPDX-License-Identifier: Apache-2.0
#include "explore.h"

#include <algorithm>
#include <deque>
#include <numeric>
#include <unordered_map>

#include <blkdrain_ref/step.h>

#include "invariants.h"

namespace blkdrain_ref {
namespace {

using Kind = Event::Kind;

bool at_rest(const State& state) {
    return state.requests.empty() && state.tokens.empty() && state.sections.empty() &&
           state.plugged == 0 &&
           std::ranges::all_of(state.backends, [](const Backend& b) { return b.owed == 0; }) &&
           std::ranges::all_of(state.nodes, [](const Node& n) { return n.internal == 0; });
}

// A step that leads home: it ends something, and is not left to a user's whim.
bool leads_home(Kind kind) {
    return kind == Kind::end || kind == Kind::token_close || kind > Kind::close_node;
}

// Every event over small ids, sensible or not. The ids that the state can know and one more.
std::vector<Event> universe(const State& state) {
    std::vector<Event> events;
    const std::uint32_t n = static_cast<std::uint32_t>(state.nodes.size()) + 1;
    const auto each = [](std::uint32_t count, auto body) {
        for (std::uint32_t i = 0; i < count; ++i)
            body(i);
    };
    static constexpr Error errors[] = {Error::ok,        Error::io_error, Error::no_medium,
                                       Error::cancelled, Error::closing,  Error::would_deadlock,
                                       Error::busy,      Error::conflict, Error::context};
    for (const Kind kind : {Kind::complete, Kind::admit, Kind::done, Kind::line_up})
        each(3, [&](std::uint32_t r) { events.push_back({.kind = kind, .request = {r}}); });
    for (const Kind kind : {Kind::token_open, Kind::token_fail, Kind::token_close})
        each(2, [&](std::uint32_t t) { events.push_back({.kind = kind, .token = {t}}); });
    for (const Kind kind : {Kind::effective, Kind::idle, Kind::finish, Kind::release, Kind::end})
        each(3, [&](std::uint32_t s) { events.push_back({.kind = kind, .section = {s}}); });
    for (const Kind kind : {Kind::drain_done, Kind::quiet_done})
        each(3, [&](std::uint32_t d) { events.push_back({.kind = kind, .wait = {d}}); });
    for (const Kind kind : {Kind::settle_done, Kind::internal_end})
        each(n, [&](std::uint32_t i) { events.push_back({.kind = kind, .node = {i}}); });
    for (const Kind kind : {Kind::settle_start, Kind::node_closed})
        each(n, [&](std::uint32_t i) {
            each(3, [&](std::uint32_t s) {
                events.push_back({.kind = kind, .node = {i}, .section = {s}});
            });
        });
    for (const Notice notice : {Notice::begin, Notice::end})
        each(3, [&](std::uint32_t b) {
            events.push_back({.kind = Kind::notify, .notice = notice, .backend = {b}});
        });
    each(2, [&](std::uint32_t b) { events.push_back({.kind = Kind::listen, .backend = {b}}); });
    each(2, [&](std::uint32_t l) { events.push_back({.kind = Kind::unplug, .loop = {l}}); });
    each(2, [&](std::uint32_t s) {
        events.push_back({.kind = Kind::quiet_wait, .section = {s}, .wait = {2}});
        events.push_back({.kind = Kind::abandon, .section = {s}});
        events.push_back({.kind = Kind::abandon, .token = {s}});
        events.push_back({.kind = Kind::cycle, .section = {s}});
        events.push_back({.kind = Kind::cycle, .wait = {s}});
        events.push_back({.kind = Kind::cycle, .token = {s}});
    });
    const std::size_t plain = events.size();
    for (std::size_t i = 0; i < plain; ++i)
        for (const Error error : errors) {
            const Kind kind = events[i].kind;
            const bool has_result = kind == Kind::complete || kind == Kind::token_fail ||
                                    kind == Kind::idle || kind == Kind::finish ||
                                    kind == Kind::drain_done || kind == Kind::quiet_done ||
                                    kind == Kind::settle_done || kind == Kind::abandon;
            if (error == Error::io_error || (has_result && error != Error::ok)) {
                events.push_back(events[i]);
                events.back().error = error;
            }
        }
    events.push_back({.kind = Kind::begin, .section_kind = SectionKind::change, .section = {7}});
    return events;
}

constexpr std::size_t too_many = 100'000;

class Exploration {
public:
    Exploration(const Bounds& bounds, std::uint32_t probe, Coverage& coverage)
        : bounds_(bounds), probe_(probe), coverage_(coverage) {}

    std::string run(const State& start) {
        ++coverage_.runs;
        visit(start);
        while (!queue_.empty() && objection_.empty()) {
            if (homes_.size() > too_many)
                object(queue_.back(), "more states than the check is meant for");
            const State state = std::move(queue_.front());
            queue_.pop_front();
            expand(state, next_++);
        }
        if (objection_.empty())
            check_ways_home();
        coverage_.states += homes_.size();
        return objection_;
    }

private:
    void object(const State& state, const std::string& text) {
        if (objection_.empty() && !text.empty())
            objection_ = text + " in\n" + to_string(state);
    }

    std::uint32_t visit(State state) {
        for (Group& group : state.groups)
            group.now = 1;  // only differences count
        const auto [place, fresh] =
            seen_.try_emplace(hash(state), static_cast<std::uint32_t>(homes_.size()));
        if (fresh) {
            homes_.push_back(at_rest(state));
            queue_.push_back(state);
            for (const Violation& violation : broken_invariants(state))
                object(state,
                       std::string(violation.invariant) + " is broken for " + violation.object);
        }
        return place->second;
    }

    void expand(const State& state, std::uint32_t number) {
        const std::vector<Event> steps = enabled(state);
        const std::vector<Event> calls = operations(state, bounds_);
        note_waits(state, steps);
        if (number % probe_ == 0)
            object(state, wrong_enumeration(state, bounds_, coverage_));
        for (const std::vector<Event>* list : {&steps, &calls})
            for (const Event& event : *list) {
                State next = state;
                if (accept(next, event))
                    object(state, "enumerated and refused: " + to_string(event));
                ++coverage_.steps;
                coverage_.kinds.insert(event.kind);
                note_return(state, event);
                if (event.error != Error::ok && event.kind < Kind::complete &&
                    event.kind != Kind::abandon)
                    continue;  // nothing has changed
                const std::uint32_t to = visit(next);
                if (leads_home(event.kind))
                    back_.emplace_back(to, number);
            }
    }

    // Which operations wait although the implementation has nothing to do.
    void note_waits(const State& state, const std::vector<Event>& steps) {
        if (std::ranges::any_of(steps, [](const Event& e) { return e.kind > Kind::internal_end; }))
            return;
        for (const Section& section : state.sections)
            if (!section.begun() && !remaining(state, section).empty())
                coverage_.blocked.insert(name(section.kind));
        for (const Token& token : state.tokens)
            if (!token.open)
                coverage_.blocked.insert("token_request");
    }

    void note_return(const State& state, const Event& event) {
        if (event.error != Error::ok)
            return;
        if (event.kind == Kind::token_open)
            coverage_.returned.insert("token_request");
        const Section* section = find(state, event.wait ? event.wait : event.section);
        if (section != nullptr && (event.kind == Kind::finish || event.kind == Kind::drain_done ||
                                   event.kind == Kind::quiet_done || event.kind == Kind::idle ||
                                   (event.kind == Kind::effective &&
                                    section->kind == SectionKind::isolate && !section->live())))
            coverage_.returned.insert(name(section->kind));
    }

    // Backwards from the states at rest, along the steps that lead home.
    void check_ways_home() {
        std::ranges::sort(back_);
        std::vector<std::uint32_t> reached;
        for (std::uint32_t i = 0; i < homes_.size(); ++i)
            if (homes_[i])
                reached.push_back(i);
        while (!reached.empty()) {
            const std::uint32_t state = reached.back();
            reached.pop_back();
            for (auto edge = std::ranges::lower_bound(back_, std::pair{state, 0u});
                 edge != back_.end() && edge->first == state; ++edge)
                if (!homes_[edge->second]) {
                    homes_[edge->second] = true;
                    reached.push_back(edge->second);
                }
        }
        stranded_ = static_cast<std::uint32_t>(std::ranges::count(homes_, false));
        if (stranded_ != 0)
            objection_ = std::to_string(stranded_) + " states never come to rest";
    }

    const Bounds& bounds_;
    std::uint32_t probe_;
    Coverage& coverage_;
    std::unordered_map<std::size_t, std::uint32_t>
        seen_;                 // by fingerprint: the number of the state
    std::vector<bool> homes_;  // by number: at rest, or on a way there
    std::vector<std::pair<std::uint32_t, std::uint32_t>> back_;
    std::deque<State> queue_;
    std::uint32_t next_ = 0;
    std::uint32_t stranded_ = 0;
    std::string objection_;
};

// What the implementation or the environment does, not a call: so is giving up for a deadlock.
bool is_step(const Event& event) {
    return event.kind > Kind::close_node ||
           (event.kind == Kind::abandon && event.error == Error::would_deadlock);
}

}  // namespace

std::string wrong_enumeration(const State& state, const Bounds& bounds, Coverage& coverage) {
    const std::vector<Event> steps = enabled(state), calls = operations(state, bounds);
    std::string objection;
    const auto compare = [&](const Event& event, const std::vector<Event>* enumerated) {
        ++coverage.probes;
        const std::optional<Reason> reason = check(state, event);
        if (reason)
            coverage.codes.insert(reason->code);
        if (enumerated != nullptr && !reason == (std::ranges::count(*enumerated, event) == 0))
            objection =
                (reason ? "enumerated and not accepted: " : "accepted and not enumerated: ") +
                to_string(event);
    };
    compare({.kind = Kind::clock, .group = {0}}, nullptr);
    for (const Event& event : universe(state))
        compare(event, is_step(event) ? &steps : nullptr);
    for (Event event : candidates(state, bounds))
        for (const Error error :
             {Error::ok, Error::busy, Error::conflict, Error::cycle, Error::closing, Error::context,
              Error::bad_token, Error::stopped, Error::cancelled, Error::not_quiesced,
              Error::no_medium, Error::has_medium, Error::not_filter, Error::no_such_edge,
              Error::would_deadlock, Error::timed_out, Error::too_late}) {
            event.error = error;
            compare(event, is_step(event) ? &steps : &calls);
        }
    return objection;
}

std::string explore(const State& start, const Bounds& bounds, std::uint32_t probe,
                    Coverage& coverage) {
    return Exploration(bounds, probe, coverage).run(start);
}

std::vector<State> all_graphs(std::uint32_t nodes, std::uint32_t backends) {
    std::vector<State> graphs;
    std::set<std::vector<std::uint32_t>> known;
    // An edge leads from a lower number to a higher one: one bit for each pair.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
    for (std::uint32_t parent = 0; parent < nodes; ++parent)
        for (std::uint32_t child = parent + 1; child < nodes; ++child)
            pairs.emplace_back(parent, child);
    std::uint32_t placements = 1;
    for (std::uint32_t b = 0; b < backends; ++b)
        placements *= nodes + 1;
    for (std::uint32_t edges = 0; edges < (1u << pairs.size()); ++edges)
        for (std::uint32_t placement = 0; placement < placements; ++placement) {
            // Its name: the least among all renamings of the nodes; the backends as a sorted list.
            std::vector<std::uint32_t> order(nodes), least;
            std::iota(order.begin(), order.end(), 0u);
            do {
                std::vector<std::uint32_t> renamed, roots;
                for (std::size_t i = 0; i < pairs.size(); ++i)
                    if ((edges >> i & 1u) != 0)
                        renamed.push_back(order[pairs[i].first] * 64 + order[pairs[i].second]);
                std::uint32_t rest = placement;
                for (std::uint32_t b = 0; b < backends; ++b, rest /= nodes + 1)
                    roots.push_back(rest % (nodes + 1) < nodes ? order[rest % (nodes + 1)] : 99);
                std::ranges::sort(renamed);
                std::ranges::sort(roots);
                renamed.push_back(9999);
                renamed.insert(renamed.end(), roots.begin(), roots.end());
                if (least.empty() || renamed < least)
                    least = renamed;
            } while (std::ranges::next_permutation(order).found);
            if (!known.insert(least).second)
                continue;
            State& state = graphs.emplace_back();
            for (std::uint32_t n = 0; n < nodes; ++n)
                state.nodes.push_back({.id = {n}, .loop = {0}});
            for (std::size_t i = 0; i < pairs.size(); ++i)
                if ((edges >> i & 1u) != 0)
                    add_edge(state, {{pairs[i].first}, {pairs[i].second}});
            std::uint32_t rest = placement;
            for (std::uint32_t b = 0; b < backends; ++b, rest /= nodes + 1) {
                Backend backend{.id = {b}, .loop = {0}};
                if (rest % (nodes + 1) < nodes)
                    backend.root = {rest % (nodes + 1)};
                state.backends.push_back(backend);
            }
        }
    return graphs;
}

}  // namespace blkdrain_ref
