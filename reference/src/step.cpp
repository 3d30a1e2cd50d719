// SPDX-License-Identifier: Apache-2.0
#include <string_view>
#include <utility>

#include <blkdrain_ref/result.h>
#include <blkdrain_ref/step.h>

namespace blkdrain_ref {
namespace {

using Kind = Event::Kind;
using enum Code;

// Of each kind of event: the rule that decides most about it; the objects that it names.
struct Row {
    int rule;
    const char* objects;
};
constexpr Row rows[] = {
#define BLKDRAIN_REF_EVENT(kind, rule, objects, function) {rule, objects},
#include <blkdrain_ref/events.inc>
#undef BLKDRAIN_REF_EVENT
};

std::string_view objects(const Event& event) {
    static constexpr const char* of_begin[] = {"Sb", "Sn", "S", "Sb"};  // by SectionKind
    static constexpr const char* of_change[] = {"Sno", "Sn",  "Sno", "Sbo",
                                                "Sb",  "Sno", "Sn"};  // by ChangeOp
    if (event.kind == Kind::begin && event.section_kind < SectionKind::settle)
        return of_begin[static_cast<int>(event.section_kind)];
    if (event.kind == Kind::change)
        return of_change[static_cast<int>(event.op)];
    if (event.kind == Kind::abandon || event.kind == Kind::cycle)
        return event.section ? "s" : event.wait ? "d" : "t";
    return rows[static_cast<int>(event.kind)].objects;
}

// R18: none of these comes before what the steps before have released.
bool ordered(const Event& event) {
    return event.kind == Kind::begin || event.kind == Kind::end || event.kind == Kind::idle ||
           event.kind == Kind::finish || event.kind == Kind::release ||
           (event.kind >= Kind::settle && event.kind <= Kind::close_node) ||
           (event.kind == Kind::abandon && event.section);
}

// The rules about a result wherever it occurs; 0.
int rule_of(Error result) {
    static constexpr std::pair<Error, int> rules[] = {
        {Error::bad_token, 4}, {Error::would_deadlock, 12}, {Error::not_quiesced, 19},
        {Error::stopped, 21},  {Error::conflict, 23},       {Error::closing, 27},
        {Error::context, 28}};
    const auto* found = std::ranges::find(rules, result, &std::pair<Error, int>::first);
    return found != std::end(rules) ? found->second : 0;
}

int rule_of(const State& state, const Event& event) {
    static constexpr int of_momentary[] = {19, 24, 28, 27, 27};  // by SectionKind
    const Section* section = find(state, event.section);
    const Request* request = find(state, event.request);
    if (event.kind == Kind::complete && request != nullptr && request->cancelled)
        return 27;
    if (event.kind == Kind::effective && section != nullptr && !section->live())
        return 23;
    if (event.kind == Kind::finish && section != nullptr && section->momentary())
        return of_momentary[static_cast<int>(section->kind) -
                            static_cast<int>(SectionKind::settle)];
    return rows[static_cast<int>(event.kind)].rule;
}

// R18: what an end has released and nobody has admitted, opened or made live yet; the isolates of
// the queue come after the others.
std::vector<Event> released(const State& state) {
    std::vector<Event> events;
    const bool waiting = std::ranges::any_of(state.requests, &Request::in_line);
    const BackendSet gated = waiting ? covered(state).backends : BackendSet{};
    for (const Request& request : state.requests)
        if (request.in_line() && blockers(state, gated, request) == 0)
            events.push_back({.kind = Kind::admit, .request = request.id});
    for (const Token& token : state.tokens)
        if (!token.open && !failing(state, token) && remaining(state, token).empty())
            events.push_back({.kind = Kind::token_open, .token = token.id});
    if (events.empty())
        for (const Section& section : state.sections)
            if (!section.live() && !section.abandoned && conflicts(state, section).empty())
                events.push_back({.kind = Kind::effective, .section = section.id});
    return events;
}

template <class List, class I>
bool contains(const List& list, I id) {
    return std::ranges::find(list, id) != list.end();
}

// Adds the object in the order of the ids.
template <class Object>
void insert(State& state, const Object& object) {
    auto& objects = State::all(state, object.id);
    objects.insert(std::ranges::lower_bound(objects, object.id, {}, &Object::id), object);
}

// The object is over; nobody waits for it any more.
template <class I>
void erase(State& state, I id) {
    std::erase_if(State::all(state, id), [&](const auto& object) { return object.id == id; });
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

// One event: what must hold before it, the result it must have, and what it does.
struct Step {
    const State& state;
    const Event& event;
    State* next = nullptr;  // the state, to be changed; null: it is only asked
    std::optional<Reason> refused{};

    const Node* node = find(state, event.node);
    const Backend* backend = find(state, event.backend);
    const Request* request = find(state, event.request);
    const Token* token = find(state, event.token);
    const Section* section = find(state, event.section);
    const Wait* wait = find(state, event.wait);

    // Unless it holds, the event is refused; the first reason counts. Rule 0: see refusal().
    bool demand(bool holds, Code code, int rule = 0, const Item& item = {}) {
        if (!holds && !refused)
            refused = refusal(state, event, code, rule, item);
        return !refused;
    }
    bool demand_none(const Items& items, Code code, int rule = 0) {
        return items.empty() ? !refused : demand(false, code, rule, items[0]);
    }
    // All that has to hold holds: if the event has the right result, it happens. A call that ends
    // with an error has no effect; the ends of steps and waits have one whatever they report.
    bool happens(Error right = Error::ok) {
        if (!refused && event.error != right)
            refused = refusal(state, event, wrong_result, 0, {}, right);
        if (!refused)
            check_one_step();
        return !refused && next != nullptr &&
               (right == Error::ok || event.kind == Kind::abandon || event.kind > Kind::close_node);
    }
    // The same of a wait: nothing remains, or it gives up since its caller holds all of that (R12).
    bool happens(const Items& remaining, const Holding& holding, Code early, int rule,
                 Error right) {
        const bool gives_up = event.error == Error::would_deadlock;
        if (would_deadlock(state, remaining, holding))
            return happens(Error::would_deadlock);
        return demand_none(remaining, gives_up ? not_hostage : early, gives_up ? 12 : rule) &&
               happens(right);
    }
    template <class I>
    auto& my(I id) {
        return *find(*next, id);
    }

    // Names in use are not given again; what the event speaks of exists.
    bool check_objects() {
        const auto named = [](char letter, auto id, const void* object) {
            return Named{letter, id.value < id.limit, object != nullptr};
        };
        const Named all[] = {
            named('n', event.node, node),       named('o', event.other, find(state, event.other)),
            named('b', event.backend, backend), named('r', event.request, request),
            named('t', event.token, token),     named('s', event.section, section),
            named('d', event.wait, wait)};
        for (const char letter : objects(event))
            for (const Named& object : all)
                if (object.letter == letter)
                    demand(object.exists, no_such_object);
                else if (object.letter - 'a' == letter - 'A')
                    demand(object.is_name && !object.exists, id_in_use);
        for (const BackendId member : event.set)
            demand(find(state, member) != nullptr, no_such_object);
        return !refused;
    }

    void check_one_step() {  // R18
        const bool activation = event.kind == Kind::effective && !section->live();
        if (!ordered(event) && !activation)
            return;
        for (const Event& other : released(state))
            demand(activation && other.kind == Kind::effective, not_released, 18, about(other));
        for (const Section& other : state.sections)  // R2: one consistent cut
            demand(activation || other.phase != Phase::closed, gates_not_reported, 2,
                   {Item::Kind::gate, other.id});
    }
    Item about(const Event& other) const {
        return other.request ? Item{*find(state, other.request)}
               : other.token ? Item{other.token}
                             : Item{Item::Kind::gate, other.section};
    }

    // Births and calls.

    void create_node() {
        if (happens())
            insert(*next, Node{event.node, event.loop, event.pinned});
    }

    void create_backend() {
        if (happens())
            insert(*next, Backend{event.backend, event.loop, event.pinned});
    }

    void listen() {  // R9: told first, if gated
        demand(!backend->listening, listens_already);
        if (happens())
            my(event.backend).listening = true;
    }

    void send() {
        const Request* parent = find(state, event.parent);
        demand(!event.parent ||  // R10: the chain
                   (parent != nullptr && parent->state == RequestState::completing &&
                    parent->backend == event.backend && parent->loop == event.loop),
               not_a_chain, 10);
        const bool good = !event.token || (token != nullptr && token->open &&
                                           token->backends.contains(event.backend));
        if (!happens(closing(state, event.backend) ? Error::closing
                     : good                        ? Error::ok
                                                   : Error::bad_token))
            return;
        next->requests.push_back(
            {event.request, event.backend, event.direction, event.token, event.loop});
        for (Wait& drain : next->waits)  // R10: the chain, what is sent under a covered token
            if (drain.backend == event.backend &&
                (contains(drain.requests, event.parent) || contains(drain.tokens, event.token)))
                drain.requests.push_back(event.request);
    }

    void request_token() {
        const Token asked{event.token, event.set, false, event.holding};
        if (happens(failing(state, asked) ? Error::closing : Error::ok))
            insert(*next, asked);
    }

    void close_token() {
        demand(token->open, token_not_open);
        if (happens())
            erase(*next, event.token);
    }

    void start_drain() {
        if (!happens())
            return;
        Wait drain = cover_set(state, event.backend);
        drain.id = event.wait;
        drain.holding = event.holding;
        insert(*next, drain);
    }

    void start_quiet_wait() {
        if (has_begun())
            insert(*next, Wait{event.wait, {}, event.section, event.holding});
    }

    void start_internal() {  // R21
        if (happens(closing(state, event.node)                  ? Error::closing
                    : covered(state).nodes.contains(event.node) ? Error::stopped
                                                                : Error::ok))
            ++my(event.node).internal;
    }

    // User's sections and the momentary ones.
    void start_section() {
        if (!demand(event.kind != Kind::begin || event.section_kind < SectionKind::settle,
                    wrong_kind))
            return;
        const Section started = section_of(state, event);
        if (!happens(result_of_start(state, event, started)))
            return;
        next->sections.push_back(started);
        for (Request& waiting : next->requests)  // R27
            if (started.closes(waiting.backend) && waiting.in_line())
                waiting.cancelled = true;
    }

    void end_section() {  // R5
        if (has_begun())
            erase(*next, event.section);
    }

    bool has_begun() {
        demand(!section->momentary(), wrong_kind);
        demand(section->begun(), section_not_begun);
        return happens();
    }

    void abandon() {  // R25
        demand(section == nullptr || (!section->begun() && !section->abandoned), not_pending, 25);
        demand(token == nullptr || !token->open, not_pending, 25);
        const bool deadlock =  // R12
            section != nullptr && !section->momentary() && is_hostage(*section);
        if (!happens(event.error == Error::timed_out               ? Error::timed_out
                     : deadlock && event.error != Error::cancelled ? Error::would_deadlock
                                                                   : Error::cancelled))
            return;
        if (section != nullptr)
            my(event.section).abandoned = true;
        erase(*next, event.wait);
        erase(*next, event.token);
    }

    // Requests and tokens.

    void admit() {  // R2, R4, R18, R24: what a request may still have to wait for
        demand(request->state == RequestState::waiting, admitted_twice, 3, *request);
        demand(!request->cancelled, admitted_cancelled, 27);
        if (const SectionId change = naming_change(state, request->token))
            demand(false, admitted_during_change, 24, {Item::Kind::gate, change});
        if (!request->token)
            demand_none(gates(state, {request->backend}), admitted_while_gated, 2);
        if (const Request* ahead = ahead_of(state, *request))
            demand(false, overtook, 18, *ahead);
        if (!happens())
            return;
        my(event.request).state = RequestState::admitted;
        my(event.request).ever_admitted = true;
    }

    void complete() {  // R3
        demand(request->state != RequestState::completing && !request->in_line(),
               completed_too_soon, 3, *request);
        if (happens(request->cancelled                     ? Error::cancelled
                    : !find(state, request->backend)->root ? Error::no_medium
                    : event.error == Error::io_error       ? Error::io_error
                                                           : Error::ok))
            my(event.request).state = RequestState::completing;
    }

    void be_done() {  // R3
        demand(request->state == RequestState::completing, done_too_soon, 3, *request);
        if (happens())
            erase(*next, event.request);
    }

    void open_token() {  // R4
        demand(!token->open, token_not_waiting);
        demand(!failing(state, *token), opened_while_closing, 27);
        demand_none(remaining(state, *token), opened_while_gated);
        if (!happens())
            return;
        my(event.token).open = true;
        my(event.token).holding = {};
    }

    void fail_token() {
        const bool fails = failing(state, *token);
        demand(!token->open, token_not_waiting);
        demand(fails || is_hostage(*token), wrong_result);
        if (happens(fails ? Error::closing : Error::would_deadlock))
            erase(*next, event.token);
    }

    // What sections report.

    // It fits the kind of section, whose begin was not given up and which has not come that far.
    bool can_report(bool fits, Phase reported) {
        demand(fits, wrong_kind);
        demand(!section->abandoned, abandoned, 25);
        return demand(section->phase < reported, reported_twice, 7);
    }

    // R12: it could only be released through what its caller holds.
    bool is_hostage(const auto& waiter) const {
        return !waiter.holding.empty() &&
               would_deadlock(state, remaining(state, waiter), waiter.holding);
    }

    void become_effective() {  // R7, R23
        can_report(!section->momentary(), Phase::effective);
        if (!section->live())
            demand_none(remaining(state, *section), isolated_in_conflict, 23);
        if (happens())
            reach(my(event.section), Phase::effective);
    }

    void become_idle() {  // R20
        if (can_report(section->kind == SectionKind::drained, Phase::idle) &&
            demand_none(remaining(state, *section), idle_early) &&
            happens(result_of_end(state, *section)))
            reach(my(event.section), Phase::idle);
    }

    // A momentary section takes effect and ends.
    void finish() {
        if (!can_report(section->momentary(), Phase::idle))
            return;
        const Section over = *section;
        if (!happens(remaining(state, over), over.holding, finished_early, 0,
                     result_of_end(state, over)))
            return;
        erase(*next, over.id);
        if (event.error == Error::ok && over.moves())
            apply_change(*next, over);
        if (event.error == Error::ok && over.kind == SectionKind::close_backend)
            erase(*next, over.backend);
    }

    void release() {  // R25
        demand(section->abandoned, not_pending);
        for (const Node& other : state.nodes)
            demand(other.settler != event.section, released_early, 25,
                   {Item::Kind::settling, other.id});
        if (happens())
            erase(*next, event.section);
    }

    void end_wait() {  // R10, R11; R7
        const bool drain = wait->drain(), lost = !drain && !wait->section;
        const bool waiting = !wait->requests.empty() &&
                             find(state, wait->requests[0])->state == RequestState::waiting;
        demand(drain == (event.kind == Kind::drain_done), no_such_object);
        if (!happens(remaining(state, *wait), wait->holding,
                     waiting ? drain_early_waiting
                     : drain ? drain_early
                             : quiet_early,
                     waiting ? 11 : 0, lost ? Error::cancelled : Error::ok))
            return;
        if (!drain && event.error == Error::ok)
            reach(my(wait->section), Phase::quiet);
        erase(*next, event.wait);
    }

    void notify() {  // R9
        demand(backend->owed != 0, notified_without_cause);
        demand(event.notice == backend->next_told(), notified_out_of_order);
        if (!happens())
            return;
        my(event.backend).told = event.notice;
        --my(event.backend).owed;
    }

    void report_cycle() {  // R26: once of each operation
        const Holding* held = section != nullptr ? &section->holding
                              : wait != nullptr  ? &wait->holding
                                                 : &token->holding;
        demand(!held->told, reported_twice);
        demand(!cycle(state, {event.section, event.wait, event.token}).empty(), no_cycle);
        if (!happens())
            return;
        (section != nullptr ? my(event.section).holding
         : wait != nullptr  ? my(event.wait).holding
                            : my(event.token).holding)
            .told = true;
    }

    // Nodes.

    // R20: once, after quiet, parents before children, one at a time.
    void start_settle() {
        demand(!section->abandoned, abandoned, 25);
        demand(node->settle == Settle::none, settled_twice);
        for (const Node& other : state.nodes)
            demand(other.settler != event.section, settled_out_of_order, 0,
                   {Item::Kind::settling, other.id});
        if (!demand(section->phase != Phase::closed, gates_not_reported, 2,
                    {Item::Kind::gate, event.section}))
            return;
        const NodeSet scope = settle_scope(state, *section);
        const NodeSet above = parents(state, event.node) & scope;
        demand(scope.contains(event.node), settled_out_of_scope);
        demand_none(quiet_items(state, *section), settled_early);
        for (const NodeId before : above)
            demand(find(state, before)->settled(), settled_out_of_order, 0,
                   {Item::Kind::settling, before});
        if (!happens())
            return;
        my(event.node).settle = Settle::running;
        my(event.node).settler = event.section;
        reach(my(event.section), Phase::quiet);
    }

    void end_settle() {
        const bool failed = event.error == Error::io_error;
        demand(node->settle == Settle::running, not_settling);
        if (!happens(failed ? Error::io_error : Error::ok))
            return;
        my(event.node).settle = failed ? Settle::failed : Settle::done;
        my(event.node).settler = {};
    }

    void end_internal() {
        demand(node->internal != 0, no_internal_request);
        if (happens())
            --my(event.node).internal;
    }

    // R27: settled, and nothing of it left. Its children are detached; the close goes on with those
    // that have lost their last parent.
    void close_node() {
        demand(!section->abandoned, abandoned, 25);
        demand(section->closing.contains(event.node), node_not_closing);
        demand(node->settled(), node_closed_early, 0, {Item::Kind::settling, event.node});
        demand(node->internal == 0, node_closed_early, 0, {Item::Kind::internal, event.node});
        demand_none(passes(state, event.section, {event.node}), node_closed_early);
        if (!happens())
            return;
        const std::vector<NodeId> children = node->children;
        erase(*next, event.node);
        my(event.section).closing.erase(event.node);
        for (const NodeId child : children)
            if (!in_use(*next, child) && !closing(*next, child))
                my(event.section).closing.insert(child);
    }

    // Sections or edges come, go or change, or who listens; not requests, tokens and waits.
    bool moves_scopes() const {
        const Kind kind = event.kind;
        return kind == Kind::listen || kind == Kind::end || kind == Kind::settle_done ||
               kind >= Kind::node_closed || (kind == Kind::begin && event.error == Error::ok) ||
               (kind >= Kind::settle && kind <= Kind::close_node && event.error == Error::ok) ||
               (kind == Kind::effective && section != nullptr && !section->live());
    }

    void run() {
        if (!check_objects())
            return;
        switch (event.kind) {
#define BLKDRAIN_REF_EVENT(kind, rule, objects, function) \
    case Kind::kind:                                      \
        return function();
#include <blkdrain_ref/events.inc>
#undef BLKDRAIN_REF_EVENT
            case Kind::count:
                break;
        }
    }
};

}  // namespace

Reason refusal(const State& state, const Event& event, Code code, int rule, Item item,
               Error expected) {
    Reason reason{code, rule, event, item, expected};
    BackendId& about = reason.event.backend;
    if (const Request* request = find(state, event.request))
        about = request->backend;
    if (const Wait* wait = find(state, event.wait))
        about = wait->backend;
    if (const Section* section = find(state, event.section); section != nullptr && !about)
        about = section->backend;
    for (const int next : {rule_of(expected), rule_of(event.error), rule_of(state, event)})
        if (reason.rule == 0)
            reason.rule = next;
    return reason;
}

std::optional<Reason> check(const State& state, const Event& event) {
    Step step{state, event};
    step.run();
    return step.refused;
}

std::optional<Reason> accept(State& state, const Event& event) {
    Step step{state, event, &state};
    const bool moves_scopes = step.moves_scopes();
    step.run();
    if (!step.refused && moves_scopes)
        follow_scopes(state);
    return step.refused;
}

Error result_of(const State& state, const Event& event) {
    const std::optional<Reason> reason = check(state, event);
    return reason && reason->code == wrong_result ? reason->expected : event.error;
}

void due(const State& state, std::vector<Event>& events) {
    const auto offer = [&](Event event) {
        std::optional<Reason> refused = check(state, event);
        if (refused && refused->code == wrong_result) {
            event.error = refused->expected;
            refused = check(state, event);
        }
        if (!refused)
            events.push_back(event);
    };
    // An operation ends when nothing remains, or if its caller itself is in the way (R12).
    const auto over = [&](const auto& pending, const Items& items) {
        return items.empty() || would_deadlock(state, items, pending.holding);
    };
    for (const Event& event : released(state))
        events.push_back(event);
    for (const Request& request : state.requests)
        if (request.state == RequestState::completing)
            offer({.kind = Kind::done, .request = request.id});
        else if (request.state == RequestState::waiting && request.cancelled)
            offer({.kind = Kind::complete, .request = request.id});
    for (const Token& token : state.tokens)
        if (!token.open && (failing(state, token) || over(token, remaining(state, token))))
            offer({.kind = Kind::token_fail, .token = token.id});
    for (const Wait& wait : state.waits)
        if (over(wait, remaining(state, wait)))
            offer({.kind = wait.drain() ? Kind::drain_done : Kind::quiet_done, .wait = wait.id});
    for (const Backend& backend : state.backends)
        if (backend.owed != 0)
            offer({.kind = Kind::notify, .notice = backend.next_told(), .backend = backend.id});
    for (const Waiter& waiter : waiters(state))
        if (!waiter.holding.told)
            offer({.kind = Kind::cycle,
                   .token = waiter.token,
                   .section = waiter.section,
                   .wait = waiter.wait});
    for (const Section& section : state.sections) {
        if (section.abandoned)
            offer({.kind = Kind::release, .section = section.id});
        if (section.begun() || section.abandoned)
            continue;
        const Items items = remaining(state, section);
        if (section.phase == Phase::closed)
            offer({.kind = Kind::effective, .section = section.id});
        if (over(section, items))
            offer({.kind = section.momentary() ? Kind::finish
                           : items.empty()     ? Kind::idle
                                               : Kind::abandon,
                   .section = section.id});
        for (const Item& item : items)
            if (const Node* node = find(state, item.node); node && !node->settler)
                offer({.kind = node->settled() ? Kind::node_closed : Kind::settle_start,
                       .node = item.node,
                       .section = section.id});
    }
}

}  // namespace blkdrain_ref
