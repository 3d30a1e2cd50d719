// SPDX-License-Identifier: Apache-2.0
//
// What may happen next, and what comes of it.
#include <algorithm>
#include <utility>

#include "harness/black_box.h"
#include "harness/call_event.h"
#include "harness/judge.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;

namespace {

// The call itself says what comes of it; else what it began does so later.
bool answers_at_once(Kind call) {
    return call == Kind::send || call == Kind::internal_start || call == Kind::cancel ||
           call == Kind::join || call == Kind::leave || call == Kind::listen;
}

bool begins_something(Kind call) {
    return call == Kind::token_request || call == Kind::drain || call == Kind::quiet_wait ||
           call == Kind::begin || (call >= Kind::settle && call <= Kind::close_node);
}

// How an operation that goes well ends.
Kind end_of(const ref::Event& call) {
    switch (call.kind) {
        case Kind::begin:
            return call.section_kind == ref::SectionKind::drained ? Kind::idle : Kind::effective;
        case Kind::token_request:
            return Kind::token_open;
        case Kind::drain:
            return Kind::drain_done;
        case Kind::quiet_wait:
            return Kind::quiet_done;
        default:
            return Kind::finish;
    }
}

// Why a call never gets as far as the model.
bool is_refusal_at_the_interface(ref::Code code) {
    return code == ref::Code::no_such_object || code == ref::Code::section_not_begun ||
           code == ref::Code::no_member;
}

// The smaller, the likelier it is that the event is what has to come first.
int distance(const ref::Event& event, bool call, const std::optional<ref::Reason>& refusal) {
    if (refusal) {
        const ref::Item& item = refusal->item;
        if ((item.request && event.request == item.request) ||
            (item.token && event.token == item.token) || (item.node && event.node == item.node) ||
            (item.section && (event.section == item.section || event.wait == item.section)) ||
            (refusal->code == ref::Code::admitted_over_limit && event.kind == Kind::clock)) {
            return 0;
        }
        const ref::Event& refused = refusal->event;
        if ((refused.request && event.request == refused.request) ||
            (refused.token && event.token == refused.token) ||
            (refused.node && event.node == refused.node) ||
            (refused.section && event.section == refused.section)) {
            return 1;
        }
    }
    const bool calls_help = refusal && (refusal->code == ref::Code::notified_without_cause ||
                                        refusal->code == ref::Code::wrong_result);
    return call                              ? (calls_help ? 1 : 4)
           : event.kind == Kind::abandon     ? 5
           : event.kind == Kind::done        ? 2
           : event.kind == Kind::settle_done ? 2
                                             : 3;
}

}  // namespace

std::optional<ref::Reason> BlackBox::apply(Move move) {
    std::optional<ref::Reason> refused;
    if (move.waits) {
        return refused;
    }
    if (move.in_vain) {
        refused = apply_in_vain(move);
    } else if (move.call != no_ticket) {
        refused = apply_call(move);
    } else {
        refused = ref::accept(now_.state, move.event);
    }
    if (!refused) {
        refused = happened(move);
        if (refused) {
            now_ = choices_[depth_ - 1].from;
        }
    }
    return refused;
}

// It has no effect only where it can have none.
std::optional<ref::Reason> BlackBox::apply_in_vain(const Move& move) {
    const ref::Event& event = move.event;
    const auto no_reason = [&] { return ref::refusal(now_.state, event, ref::Code::wrong_result); };
    if (event.kind == Kind::unplug) {
        std::uint8_t& plugs = now_.plugs[event.loop.value];
        if (plugs == 1) {
            return no_reason();
        }
        if (plugs != 0) {
            --plugs;
        }
        return std::nullopt;
    }
    const std::optional<ref::Reason> reason = ref::check(now_.state, event);
    if (event.kind == Kind::abandon) {
        return reason || known_[move.call].may_miss ? std::nullopt : std::optional(no_reason());
    }
    const ref::Group* group = ref::find(now_.state, event.group);
    const bool not_its_member =
        event.kind == Kind::leave && group != nullptr && !group->contains(event.backend);
    return not_its_member || (reason && is_refusal_at_the_interface(reason->code))
               ? std::nullopt
               : std::optional(no_reason());
}

std::optional<ref::Reason> BlackBox::apply_call(Move& move) {
    std::uint8_t* const plugs = move.event.kind == Kind::plug || move.event.kind == Kind::unplug
                                    ? &now_.plugs[move.event.loop.value]
                                    : nullptr;
    if (move.event.kind == Kind::unplug && *plugs != 1) {
        return ref::refusal(now_.state, move.event, ref::Code::not_plugged);
    }
    std::optional<ref::Reason> refused = ref::accept(now_.state, move.event);
    const bool known = known_[move.call].returned != never && answers_at_once(move.event.kind);
    if (refused && refused->code == ref::Code::wrong_result && !known) {
        move.event.error = refused->expected;
        refused = ref::accept(now_.state, move.event);
    }
    if (!refused && move.event.kind == Kind::plug) {
        ++*plugs;
    }
    for (const ref::Event& other : known_[move.call].others) {
        refused = refused ? refused : ref::accept(now_.state, other);
    }
    return refused;
}

// What is to be seen of it. A reason: it will not be.
std::optional<ref::Reason> BlackBox::happened(const Move& move) {
    const ref::Event& event = move.event;
    const Result result = move.in_vain ? move.result : result_of(event.error);
    bool fits = true;
    now_.stirred = true;
    const auto see = [&](Seen::Kind kind, std::uint32_t of, Result what) {
        const Fact fact{kind, of, what};
        fits = fits && will_be_seen(fact);
        now_.unseen.push_back(fact);
    };
    const auto outcome = [&](std::uint32_t of) { see(Seen::Kind::outcome, of, result); };
    if (move.call != no_ticket) {
        std::erase(now_.open, move.call);
        see(Seen::Kind::returned, move.call, answers_at_once(event.kind) ? result : Result::ok);
        if (begins_something(event.kind) && result != Result::ok) {
            outcome(move.call);
        }
        if (move.in_vain) {
            return fits ? std::nullopt : std::optional(never_seen(event));
        }
    }
    switch (event.kind) {
        case Kind::effective:
            if (reports_begin(now_.state, event)) {
                outcome(event.section.value);
            }
            break;
        case Kind::idle:
        case Kind::finish:
        case Kind::drain_done:
        case Kind::quiet_done:
        case Kind::token_open:
        case Kind::token_fail:
        case Kind::abandon:
            outcome(event.kind == Kind::quiet_done ? event.wait.value : pending_named(event));
            break;
        case Kind::admit: {
            const ref::Request& request = *ref::find(now_.state, event.request);
            if (ref::find(now_.state, request.backend)->root) {
                see(Seen::Kind::reached, event.request.value, Result::ok);
                fits = fits && goes_its_way(request);
            }
            break;
        }
        case Kind::complete:
            see(Seen::Kind::completed, event.request.value, result);
            break;
        case Kind::notify:
            see(event.notice == ref::Notice::begin ? Seen::Kind::told_begin : Seen::Kind::told_end,
                event.backend.value, Result::ok);
            break;
        case Kind::settle_start:
            if (settling_.contains(event.node)) {
                see(Seen::Kind::settling, event.node.value, Result::ok);
            }
            break;
        case Kind::settle_done:
            std::erase_if(now_.answers, [&](const Answer& a) { return a.node == event.node; });
            break;
        case Kind::node_closed:
            see(Seen::Kind::closed, event.node.value, Result::ok);
            break;
        case Kind::unplug:
            now_.plugs[event.loop.value] = 0;
            break;
        default:
            break;
    }
    return fits ? sees_too_little() : std::optional(never_seen(event));
}

void BlackBox::add_call(std::vector<Move>& moves, Ticket call) const {
    const Known& known = known_[call];
    Move move{known.event, call};
    const bool at_once = answers_at_once(move.event.kind);
    const std::optional<Result> said =
        at_once && known.returned != never ? std::optional(known.result)
        : !at_once && known.over != never  ? std::optional(known.outcome)
                                           : std::nullopt;
    const bool may_be_in_vain = move.event.kind == Kind::abandon || move.event.kind == Kind::unplug;
    if (said != refused_by_api) {
        if (at_once && said) {
            move.event.error = error_of(*said);
        }
        moves.push_back(move);
        if (move.event.kind == Kind::cancel && !said) {  // R29: either may be right
            moves.push_back(move);
            moves.back().event.error = ref::Error::too_late;
        }
    }
    if (may_be_in_vain || !said || said == refused_by_api) {
        move.in_vain = true;
        move.result = may_be_in_vain ? Result::ok : refused_by_api;
        move.event.error = may_be_in_vain ? known.event.error : ref::Error::ok;
        moves.push_back(move);
    }
}

// R25, R12: it was given up.
void BlackBox::add_abandons(std::vector<Move>& moves, Ticket of, ref::Error error) const {
    if (error == ref::Error::cancelled) {
        for (const Ticket call : now_.open) {
            if (known_[call].event.kind == Kind::abandon &&
                pending_named(known_[call].event) == of) {
                add_call(moves, call);
            }
        }
    } else if (error == ref::Error::would_deadlock ||
               (error == ref::Error::timed_out && known_[of].deadline <= now_.now)) {
        Move move{{.kind = Kind::abandon, .error = error}};
        name_pending(move.event, known_[of].event.kind, of);
        moves.push_back(move);
    }
}

// What the observation may be the sight of.
void BlackBox::list_causes(std::vector<Move>& moves, const Seen& seen) const {
    const ref::RequestId request{seen.ticket};
    switch (seen.kind) {
        case Seen::Kind::returned:
            if (ref::contains(now_.open, seen.ticket)) {
                add_call(moves, seen.ticket);
            }
            break;
        case Seen::Kind::outcome: {
            if (ref::contains(now_.open, seen.ticket)) {
                add_call(moves, seen.ticket);
                break;
            }
            const ref::Event& call = known_[seen.ticket].event;
            const ref::Error error = error_of(seen.result);
            Move move{{.kind = end_of(call), .error = error}};
            if (move.event.kind == Kind::token_open && error != ref::Error::ok) {
                move.event.kind = Kind::token_fail;
            }
            name_pending(move.event, call.kind, seen.ticket);
            if (seen.result != Result::timed_out && seen.result != refused_by_api) {
                moves.push_back(move);
            }
            add_abandons(moves, seen.ticket, error);
            break;
        }
        case Seen::Kind::reached:
            moves.push_back({{.kind = Kind::admit, .request = request}});
            break;
        case Seen::Kind::completed: {
            const ref::Request* sent = ref::find(now_.state, request);
            const Known& known = known_[seen.ticket];
            const bool driven = sent != nullptr && sent->state == ref::RequestState::admitted &&
                                ref::find(now_.state, sent->backend)->root;
            if (!driven || (known.answered < now_.at && known.answer == seen.result)) {
                moves.push_back(
                    {{.kind = Kind::complete, .error = error_of(seen.result), .request = request}});
            }
            break;
        }
        case Seen::Kind::told_begin:
        case Seen::Kind::told_end:
            moves.push_back({{.kind = Kind::notify,
                              .notice = seen.kind == Seen::Kind::told_begin ? ref::Notice::begin
                                                                            : ref::Notice::end,
                              .backend = seen.backend}});
            break;
        default:
            break;
    }
}

bool BlackBox::may_be_done(ref::RequestId request, std::size_t at) const {
    return known_[request.value].dispatched < at;
}

// Settles that end: by what the driver has answered, or without its being asked.
void BlackBox::list_settled(std::vector<Move>& moves, const Candidate& candidate) const {
    for (const ref::Node& node : candidate.state.nodes) {
        if (node.settle != ref::Settle::running) {
            continue;
        }
        Move move{{.kind = Kind::settle_done, .node = node.id}};
        const auto answer = std::ranges::find(candidate.answers, node.id, &Answer::node);
        if (answer != candidate.answers.end()) {
            move.event.error = answer->error;
            moves.push_back(move);
        } else if (!settling_.contains(node.id)) {
            moves.push_back(move);
        }
    }
}

// Whatever may happen now, the likeliest to help first.
void BlackBox::list_all(Choice& choice) {
    const Candidate& from = choice.from;
    std::vector<Move> moves;
    due_.clear();
    ref::due(from.state, due_);
    for (const ref::Event& event : due_) {
        const bool idle_talk = event.kind == Kind::cycle || event.kind == Kind::complete ||
                               (event.kind == Kind::done && !may_be_done(event.request, from.at));
        if (!idle_talk) {
            moves.push_back({event});
        }
    }
    list_settled(moves, from);
    const Seen& wanted = history_[from.at];
    if (wanted.kind != Seen::Kind::rest) {
        for (const Ticket call : from.open) {
            add_call(moves, call);
        }
        for (const ref::Group& group : from.state.groups) {
            for (const std::uint64_t time : {from.before, from.now}) {
                if (time > group.now) {
                    moves.push_back({{.kind = Kind::clock, .group = group.id, .time = time}});
                }
            }
        }
        const auto times_out = [&](std::uint32_t pending) {
            if (pending != wanted.ticket) {
                add_abandons(moves, pending, ref::Error::timed_out);
            }
        };
        for (const ref::Section& section : from.state.sections) {
            times_out(section.id.value);
        }
        for (const ref::Token& token : from.state.tokens) {
            times_out(token.id.value);
        }
    }
    const auto likely = [&](const Move& move) {
        const bool is_it =
            (wanted.kind == Seen::Kind::settling && move.event.kind == Kind::settle_start &&
             move.event.node == wanted.node) ||
            (wanted.kind == Seen::Kind::closed && move.event.kind == Kind::node_closed &&
             move.event.node == wanted.node);
        return is_it ? -1 : distance(move.event, move.call != no_ticket, choice.refusal);
    };
    std::vector<std::pair<int, std::size_t>> order;
    for (std::size_t i = 0; i < moves.size(); ++i) {
        order.emplace_back(likely(moves[i]), i);
    }
    std::ranges::sort(order);
    for (const auto& [rank, i] : order) {
        choice.moves.push_back(moves[i]);
    }
}

}  // namespace blkdrain_props
