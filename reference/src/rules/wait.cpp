// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <blkdrain_ref/rules/admission.h>
#include <blkdrain_ref/rules/change.h>
#include <blkdrain_ref/rules/context.h>
#include <blkdrain_ref/rules/wait.h>

namespace blkdrain_ref {
namespace {

template <class List, class I>
bool contains(const List& list, I id) {
    return std::ranges::find(list, id) != list.end();
}

Item request_item(const State& state, const Request& request) {
    Item item{.kind = Item::Kind::request, .request = request.id, .state = request.state};
    if (request.state == RequestState::waiting && !request.cancelled)
        item.blockers = blockers(state, request);
    return item;
}

void append(Items& items, const Items& more) {
    items.insert(items.end(), more.begin(), more.end());
}

bool open(const State& state, TokenId token) {
    const Token* found = find(state, token);
    return found != nullptr && found->open;
}

NodeSet ends_of(const State& state, const Section& change) {
    NodeSet ends;
    for (const EdgeEdit& edit : edits(state, change))
        for (const NodeId end : {edit.parent, edit.from, edit.to})
            ends.insert(end);
    return ends;
}

bool held_gate(const State& state, BackendId backend, const Holding& holding) {
    const Shape shape = shape_of(state);
    return std::ranges::any_of(state.sections, [&](const Section& section) {
        return section.live() && contains(holding.sections, section.id) &&
               scope_of(state, shape, section).backends.contains(backend);
    });
}

// R12: this can only be released through what the waiter holds.
bool hostage(const State& state, const Item& item, const Holding& holding) {
    switch (item.kind) {
        case Item::Kind::request: {
            if (item.request == holding.request)
                return true;
            if (item.state != RequestState::waiting)
                return false;
            const Request& request = *find(state, item.request);
            if (request.cancelled)
                return false;
            const RequestId ahead = ahead_of(state, request);
            return (!request.token && held_gate(state, request.backend, holding)) ||
                   (ahead && hostage(state, request_item(state, *find(state, ahead)), holding));
        }
        case Item::Kind::token:
            return contains(holding.tokens, item.token);
        case Item::Kind::gate:
            return contains(holding.sections, item.section);
        case Item::Kind::conflict: {
            const Section& isolate = *find(state, item.section);
            return contains(holding.sections, isolate.id) ||
                   held_gate(state, isolate.backend, holding) ||
                   (!isolate.live() &&
                    std::ranges::any_of(remaining(state, isolate), [&](const Item& behind) {
                        return hostage(state, behind, holding);
                    }));
        }
        default:
            return false;
    }
}

bool all_hostage(const State& state, const Items& items, const Holding& holding) {
    return !items.empty() && std::ranges::all_of(items, [&](const Item& item) {
        return hostage(state, item, holding);
    });
}

Items tidy(Items items) {
    std::ranges::sort(items);
    const auto rest = std::ranges::unique(items);
    items.erase(rest.begin(), rest.end());
    return items;
}

}  // namespace

Items activity(const State& state, const Scope& scope, bool excused) {
    Items items;
    for (const Request& request : state.requests) {
        // A request sent under a token belongs to an operation that has started, also when it was
        // closed since.
        const bool started = request.ever_admitted ||
                             (request.token && !request.cancelled && !open(state, request.token) &&
                              !(excused && naming_change(state, request.token)));
        if (started && scope.backends.contains(request.backend))
            items.push_back(request_item(state, request));
    }
    for (const Token& token : state.tokens)
        if (token.open && token.backends.meets(scope.backends) &&
            !(excused && naming_change(state, token.id)))
            items.push_back({.kind = Item::Kind::token, .token = token.id});
    for (const Node& node : state.nodes)
        if (node.internal != 0 && scope.nodes.contains(node.id))
            items.push_back({.kind = Item::Kind::internal, .node = node.id});
    return items;
}

Items passes(const State& state, const Shape& shape, SectionId except, NodeSet nodes) {
    Items items;
    for (const Section& section : state.sections)
        if (section.id != except && pass_running(state, shape, section) &&
            settle_scope(state, shape, section).meets(nodes))
            items.push_back({.kind = Item::Kind::pass, .section = section.id});
    return items;
}

Items quiet_items(const State& state, const Shape& shape, const Section& section) {
    if (section.kind != SectionKind::change)
        return activity(state, scope_of(state, shape, section), false);
    Items items = activity(state, own_scope(state, shape, section), true);
    const Shape after = shape_after(state, section);
    for (const Section& other : state.sections)
        if (other.phase >= Phase::quiet)  // R24: who enters meets what has been reached
            append(items, activity(state, entering(state, shape, after, other), false));
    return items;
}

NodeSet unsettled(const State& state, const Shape& shape, const Section& section) {
    NodeSet nodes = settle_scope(state, shape, section);
    for (const Node& node : state.nodes)
        if (node.settled())
            nodes.erase(node.id);
    return nodes;
}

bool pass_running(const State& state, const Shape& shape, const Section& section) {
    return section.phase == Phase::quiet && !unsettled(state, shape, section).empty();
}

Items remaining(const State& state, const Section& section) {
    Items items;
    const Shape shape = shape_of(state);
    if (!section.live()) {
        for (const SectionId other : conflicts(state, section))
            items.push_back({.kind = Item::Kind::conflict, .section = other});
        return items;
    }
    if (section.kind == SectionKind::close_backend) {  // R27: every request, every token
        for (const Request& request : state.requests)
            if (request.backend == section.backend)
                items.push_back(request_item(state, request));
        for (const Token& token : state.tokens)
            if (token.open && token.backends.contains(section.backend))
                items.push_back({.kind = Item::Kind::token, .token = token.id});
        return items;
    }
    if (!section.momentary() && section.kind != SectionKind::drained)
        return items;
    items = quiet_items(state, shape, section);
    const bool quiet = items.empty();
    const NodeSet left = section.kind == SectionKind::close_node ? section.closing
                                                                 : unsettled(state, shape, section);
    for (const Node& node : state.nodes)
        if (node.settler == section.id ||
            (left.contains(node.id) && (quiet || node.settle == Settle::running)))
            items.push_back({.kind = Item::Kind::settling, .node = node.id});
    if (section.kind == SectionKind::change)
        append(items, passes(state, shape, section.id,
                             ends_of(state, section) | move_of_change(state, shape, section).nodes));
    if (section.kind == SectionKind::close_node)
        append(items, passes(state, shape, section.id, section.closing));
    return items;
}

Items remaining(const State& state, const Wait& wait) {
    Items items;
    if (!wait.drain()) {
        if (const Section* section = find(state, wait.section))
            items = quiet_items(state, shape_of(state), *section);
        return items;
    }
    for (const RequestId request : wait.requests)
        items.push_back(request_item(state, *find(state, request)));
    for (const TokenId token : wait.tokens)
        items.push_back({.kind = Item::Kind::token, .token = token});
    return items;
}

Items remaining(const State& state, const Token& token) {
    Items items;
    const Shape shape = shape_of(state);
    for (const Section& section : state.sections)
        if (!token.open && section.live() &&
            scope_of(state, shape, section).backends.meets(token.backends))
            items.push_back({.kind = Item::Kind::gate, .section = section.id});
    return items;
}

bool would_deadlock(const State& state, const Section& section) {
    return !section.begun() && section.holding != Holding{} &&
           all_hostage(state, remaining(state, section), section.holding);
}

bool would_deadlock(const State& state, const Wait& wait) {
    return wait.holding != Holding{} && all_hostage(state, remaining(state, wait), wait.holding);
}

// It opens only after all of the sections have ended: one that is held is enough.
bool would_deadlock(const State& state, const Token& token) {
    return token.holding != Holding{} &&
           std::ranges::any_of(remaining(state, token), [&](const Item& item) {
               return hostage(state, item, token.holding);
           });
}

Items explain(const State& state, SectionId id) {
    const Section* section = find(state, id);
    Items items = section != nullptr ? remaining(state, *section) : Items{};
    std::erase_if(items, [&](const Item& item) {
        return item.kind == Item::Kind::settling &&
               find(state, item.node)->settle != Settle::running;
    });
    return tidy(std::move(items));
}

Items explain(const State& state, WaitId id) {
    const Wait* wait = find(state, id);
    return wait != nullptr ? tidy(remaining(state, *wait)) : Items{};
}

Items explain(const State& state, TokenId id) {
    const Token* token = find(state, id);
    return token != nullptr ? tidy(remaining(state, *token)) : Items{};
}

}  // namespace blkdrain_ref
