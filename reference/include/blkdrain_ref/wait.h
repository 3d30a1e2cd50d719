// SPDX-License-Identifier: Apache-2.0
//
// What each pending operation still waits for (R26), and whether it can ever come (R12).
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <vector>

#include <blkdrain_ref/scope.h>

namespace blkdrain_ref {

// One thing waited for.
struct Item {
    // An open token; a node to be settled, or to be closed; one with internal requests; an isolate
    // that is live or earlier in the queue; a section whose settle pass runs; one that gates.
    enum class Kind : std::uint8_t { request, token, settling, internal, conflict, pass, gate };
    Kind kind = Kind::request;
    RequestId request{};
    TokenId token{};
    NodeId node{};
    SectionId section{};
    RequestState state = RequestState::waiting;
    Blockers blockers = 0;  // told by explain only

    Item() = default;
    Item(const Request& of) : request(of.id), state(of.state) {}
    Item(TokenId id) : kind(Kind::token), token(id) {}
    Item(Kind sort, NodeId id) : kind(sort), node(id) {}
    Item(Kind sort, SectionId id) : kind(sort), section(id) {}
    friend auto operator<=>(const Item&, const Item&) = default;
};
using Items = std::vector<Item>;

inline void append(Items& items, const Items& more) {
    items.insert(items.end(), more.begin(), more.end());
}

// The live sections that gate one of them.
inline Items gates(const State& state, BackendSet backends) {
    Items items;
    for (const Section& section : state.sections)
        if (section.live() && scope_of(state, section).backends.meets(backends))
            items.emplace_back(Item::Kind::gate, section.id);
    return items;
}

// R23
inline bool conflict(const State& state, const Section& a, const Section& b) {
    const auto reaches = [&](const Section& one, const Section& two) {
        return scope_of(state, one).backends.meets(two.set | BackendSet{two.backend});
    };
    return reaches(a, b) || reaches(b, a);
}

// The isolates, live or earlier in the queue, that this one has to wait for (R23).
inline Items conflicts(const State& state, const Section& isolate) {
    Items items;
    const bool holds = std::ranges::any_of(state.sections, [&](const Section& other) {
        return other.live_isolate() && other.backend == isolate.backend;
    });
    bool earlier = true;
    for (const Section& other : state.sections) {
        if (other.id == isolate.id)
            earlier = false;
        else if ((other.live_isolate() || (!other.live() && earlier && !holds)) &&
                 conflict(state, isolate, other))
            items.emplace_back(Item::Kind::conflict, other.id);
    }
    return items;
}

// The settle passes of other sections that run over one of the nodes (R20); a settle that runs
// there counts also when nobody asks for it any more.
inline Items passes(const State& state, SectionId except, NodeSet nodes) {
    Items items;
    for (const Section& section : state.sections) {
        const bool settling = std::ranges::any_of(state.nodes, [&](const Node& node) {
            return node.settler == section.id && nodes.contains(node.id);
        });
        const auto pass_meets = [&] {
            return section.phase == Phase::quiet && settle_scope(state, section).meets(nodes) &&
                   !unsettled(state, section).empty();
        };
        if (section.id != except && (settling || pass_meets()))
            items.emplace_back(Item::Kind::pass, section.id);
    }
    return items;
}

// What keeps a scope from being quiet. `excused`: tokens named by a pending change count as closed
// (R24).
inline Items activity(const State& state, const Scope& scope, bool excused) {
    Items items;
    const auto counts = [&](TokenId token) { return !excused || !naming_change(state, token); };
    for (const Request& request : state.requests) {
        if (!scope.backends.contains(request.backend))
            continue;
        // A request sent under a token belongs to an operation that has started, also when it was
        // closed since.
        const Token* token = find(state, request.token);
        const bool operation = request.token && !request.cancelled &&
                               !(token != nullptr && token->open) && counts(request.token);
        if (request.ever_admitted || operation)
            items.emplace_back(request);
    }
    for (const Token& token : state.tokens)
        if (token.open && token.backends.meets(scope.backends) && counts(token.id))
            items.emplace_back(token.id);
    for (const Node& node : state.nodes)
        if (node.internal != 0 && scope.nodes.contains(node.id))
            items.emplace_back(Item::Kind::internal, node.id);
    return items;
}

// What is left of the quiet of a section (milestones, R7); for a change R24's.
inline Items quiet_items(const State& state, const Change& what) {
    Items items = activity(state, own_scope(state, what), true);
    append(items, activity(state, entering(state, what, Phase::quiet), false));
    return items;
}
inline Items quiet_items(const State& state, const Section& section) {
    return section.kind == SectionKind::change ? quiet_items(state, change_of(state, section))
                                               : activity(state, scope_of(state, section), false);
}

// What an operation still waits for.

inline Items remaining(const State& state, const Token& token) {  // R4
    return token.open ? Items{} : gates(state, token.backends);
}

inline Items remaining(const State& state, const Wait& wait) {  // R10, R11; R7
    Items items;
    if (const Section* section = find(state, wait.section))
        items = quiet_items(state, *section);
    for (const RequestId request : wait.requests)
        items.emplace_back(*find(state, request));
    for (const TokenId token : wait.tokens)
        items.emplace_back(token);
    return items;
}

// R10: of a drain as it starts.
inline Wait cover_set(const State& state, BackendId backend) {
    Wait drain{.backend = backend};
    for (const Request& request : state.requests)
        if (request.backend == backend)
            drain.requests.push_back(request.id);
    for (const Token& token : state.tokens)
        if (token.open && token.backends.contains(backend))
            drain.tokens.push_back(token.id);
    return drain;
}

// Until a section's begin may return, a momentary one may take effect.
inline Items remaining(const State& state, const Section& section) {
    if (!section.live())
        return conflicts(state, section);
    if (section.kind == SectionKind::close_backend)  // R27: every request, every token
        return remaining(state, cover_set(state, section.backend));
    if (!section.momentary() && section.kind != SectionKind::drained)
        return {};
    const bool close = section.kind == SectionKind::close_node;
    const bool change = section.kind == SectionKind::change;
    const Change what = change ? change_of(state, section) : Change{};
    const Scope scope = change ? Scope{} : scope_of(state, section);
    Items items = change ? quiet_items(state, what) : activity(state, scope, false);
    const bool quiet = items.empty() || close;
    const NodeSet left = change ? settle_scope(state, section) : scope.nodes;
    for (const Node& node : state.nodes)
        if (node.settler == section.id || (left.contains(node.id) && (close || !node.settled()) &&
                                           (quiet || node.settle == Settle::running)))
            items.emplace_back(Item::Kind::settling, node.id);
    if (close)
        append(items, passes(state, section.id, section.closing));
    if (change)
        append(items, passes(state, section.id, what.ends | what.moving.nodes));
    return items;
}

// R12: this can only be released through what the waiter holds.
inline bool hostage(const State& state, const Item& item, const Holding& holding) {
    const auto held = [&](const Item& other) { return hostage(state, other, holding); };
    const auto gate_held = [&](BackendId backend) {
        return std::ranges::any_of(gates(state, {backend}), held);
    };
    switch (item.kind) {
        case Item::Kind::request: {
            const Request& request = *find(state, item.request);
            if (request.id == holding.request || !request.in_line())
                return request.id == holding.request;
            const Request* ahead = ahead_of(state, request);
            return (!request.token && gate_held(request.backend)) ||
                   (ahead != nullptr && held(*ahead));
        }
        case Item::Kind::token:
            return holding.tokens.contains(item.token);
        case Item::Kind::gate:
            return holding.sections.contains(item.section);
        case Item::Kind::conflict: {
            const Section& isolate = *find(state, item.section);
            return holding.sections.contains(isolate.id) || gate_held(isolate.backend) ||
                   (!isolate.live() && std::ranges::any_of(remaining(state, isolate), held));
        }
        default:
            return false;
    }
}

// R12: something remains, and all of it could only be released through what the waiter holds. A
// token opens only after all of its gates have opened: one that is held is enough.
inline bool would_deadlock(const State& state, const Items& items, const Holding& holding) {
    const auto held = [&](const Item& item) { return hostage(state, item, holding); };
    if (holding.empty() || items.empty())
        return false;
    return items[0].kind == Item::Kind::gate ? std::ranges::any_of(items, held)
                                             : std::ranges::all_of(items, held);
}

// R26: a pending operation whose caller holds something, by its one name.
struct Waiter {
    SectionId section{};
    WaitId wait{};
    TokenId token{};
    Holding holding{};
    Items items{};
    bool operator==(const Waiter& other) const {
        return section == other.section && wait == other.wait && token == other.token;
    }
};
using Waiters = std::vector<Waiter>;

inline Waiters waiters(const State& state) {
    Waiters all;
    const auto add = [&](Waiter waiter, bool pending, const auto& operation) {
        waiter.holding = operation.holding;
        waiter.holding.request = {};  // ends with its dispatch, whoever waits: no link of a circle
        if (!pending || waiter.holding.empty())
            return;
        waiter.items = remaining(state, operation);
        all.push_back(waiter);
    };
    for (const Section& section : state.sections)
        add({.section = section.id}, !section.begun() && !section.abandoned, section);
    for (const Wait& wait : state.waits)
        add({.wait = wait.id}, true, wait);
    for (const Token& token : state.tokens)
        add({.token = token.id}, !token.open, token);
    return all;
}

// Those whose callers hold something that `from` waits for, those that hold what these wait for,
// and so on.
inline Waiters behind(const State& state, const Waiters& all, const Waiter& from) {
    Waiters found;
    const auto step = [&](const Waiter& at) {
        for (const Waiter& next : all)
            if (std::ranges::find(found, next) == found.end() &&
                std::ranges::any_of(
                    at.items, [&](const Item& item) { return hostage(state, item, next.holding); }))
                found.push_back(next);
    };
    step(from);
    std::size_t taken = 0;
    while (taken < found.size())
        step(Waiter(found[taken++]));
    return found;
}

// R26: the operations that wait for each other in a circle, this one among them.
inline Waiters cycle(const State& state, const Waiter& name) {
    const Waiters all = waiters(state);
    const auto start = std::ranges::find(all, name);
    Waiters found = start != all.end() ? behind(state, all, *start) : Waiters{};
    std::erase_if(found, [&](const Waiter& other) {
        const Waiters back = behind(state, all, other);
        return std::ranges::find(back, name) == back.end();
    });
    return found;
}

// R26: what a pending operation waits for, sorted; of the nodes to settle those being settled.
template <class I>
Items explain(const State& state, I section_wait_or_token) {
    const auto* pending = find(state, section_wait_or_token);
    Items items = pending != nullptr ? remaining(state, *pending) : Items{};
    std::erase_if(items, [&](const Item& item) {
        return item.kind == Item::Kind::settling &&
               find(state, item.node)->settle != Settle::running;
    });
    const BackendSet gated = items.empty() ? BackendSet{} : covered(state).backends;
    for (Item& item : items)
        if (const Request* request = find(state, item.request); request && request->in_line())
            item.blockers = blockers(state, gated, *request);
    std::ranges::sort(items);
    const auto rest = std::ranges::unique(items);
    items.erase(rest.begin(), rest.end());
    return items;
}

}  // namespace blkdrain_ref
