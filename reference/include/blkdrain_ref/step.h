// SPDX-License-Identifier: Apache-2.0
//
// The judge: what each pending operation still waits for (R26) and whether it can ever come (R12),
// one step of the model, and the steps that have to happen.
#pragma once

#include <blkdrain_ref/view.h>

namespace blkdrain_ref {

// Admission.

// What keeps a WAITING request.
struct Blockers {
    bool gate = false, order = false, rate = false, plug = false;
    friend auto operator<=>(const Blockers&, const Blockers&) = default;
};

template <class I>
bool closing(const State& state, I backend_or_node) {  // R27
    return std::ranges::any_of(
        state.sections, [&](const Section& section) { return section.closes(backend_or_node); });
}

// A backend of it closes or is gone (R27).
inline bool failing(const State& state, const Token& token) {
    return std::ranges::any_of(token.backends, [&](BackendId backend) {
        return find(state, backend) == nullptr || closing(state, backend);
    });
}

// A pending change that names it, so that it counts as closed; none (R24).
inline SectionId naming_change(const State& state, TokenId token) {
    for (const Section& section : state.sections)
        if (contains(section.tokens, token))
            return section.id;
    return {};
}

// The earlier WAITING request that this one may not overtake; null (R18).
inline const Request* ahead_of(const State& state, const Request& request) {
    for (const Request& other : state.requests) {
        if (other.id == request.id)
            break;
        if (other.in_line() && other.backend == request.backend &&
            other.direction == request.direction && other.token == request.token)
            return &other;
    }
    return nullptr;
}

// The group that it is a member of; null.
auto* group_of(auto& state, BackendId backend) {
    const auto found = std::ranges::find_if(
        state.groups, [&](const Group& group) { return group.contains(backend); });
    return found == state.groups.end() ? nullptr : &*found;
}

// The buckets that it has to meet, of a group.
inline std::array<std::size_t, 4> buckets_of(const Request& request) {
    const std::size_t direction = 1 + static_cast<std::size_t>(request.direction);
    return {0, direction, 3, 3 + direction};
}

// R13: the group whose limits it has to meet; null. Flushes are not charged (R30).
inline const Group* charging(const State& state, const Request& request) {
    const Group* group = request.flush ? nullptr : group_of(state, request.backend);
    const auto limits = [&](std::size_t i) { return group->buckets[i].rate.rate != 0; };
    return group != nullptr && std::ranges::any_of(buckets_of(request), limits) ? group : nullptr;
}

// R13: a bucket is full.
inline bool over_limit(const State& state, const Request& request) {
    const Group* group = charging(state, request);
    const auto full = [&](std::size_t i) { return !group->buckets[i].passes(); };
    return group != nullptr && std::ranges::any_of(buckets_of(request), full);
}

// R4: under a token the gate does not count.
inline bool has_gate(const State& state, BackendSet gated, const Request& request) {
    return request.token ? static_cast<bool>(naming_change(state, request.token))
                         : gated.contains(request.backend);
}

inline Blockers blockers(const State& state, BackendSet gated, const Request& request) {
    return {.gate = has_gate(state, gated, request),
            .order = !request.plugged && ahead_of(state, request) != nullptr,
            .rate = over_limit(state, request),
            .plug = request.plugged};
}

// R30: in line, and nothing but the limit keeps it: its backend is an active member.
inline bool active(const State& state, BackendSet gated, const Request& request) {
    return request.in_line() && !request.flush && !has_gate(state, gated, request) &&
           ahead_of(state, request) == nullptr;
}

// R30: whose turn it is: of the active member with whom the round goes on the first request in line
// that nothing but the limit keeps; none if no member is active.
inline RequestId whose_turn(const State& state, BackendSet gated, const Group& group,
                            Direction direction) {
    BackendId member = group.turn[static_cast<std::size_t>(direction)];
    for (std::size_t i = 0; i < group.members.size(); ++i) {
        member = member ? member : group.members.front();
        for (const Request& request : state.requests)
            if (request.backend == member && request.direction == direction &&
                active(state, gated, request))
                return request.id;
        member = group.after(member);
    }
    return {};
}

inline bool has_turn(const State& state, BackendSet gated, const Request& request) {
    const Group* group = charging(state, request);
    return group == nullptr || whose_turn(state, gated, *group, request.direction) == request.id;
}

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
    Blockers blockers{};  // told by explain only

    Item() = default;
    Item(const Request& of) : request(of.id), state(of.state) {}
    Item(TokenId id) : kind(Kind::token), token(id) {}
    Item(Kind sort, NodeId id) : kind(sort), node(id) {}
    Item(Kind sort, SectionId id) : kind(sort), section(id) {}
    friend auto operator<=>(const Item&, const Item&) = default;
};
using Items = std::vector<Item>;

// The live sections that gate one of them, whatever their owners do (R1).
inline Items gates(const View& view, BackendSet backends) {
    Items items;
    for (const Cover& cover : view.covers())
        if (cover.section.live() && cover.scope.backends.meets(backends))
            items.emplace_back(Item::Kind::gate, cover.section.id);
    return items;
}

// The isolates, live or earlier in the queue, that this one has to wait for (R23).
inline Items conflicts(const View& view, const Section& isolate) {
    Items items;
    const bool holds = std::ranges::any_of(view.state.sections, [&](const Section& other) {
        return other.live_isolate() && other.backend == isolate.backend;
    });
    bool earlier = true;
    for (const Section& other : view.state.sections) {
        if (other.id == isolate.id)
            earlier = false;
        else if ((other.live_isolate() || (!other.live() && earlier && !holds)) &&
                 conflict(view.graph(), isolate, other))
            items.emplace_back(Item::Kind::conflict, other.id);
    }
    return items;
}

// The settle passes of other sections that run over one of the nodes (R20), and the settles that
// run in one of them or of `inner`, also when nobody asks for them any more.
inline void passes(Items& items, const View& view, SectionId except, NodeSet nodes, NodeSet inner) {
    for (const Node& node : view.state.nodes)
        if (node.settler && node.settler != except && (nodes | inner).contains(node.id))
            items.emplace_back(Item::Kind::pass, node.settler);
    for (const Cover& other : view.covers())
        if (other.section.id != except && other.section.phase == Phase::quiet &&
            other.settles.meets(nodes) && !(other.settles - view.settled()).empty())
            items.emplace_back(Item::Kind::pass, other.section.id);
}

// What keeps a scope from being quiet. `excused`: tokens named by a pending change count as closed
// (R24).
inline void activity(Items& items, const State& state, const Scope& scope, bool excused) {
    const auto counts = [&](TokenId token) { return !excused || !naming_change(state, token); };
    for (const Request& request : state.requests) {
        if (!scope.backends.contains(request.backend))
            continue;
        // A request sent under a token belongs to an operation that has started, also when it was
        // closed since.
        const Token* token = find(state, request.token);
        const bool operation = request.token && !request.cancelled &&
                               !(token != nullptr && token->open) && counts(request.token);
        if (request.ever_admitted() || operation)
            items.emplace_back(request);
    }
    for (const Token& token : state.tokens)
        if (token.open && token.backends.meets(scope.backends) && counts(token.id))
            items.emplace_back(token.id);
    for (const Node& node : state.nodes)
        if (node.internal != 0 && scope.nodes.contains(node.id))
            items.emplace_back(Item::Kind::internal, node.id);
}

// What is left of the quiet of a section (milestones, R7).
inline Items unquiet(const State& state, const Cover& cover) {
    Items items;
    activity(items, state, cover.quiet, cover.section.kind == SectionKind::change);
    activity(items, state, cover.entered, false);
    return items;
}

// R31: what stopping a machine waits for: that the own backend of each of its devices is quiet, and
// nothing else.
inline Items unstopped(const State& state, BackendSet devices) {
    Items items;
    activity(items, state, {devices, {}}, false);
    return items;
}

// What an operation still waits for.

inline Items remaining(const View& view, const Token& token) {  // R4
    return token.open ? Items{} : gates(view, token.backends);
}

// R10, R11: what a drain covers as it starts, waiting or not, but nothing that nodes do on their
// own account (R15); R27: every request, every token.
inline Items all_of(const State& state, BackendId backend) {
    Items items;
    for (const Request& request : state.requests)
        if (request.backend == backend)
            items.emplace_back(request);
    for (const Token& token : state.tokens)
        if (token.open && token.backends.contains(backend))
            items.emplace_back(token.id);
    return items;
}

// Until a section's begin may return, a momentary one may take effect.
inline Items remaining(const View& view, const Section& section) {
    Items items;
    if (!section.live())
        return conflicts(view, section);
    if (section.kind == SectionKind::close_backend)
        return all_of(view.state, section.backend);
    if (section.kind == SectionKind::quiet_wait) {
        const Section* awaited = find(view.state, section.section);
        return awaited != nullptr ? unquiet(view.state, view.of(*awaited)) : items;
    }
    for (const RequestId request : section.requests)
        items.emplace_back(*find(view.state, request));
    items.insert(items.end(), section.open_tokens.begin(), section.open_tokens.end());
    if (section.waits() || (!section.momentary() && section.kind != SectionKind::drained))
        return items;
    const Cover& cover = view.of(section);
    items = unquiet(view.state, cover);
    const bool close = section.kind == SectionKind::close_node;
    const bool quiet = items.empty() || close;
    for (const Node& node : view.state.nodes)
        if (node.settler == section.id ||
            (cover.settles.contains(node.id) && (close || !node.settled()) &&
             (quiet || node.settle == Settle::running)))
            items.emplace_back(Item::Kind::settling, node.id);
    if (!cover.alone.empty())  // the requests of a settle cross edges
        passes(items, view, section.id, cover.alone, cover.quiet.nodes | cover.entered.nodes);
    return items;
}

// R12: this can only be released through what the waiter holds.
inline bool hostage(const View& view, const Item& item, const Holding& holding) {
    const auto held = [&](const Item& other) { return hostage(view, other, holding); };
    const auto gate_held = [&](BackendId backend) {
        return std::ranges::any_of(gates(view, {backend}), held);
    };
    switch (item.kind) {
        case Item::Kind::request: {
            const Request& request = *find(view.state, item.request);
            if (request.id == holding.request || !request.in_line())
                return request.id == holding.request;
            const Request* ahead = ahead_of(view.state, request);
            return (!request.token && gate_held(request.backend)) ||
                   (ahead != nullptr && held(*ahead));
        }
        case Item::Kind::token:
            return contains(holding.tokens, item.token);
        case Item::Kind::gate:
            return contains(holding.sections, item.section);
        case Item::Kind::conflict: {
            const Section& isolate = *find(view.state, item.section);
            return contains(holding.sections, isolate.id) || gate_held(isolate.backend) ||
                   (!isolate.live() && std::ranges::any_of(remaining(view, isolate), held));
        }
        default:
            return false;
    }
}

// R12: something remains, and all of it could only be released through what the waiter holds. A
// token opens only after all of its gates have opened: one that is held is enough.
inline bool would_deadlock(const View& view, const Items& items, const Holding& holding) {
    const auto held = [&](const Item& item) { return hostage(view, item, holding); };
    if (holding.empty() || items.empty())
        return false;
    return items[0].kind == Item::Kind::gate ? std::ranges::any_of(items, held)
                                             : std::ranges::all_of(items, held);
}

// R26: a pending operation whose caller holds something.
struct Waiter {
    SectionId section{};  // or
    TokenId token{};
    Holding holding{};
    Items items{};
};
using Waiters = std::vector<Waiter>;

inline Waiters waiters(const View& view) {
    Waiters all;
    const auto add = [&](SectionId section, TokenId token, const auto& operation) {
        if (operation.holding.sections.empty() && operation.holding.tokens.empty())
            return;
        all.push_back({section, token, operation.holding, remaining(view, operation)});
        all.back().holding.request = {};  // ends with its dispatch, whoever waits: no link
    };
    for (const Section& section : view.state.sections)
        if (!section.begun() && !section.abandoned)
            add(section.id, {}, section);
    for (const Token& token : view.state.tokens)
        if (!token.open)
            add({}, token.id, token);
    return all;
}

// R26: the operations that wait for each other in a circle, this one among them.
inline Waiters cycle(const View& view, SectionId section, TokenId token) {
    Waiters all = waiters(view);
    const std::size_t count = all.size();
    // Whether the caller of the second holds something that the first waits for, or holds something
    // that such an operation waits for, and so on.
    std::vector<std::vector<bool>> behind(count, std::vector<bool>(count));
    for (std::size_t i = 0; i < count; ++i)
        for (std::size_t k = 0; k < count; ++k)
            behind[i][k] = std::ranges::any_of(all[i].items, [&](const Item& item) {
                return hostage(view, item, all[k].holding);
            });
    for (std::size_t via = 0; via < count; ++via)
        for (std::size_t i = 0; i < count; ++i)
            for (std::size_t k = 0; k < count; ++k)
                behind[i][k] = behind[i][k] || (behind[i][via] && behind[via][k]);
    Waiters circle;
    for (std::size_t i = 0; i < count; ++i)
        for (std::size_t k = 0; k < count; ++k)
            if (all[i].section == section && all[i].token == token && behind[i][k] && behind[k][i])
                circle.push_back(all[k]);
    return circle;
}

// R26: what a pending operation waits for, sorted; of the nodes to settle those being settled.
template <class I>
Items explain(const View& view, I section_or_token) {
    const auto* pending = find(view.state, section_or_token);
    Items items = pending != nullptr ? remaining(view, *pending) : Items{};
    std::erase_if(items, [&](const Item& item) {
        return item.kind == Item::Kind::settling &&
               find(view.state, item.node)->settle != Settle::running;
    });
    for (Item& item : items)
        if (const Request* request = find(view.state, item.request); request && request->waits())
            item.blockers = blockers(view.state, view.covered().backends, *request);
    std::ranges::sort(items);
    const auto rest = std::ranges::unique(items);
    items.erase(rest.begin(), rest.end());
    return items;
}

// Why an event is refused.
BLKDRAIN_REF_WORDS(Code, no_such_object, id_in_use, wrong_kind, wrong_result, never_happened,
                   gates_not_reported, admitted_while_gated, admitted_twice, admitted_cancelled,
                   completed_too_soon, done_too_soon, opened_while_gated, opened_while_closing,
                   token_not_waiting, token_not_open, section_not_begun, reported_twice,
                   quiet_early, listens_already, notified_without_cause, notified_out_of_order,
                   drain_early, not_a_chain, not_hostage, overtook, not_released, idle_early,
                   settled_early, settled_twice, settled_out_of_scope, settled_out_of_order,
                   not_settling, no_internal_request, isolated_in_conflict, admitted_during_change,
                   finished_early, node_closed_early, node_not_closing, not_pending, abandoned,
                   released_early, no_cycle, admitted_plugged, admitted_over_limit, out_of_turn,
                   clock_goes_back, not_plugged, no_member, plugged_still, count)

struct Reason {
    Code code = Code::count;
    int rule = 0;   // 9 for R9
    Event event{};  // the event refused, with the backend that it is about
    Item item{};    // what stands against it
    Error expected = Error::ok;
};

// The reason why the event is refused. Rule 0: that of the results concerned, else of the event.
[[gnu::cold]] Reason refusal(const State& state, const Event& event, Code code, int rule = 0,
                             Item item = {}, Error expected = Error::ok);
// One line: the event, the reason, what stands against it, the rule.
std::string sentence(const Reason& reason);

// Takes the event; or gives the reason why not, and leaves the state as it is.
std::optional<Reason> accept(State& state, const Event& event);
// The reason why not, alone.
std::optional<Reason> check(const View& view, const Event& event);
// The result that the event must have now; its own where no other would be accepted.
Error result_of(const View& view, const Event& event);

// Appends what the implementation must do by itself: while this is not empty, it is not at rest.
void due(const View& view, std::vector<Event>& events);
// Appends what drivers may do: answer what they were given, end what they do on their own account.
void answers(const View& view, std::vector<Event>& events);

}  // namespace blkdrain_ref
