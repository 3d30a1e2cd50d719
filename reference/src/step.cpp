// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <utility>

#include <blkdrain_ref/rules/admission.h>
#include <blkdrain_ref/rules/change.h>
#include <blkdrain_ref/rules/context.h>
#include <blkdrain_ref/rules/cover.h>
#include <blkdrain_ref/rules/wait.h>
#include <blkdrain_ref/step.h>

namespace blkdrain_ref {
namespace {

using Kind = Event::Kind;
using Verdict = std::optional<Reason>;

Verdict expect(const State& state, const Event& event, Error expected) {
    if (event.error == expected)
        return {};
    return refusal(state, event, Code::wrong_result, {}, expected);
}

template <class I>
bool present(const State& state, I id) {
    return find(state, id) != nullptr;
}

enum class Presence { nameless, fresh, found };

template <class I>
Presence presence(const State& state, I id, std::uint32_t limit = I{}.value) {
    if (id.value >= limit)
        return Presence::nameless;
    return present(state, id) ? Presence::found : Presence::fresh;
}

Presence presence(const State& state, const Event& event, char object) {
    switch (object) {
        case 'n':
        case 'N':
            return presence(state, event.node, 64);
        case 'o':
            return presence(state, event.other, 64);
        case 'b':
        case 'B':
            return presence(state, event.backend, 64);
        case 'r':
        case 'R':
            return presence(state, event.request);
        case 't':
        case 'T':
            return presence(state, event.token);
        case 's':
        case 'S':
            return presence(state, event.section);
        default:
            return presence(state, event.wait);
    }
}

// Names in use are not given again; what an event speaks of exists.
Verdict check_objects(const State& state, const Event& event) {
    for (const char* object = objects(event); *object != '\0'; ++object) {
        const bool fresh = *object < 'a';
        if (presence(state, event, *object) != (fresh ? Presence::fresh : Presence::found))
            return refusal(state, event, fresh ? Code::id_in_use : Code::no_such_object);
    }
    for (const BackendId backend : event.set)
        if (!present(state, backend))
            return refusal(state, event, Code::no_such_object);
    return {};
}

// R18: an end, and each later step of a section, comes after all that the steps before have
// released.
Verdict check_one_step(const State& state, const Event& event) {
    const bool activation = event.kind == Kind::effective && !find(state, event.section)->live();
    const bool ordered = (event.kind >= Kind::settle && event.kind <= Kind::close_node) ||
                         event.kind == Kind::begin || event.kind == Kind::end ||
                         event.kind == Kind::finish || event.kind == Kind::release ||
                         event.kind == Kind::idle || (event.kind == Kind::abandon && event.section);
    if (!ordered && !activation)
        return {};
    if (const RequestId request = due_request(state))
        return refusal(state, event, Code::not_released, {.request = request});
    if (const TokenId token = due_token(state))
        return refusal(state, event, Code::not_opened, {.token = token});
    if (activation)
        return {};
    for (const Section& section : state.sections)  // R2: one consistent cut
        if (section.phase == Phase::closed)
            return refusal(state, event, Code::gates_not_reported, {.section = section.id});
    if (const SectionId section = due_isolate(state))
        return refusal(state, event, Code::not_activated, {.section = section});
    return {};
}

Verdict check_send(const State& state, const Event& event) {
    if (event.parent) {  // R10: the chain
        const Request* parent = find(state, event.parent);
        if (parent == nullptr || parent->state != RequestState::completing ||
            parent->backend != event.backend || parent->loop != event.loop)
            return refusal(state, event, Code::not_a_chain);
    }
    return expect(state, event, result_of(state, event));
}

// R2, R4, R18, R24: what a request may still have to wait for.
Verdict check_admit(const State& state, const Event& event) {
    const Request& request = *find(state, event.request);
    const Item itself{.request = request.id, .state = request.state};
    if (request.state != RequestState::waiting)
        return refusal(state, event, Code::admitted_twice, itself);
    if (request.cancelled)
        return refusal(state, event, Code::admitted_cancelled);
    if (request.token) {
        if (const SectionId change = naming_change(state, request.token))
            return refusal(state, event, Code::admitted_during_change,
                           {.kind = Item::Kind::gate, .section = change});
    } else if (const SectionId section = gating_section(state, request.backend)) {
        return refusal(state, event, Code::admitted_while_gated,
                       {.kind = Item::Kind::gate, .section = section});
    }
    if (const RequestId ahead = ahead_of(state, request))
        return refusal(state, event, Code::overtook, {.request = ahead});
    return {};
}

// R3
Verdict check_completion(const State& state, const Event& event) {
    const Request& request = *find(state, event.request);
    const Item itself{.request = request.id, .state = request.state};
    if (event.kind == Kind::done) {
        if (request.state == RequestState::completing)
            return {};
        return refusal(state, event, Code::done_too_soon, itself);
    }
    if (request.state == RequestState::completing ||
        (request.state == RequestState::waiting && !request.cancelled))
        return refusal(state, event, Code::completed_too_soon, itself);
    const Error expected = result_of(state, event);
    if (expected == Error::ok && event.error == Error::io_error)
        return {};
    return expect(state, event, expected);
}

// R4
Verdict check_token(const State& state, const Event& event) {
    const Token& token = *find(state, event.token);
    if (event.kind == Kind::token_close)
        return token.open ? Verdict{} : refusal(state, event, Code::token_not_open);
    if (token.open)
        return refusal(state, event, Code::token_not_waiting);
    if (event.kind == Kind::token_fail) {
        const Error expected = result_of(state, event);
        return expected == Error::ok || event.error == Error::ok
                   ? refusal(state, event, Code::wrong_result, {}, expected)
                   : expect(state, event, expected);
    }
    if (failing(state, token))
        return refusal(state, event, Code::opened_while_closing);
    const Items gates = remaining(state, token);
    return gates.empty() ? Verdict{} : refusal(state, event, Code::opened_while_gated, gates[0]);
}

// The end of a wait: R12 if it gave up, else the rule of what it waits for.
Verdict check_outcome(const State& state, const Event& event, const Items& items, bool deadlock,
                      Code early) {
    if (items.empty() || (deadlock && event.error == Error::would_deadlock))
        return expect(state, event, result_of(state, event));
    if (event.error != Error::would_deadlock)
        return refusal(state, event, early, items[0]);
    return refusal(state, event, Code::not_hostage, items[0]);
}

Verdict check_section(const State& state, const Event& event) {
    const Section& section = *find(state, event.section);
    const auto no = [&](Code code) { return refusal(state, event, code); };
    const bool momentary = event.kind == Kind::finish;
    if (event.kind == Kind::release) {  // R25
        if (!section.abandoned)
            return no(Code::not_pending);
        for (const Node& node : state.nodes)
            if (node.settler == section.id)
                return refusal(state, event, Code::released_early,
                               {.kind = Item::Kind::settling, .node = node.id});
        return {};
    }
    if (section.momentary() != momentary ||
        (event.kind == Kind::idle && section.kind != SectionKind::drained))
        return no(Code::wrong_kind);
    if (event.kind == Kind::end || event.kind == Kind::quiet_wait)
        return section.begun() ? Verdict{} : no(Code::section_not_begun);
    if (section.abandoned)
        return no(Code::abandoned);
    if (event.kind == Kind::effective) {  // R7, R23
        if (section.phase >= Phase::effective)
            return no(Code::reported_twice);
        const Items items = section.live() ? Items{} : remaining(state, section);
        return items.empty() ? Verdict{}
                             : refusal(state, event, Code::isolated_in_conflict, items[0]);
    }
    if (section.phase == Phase::idle)
        return no(Code::reported_twice);
    return check_outcome(state, event, remaining(state, section), would_deadlock(state, section),
                         momentary ? Code::finished_early : Code::idle_early);
}

Verdict check_wait(const State& state, const Event& event) {
    const Wait& wait = *find(state, event.wait);
    if (wait.drain() != (event.kind == Kind::drain_done))
        return refusal(state, event, Code::no_such_object);
    const Items items = remaining(state, wait);
    const bool waiting = !items.empty() && items[0].kind == Item::Kind::request &&
                         items[0].state == RequestState::waiting;
    return check_outcome(state, event, items, would_deadlock(state, wait),
                         !wait.drain() ? Code::quiet_early
                         : waiting     ? Code::drain_early_waiting
                                       : Code::drain_early);
}

// R9
Verdict check_notify(const State& state, const Event& event) {
    const Backend& backend = *find(state, event.backend);
    if (event.kind == Kind::listen)
        return backend.listening ? refusal(state, event, Code::listens_already) : Verdict{};
    if (backend.owed.empty())
        return refusal(state, event, Code::notified_without_cause);
    return backend.owed[0] == event.notice ? Verdict{}
                                           : refusal(state, event, Code::notified_out_of_order);
}

// R20: once, after quiet, parents before children, one at a time.
Verdict check_settle_start(const State& state, const Event& event) {
    const Section& section = *find(state, event.section);
    const Node& node = *find(state, event.node);
    const Shape shape = shape_of(state);
    const NodeSet scope = settle_scope(state, shape, section);
    if (section.abandoned)
        return refusal(state, event, Code::abandoned);
    if (!scope.contains(node.id))
        return refusal(state, event, Code::settled_out_of_scope);
    if (node.settle != Settle::none)
        return refusal(state, event, Code::settled_twice);
    if (section.phase == Phase::closed)
        return refusal(state, event, Code::gates_not_reported, {.section = section.id});
    const Items items = quiet_items(state, shape, section);
    if (!items.empty())
        return refusal(state, event, Code::settled_early, items[0]);
    for (const Node& other : state.nodes)
        if (other.settler == section.id ||
            (!other.settled() && (scope & shape.parents(node.id)).contains(other.id)))
            return refusal(state, event, Code::settled_out_of_order,
                           {.kind = Item::Kind::settling, .node = other.id});
    return {};
}

// R27: settled, and nothing of it left.
Verdict check_node_closed(const State& state, const Event& event) {
    const Section& section = *find(state, event.section);
    const Node& node = *find(state, event.node);
    if (section.abandoned)
        return refusal(state, event, Code::abandoned);
    if (!section.closing.contains(node.id))
        return refusal(state, event, Code::node_not_closing);
    if (!node.settled())
        return refusal(state, event, Code::node_closed_early,
                       {.kind = Item::Kind::settling, .node = node.id});
    if (node.internal != 0)
        return refusal(state, event, Code::node_closed_early,
                       {.kind = Item::Kind::internal, .node = node.id});
    const Items others = passes(state, shape_of(state), section.id, {node.id});
    return others.empty() ? Verdict{} : refusal(state, event, Code::node_closed_early, others[0]);
}

// R25
Verdict check_abandon(const State& state, const Event& event) {
    const Section* section = find(state, event.section);
    const Token* token = find(state, event.token);
    if ((section != nullptr && (section->begun() || section->abandoned)) ||
        (token != nullptr && token->open))
        return refusal(state, event, Code::not_pending);
    if (event.error == Error::cancelled || event.error == Error::timed_out)
        return {};
    return section != nullptr && !section->momentary() && would_deadlock(state, *section)
               ? expect(state, event, Error::would_deadlock)  // R12: of a begin
               : expect(state, event, Error::cancelled);
}

Verdict check_kind(const State& state, const Event& event) {
    switch (event.kind) {
        case Kind::node_new:
        case Kind::backend_new:
        case Kind::drain:
            return {};
        case Kind::send:
            return check_send(state, event);
        case Kind::admit:
            return check_admit(state, event);
        case Kind::complete:
        case Kind::done:
            return check_completion(state, event);
        case Kind::token_close:
        case Kind::token_open:
        case Kind::token_fail:
            return check_token(state, event);
        case Kind::end:
        case Kind::quiet_wait:
        case Kind::effective:
        case Kind::idle:
        case Kind::finish:
        case Kind::release:
            return check_section(state, event);
        case Kind::drain_done:
        case Kind::quiet_done:
            return check_wait(state, event);
        case Kind::listen:
        case Kind::notify:
            return check_notify(state, event);
        case Kind::settle_start:
            return check_settle_start(state, event);
        case Kind::settle_done:
            if (find(state, event.node)->settle != Settle::running)
                return refusal(state, event, Code::not_settling);
            return event.error == Error::io_error ? Verdict{} : expect(state, event, Error::ok);
        case Kind::internal_end:
            if (find(state, event.node)->internal == 0)
                return refusal(state, event, Code::no_internal_request);
            return {};
        case Kind::node_closed:
            return check_node_closed(state, event);
        case Kind::abandon:
            return check_abandon(state, event);
        case Kind::begin:
            if (event.section_kind >= SectionKind::change)
                return refusal(state, event, Code::wrong_kind);
            [[fallthrough]];
        default:
            return expect(state, event, result_of(state, event));
    }
}

Section section_of(const State& state, const Event& event) {
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
    } else if (section.kind == SectionKind::isolate && !conflicts(state, section).empty()) {
        section.phase = Phase::queued;  // R23
    }
    if (event.kind == Kind::close_node)
        section.closing = {event.node};
    return section;
}

// R23: an isolate that would queue, and must not.
bool must_not_queue(const State& state, const Event& event, const Section& section) {
    return !section.live() &&
           (event.attempt || std::ranges::any_of(event.holding.tokens, [&](TokenId id) {
                const Token* token = find(state, id);
                return token != nullptr && token->open && token->backends.contains(event.backend);
            }));
}

// R19
bool quiesced(const State& state, NodeId node) {
    const Shape shape = shape_of(state);
    const BackendSet backends = roots(shape, cone(shape, node));
    return backends.within(covered(state).backends) &&
           activity(state, {backends, {}}, false).empty();
}

// R21: a settle error is reported by whoever covers the node.
bool settle_failed(const State& state, const Section& section) {
    const NodeSet nodes = settle_scope(state, shape_of(state), section);
    return section.kind != SectionKind::close_node &&
           std::ranges::any_of(state.nodes, [&](const Node& node) {
               return node.settle == Settle::failed && nodes.contains(node.id);
           });
}

Error result_of_finish(const State& state, const Section& section) {
    if (would_deadlock(state, section))
        return Error::would_deadlock;
    if (settle_failed(state, section))
        return Error::io_error;
    if (section.kind == SectionKind::change)
        return judge_change(state, section);
    if (section.kind == SectionKind::context)
        return move_of_context(state, shape_of(state), section).refused ? Error::context
                                                                        : Error::ok;
    return Error::ok;
}

template <class Object>
void insert_by_id(std::vector<Object>& all, Object object) {
    all.insert(std::ranges::lower_bound(all, object.id, {}, &Object::id), std::move(object));
}

template <class Object, class I>
void erase(std::vector<Object>& all, I id) {
    std::erase_if(all, [&](const Object& object) { return object.id == id; });
}

void reach(Section& section, Phase phase) {
    section.phase = std::max(section.phase, phase);
    if (section.begun())
        section.holding = {};  // it waits no more
}

void erase_section(State& state, SectionId id) {
    erase(state.sections, id);
    for (Wait& wait : state.waits)
        if (wait.section == id)
            wait.section = {};
}

void apply_send(State& state, const Event& event) {
    state.requests.push_back({.id = event.request,
                              .backend = event.backend,
                              .direction = event.direction,
                              .token = event.token,
                              .loop = event.loop});
    for (Wait& wait : state.waits)  // R10: the chain, and what is sent under a covered token
        if (wait.backend == event.backend &&
            ((event.parent && std::ranges::count(wait.requests, event.parent) != 0) ||
             (event.token && std::ranges::count(wait.tokens, event.token) != 0)))
            wait.requests.push_back(event.request);
}

// R10: what the drain covers.
void apply_drain(State& state, const Event& event) {
    Wait wait{.id = event.wait, .backend = event.backend, .holding = event.holding};
    for (const Request& request : state.requests)
        if (request.backend == event.backend)
            wait.requests.push_back(request.id);
    for (const Token& token : state.tokens)
        if (token.open && token.backends.contains(event.backend))
            wait.tokens.push_back(token.id);
    insert_by_id(state.waits, wait);
}

void apply_finish(State& state, const Event& event) {
    const Section section = *find(state, event.section);
    erase_section(state, section.id);
    if (event.error != Error::ok)
        return;
    if (section.kind == SectionKind::change)
        apply_change(state, section);
    if (section.kind == SectionKind::context)
        apply_move(state, move_of_context(state, shape_of(state), section));
    if (section.kind == SectionKind::close_backend)
        erase(state.backends, section.backend);
}

void apply(State& state, const Event& event) {
    switch (event.kind) {
        case Kind::node_new:
            insert_by_id(state.nodes,
                         Node{.id = event.node, .loop = event.loop, .pinned = event.pinned});
            break;
        case Kind::backend_new:
            insert_by_id(state.backends,
                         Backend{.id = event.backend, .loop = event.loop, .pinned = event.pinned});
            break;
        case Kind::listen: {
            Backend& backend = *find(state, event.backend);
            backend.listening = true;
            if (gated(state, backend.id))
                backend.owed.push_back(Notice::begin);
            break;
        }
        case Kind::notify: {
            std::vector<Notice>& owed = find(state, event.backend)->owed;
            owed.erase(owed.begin());
            break;
        }
        case Kind::send:
            apply_send(state, event);
            break;
        case Kind::admit:
            find(state, event.request)->state = RequestState::admitted;
            find(state, event.request)->ever_admitted = true;
            break;
        case Kind::complete:
            find(state, event.request)->state = RequestState::completing;
            break;
        case Kind::done:
            erase(state.requests, event.request);
            for (Wait& wait : state.waits)
                std::erase(wait.requests, event.request);
            break;
        case Kind::token_request:
            insert_by_id(state.tokens,
                         Token{.id = event.token, .backends = event.set, .holding = event.holding});
            break;
        case Kind::token_open:
            find(state, event.token)->open = true;
            find(state, event.token)->holding = {};
            break;
        case Kind::token_fail:
            erase(state.tokens, event.token);
            break;
        case Kind::token_close:
            erase(state.tokens, event.token);
            for (Wait& wait : state.waits)
                std::erase(wait.tokens, event.token);
            break;
        case Kind::close_backend:
            for (Request& request : state.requests)
                if (request.backend == event.backend && request.state == RequestState::waiting)
                    request.cancelled = true;
            [[fallthrough]];
        case Kind::begin:
        case Kind::settle:
        case Kind::change:
        case Kind::context:
        case Kind::close_node:
            state.sections.push_back(section_of(state, event));
            break;
        case Kind::effective:
            reach(*find(state, event.section), Phase::effective);
            break;
        case Kind::idle:
            reach(*find(state, event.section), Phase::idle);
            break;
        case Kind::end:
        case Kind::release:
            erase_section(state, event.section);
            break;
        case Kind::finish:
            apply_finish(state, event);
            break;
        case Kind::node_closed:
            apply_node_closed(state, event.section, event.node);
            break;
        case Kind::settle_start:
            find(state, event.node)->settle = Settle::running;
            find(state, event.node)->settler = event.section;
            reach(*find(state, event.section), Phase::quiet);
            break;
        case Kind::settle_done:
            find(state, event.node)->settle =
                event.error == Error::ok ? Settle::done : Settle::failed;
            find(state, event.node)->settler = {};
            break;
        case Kind::internal_start:
            ++find(state, event.node)->internal;
            break;
        case Kind::internal_end:
            --find(state, event.node)->internal;
            break;
        case Kind::drain:
            apply_drain(state, event);
            break;
        case Kind::quiet_wait:
            insert_by_id(
                state.waits,
                Wait{.id = event.wait, .section = event.section, .holding = event.holding});
            break;
        case Kind::quiet_done:
            if (event.error == Error::ok)
                reach(*find(state, find(state, event.wait)->section), Phase::quiet);
            [[fallthrough]];
        case Kind::drain_done:
            erase(state.waits, event.wait);
            break;
        case Kind::abandon:
            if (event.section) {
                find(state, event.section)->abandoned = true;
            } else {
                erase(state.waits, event.wait);
                erase(state.tokens, event.token);
            }
            break;
    }
}

// A call that ends with an error has no effect; the ends of steps and waits have one whatever they
// report.
bool has_effect(const Event& event) {
    return event.error == Error::ok || event.kind == Kind::abandon || event.kind > Kind::close_node;
}

// Sections, edges, nodes and backends come, go or change; not requests, tokens and waits.
bool moves_scopes(Kind kind) {
    return kind <= Kind::backend_new || (kind >= Kind::begin && kind <= Kind::close_node) ||
           kind == Kind::settle_done || kind == Kind::effective || kind >= Kind::node_closed;
}

}  // namespace

Error result_of(const State& state, const Event& event) {
    switch (event.kind) {
        case Kind::send: {
            const Token* token = find(state, event.token);
            if (closing(state, event.backend))
                return Error::closing;
            return event.token && (token == nullptr || !token->open ||
                                   !token->backends.contains(event.backend))
                       ? Error::bad_token
                       : Error::ok;
        }
        case Kind::token_request:
            return std::ranges::any_of(event.set,
                                       [&](BackendId backend) { return closing(state, backend); })
                       ? Error::closing
                       : Error::ok;
        case Kind::begin:
            if (closing(state, event.backend) || closing(state, event.node))
                return Error::closing;
            return must_not_queue(state, event, section_of(state, event)) ? Error::conflict
                                                                          : Error::ok;
        case Kind::internal_start:
            if (closing(state, event.node))
                return Error::closing;
            return stopped(state, event.node) ? Error::stopped : Error::ok;
        case Kind::settle:
            if (closing(state, event.node))
                return Error::closing;
            return quiesced(state, event.node) ? Error::ok : Error::not_quiesced;
        case Kind::change:
            return event.in_notification ? Error::busy
                                         : judge_change(state, section_of(state, event));
        case Kind::context:
            if (event.in_notification)
                return Error::busy;
            if (closing(state, event.node))
                return Error::closing;
            return move_of_context(state, shape_of(state), section_of(state, event)).refused
                       ? Error::context
                       : Error::ok;
        case Kind::close_backend:
        case Kind::close_node:
            return judge_close(state, section_of(state, event));
        case Kind::complete: {
            const Request& request = *find(state, event.request);
            if (request.cancelled)
                return Error::cancelled;
            return find(state, request.backend)->root ? Error::ok : Error::no_medium;
        }
        case Kind::token_fail: {
            const Token& token = *find(state, event.token);
            if (failing(state, token))
                return Error::closing;
            return would_deadlock(state, token) ? Error::would_deadlock : Error::ok;
        }
        case Kind::idle:
            return settle_failed(state, *find(state, event.section)) ? Error::io_error : Error::ok;
        case Kind::finish:
            return result_of_finish(state, *find(state, event.section));
        case Kind::drain_done:
        case Kind::quiet_done: {
            const Wait& wait = *find(state, event.wait);
            if (!wait.drain() && !wait.section)
                return Error::cancelled;
            return would_deadlock(state, wait) ? Error::would_deadlock : Error::ok;
        }
        default:
            return Error::ok;
    }
}

std::optional<Reason> check(const State& state, const Event& event) {
    if (Verdict verdict = check_objects(state, event))
        return verdict;
    if (Verdict verdict = check_one_step(state, event))
        return verdict;
    return check_kind(state, event);
}

std::optional<Reason> accept(State& state, const Event& event) {
    if (Verdict verdict = check(state, event))
        return verdict;
    if (!has_effect(event))
        return {};
    if (!moves_scopes(event.kind)) {
        apply(state, event);
        return {};
    }
    const BackendSet gated_before = covered(state).backends;
    apply(state, event);
    follow_scopes(state, gated_before);
    return {};
}

}  // namespace blkdrain_ref
