// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <utility>

#include <blkdrain_ref/step.h>

namespace blkdrain_ref {
namespace {

using Kind = Event::Kind;
using enum Code;

// A set of letters, one bit each.
struct Letters {
    std::uint64_t bits = 0;

    constexpr Letters(const char* letters) {
        for (; *letters != 0; ++letters)
            bits |= std::uint64_t{1} << (*letters - 'A');
    }
    bool contains(int letter) const { return (bits >> (letter - 'A') & 1U) != 0; }
};

// Of each kind of event: the rule that decides most about it; the objects that it names.
struct Row {
    int rule;
    Letters objects;
};
constexpr Row rows[] = {
#define BLKDRAIN_REF_EVENT(kind, rule, objects, function) {rule, objects},
#include <blkdrain_ref/events.inc>
#undef BLKDRAIN_REF_EVENT
};

Letters objects(const Event& event) {
    static constexpr Letters of_begin[] = {"Sb", "Sn", "S", "Sb"};  // by SectionKind
    static constexpr Letters of_change[] = {"Sno", "Sn",  "Sno", "Sbo",
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

// The momentary kinds of sections stand in the same order as the calls that start them.
constexpr int call_of_section =
    static_cast<int>(Kind::settle) - static_cast<int>(SectionKind::settle);

SectionKind kind_started(const Event& call) {
    return call.kind == Kind::begin   ? call.section_kind
           : call.kind == Kind::drain ? SectionKind::drain
           : call.kind == Kind::quiet_wait
               ? SectionKind::quiet_wait
               : static_cast<SectionKind>(static_cast<int>(call.kind) - call_of_section);
}

Kind end_of(SectionKind kind) {
    return kind == SectionKind::drain        ? Kind::drain_done
           : kind == SectionKind::quiet_wait ? Kind::quiet_done
           : kind >= SectionKind::settle     ? Kind::finish
                                             : Kind::idle;
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

int rule_of(const State& state, const Event& event, const Item& item) {
    const Section* section = find(state, event.section);
    const Request* request = find(state, event.request);
    if (event.kind == Kind::complete && request != nullptr && request->cancelled)
        return closing(state, request->backend) ? 27 : 29;
    if (event.kind == Kind::drain_done && item.request && item.state == RequestState::waiting)
        return 11;
    if (event.kind == Kind::effective && section != nullptr && !section->live())
        return 23;
    if (event.kind == Kind::finish && section != nullptr && section->momentary())
        return rows[static_cast<int>(section->kind) + call_of_section].rule;
    return rows[static_cast<int>(event.kind)].rule;
}

// R16: in the order sent.
bool next_to_line_up(const State& state, const Request& request) {
    return std::ranges::find_if(state.requests, [&](const Request& other) {
               return other.off && other.backend == request.backend;
           })->id == request.id;
}

// R18: what an end has released and nobody has admitted, opened or made live yet; the isolates of
// the queue come after the others.
void released(const View& view, std::vector<Event>& events) {
    const State& state = view.state;
    for (const Request& request : state.requests)
        if (request.off && next_to_line_up(state, request))
            events.push_back({.kind = Kind::line_up, .request = request.id});
    const bool waiting = std::ranges::any_of(state.requests, &Request::in_line);
    const BackendSet gated = waiting ? view.covered().backends : BackendSet{};
    for (const Request& request : state.requests)
        if (request.in_line() && blockers(state, gated, request) == Blockers{} &&
            has_turn(state, gated, request))
            events.push_back({.kind = Kind::admit, .request = request.id});
    for (const Token& token : state.tokens)
        if (!token.open && !failing(state, token) && remaining(view, token).empty())
            events.push_back({.kind = Kind::token_open, .token = token.id});
    if (events.empty())
        for (const Section& section : state.sections)
            if (!section.live() && !section.abandoned && conflicts(view, section).empty())
                events.push_back({.kind = Kind::effective, .section = section.id});
}

// R19
bool quiesced(const View& view, NodeId node) {
    const BackendSet above = view.graph().roots(view.graph().cone(node));
    return (above - view.covered().backends).empty() && unstopped(view.state, above).empty();
}

// R27: nobody stands on it, holds or anchors a section with it, or is to change it.
template <class I>
bool in_use(const Graph& graph, I id) {
    if constexpr (std::is_same_v<I, NodeId>)
        if (!graph.parents(id).empty() || !graph.roots({id}).empty())
            return true;
    return std::ranges::any_of(graph.state.sections,
                               [&](const Section& section) { return section.uses(id); });
}

// R24, R28: at the call and again at the switch.
Error judge_change(const State& state, const Cover& cover) {
    const Section& change = cover.section;
    if (closing(state, change.node) || closing(state, change.other) ||
        closing(state, change.backend))
        return Error::closing;
    for (const TokenId id : change.tokens)
        if (const Token* token = find(state, id); token == nullptr || !token->open)
            return Error::bad_token;
    return cover.wrong;
}

// After a step that may have changed a scope: R9's notifications, and R21's settled nodes that
// nothing covers now.
void follow_scopes(State& state) {
    if (!std::ranges::any_of(state.backends, &Backend::listening) &&
        !std::ranges::any_of(state.nodes, &Node::settled))
        return;
    const View view(state);
    const BackendSet gated = view.covered().backends;
    for (Backend& backend : state.backends)
        if (backend.listening && gated.contains(backend.id) != (backend.posted() == Notice::begin))
            ++backend.owed;
    NodeSet freed = view.settled();
    for (const Cover& cover : view.covers())
        freed = freed - cover.settles;
    for (const NodeId node : freed)
        find(state, node)->settle = Settle::none;
}

// R16
void take_plug_off(State& state, auto concerned) {
    for (Request& request : state.requests)
        request.off = request.off || (request.plugged && concerned(request));
}

using Gated = std::map<SectionId, BackendSet>;

Gated gated_by_each(const View& view) {
    Gated gated;
    for (const Cover& cover : view.covers())
        if (cover.section.live())
            gated[cover.section.id] = cover.scope.backends;
    return gated;
}

// R16: a begin takes PLUG off the requests of the backends that its section covers now and did not
// before.
void unplug_covered(State& state, Gated before) {
    BackendSet fresh;
    for (const auto& [section, backends] : gated_by_each(state))
        fresh |= backends - before[section];
    take_plug_off(state, [&](const Request& request) { return fresh.contains(request.backend); });
}

// R13: what it costs, in requests or in bytes.
std::uint64_t units(const Group& group, std::size_t bucket, const Request& request) {
    if (bucket >= 3)
        return request.bytes;
    const std::uint64_t size = group.iops_size;
    return size == 0 ? 1 : std::max<std::uint64_t>(1, (request.bytes + size - 1) / size);
}

// R30: it keeps its members' places.
void leave_group(State& state, BackendId backend) {
    Group* group = group_of(state, backend);
    if (group == nullptr)
        return;
    for (BackendId& turn : group->turn)
        if (turn == backend)
            turn = group->members.size() > 1 ? group->after(backend) : BackendId{};
    std::erase(group->members, backend);
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
    for (Section& other : state.sections)
        if constexpr (std::is_same_v<I, RequestId>)
            std::erase(other.requests, id);
        else if constexpr (std::is_same_v<I, SectionId>)
            other.section = other.section == id ? SectionId{} : other.section;
        else if constexpr (std::is_same_v<I, TokenId>)
            std::erase(other.open_tokens, id);
}

void reach(Section& section, Phase phase) {
    section.phase = std::max(section.phase, phase);
    if (section.begun())
        section.holding = {};  // it waits no more
}

// One event: what must hold before it, the result it must have, and what it does.
struct Step {
    const View& view;
    const Event& event;
    State* next;  // the state, to be changed; null: it is only asked
    std::optional<Reason> refused{};

    const State& state = view.state;
    const Letters letters = objects(event);
    const Node* node = object('n', event.node);
    const Node* second = object('o', event.other);
    const Backend* backend = object('b', event.backend);
    const Request* request = object('r', event.request);
    const Token* token = object('t', event.token);
    const Group* group = object('g', event.group);
    const Section* section = object('s', event.section);
    const Section* wait = object('d', event.wait);
    const Section* pending = event.wait ? wait : section;

    // Names in use are not given again; what the event speaks of exists.
    template <class I>
    auto object(char letter, I id) -> decltype(find(state, id)) {
        const auto* found = find(state, id);
        if (letters.contains(letter))
            demand(found != nullptr, no_such_object);
        else if (letters.contains(letter - 'a' + 'A'))
            demand(found == nullptr && id.value < id.limit, id_in_use);
        return found;
    }
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
    auto& my(const auto& object) { return *find(*next, object.id); }

    void check_one_step() {  // R18
        const bool activation = event.kind == Kind::effective && !section->live();
        if (!ordered(event) && !activation)
            return;
        std::vector<Event> others;
        released(view, others);
        for (const Event& other : others)
            demand(activation && other.kind == Kind::effective, not_released, 18,
                   other.request ? Item{*find(state, other.request)}
                   : other.token ? Item{other.token}
                                 : Item{Item::Kind::gate, other.section});
        for (const Section& other : state.sections)  // R2: one consistent cut
            demand(activation || other.phase != Phase::closed, gates_not_reported, 2,
                   {Item::Kind::gate, other.id});
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
            my(*backend).listening = true;
    }

    // Limits, R30.

    void create_group() {
        if (happens())
            insert(*next, Group{event.group});
    }

    void limit() {
        if (!happens())
            return;
        my(*group).iops_size = event.iops_size;
        my(*group).buckets.at(event.bucket).limit(event.rate);
    }

    void join() {
        const bool member = group_of(state, event.backend) != nullptr;
        if (happens(closing(state, event.backend) ? Error::closing
                    : member                      ? Error::busy
                                                  : Error::ok))
            my(*group).members.push_back(event.backend);
    }

    void leave() {
        demand(group_of(state, event.backend) != nullptr, no_member);
        if (happens())
            leave_group(*next, event.backend);
    }

    void clock() {  // R13
        demand(event.time >= group->now, clock_goes_back);
        if (!happens())
            return;
        Group& limited = my(*group);
        for (Bucket& bucket : limited.buckets)
            bucket.drain(event.time - limited.now);
        limited.now = event.time;
    }

    void plug() {  // R16
        if (happens())
            next->plugged |= loop_bit();
    }

    void unplug() {
        demand((state.plugged & loop_bit()) != 0, not_plugged);
        if (!happens())
            return;
        next->plugged &= ~loop_bit();
        take_plug_off(*next, [&](const Request& sent) { return sent.loop == event.loop; });
    }
    void line_up() {  // at the end
        demand(request->off, plugged_still);
        demand(refused || next_to_line_up(state, *request), overtook, 18);
        if (!happens())
            return;
        Request last = *request;
        std::erase(next->requests, last);
        last.plugged = last.off = false;
        next->requests.push_back(last);
    }
    std::uint64_t loop_bit() const { return event.loop ? std::uint64_t{1} << event.loop.value : 0; }

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
        next->requests.push_back({.id = event.request,
                                  .backend = event.backend,
                                  .direction = event.direction,
                                  .token = event.token,
                                  .loop = event.loop,
                                  .bytes = event.bytes,
                                  .flush = event.flush,
                                  .plugged = (state.plugged & loop_bit()) != 0});
        for (Section& drain : next->sections)  // R10: the chain, what is sent under a covered token
            if (drain.kind == SectionKind::drain && drain.backend == event.backend &&
                (contains(drain.requests, event.parent) ||
                 contains(drain.open_tokens, event.token)))
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

    void start_internal() {  // R21
        if (happens(closing(state, event.node)                  ? Error::closing
                    : view.covered().nodes.contains(event.node) ? Error::stopped
                                                                : Error::ok))
            ++my(*node).internal;
    }

    // User's sections and the momentary ones. R8: what has to wait is pending; the caller goes on.
    void start_section() {
        Section started{event, event.wait ? event.wait : event.section, kind_started(event)};
        if (event.kind == Kind::begin)
            demand(!started.momentary(), wrong_kind);
        if (event.kind == Kind::quiet_wait)
            demand_begun();
        if (started.momentary())
            started.phase = Phase::effective;
        else if (started.kind == SectionKind::isolate && !conflicts(view, started).empty())
            started.phase = Phase::queued;  // R23
        if (event.kind == Kind::close_node)
            started.closing = {event.node};
        if (refused || !happens(result_of_start(started)))
            return;
        if (started.kind == SectionKind::drain) {
            for (const Item& item : all_of(state, event.backend))  // R10
                item.token ? started.open_tokens.push_back(item.token)
                           : started.requests.push_back(item.request);
            take_plug_off(*next,  // R16
                          [&](const Request& sent) { return sent.backend == event.backend; });
        }
        next->sections.push_back(started);
        if (started.kind == SectionKind::close_backend)
            cancel_all();
    }

    void cancel_all() {  // R27, R29
        for (Request& waiting : next->requests)
            if (waiting.backend == event.backend && waiting.waits())
                waiting.cancelled = true, waiting.plugged = waiting.off = false;
    }

    Error result_of_start(const Section& started) {
        if (started.moves() && event.in_notification)
            return Error::busy;
        if (started.moves())
            return judge_change(state, cover_of(view.graph(), started));
        if (started.waits())
            return Error::ok;
        if (closing(state, event.backend) || closing(state, event.node))
            return Error::closing;
        if (started.kind == SectionKind::close_backend)
            return in_use(view.graph(), event.backend) ? Error::busy : Error::ok;
        if (started.kind == SectionKind::close_node)
            return in_use(view.graph(), event.node) ? Error::busy : Error::ok;
        if (started.kind == SectionKind::settle)
            return quiesced(view, event.node) ? Error::ok : Error::not_quiesced;
        const bool holds_own =  // R23: it would wait for its own operation
            std::ranges::any_of(event.holding.tokens, [&](TokenId id) {
                const Token* held = find(state, id);
                return held != nullptr && held->open && held->backends.contains(event.backend);
            });
        return !started.live() && (event.attempt || holds_own) ? Error::conflict : Error::ok;
    }

    void end_section() {  // R5
        demand_begun();
        if (happens())
            erase(*next, event.section);
    }

    void demand_begun() {
        demand(!section->momentary(), wrong_kind);
        demand(section->begun(), section_not_begun);
    }

    void abandon() {  // R25
        const bool fits =
            token != nullptr ? !token->open : !pending->begun() && !pending->abandoned;
        demand(fits, not_pending, 25);
        const bool deadlock =  // R12
            pending != nullptr && !pending->momentary() && is_hostage(*pending);
        if (!happens(event.error == Error::timed_out               ? Error::timed_out
                     : deadlock && event.error != Error::cancelled ? Error::would_deadlock
                                                                   : Error::cancelled))
            return;
        if (section != nullptr)
            my(*section).abandoned = true;
        erase(*next, event.wait);
        erase(*next, event.token);
    }

    // Requests and tokens.

    void admit() {  // R2, R4, R18, R24: what a request may still have to wait for
        demand(request->state == RequestState::waiting, admitted_twice, 3, *request);
        demand(!request->cancelled, admitted_cancelled, 27);
        if (const SectionId change = naming_change(state, request->token))
            demand(false, admitted_during_change, 24, {Item::Kind::gate, change});
        if (!request->token && !state.sections.empty())
            demand_none(gates(view, {request->backend}), admitted_while_gated, 2);
        if (const Request* ahead = ahead_of(state, *request))
            demand(false, overtook, 18, *ahead);
        demand(!request->plugged, admitted_plugged, 16);
        demand(!over_limit(state, *request), admitted_over_limit, 13);
        const Group* limits = charging(state, *request);
        if (limits != nullptr)
            demand(has_turn(state, view.covered().backends, *request), out_of_turn, 30);
        if (!happens())
            return;
        my(*request).state = RequestState::admitted;
        if (limits == nullptr)
            return;
        for (const std::size_t i : buckets_of(*request))  // R13
            my(*limits).buckets[i].charge(units(*limits, i, *request));
        my(*limits).turn[static_cast<std::size_t>(request->direction)] =
            limits->after(request->backend);
    }

    // R29: of a request that runs the real result wins. Whether it still does, when it is another
    // loop's, nobody can know at the call: either answer is right.
    void cancel() {
        const bool over = request == nullptr || request->cancelled;
        const bool missed = !over && !request->waits() && event.error == Error::too_late;
        if (!happens(over || missed ? Error::too_late : Error::ok))
            return;
        Request& mine = my(*request);
        mine.asked = !mine.waits();
        mine.cancelled = mine.waits();
        mine.plugged = mine.off = false;
    }

    void cancel_waiting() {
        if (happens())
            cancel_all();
    }

    void complete() {  // R3, R17: whatever the result
        demand(request->state != RequestState::completing && !request->waits(), completed_too_soon,
               3, *request);
        const bool gave_up = request->asked && event.error == Error::cancelled;
        if (happens(request->cancelled || gave_up          ? Error::cancelled
                    : !find(state, request->backend)->root ? Error::no_medium
                    : event.error == Error::io_error       ? Error::io_error
                                                           : Error::ok))
            my(*request).state = RequestState::completing;
    }

    void be_done() {  // R3
        demand(request->state == RequestState::completing, done_too_soon, 3, *request);
        if (happens())
            erase(*next, event.request);
    }

    void open_token() {  // R4
        demand(!token->open, token_not_waiting);
        demand(!failing(state, *token), opened_while_closing, 27);
        demand_none(remaining(view, *token), opened_while_gated);
        if (!happens())
            return;
        my(*token).open = true;
        my(*token).holding = {};
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
        demand(!pending->abandoned, Code::abandoned, 25);
        return demand(pending->phase < reported, reported_twice, 7);
    }

    // R12: it could only be released through what its caller holds.
    bool is_hostage(const auto& waiter) {
        return would_deadlock(view, remaining(view, waiter), waiter.holding);
    }

    void become_effective() {  // R7, R23
        can_report(!section->momentary(), Phase::effective);
        if (!section->live())
            demand_none(remaining(view, *section), isolated_in_conflict, 23);
        if (happens())
            reach(my(*section), Phase::effective);
    }

    void become_idle() {  // R20
        if (can_report(section->kind == SectionKind::drained, Phase::idle) &&
            demand_none(remaining(view, *section), idle_early) && happens(result_of_end()))
            reach(my(*section), Phase::idle);
    }

    // A momentary section takes effect and ends: nothing remains, or it gives up since its caller
    // holds all of that (R12).
    void finish() {
        if (!can_report(event.kind == end_of(pending->kind), Phase::idle))
            return;
        const Items items = remaining(view, *pending);
        const bool deadlock = would_deadlock(view, items, pending->holding);
        const Code early = event.kind == Kind::drain_done   ? drain_early
                           : event.kind == Kind::quiet_done ? quiet_early
                                                            : finished_early;
        if (event.error == Error::would_deadlock)
            demand(deadlock || items.empty(), not_hostage, 12, items.empty() ? Item{} : items[0]);
        else if (!deadlock)
            demand_none(items, early);
        if (!happens(deadlock ? Error::would_deadlock : result_of_end()))
            return;
        const Section over = *pending;
        const bool done = event.error == Error::ok;
        erase(*next, over.id);
        if (done && over.moves())
            apply_change(*next, over);
        if (done && over.kind == SectionKind::close_backend) {
            leave_group(*next, over.backend);
            erase(*next, over.backend);
        }
        if (done && over.kind == SectionKind::quiet_wait)
            reach(*find(*next, over.section), Phase::quiet);
    }

    // R21: a settle error is reported by whoever covers the node; a close ignores it.
    Error result_of_end() {
        const bool failed = std::ranges::any_of(state.nodes, [&](const Node& other) {
            return other.settle == Settle::failed && view.of(*pending).settles.contains(other.id);
        });
        if (failed && pending->kind != SectionKind::close_node)
            return Error::io_error;
        if (pending->kind == SectionKind::quiet_wait && !pending->section)
            return Error::cancelled;
        return pending->moves() ? judge_change(state, view.of(*pending)) : Error::ok;
    }

    void release() {  // R25
        demand(section->abandoned, not_pending);
        for (const Node& other : state.nodes)
            demand(other.settler != event.section, released_early, 25,
                   {Item::Kind::settling, other.id});
        if (happens())
            erase(*next, event.section);
    }

    void notify() {  // R9
        demand(backend->owed != 0, notified_without_cause);
        demand(event.notice == backend->next_told(), notified_out_of_order);
        if (!happens())
            return;
        my(*backend).told = event.notice;
        --my(*backend).owed;
    }

    void report_cycle() {  // R26: once of each operation
        const Holding& held = pending != nullptr ? pending->holding : token->holding;
        demand(!held.told, reported_twice);
        demand(!cycle(view, pending != nullptr ? pending->id : SectionId{}, event.token).empty(),
               no_cycle);
        if (happens())
            (pending != nullptr ? my(*pending).holding : my(*token).holding).told = true;
    }

    // Nodes.

    // R20: once, after quiet, parents before children, one at a time.
    void start_settle() {
        demand(!section->abandoned, Code::abandoned, 25);
        demand(node->settle == Settle::none, settled_twice);
        for (const Node& other : state.nodes)
            demand(other.settler != event.section, settled_out_of_order, 0,
                   {Item::Kind::settling, other.id});
        if (!demand(section->phase != Phase::closed, gates_not_reported, 2,
                    {Item::Kind::gate, event.section}))
            return;
        const Cover& cover = view.of(*section);
        demand(cover.settles.contains(event.node), settled_out_of_scope);
        demand_none(unquiet(state, cover), settled_early);
        for (const NodeId before : view.graph().parents(event.node) & cover.settles)
            demand(view.settled().contains(before), settled_out_of_order, 0,
                   {Item::Kind::settling, before});
        if (!happens())
            return;
        my(*node).settle = Settle::running;
        my(*node).settler = event.section;
        reach(my(*section), Phase::quiet);
    }

    void end_settle() {
        const bool failed = event.error == Error::io_error;
        demand(node->settle == Settle::running, not_settling);
        if (!happens(failed ? Error::io_error : Error::ok))
            return;
        my(*node).settle = failed ? Settle::failed : Settle::done;
        my(*node).settler = {};
    }

    void end_internal() {
        demand(node->internal != 0, no_internal_request);
        if (happens())
            --my(*node).internal;
    }

    // R27: settled, and nothing of it left. Its children are detached; the close goes on with those
    // that have lost their last parent.
    void close_node() {
        demand(!section->abandoned, Code::abandoned, 25);
        demand(section->closing.contains(event.node), node_not_closing);
        demand(node->settled(), node_closed_early, 0, {Item::Kind::settling, event.node});
        demand(node->internal == 0, node_closed_early, 0, {Item::Kind::internal, event.node});
        Items others;
        passes(others, view, event.section, {event.node}, {});
        demand_none(others, node_closed_early);
        if (!happens())
            return;
        const NodeSet children = view.graph().children(event.node);
        NodeSet& closes = my(*section).closing;
        erase(*next, event.node);
        std::erase_if(next->edges, [&](const Edge& edge) { return edge.parent == event.node; });
        closes.erase(event.node);
        for (const NodeId child : children)
            if (!in_use(Graph(*next), child) && !closing(*next, child))
                closes.insert(child);
    }

    std::optional<Reason> run() {
        for (const BackendId member : event.set)
            demand(find(state, member) != nullptr, no_such_object);
        demand(section == nullptr || !section->waits(), wrong_kind);
        demand(wait == nullptr || wait->waits(), wrong_kind);
        if (refused)
            return refused;
        switch (event.kind) {
#define BLKDRAIN_REF_EVENT(kind, rule, objects, function) \
    case Kind::kind:                                      \
        function();                                       \
        break;
#include <blkdrain_ref/events.inc>
#undef BLKDRAIN_REF_EVENT
            case Kind::count:
                break;
        }
        return refused;
    }
};

}  // namespace

Reason refusal(const State& state, const Event& event, Code code, int rule, Item item,
               Error expected) {
    Reason reason{code, rule, event, item, expected};
    BackendId& about = reason.event.backend;
    if (const Request* request = find(state, event.request))
        about = request->backend;
    for (const SectionId id : {event.wait, event.section})
        if (const Section* section = find(state, id); section != nullptr && !about)
            about = section->backend;
    for (const int next : {rule_of(expected), rule_of(event.error), rule_of(state, event, item)})
        if (reason.rule == 0)
            reason.rule = next;
    return reason;
}

std::optional<Reason> check(const View& view, const Event& event) {
    return Step{view, event, nullptr}.run();
}

std::optional<Reason> accept(State& state, const Event& event) {
    const std::size_t sections = state.sections.size();
    const View before(state);
    const bool plugged = std::ranges::any_of(state.requests, &Request::plugged);
    const Gated gated = plugged ? gated_by_each(before) : Gated{};
    if (std::optional<Reason> refused = Step{before, event, &state}.run())
        return refused;
    // Only these change a scope, who is settled or who listens.
    if (sections != state.sections.size() || event.kind == Kind::effective ||
        event.kind == Kind::node_closed || event.kind == Kind::settle_done ||
        event.kind == Kind::listen)
        follow_scopes(state);
    if (plugged)
        unplug_covered(state, gated);
    return {};
}

Error result_of(const View& view, const Event& event) {
    const std::optional<Reason> reason = check(view, event);
    return reason && reason->code == wrong_result ? reason->expected : event.error;
}

void due(const View& view, std::vector<Event>& events) {
    const State& state = view.state;
    const auto offer = [&](Event event) {
        std::optional<Reason> refused = check(view, event);
        if (refused && refused->code == wrong_result) {
            event.error = refused->expected;
            refused = check(view, event);
        }
        if (!refused)
            events.push_back(event);
    };
    released(view, events);
    for (std::uint32_t loop = 0; state.plugged >> loop != 0; ++loop)  // R16: it polls
        offer({.kind = Kind::unplug, .loop = {loop}});
    for (const Request& request : state.requests)
        if (request.state == RequestState::completing)
            offer({.kind = Kind::done, .request = request.id});
        else if (request.state == RequestState::waiting && request.cancelled)
            offer({.kind = Kind::complete, .request = request.id});
    for (const Token& token : state.tokens)
        if (!token.open && (failing(state, token) || !token.holding.empty())) {
            offer({.kind = Kind::token_fail, .token = token.id});
            offer({.kind = Kind::cycle, .token = token.id});
        }
    for (const Backend& backend : state.backends)
        if (backend.owed != 0)
            offer({.kind = Kind::notify, .notice = backend.next_told(), .backend = backend.id});
    for (const Section& section : state.sections) {
        if (section.abandoned)
            offer({.kind = Kind::release, .section = section.id});
        if (section.begun() || section.abandoned)
            continue;
        if (section.phase == Phase::closed)
            offer({.kind = Kind::effective, .section = section.id});
        const auto offer_its = [&](Kind kind) {
            offer({.kind = kind,
                   .section = section.waits() ? SectionId{} : section.id,
                   .wait = section.waits() ? section.id : SectionId{}});
        };
        const Items items = remaining(view, section);
        const bool deadlock = would_deadlock(view, items, section.holding);
        if (items.empty() || deadlock)
            offer_its(deadlock && !section.momentary() ? Kind::abandon : end_of(section.kind));
        if (!section.holding.empty())
            offer_its(Kind::cycle);
        const auto own = [&](const Node& node) { return node.settler == section.id; };
        const bool settling = std::ranges::any_of(state.nodes, own);
        for (const Item& item : items)
            if (const Node* node = find(state, item.node);
                node != nullptr && !node->settler && (node->settled() || !settling))
                offer({.kind = node->settled() ? Kind::node_closed : Kind::settle_start,
                       .node = item.node,
                       .section = section.id});
    }
}

void answers(const View& view, std::vector<Event>& events) {
    const auto offer = [&](const Event& event) {
        if (!check(view, event))
            events.push_back(event);
    };
    for (const Request& request : view.state.requests)
        if (request.state == RequestState::admitted)
            for (const Error error :
                 {Error::ok, Error::io_error, Error::no_medium, Error::cancelled})
                offer({.kind = Kind::complete, .error = error, .request = request.id});
    for (const Node& node : view.state.nodes) {
        for (const Error error : {Error::ok, Error::io_error})
            offer({.kind = Kind::settle_done, .error = error, .node = node.id});
        offer({.kind = Kind::internal_end, .node = node.id});
    }
}

}  // namespace blkdrain_ref
