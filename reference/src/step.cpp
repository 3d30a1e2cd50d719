// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <blkdrain_ref/step.h>

namespace blkdrain_ref {
namespace {

using Kind = Event::Kind;

// Why an event is refused, before the names of its objects are filled in.
struct No {
    Code code;
    Item item{};
    Error expected = Error::ok;
};
using Verdict = std::optional<No>;

Verdict unless(bool fine, Code code, Item item = {}) {
    return fine ? Verdict{} : No{code, item};
}

Verdict unless_any(const Items& items, Code code) {
    return items.empty() ? Verdict{} : No{code, items[0]};
}

Verdict expect(const Event& event, Error expected) {
    return event.error == expected ? Verdict{} : No{Code::wrong_result, {}, expected};
}

// Whether the object exists; nothing if it has no name.
template <class I>
std::optional<bool> exists(const State& state, I id) {
    return id.value < I::limit ? std::optional(find(state, id) != nullptr) : std::nullopt;
}

std::optional<bool> exists(const State& state, const Event& event, char object) {
    switch (object) {
        case 'n':
            return exists(state, event.node);
        case 'o':
            return exists(state, event.other);
        case 'b':
            return exists(state, event.backend);
        case 'r':
            return exists(state, event.request);
        case 't':
            return exists(state, event.token);
        case 's':
            return exists(state, event.section);
        default:
            return exists(state, event.wait);
    }
}

// Names in use are not given again; what an event speaks of exists.
Verdict check_objects(const State& state, const Event& event) {
    for (const char* object = objects(event); *object != '\0'; ++object) {
        const bool fresh = *object < 'a';
        if (exists(state, event, static_cast<char>(*object | 0x20)) != !fresh)
            return No{fresh ? Code::id_in_use : Code::no_such_object};
    }
    return unless(std::ranges::all_of(event.set, [&](BackendId b) { return find(state, b); }),
                  Code::no_such_object);
}

// R18: an end, and each later step of a section, comes after all that the steps before have
// released.
Verdict check_one_step(const View& view, const Event& event) {
    const Kind kind = event.kind;
    const bool activation = kind == Kind::effective && !find(view.state, event.section)->live();
    const bool ordered = (kind >= Kind::settle && kind <= Kind::close_node) ||
                         kind == Kind::begin || kind == Kind::end || kind == Kind::finish ||
                         kind == Kind::release || kind == Kind::idle ||
                         (kind == Kind::abandon && event.section);
    if (!ordered && !activation)
        return {};
    if (const RequestId request = due_request(view))
        return No{Code::not_released, {.request = request}};
    if (const TokenId token = due_token(view))
        return No{Code::not_opened, {.token = token}};
    if (activation)
        return {};
    for (const Section& section : view.state.sections)  // R2: one consistent cut
        if (section.phase == Phase::closed)
            return No{Code::gates_not_reported, {.section = section.id}};
    const SectionId isolate = due_isolate(view);
    return unless(!isolate, Code::not_activated, {.section = isolate});
}

// R10: the chain.
Verdict check_parent(const State& state, const Event& event) {
    const Request* parent = find(state, event.parent);
    return unless(parent != nullptr && parent->state == RequestState::completing &&
                      parent->backend == event.backend && parent->loop == event.loop,
                  Code::not_a_chain);
}

// R2, R4, R18, R24: what a request may still have to wait for.
Verdict check_admit(const View& view, const Event& event) {
    const Request& request = *find(view.state, event.request);
    if (request.state != RequestState::waiting)
        return No{Code::admitted_twice, {.request = request.id}};
    if (request.cancelled)
        return No{Code::admitted_cancelled};
    const SectionId gate = request.token ? naming_change(view.state, request.token)
                                         : gating_section(view, request.backend);
    if (gate)
        return No{request.token ? Code::admitted_during_change : Code::admitted_while_gated,
                  {.kind = Item::Kind::gate, .section = gate}};
    const RequestId ahead = ahead_of(view.state, request);
    return unless(!ahead, Code::overtook, {.request = ahead});
}

// R3
Verdict check_complete(const View& view, const Event& event) {
    const Request& request = *find(view.state, event.request);
    if (request.state == RequestState::completing || request.in_line())
        return No{Code::completed_too_soon, {.request = request.id}};
    const Error expected = result_of(view, event);
    if (expected == Error::ok && event.error == Error::io_error)
        return {};
    return expect(event, expected);
}

// R4
Verdict check_token(const View& view, const Event& event) {
    const Token& token = *find(view.state, event.token);
    if (event.kind == Kind::token_close)
        return unless(token.open, Code::token_not_open);
    if (token.open)
        return No{Code::token_not_waiting};
    if (event.kind == Kind::token_open)
        return failing(view.state, token)
                   ? No{Code::opened_while_closing}
                   : unless_any(remaining(view, token), Code::opened_while_gated);
    const Error expected = result_of(view, event);
    return expected == Error::ok ? No{Code::wrong_result} : expect(event, expected);
}

// The end of a wait: R12 if it gave up, else the rule of what it waits for.
template <class Waiter>
Verdict check_outcome(const View& view, const Event& event, const Waiter& waiter, Code early) {
    const Items items = remaining(view, waiter);
    const bool gives_up = event.error == Error::would_deadlock;
    if (items.empty() || (gives_up && would_deadlock(view, waiter)))
        return expect(event, result_of(view, event));
    return No{gives_up ? Code::not_hostage : early, items[0]};
}

Verdict check_section(const View& view, const Event& event) {
    const Section& section = *find(view.state, event.section);
    const bool finish = event.kind == Kind::finish;
    if (section.momentary() != finish ||
        (event.kind == Kind::idle && section.kind != SectionKind::drained))
        return No{Code::wrong_kind};
    if (event.kind == Kind::end || event.kind == Kind::quiet_wait)
        return unless(section.begun(), Code::section_not_begun);
    if (section.abandoned)
        return No{Code::abandoned};
    if (section.phase >= (event.kind == Kind::effective ? Phase::effective : Phase::idle))
        return No{Code::reported_twice};
    if (event.kind == Kind::effective)  // R7, R23
        return section.live() ? Verdict{}
                              : unless_any(remaining(view, section), Code::isolated_in_conflict);
    return check_outcome(view, event, section, finish ? Code::finished_early : Code::idle_early);
}

// R25
Verdict check_release(const View& view, const Event& event) {
    if (!find(view.state, event.section)->abandoned)
        return No{Code::not_pending};
    const auto node = std::ranges::find(view.state.nodes, event.section, &Node::settler);
    if (node == view.state.nodes.end())
        return {};
    return No{Code::released_early, {.kind = Item::Kind::settling, .node = node->id}};
}

Verdict check_wait(const View& view, const Event& event) {
    const Wait& wait = *find(view.state, event.wait);
    if (wait.drain() != (event.kind == Kind::drain_done))
        return No{Code::no_such_object};
    if (!wait.drain())
        return check_outcome(view, event, wait, Code::quiet_early);
    const bool waiting = !wait.requests.empty() &&
                         find(view.state, wait.requests[0])->state == RequestState::waiting;
    return check_outcome(view, event, wait,
                         waiting ? Code::drain_early_waiting : Code::drain_early);
}

// R9
Verdict check_notify(const View& view, const Event& event) {
    const Backend& backend = *find(view.state, event.backend);
    if (event.kind == Kind::listen)
        return unless(!backend.listening, Code::listens_already);
    if (backend.owed.empty())
        return No{Code::notified_without_cause};
    return unless(backend.owed[0] == event.notice, Code::notified_out_of_order);
}

// R20: once, after quiet, parents before children, one at a time.
Verdict check_settle_start(const View& view, const Event& event) {
    const Section& section = *find(view.state, event.section);
    const Node& node = *find(view.state, event.node);
    const NodeSet scope = settle_scope(view, section);
    if (section.abandoned)
        return No{Code::abandoned};
    if (!scope.contains(node.id))
        return No{Code::settled_out_of_scope};
    if (node.settle != Settle::none)
        return No{Code::settled_twice};
    if (section.phase == Phase::closed)
        return No{Code::gates_not_reported, {.section = section.id}};
    if (const Items items = quiet_items(view, section); !items.empty())
        return No{Code::settled_early, items[0]};
    const NodeSet before = scope & view.parents(node.id);
    for (const Node& other : view.state.nodes)
        if (other.settler == section.id || (!other.settled() && before.contains(other.id)))
            return No{Code::settled_out_of_order, {.kind = Item::Kind::settling, .node = other.id}};
    return {};
}

// R27: settled, and nothing of it left.
Verdict check_node_closed(const View& view, const Event& event) {
    const Section& section = *find(view.state, event.section);
    const Node& node = *find(view.state, event.node);
    if (section.abandoned)
        return No{Code::abandoned};
    if (!section.closing.contains(node.id))
        return No{Code::node_not_closing};
    if (!node.settled())
        return No{Code::node_closed_early, {.kind = Item::Kind::settling, .node = node.id}};
    if (node.internal != 0)
        return No{Code::node_closed_early, {.kind = Item::Kind::internal, .node = node.id}};
    return unless_any(passes(view, section.id, {node.id}), Code::node_closed_early);
}

// R25
Verdict check_abandon(const View& view, const Event& event) {
    const Section* section = find(view.state, event.section);
    const Token* token = find(view.state, event.token);
    if ((section != nullptr && (section->begun() || section->abandoned)) ||
        (token != nullptr && token->open))
        return No{Code::not_pending};
    if (event.error == Error::cancelled || event.error == Error::timed_out)
        return {};
    const bool deadlock =  // R12: of a begin
        section != nullptr && !section->momentary() && would_deadlock(view, *section);
    return expect(event, deadlock ? Error::would_deadlock : Error::cancelled);
}

Verdict check_kind(const View& view, const Event& event) {
    switch (event.kind) {
        case Kind::admit:
            return check_admit(view, event);
        case Kind::complete:
            return check_complete(view, event);
        case Kind::done:
            return unless(find(view.state, event.request)->state == RequestState::completing,
                          Code::done_too_soon, {.request = event.request});
        case Kind::token_close:
        case Kind::token_open:
        case Kind::token_fail:
            return check_token(view, event);
        case Kind::end:
        case Kind::quiet_wait:
        case Kind::effective:
        case Kind::idle:
        case Kind::finish:
            return check_section(view, event);
        case Kind::release:
            return check_release(view, event);
        case Kind::drain_done:
        case Kind::quiet_done:
            return check_wait(view, event);
        case Kind::listen:
        case Kind::notify:
            return check_notify(view, event);
        case Kind::settle_start:
            return check_settle_start(view, event);
        case Kind::settle_done:
            if (find(view.state, event.node)->settle != Settle::running)
                return No{Code::not_settling};
            return event.error == Error::io_error ? Verdict{} : expect(event, Error::ok);
        case Kind::internal_end:
            return unless(find(view.state, event.node)->internal != 0, Code::no_internal_request);
        case Kind::node_closed:
            return check_node_closed(view, event);
        case Kind::abandon:
            return check_abandon(view, event);
        case Kind::node_new:
        case Kind::backend_new:
        case Kind::drain:
            return {};
        default:
            break;
    }
    if (event.kind == Kind::begin && event.section_kind >= SectionKind::change)
        return No{Code::wrong_kind};
    if (event.kind == Kind::send && event.parent)
        if (const Verdict no = check_parent(view.state, event))
            return no;
    return expect(event, result_of(view, event));
}

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

Error result_of_begin(const View& view, const Event& event) {
    const Section section = section_of(view, event);
    if (section.kind == SectionKind::change || section.kind == SectionKind::context)
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

Error result_of_finish(const View& view, const Section& section) {
    if (would_deadlock(view, section))
        return Error::would_deadlock;
    if (settle_failed(view, section))
        return Error::io_error;
    return section.kind == SectionKind::change || section.kind == SectionKind::context
               ? judge_change(view, section)
               : Error::ok;
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

void reach(State& state, SectionId id, Phase phase) {
    Section& section = *find(state, id);
    section.phase = std::max(section.phase, phase);
    if (section.begun())
        section.holding = {};  // it waits no more
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

void apply_wait(State& state, const Event& event) {
    Wait wait = event.kind == Kind::drain ? cover_set(state, event.backend) : Wait{};
    wait.id = event.wait;
    wait.section = event.section;
    wait.holding = event.holding;
    insert(state, std::move(wait));
}

void apply_finish(State& state, const Event& event) {
    const Section section = *find(state, event.section);
    erase(state, section.id);
    if (event.error != Error::ok)
        return;
    if (section.kind == SectionKind::change || section.kind == SectionKind::context)
        apply_change(state, section);
    if (section.kind == SectionKind::close_backend)
        erase(state, section.backend);
}

void apply(State& state, const Event& event) {
    Node* const node = find(state, event.node);
    Backend* const backend = find(state, event.backend);
    Request* const request = find(state, event.request);
    Token* const token = find(state, event.token);
    switch (event.kind) {
        case Kind::node_new:
            return insert(state, Node{event.node, event.loop, event.pinned});
        case Kind::backend_new:
            return insert(state, Backend{event.backend, event.loop, event.pinned});
        case Kind::listen:
            backend->listening = true;
            if (gated(state, backend->id))
                backend->owed.push_back(Notice::begin);
            return;
        case Kind::notify:
            backend->owed.erase(backend->owed.begin());
            return;
        case Kind::send:
            return apply_send(state, event);
        case Kind::admit:
            request->state = RequestState::admitted;
            request->ever_admitted = true;
            return;
        case Kind::complete:
            request->state = RequestState::completing;
            return;
        case Kind::done:
            return erase(state, event.request);
        case Kind::token_request:
            return insert(state, Token{event.token, event.set, false, event.holding});
        case Kind::token_open:
            token->open = true;
            token->holding = {};
            return;
        case Kind::token_fail:
        case Kind::token_close:
            return erase(state, event.token);
        case Kind::close_backend:
            for (Request& other : state.requests)
                if (other.backend == event.backend && other.in_line())
                    other.cancelled = true;
            [[fallthrough]];
        case Kind::begin:
        case Kind::settle:
        case Kind::change:
        case Kind::context:
        case Kind::close_node:
            state.sections.push_back(section_of(state, event));
            return;
        case Kind::effective:
            return reach(state, event.section, Phase::effective);
        case Kind::idle:
            return reach(state, event.section, Phase::idle);
        case Kind::end:
        case Kind::release:
            return erase(state, event.section);
        case Kind::finish:
            return apply_finish(state, event);
        case Kind::node_closed:
            return apply_node_closed(state, event.section, event.node);
        case Kind::settle_start:
            node->settle = Settle::running;
            node->settler = event.section;
            return reach(state, event.section, Phase::quiet);
        case Kind::settle_done:
            node->settle = event.error == Error::ok ? Settle::done : Settle::failed;
            node->settler = {};
            return;
        case Kind::internal_start:
            ++node->internal;
            return;
        case Kind::internal_end:
            --node->internal;
            return;
        case Kind::drain:
        case Kind::quiet_wait:
            return apply_wait(state, event);
        case Kind::quiet_done:
            if (event.error == Error::ok)
                reach(state, find(state, event.wait)->section, Phase::quiet);
            [[fallthrough]];
        case Kind::drain_done:
            return erase(state, event.wait);
        case Kind::abandon:
            if (Section* const section = find(state, event.section))
                section->abandoned = true;
            erase(state, event.wait);
            erase(state, event.token);
            return;
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

Error result_of(const View& view, const Event& event) {
    const State& state = view.state;
    switch (event.kind) {
        case Kind::send: {
            const Token* token = find(state, event.token);
            const bool good = !event.token || (token != nullptr && token->open &&
                                               token->backends.contains(event.backend));
            return closing(state, event.backend) ? Error::closing
                   : good                        ? Error::ok
                                                 : Error::bad_token;
        }
        case Kind::token_request:
            return failing(state, {.backends = event.set}) ? Error::closing : Error::ok;
        case Kind::begin:
        case Kind::settle:
        case Kind::change:
        case Kind::context:
        case Kind::close_backend:
        case Kind::close_node:
            return result_of_begin(view, event);
        case Kind::internal_start:
            return closing(state, event.node)  ? Error::closing
                   : stopped(view, event.node) ? Error::stopped
                                               : Error::ok;
        case Kind::complete: {
            const Request& request = *find(state, event.request);
            return request.cancelled                    ? Error::cancelled
                   : find(state, request.backend)->root ? Error::ok
                                                        : Error::no_medium;
        }
        case Kind::token_fail: {
            const Token& token = *find(state, event.token);
            return failing(state, token)         ? Error::closing
                   : would_deadlock(view, token) ? Error::would_deadlock
                                                 : Error::ok;
        }
        case Kind::idle:
            return settle_failed(view, *find(state, event.section)) ? Error::io_error : Error::ok;
        case Kind::finish:
            return result_of_finish(view, *find(state, event.section));
        case Kind::drain_done:
        case Kind::quiet_done: {
            const Wait& wait = *find(state, event.wait);
            return !wait.drain() && !wait.section ? Error::cancelled
                   : would_deadlock(view, wait)   ? Error::would_deadlock
                                                  : Error::ok;
        }
        default:
            return Error::ok;
    }
}

std::optional<Reason> check(const View& view, const Event& event) {
    Verdict no = check_objects(view.state, event);
    if (!no)
        no = check_one_step(view, event);
    if (!no)
        no = check_kind(view, event);
    if (!no)
        return {};
    return refusal(view.state, event, no->code, no->item, no->expected);
}

std::optional<Reason> accept(State& state, const Event& event) {
    const View before(state);
    if (std::optional<Reason> reason = check(before, event))
        return reason;
    if (!has_effect(event))
        return {};
    const bool moves = moves_scopes(event.kind);
    const BackendSet gated_before = moves ? covered(before).backends : BackendSet{};
    apply(state, event);
    if (moves)
        follow_scopes(state, gated_before);
    return {};
}

}  // namespace blkdrain_ref
