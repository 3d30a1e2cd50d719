// SPDX-License-Identifier: Apache-2.0
#include <blkdrain_ref/rules.h>

namespace blkdrain_ref {
namespace {

using Kind = Item::Kind;

bool open(const State& state, TokenId token) {
    const Token* found = find(state, token);
    return found != nullptr && found->open;
}

// The nodes whose edges, or themselves, a change moves.
NodeSet touched(const State& state, const Section& change) {
    NodeSet nodes = move_of(state, change).nodes;
    for (const Edge& edge : edges_of(state, change).list)
        nodes |= {edge.parent, edge.from, edge.to};
    return nodes;
}

bool held_gate(const State& state, BackendId backend, const Holding& holding) {
    return std::ranges::any_of(gates(state, {backend}), [&](const Item& gate) {
        return holding.sections.contains(gate.section);
    });
}

// R12: this can only be released through what the waiter holds.
bool hostage(const State& state, const Item& item, const Holding& holding) {
    if (item.kind == Kind::token)
        return holding.tokens.contains(item.token);
    if (item.kind == Kind::gate)
        return holding.sections.contains(item.section);
    if (item.kind == Kind::request) {
        const Request& request = *find(state, item.request);
        if (request.id == holding.request || !request.in_line())
            return request.id == holding.request;
        const RequestId ahead = ahead_of(state, request);
        return (!request.token && held_gate(state, request.backend, holding)) ||
               (ahead && hostage(state, *find(state, ahead), holding));
    }
    if (item.kind == Kind::conflict) {
        const Section& isolate = *find(state, item.section);
        const auto behind = [&](const Item& other) { return hostage(state, other, holding); };
        return holding.sections.contains(isolate.id) ||
               held_gate(state, isolate.backend, holding) ||
               (!isolate.live() && std::ranges::any_of(remaining(state, isolate), behind));
    }
    return false;
}

void append(Items& items, const Items& more) {
    items.insert(items.end(), more.begin(), more.end());
}

}  // namespace

Items gates(const State& state, BackendSet backends) {
    Items items;
    for (const Section& section : state.sections)
        if (section.live() && scope_of(state, section).backends.meets(backends))
            items.emplace_back(Kind::gate, section.id);
    return items;
}

Items passes(const State& state, SectionId except, NodeSet nodes) {
    Items items;
    for (const Section& section : state.sections) {
        const bool settling = std::ranges::any_of(state.nodes, [&](const Node& node) {
            return node.settler == section.id && nodes.contains(node.id);
        });
        const bool pass = section.phase == Phase::quiet && !unsettled(state, section).empty() &&
                          settle_scope(state, section).meets(nodes);
        if (section.id != except && (settling || pass))
            items.emplace_back(Kind::pass, section.id);
    }
    return items;
}

Items activity(const State& state, const Scope& scope, bool excused) {
    Items items;
    const auto counts = [&](TokenId token) { return !excused || !naming_change(state, token); };
    for (const Request& request : state.requests) {
        if (!scope.backends.contains(request.backend))
            continue;
        // A request sent under a token belongs to an operation that has started, also when it was
        // closed since.
        const bool operation = request.token && !request.cancelled && !open(state, request.token) &&
                               counts(request.token);
        if (request.ever_admitted || operation)
            items.emplace_back(request);
    }
    for (const Token& token : state.tokens)
        if (token.open && token.backends.meets(scope.backends) && counts(token.id))
            items.emplace_back(token.id);
    for (const Node& node : state.nodes)
        if (node.internal != 0 && scope.nodes.contains(node.id))
            items.emplace_back(Kind::internal, node.id);
    return items;
}

Items quiet_items(const State& state, const Section& section) {
    if (section.kind != SectionKind::change)
        return activity(state, scope_of(state, section), false);
    Items items = activity(state, own_scope(state, section), true);
    append(items, activity(state, entering(state, section, Phase::quiet), false));
    return items;
}

Items remaining(const State& state, const Section& section) {
    Items items;
    if (!section.live()) {
        for (const SectionId other : conflicts(state, section))
            items.emplace_back(Kind::conflict, other);
        return items;
    }
    if (section.kind == SectionKind::close_backend)  // R27: every request, every token
        return remaining(state, cover_set(state, section.backend));
    if (!section.momentary() && section.kind != SectionKind::drained)
        return items;
    items = quiet_items(state, section);
    const bool close = section.kind == SectionKind::close_node, quiet = items.empty() || close;
    const NodeSet left = close ? section.closing : unsettled(state, section);
    for (const Node& node : state.nodes)
        if (node.settler == section.id ||
            (left.contains(node.id) && (quiet || node.settle == Settle::running)))
            items.emplace_back(Kind::settling, node.id);
    if (close)
        append(items, passes(state, section.id, section.closing));
    if (section.kind == SectionKind::change)
        append(items, passes(state, section.id, touched(state, section)));
    return items;
}

Items remaining(const State& state, const Wait& wait) {
    Items items;
    if (const Section* section = find(state, wait.section))
        items = quiet_items(state, *section);
    for (const RequestId request : wait.requests)
        items.emplace_back(*find(state, request));
    for (const TokenId token : wait.tokens)
        items.emplace_back(token);
    return items;
}

Items remaining(const State& state, const Token& token) {
    return token.open ? Items{} : gates(state, token.backends);
}

Wait cover_set(const State& state, BackendId backend) {
    Wait drain{.backend = backend};
    for (const Request& request : state.requests)
        if (request.backend == backend)
            drain.requests.push_back(request.id);
    for (const Token& token : state.tokens)
        if (token.open && token.backends.contains(backend))
            drain.tokens.push_back(token.id);
    return drain;
}

// A token opens only after all of its gates have opened: one that is held is enough.
bool would_deadlock(const State& state, const Items& items, const Holding& holding) {
    const auto held = [&](const Item& item) { return hostage(state, item, holding); };
    if (holding.empty() || items.empty())
        return false;
    return items[0].kind == Kind::gate ? std::ranges::any_of(items, held)
                                       : std::ranges::all_of(items, held);
}

Items explained(const State& state, Items items) {
    std::erase_if(items, [&](const Item& item) {
        return item.kind == Kind::settling && find(state, item.node)->settle != Settle::running;
    });
    const BackendSet gated = covered(state).backends;
    for (Item& item : items)
        if (const Request* request = find(state, item.request); request && request->in_line())
            item.blockers = blockers(state, gated, *request);
    std::ranges::sort(items);
    const auto rest = std::ranges::unique(items);
    items.erase(rest.begin(), rest.end());
    return items;
}

}  // namespace blkdrain_ref
