// SPDX-License-Identifier: Apache-2.0
#include "harness/black_box.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "harness/call_event.h"
#include "harness/judge.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;

namespace {

// As many of the last candidates are told in a violation.
constexpr std::size_t refused_max = 3;

ref::Error error_of(Result result) {
    return static_cast<ref::Error>(result);
}

Result result_of(ref::Error error) {
    return static_cast<Result>(error);
}

std::string word(Result result) {
    return result == refused_by_api ? "refused at the interface"
                                    : std::string(error_words[static_cast<std::size_t>(result)]);
}

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

std::uint32_t pending_named(const ref::Event& event) {
    return event.token ? event.token.value : event.wait ? event.wait.value : event.section.value;
}

// Why a call never gets as far as the model.
bool is_refusal_at_the_interface(ref::Code code) {
    return code == ref::Code::no_such_object || code == ref::Code::section_not_begun ||
           code == ref::Code::no_member;
}

// No loop has to get round to it, nor does anybody look at a clock.
bool follows_at_once(Kind kind) {
    return kind != Kind::cycle && kind != Kind::complete && kind != Kind::notify &&
           kind != Kind::unplug;
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

std::string to_string(const Seen& seen) {
    const std::string ticket = "call " + std::to_string(seen.ticket);
    const std::string request = "request r" + std::to_string(seen.ticket);
    const std::string driver = "the driver of " + to_string(seen.node);
    const std::string owner = "the owner of " + to_string(seen.backend);
    switch (seen.kind) {
        case Seen::Kind::called:
            return ticket + ": " + ref::to_string(seen.events.front());
        case Seen::Kind::returned:
            return ticket + " returns " + word(seen.result);
        case Seen::Kind::outcome:
            return "what " + ticket + " began is over with " + word(seen.result);
        case Seen::Kind::reached:
            return driver + " is given " + request;
        case Seen::Kind::answered:
            return "a driver completes " + request + " with " + word(seen.result);
        case Seen::Kind::completed:
            return "the completion of " + request + " is called with " + word(seen.result);
        case Seen::Kind::dispatched:
            return "the completion of " + request + " has returned";
        case Seen::Kind::settling:
            return driver + " is asked to settle";
        case Seen::Kind::settled:
            return driver + " has settled with " + word(seen.result);
        case Seen::Kind::closed:
            return driver + " is destroyed";
        case Seen::Kind::told_begin:
            return owner + " is told that it is gated";
        case Seen::Kind::told_end:
            return owner + " is told that it is free";
        case Seen::Kind::time:
            return "the clock shows " + std::to_string(seen.time);
        case Seen::Kind::rest:
            return "all is at rest";
    }
    return {};
}

void BlackBox::start(ref::State state, ref::NodeSet settling) {
    history_.clear();
    known_.clear();
    rests_.clear();
    for (auto* of_all : {&settlings_, &closings_, &tellings_}) {
        for (auto& of_one : *of_all) {
            of_one.clear();
        }
    }
    closed_ = {};
    settling_ = settling;
    now_.state = std::move(state);
    now_.open.clear();
    now_.unseen.clear();
    now_.answers.clear();
    now_.plugs.fill(0);
    now_.before = now_.now = 0;
    now_.at = 0;
    now_.stirred = false;
    start_ = now_;
    early_ = false;
    looks_ahead_ = true;
    limit_ = steps_late;
    depth_ = 0;
    dead_.clear();
    steps_ = 0;
    verdict_ = Verdict::explained;
    furthest_ = 0;
    refused_.clear();
}

void BlackBox::see(const Seen& seen) {
    if (seen.ticket >= known_.size()) {
        known_.resize(seen.ticket + 1);
    }
    Known& known = known_[seen.ticket];
    const std::size_t when = history_.size();
    switch (seen.kind) {
        case Seen::Kind::called:
            known.event = seen.events.front();
            known.others.assign(seen.events.begin() + 1, seen.events.end());
            known.deadline = seen.time;
            known.may_miss = known.event.kind == Kind::abandon &&
                             known_[pending_named(known.event)].returned == never;
            if (known.event.kind == Kind::close_backend) {
                closed_.insert(known.event.backend);
            }
            break;
        case Seen::Kind::returned:
            known.returned = when;
            known.result = seen.result;
            break;
        case Seen::Kind::outcome:
            known.over = when;
            known.outcome = seen.result;
            break;
        case Seen::Kind::reached:
            if (seen.from) {
                known.path.push_back({seen.from, seen.node});
            } else {
                known.reached = when;
                known.root = seen.node;
            }
            break;
        case Seen::Kind::answered:
            known.answered = when;
            known.answer = seen.result;
            break;
        case Seen::Kind::dispatched:
            known.dispatched = when;
            break;
        case Seen::Kind::settling:
            settlings_[seen.node.value].push_back(when);
            break;
        case Seen::Kind::closed:
            closings_[seen.node.value].push_back(when);
            break;
        case Seen::Kind::told_begin:
        case Seen::Kind::told_end:
            tellings_[seen.backend.value].push_back(when);
            break;
        case Seen::Kind::rest:
            rests_.push_back(when);
            break;
        default:
            break;
    }
    history_.push_back(seen);
}

BlackBox::Verdict BlackBox::explain() {
    if (verdict_ != Verdict::explained) {
        return verdict_;
    }
    bool explained = advance();
    if (!explained && tired() && !early_) {
        early_ = true;
        limit_ = steps_max;
        explained = again();
    }
    if (!explained && tired()) {
        verdict_ = Verdict::given_up;
    } else if (!explained) {
        // Once more without looking ahead: how far does it go?
        looks_ahead_ = false;
        limit_ = steps_max;
        steps_ = 0;
        furthest_ = 0;
        refused_.clear();
        dead_.clear();
        verdict_ = again() ? Verdict::explained : Verdict::refused;
    }
    return verdict_;
}

bool BlackBox::again() {
    depth_ = 0;
    now_ = start_;
    return advance();
}

bool BlackBox::advance() {
    while (now_.at < history_.size()) {
        if (now_.at > furthest_) {
            furthest_ = now_.at;
            refused_.clear();
        }
        if (now_.stirred) {
            now_.stirred = false;
            if (follow_up() || go_back()) {
                continue;
            }
            return false;
        }
        const std::optional<bool> explained = explains(history_[now_.at]);
        if (explained == true) {
            ++now_.at;
        } else if ((explained == false || !choose() || !take()) && !go_back()) {
            return false;
        }
    }
    return true;
}

// True: it is explained, and the candidate follows. False: this candidate never explains it. None:
// something has to happen first.
std::optional<bool> BlackBox::explains(const Seen& seen) {
    std::uint32_t of = seen.ticket;
    switch (seen.kind) {
        case Seen::Kind::called:
            now_.open.push_back(seen.ticket);
            now_.stirred = early_;
            return true;
        case Seen::Kind::answered:
            return true;
        case Seen::Kind::dispatched:
            now_.stirred = true;
            return true;
        case Seen::Kind::settled:
            now_.stirred = true;
            now_.answers.push_back({seen.node, error_of(seen.result)});
            return true;
        case Seen::Kind::time:
            now_.before = now_.now;
            now_.now = seen.time;
            return true;
        case Seen::Kind::rest:
            return rests();
        case Seen::Kind::reached:
            return reaches(seen);
        case Seen::Kind::settling:
        case Seen::Kind::closed:
            of = seen.node.value;
            break;
        case Seen::Kind::told_begin:
        case Seen::Kind::told_end:
            of = seen.backend.value;
            break;
        default:
            break;
    }
    bool fits = true;
    return is_among_unseen(seen, of, fits) ? std::optional(true)
           : fits                          ? std::nullopt
                                           : std::optional(false);
}

// Then it is seen. Else `fits` becomes false if something else is to be seen in its place.
bool BlackBox::is_among_unseen(const Seen& seen, std::uint32_t of, bool& fits) {
    const auto told = [](Seen::Kind kind) {
        return kind == Seen::Kind::told_begin || kind == Seen::Kind::told_end;
    };
    const auto found = std::ranges::find_if(now_.unseen, [&](const Fact& fact) {
        return fact.of == of && (fact.kind == seen.kind || (told(fact.kind) && told(seen.kind)));
    });
    if (found == now_.unseen.end()) {
        return false;
    }
    fits = found->kind == seen.kind && found->result == seen.result;
    if (!fits) {
        refuse(0, "seen_otherwise",
               to_string(Seen{.kind = found->kind,
                              .result = found->result,
                              .ticket = seen.ticket,
                              .backend = seen.backend}) +
                   ", by the model");
        return false;
    }
    now_.unseen.erase(found);
    return true;
}

std::optional<bool> BlackBox::reaches(const Seen& seen) {
    const ref::Request* request = ref::find(now_.state, ref::RequestId{seen.ticket});
    if (seen.from) {
        const auto edges = ref::edges_of(now_.state.edges, seen.from);
        const bool below = std::ranges::find(edges, seen.node, &ref::Edge::child) != edges.end();
        if (!below) {
            refuse(24, "no_such_edge",
                   to_string(seen.from) + " has no edge to " + to_string(seen.node) + " (R24)");
        }
        return below;
    }
    bool fits = true;
    if (!is_among_unseen(seen, seen.ticket, fits)) {
        return std::nullopt;
    }
    const bool at_root = ref::find(now_.state, request->backend)->root == seen.node;
    if (!at_root) {
        refuse(
            24, "not_the_root",
            to_string(request->backend) + " does not stand on " + to_string(seen.node) + " (R24)");
    }
    return at_root;
}

// Nothing that is due is missing, and everything was seen.
std::optional<bool> BlackBox::rests() {
    for (const Fact& fact : now_.unseen) {
        refuse_at(0, 8, "never_seen",
                  "nobody saw that " +
                      to_string(Seen{.kind = fact.kind,
                                     .result = fact.result,
                                     .ticket = fact.of,
                                     .node = {fact.of},
                                     .backend = {fact.of}}) +
                      " (R8)");
        return false;
    }
    for (const ref::Request& request : now_.state.requests) {
        const bool answered = known_[request.id.value].answered < now_.at ||
                              !ref::find(now_.state, request.backend)->root;
        if (request.state == ref::RequestState::admitted && answered) {
            refuse(3, "completion_lost",
                   "request " + to_string(request.id) +
                       " has its answer and its owner was not told (R3)");
            return false;
        }
    }
    due_.clear();
    ref::due(now_.state, due_);
    std::erase_if(due_, [](const ref::Event& event) { return event.kind == Kind::cycle; });
    if (!due_.empty()) {
        refuse(ref::refusal(now_.state, due_.front(), ref::Code::never_happened));
    }
    std::vector<Move> settled;
    list_settled(settled, now_);
    return due_.empty() && settled.empty() ? std::optional(true) : std::nullopt;
}

// ---- Ways

bool BlackBox::choose() {
    if (!dead_.empty() && dead_.contains(key(now_))) {
        return false;
    }
    list_causes(new_choice().moves, history_[now_.at]);
    return true;
}

// A library does at once what it can, as a rule: that is tried first. Whether there was something
// and the way goes on, or there was nothing.
bool BlackBox::follow_up() {
    if (early_ && now_.at > 0 && history_[now_.at - 1].kind == Seen::Kind::called &&
        ref::contains(now_.open, history_[now_.at - 1].ticket)) {
        Choice& choice = new_choice();
        add_call(choice.moves, history_[now_.at - 1].ticket);
        choice.moves.emplace_back().waits = true;
        choice.all_listed = true;
        return take();
    }
    due_.clear();
    ref::due(now_.state, due_);
    std::vector<Move> settled;
    list_settled(settled, now_);
    const auto next = std::ranges::find_if(due_, [&](const ref::Event& event) {
        return follows_at_once(event.kind) &&
               (event.kind != Kind::done || may_be_done(event.request, now_.at));
    });
    if (next == due_.end() && settled.empty()) {
        return true;
    }
    Choice& choice = new_choice();
    choice.moves.push_back(settled.empty() ? Move{*next} : settled.front());
    choice.moves.emplace_back().waits = true;
    choice.all_listed = true;
    return take();
}

BlackBox::Choice& BlackBox::new_choice() {
    if (depth_ == choices_.size()) {
        choices_.emplace_back();
    }
    Choice& choice = choices_[depth_++];
    choice.from = now_;
    choice.moves.clear();
    choice.tried = 0;
    choice.all_listed = false;
    choice.refusal.reset();
    return choice;
}

// The next of the last choice's moves that the model accepts.
bool BlackBox::take() {
    Choice& choice = choices_[depth_ - 1];
    while (!tired()) {
        if (choice.tried == choice.moves.size()) {
            if (choice.all_listed) {
                return false;
            }
            list_all(choice);
            choice.all_listed = true;
            continue;
        }
        ++steps_;
        const Move& move = choice.moves[choice.tried++];
        const std::optional<ref::Reason> refused = apply(move);
        if (!refused) {
            return true;
        }
        if (!choice.all_listed) {
            refuse(*refused);
            choice.refusal = choice.refusal ? choice.refusal : refused;
        }
    }
    return false;
}

bool BlackBox::go_back() {
    while (depth_ > 0 && !tired()) {
        now_ = choices_[depth_ - 1].from;
        if (take()) {
            return true;
        }
        dead_.insert(key(now_));
        --depth_;
    }
    return false;
}

// ---- Moves

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

// What comes to be seen is, at the latest when all is at rest. This cuts off ways that would be
// found out there.
std::size_t BlackBox::next_rest() const {
    const auto next = std::ranges::lower_bound(rests_, now_.at);
    return next == rests_.end() || !looks_ahead_ ? never : *next;
}

bool BlackBox::will_be_seen(const Fact& fact) const {
    const std::size_t rest = next_rest();
    if (rest == never) {
        return true;
    }
    switch (fact.kind) {
        case Seen::Kind::returned:
            return known_[fact.of].result == fact.result;
        case Seen::Kind::outcome:
            return known_[fact.of].over < rest && known_[fact.of].outcome == fact.result;
        case Seen::Kind::reached:
            return known_[fact.of].reached < rest;
        case Seen::Kind::completed:
            return true;
        default:
            return sights_left(fact.kind, fact.of) > 0;
    }
}

// Before the next rest, of something that can be seen more than once; without what is to be seen
// already.
std::size_t BlackBox::sights_left(Seen::Kind kind, std::uint32_t of) const {
    const bool told = kind == Seen::Kind::told_begin || kind == Seen::Kind::told_end;
    const auto& when = told                           ? tellings_[of]
                       : kind == Seen::Kind::settling ? settlings_[of]
                                                      : closings_[of];
    const auto first = std::ranges::lower_bound(when, now_.at);
    const auto last = std::ranges::lower_bound(when, next_rest());
    const auto taken = std::ranges::count_if(now_.unseen, [&](const Fact& fact) {
        return fact.of == of &&
               (fact.kind == kind || (told && (fact.kind == Seen::Kind::told_begin ||
                                               fact.kind == Seen::Kind::told_end)));
    });
    return static_cast<std::size_t>(std::max<std::ptrdiff_t>(last - first - taken, 0));
}

// R24: no edge that it crosses changes meanwhile.
bool BlackBox::goes_its_way(const ref::Request& request) const {
    const Known& known = known_[request.id.value];
    const auto is_there = [&](const ref::Edge& edge) {
        return std::ranges::find(now_.state.edges, edge) != now_.state.edges.end();
    };
    return known.reached == never || (ref::find(now_.state, request.backend)->root == known.root &&
                                      std::ranges::all_of(known.path, is_there));
}

ref::Reason BlackBox::never_seen(const ref::Event& event) const {
    return ref::refusal(now_.state, event, ref::Code::never_happened);
}

// What cannot come out well any more. R9: more notifications than will be delivered. R10: a drain
// whose end is seen before a request that it covers is done. R29: a request is to complete without
// its driver, who sees it.
std::optional<ref::Reason> BlackBox::sees_too_little() const {
    if (next_rest() == never) {
        return std::nullopt;
    }
    for (const ref::Backend& backend : now_.state.backends) {
        if (backend.owed != 0 && !closed_.contains(backend.id) &&
            backend.owed > sights_left(Seen::Kind::told_begin, backend.id.value)) {
            return never_seen(
                {.kind = Kind::notify, .notice = backend.next_told(), .backend = backend.id});
        }
    }
    for (const ref::Section& drain : now_.state.sections) {
        const Known& known = known_[drain.id.value];
        for (const ref::RequestId request : drain.requests) {
            if (known.over != never && known.outcome == Result::ok &&
                known_[request.value].dispatched > known.over) {
                return never_seen({.kind = Kind::done, .request = request});
            }
        }
    }
    for (const ref::Request& request : now_.state.requests) {
        if (request.cancelled && known_[request.id.value].reached != never) {
            return never_seen(
                {.kind = Kind::complete, .error = ref::Error::cancelled, .request = request.id});
        }
    }
    return std::nullopt;
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

std::uint64_t BlackBox::key(const Candidate& candidate) {
    std::uint64_t key = ref::hash(candidate.state);
    const auto mix = [&](std::uint64_t value) {
        key = (key ^ value) * 0x9e3779b97f4a7c15U;
        key ^= key >> 29U;
    };
    mix(candidate.at * 2 + (candidate.stirred ? 1 : 0));
    mix(candidate.before);
    mix(candidate.now);
    for (const std::uint8_t plugs : candidate.plugs) {
        mix(plugs);
    }
    for (const Ticket call : candidate.open) {
        mix(call);
    }
    mix(candidate.open.size());
    for (const Fact& fact : candidate.unseen) {
        mix(static_cast<std::uint64_t>(fact.kind) << 40U |
            static_cast<std::uint64_t>(fact.result) << 32U | fact.of);
    }
    for (const Answer& answer : candidate.answers) {
        mix(static_cast<std::uint64_t>(answer.error) << 32U | answer.node.value);
    }
    return key;
}

// ---- Reasons

void BlackBox::refuse(const ref::Reason& reason) {
    refuse(reason.rule, ref::name(reason.code), ref::sentence(reason));
}

void BlackBox::refuse(int rule, std::string code, std::string sentence) {
    refuse_at(depth_, rule, std::move(code), std::move(sentence));
}

// Of the candidates that came as far as any, those to which most has happened.
void BlackBox::refuse_at(std::size_t depth, int rule, std::string code, std::string sentence) {
    if (now_.at < furthest_) {
        return;
    }
    const auto same = [&](const Refused& other) { return other.sentence == sentence; };
    if (std::ranges::any_of(refused_, same)) {
        return;
    }
    // Behind those of the same depth.
    const auto place =
        std::ranges::upper_bound(refused_, depth, std::ranges::greater{}, &Refused::depth);
    refused_.insert(place, {depth, rule, std::move(code), std::move(sentence)});
    if (refused_.size() > refused_max) {
        refused_.pop_back();
    }
}

Violation BlackBox::violation() const {
    Violation violation;
    violation.detector = "black_box";
    violation.code = "unexplained";
    violation.sentence = "nothing explains that " + to_string(history_[furthest_]);
    if (!refused_.empty()) {
        violation.rule = refused_.front().rule;
        violation.code = refused_.front().code;
    }
    for (const Refused& refused : refused_) {
        violation.sentence += "; " + refused.sentence;
    }
    violation.sentence +=
        "; explained are the " + std::to_string(furthest_) + " observations before" +
        (furthest_ == 0 ? std::string() : ", the last: " + to_string(history_[furthest_ - 1]));
    return violation;
}

}  // namespace blkdrain_props
