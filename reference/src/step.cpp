// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <blkdrain_ref/step.h>

namespace blkdrain_ref {
namespace {

using Kind = Event::Kind;
using enum Code;

// Why an event is refused, before the names of its objects are filled in.
struct No {
    Code code;
    Item item{};
    Error expected = Error::ok;
};

Section section_of(const View& view, const Event& event) {
    static constexpr SectionKind momentary[] = {SectionKind::settle, SectionKind::change,
                                                SectionKind::context, SectionKind::close_backend,
                                                SectionKind::close_node};
    Section section{.id = event.section,
                    .kind = event.section_kind,
                    .node = event.node,
                    .backend = event.backend,
                    .set = event.set,
                    .op = event.op,
                    .other = event.other,
                    .edge = event.edge,
                    .loop = event.loop,
                    .tokens = event.tokens,
                    .holding = event.holding};
    if (event.kind != Kind::begin) {
        section.kind = momentary[static_cast<int>(event.kind) - static_cast<int>(Kind::settle)];
        section.phase = Phase::effective;
    } else if (section.kind == SectionKind::isolate && !conflicts(view, section).empty()) {
        section.phase = Phase::queued;  // R23
    }
    if (event.kind == Kind::close_node)
        section.closing = {event.node};
    return section;
}

// R19
bool quiesced(const View& view, NodeId node) {
    const BackendSet backends = roots(view, cone(view, node));
    return backends.within(covered(view).backends) &&
           activity(view.state, {backends, {}}, false).empty();
}

// The result of a call that starts this section.
Error result_of_start(const View& view, const Event& event, const Section& section) {
    if (section.moves())
        return event.in_notification ? Error::busy : judge_change(view, section);
    if (section.kind >= SectionKind::close_backend)
        return judge_close(view, section);
    if (closing(view.state, event.backend) || closing(view.state, event.node))
        return Error::closing;
    if (section.kind == SectionKind::settle)
        return quiesced(view, event.node) ? Error::ok : Error::not_quiesced;
    const bool holds_own =  // R23: it would wait for its own operation
        std::ranges::any_of(event.holding.tokens, [&](TokenId id) {
            const Token* token = find(view.state, id);
            return token != nullptr && token->open && token->backends.contains(event.backend);
        });
    return !section.live() && (event.attempt || holds_own) ? Error::conflict : Error::ok;
}

// R21: a settle error is reported by whoever covers the node.
bool settle_failed(const View& view, const Section& section) {
    const NodeSet nodes = settle_scope(view, section);
    return section.kind != SectionKind::close_node &&
           std::ranges::any_of(view.state.nodes, [&](const Node& node) {
               return node.settle == Settle::failed && nodes.contains(node.id);
           });
}

template <class List, class I>
bool contains(const List& list, I id) {
    return std::ranges::find(list, id) != list.end();
}

// Adds the object in the order of the ids.
template <class Object>
void insert(State& state, Object object) {
    auto& objects = all(state, object.id);
    objects.insert(std::ranges::lower_bound(objects, object.id, {}, &Object::id),
                   std::move(object));
}

// The object is over; nobody waits for it any more.
template <class I>
void erase(State& state, I id) {
    std::erase_if(all(state, id), [&](const auto& object) { return object.id == id; });
    for (Wait& wait : state.waits)
        if constexpr (std::is_same_v<I, RequestId>)
            std::erase(wait.requests, id);
        else if constexpr (std::is_same_v<I, TokenId>)
            std::erase(wait.tokens, id);
        else if constexpr (std::is_same_v<I, SectionId>)
            wait.section = wait.section == id ? SectionId{} : wait.section;
}

void reach(Section& section, Phase phase) {
    section.phase = std::max(section.phase, phase);
    if (section.begun())
        section.holding = {};  // it waits no more
}

// What an event says about one object.
struct Named {
    char letter;
    bool is_name, exists;
};

// One event: what must hold before it, the result it must have, and what it
// does.
struct Step {
    const View& view;
    const Event& event;
    State* target = nullptr;  // where it takes effect, if it shall
    bool asks = false;        // for the right result, whatever the event says
    Error result = event.error;
    std::optional<No> no{};

    const State& state = view.state;
    const Node* node = find(state, event.node);
    const Backend* backend = find(state, event.backend);
    const Request* request = find(state, event.request);
    const Token* token = find(state, event.token);
    const Section* section = find(state, event.section);
    const Wait* wait = find(state, event.wait);

    // Unless it holds, the event is refused; the first reason counts.
    bool demand(bool holds, Code code, Item item = {}) {
        if (!no && !holds)
            no = No{code, item};
        return !no;
    }
    bool demand_none(const Items& items, Code code) {
        return demand(items.empty(), code, items.empty() ? Item{} : items[0]);
    }
    // A call that ends with an error has no effect; the ends of steps and waits
    // have one whatever they report.
    bool happens() const {
        return !no && target != nullptr &&
               (result == Error::ok || event.kind == Kind::abandon ||
                event.kind > Kind::close_node);
    }
    bool happens_with(Error right) {
        if (!no && asks)
            result = right;
        if (!no && result != right)
            no = No{wrong_result, {}, right};
        return happens();
    }
    // The object, to be changed.
    template <class I>
    auto& my(I id) {
        return *find(*target, id);
    }

    // Names in use are not given again; what the event speaks of exists.
    void check_objects() {
        const auto named = [](char letter, auto id, const void* found) {
            return Named{letter, id.value < id.limit, found != nullptr};
        };
        const Named all[] = {
            named('n', event.node, node),       named('o', event.other, find(state, event.other)),
            named('b', event.backend, backend), named('r', event.request, request),
            named('t', event.token, token),     named('s', event.section, section),
            named('d', event.wait, wait)};
        for (const char* letter = objects(event); *letter != '\0'; ++letter)
            for (const Named& object : all)
                if (object.letter == *letter)
                    demand(object.exists, no_such_object);
                else if (object.letter - 'a' == *letter - 'A')
                    demand(object.is_name && !object.exists, id_in_use);
        for (const BackendId member : event.set)
            demand(find(state, member) != nullptr, no_such_object);
    }

    // R18: an end, and each later step of a section, comes after all that the
    // steps before have released.
    void check_one_step() {
        const Kind kind = event.kind;
        const bool activation = kind == Kind::effective && !section->live();
        const bool ordered = (kind >= Kind::settle && kind <= Kind::close_node) ||
                             kind == Kind::begin || kind == Kind::end || kind == Kind::finish ||
                             kind == Kind::release || kind == Kind::idle ||
                             (kind == Kind::abandon && section != nullptr);
        if (!ordered && !activation)
            return;
        const RequestId released = due_request(view);
        demand(!released, not_released, released);
        const TokenId opening = due_token(view);
        demand(!opening, not_opened, opening);
        if (activation)
            return;
        for (const Section& other : state.sections)  // R2: one consistent cut
            demand(other.phase != Phase::closed, gates_not_reported, {Item::Kind::gate, other.id});
        const SectionId isolate = due_isolate(view);
        demand(!isolate, not_activated, {Item::Kind::gate, isolate});
    }

    // Births and calls.

    void create_node() {
        if (happens())
            insert(*target, Node{event.node, event.loop, event.pinned});
    }

    void create_backend() {
        if (happens())
            insert(*target, Backend{event.backend, event.loop, event.pinned});
    }

    void listen() {  // R9: told first, if gated
        demand(!backend->listening, listens_already);
        if (!happens())
            return;
        my(event.backend).listening = true;
        if (gated(view, event.backend))
            my(event.backend).owed.push_back(Notice::begin);
    }

    void send() {
        const Request* parent = find(state, event.parent);
        demand(!event.parent ||  // R10: the chain
                   (parent != nullptr && parent->state == RequestState::completing &&
                    parent->backend == event.backend && parent->loop == event.loop),
               not_a_chain);
        const bool good = !event.token || (token != nullptr && token->open &&
                                           token->backends.contains(event.backend));
        if (!happens_with(closing(state, event.backend) ? Error::closing
                          : good                        ? Error::ok
                                                        : Error::bad_token))
            return;
        target->requests.push_back(
            {event.request, event.backend, event.direction, event.token, event.loop});
        for (Wait& drain : target->waits)  // R10: the chain, what is sent under a covered token
            if (drain.backend == event.backend &&
                (contains(drain.requests, event.parent) || contains(drain.tokens, event.token)))
                drain.requests.push_back(event.request);
    }

    void request_token() {
        const Token asked{event.token, event.set, false, event.holding};
        if (happens_with(failing(state, asked) ? Error::closing : Error::ok))
            insert(*target, asked);
    }

    void close_token() {
        demand(token->open, token_not_open);
        if (happens())
            erase(*target, event.token);
    }

    void start_drain() {
        if (happens())
            insert(*target, cover_set(state, event.wait, event.backend, event.holding));
    }

    void start_quiet_wait() {
        if (check_begun())
            insert(*target, Wait{event.wait, {}, event.section, event.holding});
    }

    void start_internal() {  // R21
        if (happens_with(closing(state, event.node)  ? Error::closing
                         : stopped(view, event.node) ? Error::stopped
                                                     : Error::ok))
            ++my(event.node).internal;
    }

    // User's sections and the momentary ones.
    void start_section() {
        if (!demand(event.kind != Kind::begin || event.section_kind < SectionKind::change,
                    wrong_kind))
            return;
        const Section started = section_of(view, event);
        if (!happens_with(result_of_start(view, event, started)))
            return;
        target->sections.push_back(started);
        for (Request& waiting : target->requests)  // R27
            if (started.kind == SectionKind::close_backend && waiting.in_line() &&
                waiting.backend == started.backend)
                waiting.cancelled = true;
    }

    void end_section() {  // R5
        if (check_begun())
            erase(*target, event.section);
    }

    bool check_begun() {
        demand(!section->momentary(), wrong_kind);
        demand(section->begun(), section_not_begun);
        return happens();
    }

    void abandon() {  // R25
        demand(section == nullptr || (!section->begun() && !section->abandoned), not_pending);
        demand(token == nullptr || !token->open, not_pending);
        const bool deadlock =  // R12
            section != nullptr && !section->momentary() && is_hostage(*section);
        if (!happens_with(result == Error::timed_out               ? Error::timed_out
                          : deadlock && result != Error::cancelled ? Error::would_deadlock
                                                                   : Error::cancelled))
            return;
        if (section != nullptr)
            my(event.section).abandoned = true;
        erase(*target, event.wait);
        erase(*target, event.token);
    }

    // Requests and tokens.

    void admit() {  // R2, R4, R18, R24: what a request may still have to wait for
        demand(request->state == RequestState::waiting, admitted_twice, event.request);
        demand(!request->cancelled, admitted_cancelled);
        if (const SectionId change = naming_change(state, request->token))
            demand(false, admitted_during_change, {Item::Kind::gate, change});
        if (!request->token)
            demand_none(gates(view, {request->backend}), admitted_while_gated);
        const RequestId ahead = ahead_of(state, *request);
        demand(!ahead, overtook, ahead);
        if (!happens())
            return;
        my(event.request).state = RequestState::admitted;
        my(event.request).ever_admitted = true;
    }

    void complete() {  // R3
        demand(request->state != RequestState::completing && !request->in_line(),
               completed_too_soon, event.request);
        if (happens_with(request->cancelled                     ? Error::cancelled
                         : !find(state, request->backend)->root ? Error::no_medium
                         : result == Error::io_error            ? Error::io_error
                                                                : Error::ok))
            my(event.request).state = RequestState::completing;
    }

    void be_done() {  // R3
        demand(request->state == RequestState::completing, done_too_soon, event.request);
        if (happens())
            erase(*target, event.request);
    }

    void open_token() {  // R4
        demand(!token->open, token_not_waiting);
        demand(!failing(state, *token), opened_while_closing);
        demand_none(remaining(view, *token), opened_while_gated);
        if (!happens())
            return;
        my(event.token).open = true;
        my(event.token).holding = {};
    }

    void fail_token() {
        const bool fails = failing(state, *token);
        demand(!token->open, token_not_waiting);
        demand(fails || is_hostage(*token), wrong_result);
        if (happens_with(fails ? Error::closing : Error::would_deadlock))
            erase(*target, event.token);
    }

    // What sections report.

    // It fits the kind of section, whose begin was not given up and which has not
    // come that far.
    bool can_report(bool fits, Phase reported) {
        demand(fits, wrong_kind);
        demand(!section->abandoned, abandoned);
        return demand(section->phase < reported, reported_twice);
    }

    // R12: it could only be released through what its caller holds.
    template <class Waiter>
    bool is_hostage(const Waiter& waiter) const {
        return waiter.holding != Holding{} &&
               would_deadlock(view, remaining(view, waiter), waiter.holding);
    }
    // Nothing remains, or it gives up.
    bool is_over(const Items& items, bool deadlock, Code early) {
        const bool gives_up = result == Error::would_deadlock;
        return (deadlock && (gives_up || asks)) ||
               demand_none(items, gives_up ? not_hostage : early);
    }

    void become_effective() {  // R7, R23
        can_report(!section->momentary(), Phase::effective);
        if (!section->live())
            demand_none(remaining(view, *section), isolated_in_conflict);
        if (happens())
            reach(my(event.section), Phase::effective);
    }

    void become_idle() {  // R20
        if (can_report(section->kind == SectionKind::drained, Phase::idle) &&
            is_over(remaining(view, *section), !asks && is_hostage(*section), idle_early) &&
            happens_with(settle_failed(view, *section) ? Error::io_error : Error::ok))
            reach(my(event.section), Phase::idle);
    }

    // A momentary section takes effect and ends.
    void finish() {
        if (!can_report(section->momentary(), Phase::idle))
            return;
        const Section over = *section;
        const bool deadlock = is_hostage(over);
        if (!is_over(remaining(view, over), deadlock, finished_early))
            return;
        const Error right = deadlock                    ? Error::would_deadlock
                            : settle_failed(view, over) ? Error::io_error
                            : over.moves()              ? judge_change(view, over)
                                                        : Error::ok;
        if (!happens_with(right))
            return;
        erase(*target, over.id);
        if (right == Error::ok && over.moves())
            apply_change(*target, over);
        if (right == Error::ok && over.kind == SectionKind::close_backend)
            erase(*target, over.backend);
    }

    void release() {  // R25
        demand(section->abandoned, not_pending);
        for (const Node& other : state.nodes)
            demand(other.settler != event.section, released_early,
                   {Item::Kind::settling, other.id});
        if (happens())
            erase(*target, event.section);
    }

    void end_wait() {  // R10, R11; R7
        const bool drain = wait->drain(), lost = !drain && !wait->section;
        const bool deadlock = is_hostage(*wait);
        const bool waiting = drain && !wait->requests.empty() &&
                             find(state, wait->requests[0])->state == RequestState::waiting;
        demand(drain == (event.kind == Kind::drain_done), no_such_object);
        if (!is_over(remaining(view, *wait), deadlock,
                     waiting ? drain_early_waiting
                     : drain ? drain_early
                             : quiet_early) ||
            !happens_with(lost       ? Error::cancelled
                          : deadlock ? Error::would_deadlock
                                     : Error::ok))
            return;
        if (!drain && result == Error::ok)
            reach(my(wait->section), Phase::quiet);
        erase(*target, event.wait);
    }

    void notify() {  // R9
        const std::vector<Notice>& owed = backend->owed;
        demand(!owed.empty(), notified_without_cause);
        demand(owed.empty() || owed[0] == event.notice, notified_out_of_order);
        if (happens())
            my(event.backend).owed.erase(my(event.backend).owed.begin());
    }

    // Nodes.

    void start_settle() {  // R20: once, after quiet, parents before children, one
                           // at a time
        const NodeSet scope = settle_scope(view, *section);
        demand(!section->abandoned, abandoned);
        demand(scope.contains(event.node), settled_out_of_scope);
        demand(node->settle == Settle::none, settled_twice);
        if (!demand(section->phase != Phase::closed, gates_not_reported,
                    {Item::Kind::gate, event.section}))
            return;
        demand_none(quiet_items(view, *section), settled_early);
        const NodeSet before = scope & view.parents(event.node);
        for (const Node& other : state.nodes)
            demand(
                other.settler != event.section && (other.settled() || !before.contains(other.id)),
                settled_out_of_order, {Item::Kind::settling, other.id});
        if (!happens())
            return;
        my(event.node).settle = Settle::running;
        my(event.node).settler = event.section;
        reach(my(event.section), Phase::quiet);
    }

    void end_settle() {
        const bool failed = result == Error::io_error;
        demand(node->settle == Settle::running, not_settling);
        if (!happens_with(failed ? Error::io_error : Error::ok))
            return;
        my(event.node).settle = failed ? Settle::failed : Settle::done;
        my(event.node).settler = {};
    }

    void end_internal() {
        demand(node->internal != 0, no_internal_request);
        if (happens())
            --my(event.node).internal;
    }

    void close_node() {  // R27: settled, and nothing of it left
        demand(!section->abandoned, abandoned);
        demand(section->closing.contains(event.node), node_not_closing);
        demand(node->settled(), node_closed_early, {Item::Kind::settling, event.node});
        demand(node->internal == 0, node_closed_early, {Item::Kind::internal, event.node});
        demand_none(passes(view, event.section, {event.node}), node_closed_early);
        if (happens())
            apply_node_closed(*target, event.section, event.node);
    }

    // Whether the event is accepted.
    bool run() {
        static constexpr void (Step::* functions[])() = {
#define BLKDRAIN_REF_EVENT(kind, rule, objects, function) &Step::function,
#include <blkdrain_ref/events.inc>
#undef BLKDRAIN_REF_EVENT
        };
        const auto function = functions[static_cast<int>(event.kind)];
        check_objects();
        if (!no && !asks)
            check_one_step();
        if (!no)
            (this->*function)();
        if (!no && asks)  // any reason will do: the likelier one first
            check_one_step();
        return !no;
    }
    std::optional<Reason> reason() const {
        return no ? std::optional(refusal(state, event, no->code, no->item, no->expected))
                  : std::nullopt;
    }
};

// Sections, edges, nodes and backends come, go or change; not requests, tokens
// and waits.
bool moves_scopes(Kind kind) {
    return kind <= Kind::backend_new || (kind >= Kind::begin && kind <= Kind::close_node) ||
           kind == Kind::settle_done || kind == Kind::effective || kind >= Kind::node_closed;
}

}  // namespace

std::optional<Reason> check(const View& view, const Event& event) {
    Step step{view, event};
    step.run();
    return step.reason();
}

std::optional<Reason> accept(State& state, const Event& event) {
    const View before(state);
    const bool moves = moves_scopes(event.kind);
    const BackendSet gated_before = moves ? gated_listeners(before) : BackendSet{};
    Step step{before, event, &state};
    if (step.run() && moves)
        follow_scopes(state, gated_before);
    return step.reason();
}

Error result_of(const View& view, const Event& event) {
    Step step{.view = view, .event = event, .asks = true};
    return step.run() ? step.result : event.error;
}

void due(const View& view, std::vector<Event>& events) {
    const State& state = view.state;
    const auto offer = [&](Event event) {
        Step step{.view = view, .event = event, .asks = true};
        if (!step.run())
            return;
        event.error = step.result;
        events.push_back(std::move(event));
    };
    for (const Request& request : state.requests) {
        if (request.state == RequestState::completing)
            offer({.kind = Kind::done, .request = request.id});
        else if (request.state == RequestState::waiting)
            offer(
                {.kind = request.cancelled ? Kind::complete : Kind::admit, .request = request.id});
    }
    for (const Token& token : state.tokens)
        if (!token.open)
            for (const Kind kind : {Kind::token_open, Kind::token_fail})
                offer({.kind = kind, .token = token.id});
    for (const Wait& wait : state.waits)
        offer({.kind = wait.drain() ? Kind::drain_done : Kind::quiet_done, .wait = wait.id});
    for (const Backend& backend : state.backends)
        if (!backend.owed.empty())
            offer({.kind = Kind::notify, .notice = backend.owed[0], .backend = backend.id});
    for (const Section& section : state.sections) {
        if (section.abandoned)
            offer({.kind = Kind::release, .section = section.id});
        if (section.begun() || section.abandoned)
            continue;
        if (section.phase < Phase::effective)
            offer({.kind = Kind::effective, .section = section.id});
        offer({.kind = section.momentary() ? Kind::finish : Kind::idle, .section = section.id});
        if (!section.momentary() && section.holding != Holding{} &&  // R12
            would_deadlock(view, remaining(view, section), section.holding))
            offer({.kind = Kind::abandon, .section = section.id});
        const bool quiet = section.live() && quiet_items(view, section).empty();
        for (const NodeId node : quiet ? unsettled(view, section) : NodeSet{})
            offer({.kind = Kind::settle_start, .node = node, .section = section.id});
        for (const NodeId node : section.closing)
            offer({.kind = Kind::node_closed, .node = node, .section = section.id});
    }
}

}  // namespace blkdrain_ref
