// SPDX-License-Identifier: Apache-2.0
#include "harness/black_box.h"

#include <algorithm>
#include <utility>

#include "harness/call_event.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;

namespace {

// As many of the last candidates are told in a violation.
constexpr std::size_t refused_max = 3;

// No loop has to get round to it, nor does anybody look at a clock.
bool follows_at_once(Kind kind) {
    return kind != Kind::cycle && kind != Kind::complete && kind != Kind::notify &&
           kind != Kind::unplug;
}

}  // namespace

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
