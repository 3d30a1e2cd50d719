// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <blkdrain_ref/rules.h>

namespace blkdrain_ref {
namespace {

using Kind = Item::Kind;

template <class List, class I>
bool contains(const List& list, I id) {
    return std::ranges::find(list, id) != list.end();
}

Item request_item(const Request& request) {
    Item item(request.id);
    item.state = request.state;
    return item;
}

void append(Items& items, const Items& more) {
    items.insert(items.end(), more.begin(), more.end());
}

bool open(const State& state, TokenId token) {
    const Token* found = find(state, token);
    return found != nullptr && found->open;
}

bool pass_running(const View& view, const Section& section) {
    return section.phase == Phase::quiet && !unsettled(view, section).empty();
}

// The nodes whose edges, or themselves, a change moves.
NodeSet touched(const View& view, const Section& change) {
    NodeSet nodes = move_of(view, change).nodes;
    for (const EdgeEdit& edit : edits(view, change).list)
        nodes |= {edit.parent, edit.from, edit.to};
    return nodes;
}

bool held_gate(const View& view, BackendId backend, const Holding& holding) {
    return std::ranges::any_of(gates(view, {backend}), [&](const Item& gate) {
        return contains(holding.sections, gate.section);
    });
}

// R12: this can only be released through what the waiter holds.
bool hostage(const View& view, const Item& item, const Holding& holding) {
    if (item.kind == Kind::token)
        return contains(holding.tokens, item.token);
    if (item.kind == Kind::gate)
        return contains(holding.sections, item.section);
    if (item.kind == Kind::request) {
        const Request& request = *find(view.state, item.request);
        if (request.id == holding.request || !request.in_line())
            return request.id == holding.request;
        const RequestId ahead = ahead_of(view.state, request);
        return (!request.token && held_gate(view, request.backend, holding)) ||
               (ahead && hostage(view, ahead, holding));
    }
    if (item.kind == Kind::conflict) {
        const Section& isolate = *find(view.state, item.section);
        const auto behind = [&](const Item& other) { return hostage(view, other, holding); };
        return contains(holding.sections, isolate.id) ||
               held_gate(view, isolate.backend, holding) ||
               (!isolate.live() && std::ranges::any_of(remaining(view, isolate), behind));
    }
    return false;
}

}  // namespace

Items gates(const View& view, BackendSet backends) {
    Items items;
    for (const Section& section : view.state.sections)
        if (section.live() && scope_of(view, section).backends.meets(backends))
            items.emplace_back(Kind::gate, section.id);
    return items;
}

Items activity(const State& state, const Scope& scope, bool excused) {
    Items items;
    const auto counts = [&](TokenId token) { return !excused || !naming_change(state, token); };
    for (const Request& request : state.requests) {
        // A request sent under a token belongs to an operation that has started, also when it was
        // closed since.
        const bool operation = request.token && !request.cancelled && !open(state, request.token) &&
                               counts(request.token);
        if (scope.backends.contains(request.backend) && (request.ever_admitted || operation))
            items.push_back(request_item(request));
    }
    for (const Token& token : state.tokens)
        if (token.open && token.backends.meets(scope.backends) && counts(token.id))
            items.emplace_back(token.id);
    for (const Node& node : state.nodes)
        if (node.internal != 0 && scope.nodes.contains(node.id))
            items.emplace_back(Kind::internal, node.id);
    return items;
}

Items passes(const View& view, SectionId except, NodeSet nodes) {
    Items items;
    for (const Section& section : view.state.sections) {
        const bool settling = std::ranges::any_of(view.state.nodes, [&](const Node& node) {
            return node.settler == section.id && nodes.contains(node.id);
        });
        if (section.id != except &&
            (settling || (pass_running(view, section) && settle_scope(view, section).meets(nodes))))
            items.emplace_back(Kind::pass, section.id);
    }
    return items;
}

Items quiet_items(const View& view, const Section& section) {
    if (section.kind != SectionKind::change)
        return activity(view.state, scope_of(view, section), false);
    Items items = activity(view.state, own_scope(view, section), true);
    append(items, activity(view.state, entering(view, section, Phase::quiet), false));
    return items;
}

Items remaining(const View& view, const Section& section) {
    Items items;
    if (!section.live()) {
        for (const SectionId other : conflicts(view, section))
            items.emplace_back(Kind::conflict, other);
        return items;
    }
    if (section.kind == SectionKind::close_backend)  // R27: every request, every token
        return remaining(view, cover_set(view.state, {}, section.backend, {}));
    if (!section.momentary() && section.kind != SectionKind::drained)
        return items;
    items = quiet_items(view, section);
    const bool quiet = items.empty(), close = section.kind == SectionKind::close_node;
    const NodeSet left = close ? section.closing : unsettled(view, section);
    for (const Node& node : view.state.nodes)
        if (node.settler == section.id ||
            (left.contains(node.id) && (quiet || node.settle == Settle::running)))
            items.emplace_back(Kind::settling, node.id);
    if (close)
        append(items, passes(view, section.id, section.closing));
    if (section.kind == SectionKind::change)
        append(items, passes(view, section.id, touched(view, section)));
    return items;
}

Items remaining(const View& view, const Wait& wait) {
    Items items;
    if (const Section* section = find(view.state, wait.section))
        items = quiet_items(view, *section);
    for (const RequestId request : wait.requests)
        items.push_back(request_item(*find(view.state, request)));
    for (const TokenId token : wait.tokens)
        items.emplace_back(token);
    return items;
}

Items remaining(const View& view, const Token& token) {
    return token.open ? Items{} : gates(view, token.backends);
}

Wait cover_set(const State& state, WaitId id, BackendId backend, Holding holding) {
    Wait wait{.id = id, .backend = backend, .holding = std::move(holding)};
    for (const Request& request : state.requests)
        if (request.backend == backend)
            wait.requests.push_back(request.id);
    for (const Token& token : state.tokens)
        if (token.open && token.backends.contains(backend))
            wait.tokens.push_back(token.id);
    return wait;
}

// A token opens only after all of its gates have opened: one that is held is enough.
bool would_deadlock(const View& view, const Items& items, const Holding& holding) {
    const auto held = [&](const Item& item) { return hostage(view, item, holding); };
    if (holding == Holding{} || items.empty())
        return false;
    return items[0].kind == Kind::gate ? std::ranges::any_of(items, held)
                                       : std::ranges::all_of(items, held);
}

Items explained(const View& view, Items items) {
    std::erase_if(items, [&](const Item& item) {
        return item.kind == Kind::settling &&
               find(view.state, item.node)->settle != Settle::running;
    });
    const BackendSet gated = covered(view).backends;
    for (Item& item : items)
        if (const Request* request = find(view.state, item.request); request && request->in_line())
            item.blockers = blockers(view.state, gated, *request);
    std::ranges::sort(items);
    const auto rest = std::ranges::unique(items);
    items.erase(rest.begin(), rest.end());
    return items;
}

}  // namespace blkdrain_ref
