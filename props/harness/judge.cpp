// SPDX-License-Identifier: Apache-2.0
#include "harness/judge.h"

#include <algorithm>
#include <compare>
#include <cstddef>
#include <utility>

#include <blkdrain_ref/step.h>

namespace blkdrain_props {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;

static_assert(error_words.size() == static_cast<std::size_t>(ref::Error::too_late) + 1,
              "scenario and model have the same errors, in the same order");

namespace {

void mix(std::uint64_t& hash, std::uint64_t value) {
    hash = (hash ^ value) * 0x100000001b3U;
}

std::uint64_t hash_of(const ref::Event& event, std::uint64_t hash) {
    mix(hash,
        static_cast<std::uint64_t>(event.kind) | static_cast<std::uint64_t>(event.error) << 8U |
            static_cast<std::uint64_t>(event.direction) << 16U |
            static_cast<std::uint64_t>(event.section_kind) << 24U |
            static_cast<std::uint64_t>(event.op) << 32U |
            static_cast<std::uint64_t>(event.notice) << 40U | (event.pinned ? 1ULL << 48U : 0) |
            (event.attempt ? 1ULL << 49U : 0) | (event.in_notification ? 1ULL << 50U : 0) |
            (event.flush ? 1ULL << 51U : 0) | static_cast<std::uint64_t>(event.bucket) << 52U);
    mix(hash, event.time);
    mix(hash, event.rate.rate ^ event.rate.burst << 40U ^ event.rate.peak << 20U);
    mix(hash, event.edge | static_cast<std::uint64_t>(event.node.value) << 32U);
    mix(hash, event.other.value | static_cast<std::uint64_t>(event.backend.value) << 32U);
    mix(hash, event.request.value | static_cast<std::uint64_t>(event.parent.value) << 32U);
    mix(hash, event.token.value | static_cast<std::uint64_t>(event.section.value) << 32U);
    mix(hash, event.wait.value | static_cast<std::uint64_t>(event.loop.value) << 32U);
    mix(hash, event.group.value | static_cast<std::uint64_t>(event.bytes) << 32U);
    mix(hash, event.set.bits());
    for (const ref::TokenId token : event.tokens) {
        mix(hash, token.value);
    }
    for (const ref::SectionId section : event.holding.sections) {
        mix(hash, section.value);
    }
    for (const ref::TokenId token : event.holding.tokens) {
        mix(hash, token.value);
    }
    mix(hash, event.holding.request.value);
    return hash;
}

std::string named(const char* what, std::uint32_t id) {
    return what + std::to_string(id);
}

const char* word(bool value) {
    return value ? "yes" : "no";
}

}  // namespace

bool reports_begin(const ref::State& after, const ref::Event& event) {
    if (event.kind == Kind::idle) {
        return true;
    }
    if (event.kind != Kind::effective) {
        return false;
    }
    const ref::Section* section = ref::find(after, event.section);
    return section != nullptr && section->begun();
}

void Judge::reset() {
    model_.nodes.clear();
    model_.edges.clear();
    model_.backends.clear();
    model_.requests.clear();
    model_.tokens.clear();
    model_.sections.clear();
    model_.groups.clear();
    model_.plugged = 0;
    model_changed();
    operations_.clear();
    tokens_.clear();
    violation_.reset();
    events_ = 0;
    hash_ = 0xcbf29ce484222325U;
    step_ = 0;
    kept_.fill(0);
    muted_ = false;
    dues_.clear();
}

void Judge::announce(const ref::Event& event, std::uint8_t actor) {
    if (failed() || muted_) {
        return;
    }
    if (listener_ != nullptr) [[unlikely]] {
        listener_->event(event, model_, actor);
    }
    count_and_hash(event);
    model_changed();
    if (const std::optional<ref::Reason> reason = ref::accept(model_, event)) {
        refuse(*reason);
        return;
    }
    note(event);
    date(event);
}

const ref::View& Judge::view() const {
    if (!view_) {
        view_.emplace(model_);
    }
    return *view_;
}

void Judge::adopt(const ref::State& model, const std::vector<ref::Event>& accepted) {
    ref::State walked = listener_ != nullptr ? model_ : ref::State{};
    model_ = model;
    model_changed();
    for (const ref::Event& event : accepted) {
        if (listener_ != nullptr) {
            listener_->event(event, walked, Actor::world);
            ref::accept(walked, event);
        }
        count_and_hash(event);
        note(event);
    }
}

void Judge::refuse(const ref::Reason& reason, const char* detector, const std::string& more) {
    if (listener_ != nullptr && !failed()) {
        listener_->refused(reason, model_);
    }
    violation(detector, reason.rule, ref::name(reason.code).c_str(), ref::sentence(reason) + more);
}

void Judge::write(std::vector<std::uint8_t>& table, std::uint32_t id, ref::Error error) {
    if (id >= table.size()) {
        table.resize(id + 1, open);
    }
    table[id] = static_cast<std::uint8_t>(error);
}

void Judge::count_and_hash(const ref::Event& event) {
    ++events_;
    if (hashes_) {
        hash_ = hash_of(event, hash_);
    }
}

void Judge::note(const ref::Event& event) {
    if (const std::optional<EndOfWait> end = end_of_wait(event)) {
        write(end->token ? tokens_ : operations_, end->id, end->error);
    }
    if (event.kind != Kind::send) {
        return;
    }
    const ref::Request* const sent = ref::find(model_, event.request);
    if (sent != nullptr && sent->plugged) {
        count(Kept::plug);
        if (ref::has_gate(model_, view().covered().backends, *sent)) {
            count(Kept::gate_and_plug);
        }
    }
}

std::optional<EndOfWait> Judge::end_of_wait(const ref::Event& event) const {
    const auto operation = [&](ref::SectionId id, ref::Error error) {
        return EndOfWait{false, id.value, error};
    };
    const EndOfWait token{true, event.token.value, event.error};
    switch (event.kind) {
        case Kind::begin:
        case Kind::change:
        case Kind::context:
        case Kind::settle:
        case Kind::close_backend:
        case Kind::close_node:
            return event.error != ref::Error::ok
                       ? std::optional(operation(event.section, event.error))
                       : std::nullopt;
        case Kind::effective: {
            const ref::Section* section = ref::find(model_, event.section);
            return section == nullptr || section->kind != ref::SectionKind::drained
                       ? std::optional(operation(event.section, ref::Error::ok))
                       : std::nullopt;
        }
        case Kind::idle:
        case Kind::finish:
            return operation(event.section, event.error);
        case Kind::drain_done:
        case Kind::quiet_done:
            return operation(event.wait, event.error);
        case Kind::token_request:
            return event.error != ref::Error::ok ? std::optional(token) : std::nullopt;
        case Kind::token_open:
            return EndOfWait{true, event.token.value, ref::Error::ok};
        case Kind::token_fail:
            return token;
        case Kind::abandon:
            return event.token ? token
                               : operation(event.wait ? event.wait : event.section, event.error);
        default:
            return std::nullopt;
    }
}

// `last`: the event that led to the model.
void Judge::date(const ref::Event& last) {
    if (!dates_) {
        return;
    }
    due_.clear();
    ref::due(view(), due_);
    std::vector<Due> dues;
    for (const ref::Event& event : due_) {
        const auto before = std::ranges::find(dues_, event, &Due::event);
        dues.push_back(before != dues_.end() ? *before : Due{event, events_, last});
    }
    dues_.swap(dues);
}

std::string Judge::since(const Due& due) const {
    return due.since == 0 ? "since the start"
                          : "since " + ref::to_string(due.after) + " (event " +
                                std::to_string(due.since) + " of " + std::to_string(events_) + ")";
}

void Judge::violation(const char* detector, int rule, const char* code, std::string sentence) {
    if (!violation_) {
        violation_ = Violation{detector, rule, code, std::move(sentence), step_};
    }
}

void Judge::look_at_clocks(const Observed& observed) {
    for (const Observed::Group& seen : observed.groups) {
        ref::Event clock;
        clock.kind = Kind::clock;
        clock.group = {seen.id};
        clock.time = seen.looked_at;
        const std::optional<ref::Reason> reason =
            failed() ? std::nullopt : ref::accept(model_, clock);
        model_changed();
        if (reason) {
            refuse(*reason);
        } else {
            date(clock);
        }
    }
}

void Judge::nothing_is_due() {
    if (failed()) {
        return;
    }
    due_.clear();
    ref::due(view(), due_);
    if (due_.empty()) {
        return;
    }
    const auto due = std::ranges::find(dues_, due_.front(), &Due::event);
    refuse(ref::refusal(model_, due_.front(), ref::Code::never_happened), "liveness",
           due != dues_.end() ? ", due " + since(*due) : "");
}

std::string Judge::what_is_due() {
    due_.clear();
    ref::due(view(), due_);
    if (due_.empty()) {
        return "nothing is due";
    }
    const ref::Event& first = due_.front();
    const auto dated = std::ranges::find(dues_, first, &Due::event);
    return ref::to_string(first) + " is due" + (dated != dues_.end() ? " " + since(*dated) : "") +
           (due_.size() > 1 ? ", and " + std::to_string(due_.size() - 1) + " more" : "");
}

const ref::Section* Judge::idle_above(std::uint32_t node, std::uint32_t only) const {
    const auto found =
        std::find_if(model_.sections.begin(), model_.sections.end(), [&](const auto& section) {
            return (only == 0 || section.id.value == only) &&
                   section.kind == ref::SectionKind::drained && section.phase == ref::Phase::idle &&
                   !section.abandoned &&
                   view().graph().down({section.node}).contains(ref::NodeId{node});
        });
    return found == model_.sections.end() ? nullptr : &*found;
}

void Judge::node_entered(std::uint32_t node) {
    const ref::Section* section = failed() ? nullptr : idle_above(node);
    if (section != nullptr) {
        violation("drivers", 20, "active_in_drained",
                  "the driver of n" + std::to_string(node) +
                      " was given a request although drained section s" +
                      std::to_string(section->id.value) + " of n" +
                      std::to_string(section->node.value) + " is idle and n" +
                      std::to_string(node) + " lies in Down of it (R20)");
    }
}

void Judge::count_kept(const ref::Blockers& blockers) {
    if (blockers.gate) {
        count(Kept::gate);
    }
    if (blockers.order) {
        count(Kept::order);
    }
    if (blockers.rate) {
        count(Kept::rate);
    }
    if (blockers.gate && blockers.rate) {
        count(Kept::gate_and_rate);
    }
}

void Judge::differs(int rule, const char* code, std::string sentence) {
    violation("state", rule, code, std::move(sentence) + " (R" + std::to_string(rule) + ")");
}

void Judge::same_state(const Observed& observed) {
    if (failed()) {
        return;
    }
    const ref::Scope cover = view().covered();
    if (observed.nodes.size() != model_.nodes.size()) {
        return differs(27, "node_count",
                       "the graph has " + std::to_string(observed.nodes.size()) +
                           " nodes where the model has " + std::to_string(model_.nodes.size()));
    }
    // Both list nodes, backends and tokens in the order of ids, edges in that of their parents.
    auto node = model_.nodes.begin();
    auto edge = model_.edges.begin();
    for (const Observed::Node& seen : observed.nodes) {
        if (seen.id != node->id.value) {
            return differs(
                27, "node_exists",
                named("n", seen.id) + " exists where the model has " + named("n", node->id.value));
        }
        if (seen.loop != node->loop.value) {
            return differs(28, "node_loop",
                           named("n", seen.id) + " lives on loop " + std::to_string(seen.loop) +
                               " and should live on loop " + std::to_string(node->loop.value));
        }
        const auto last = std::find_if(edge, model_.edges.end(), [&](const ref::Edge& other) {
            return other.parent != node->id;
        });
        const auto child = observed.children.begin() + seen.first_child;
        const bool same_children = std::equal(
            edge, last, child, child + seen.child_count,
            [](const ref::Edge& own, std::uint32_t id) { return own.child.value == id; });
        edge = last;
        if (!same_children) {
            return differs(24, "children",
                           "the children of " + named("n", seen.id) + " differ from the model's");
        }
        if (seen.internal != node->internal) {
            return differs(22, "internal_requests",
                           named("n", seen.id) + " counts " + std::to_string(seen.internal) +
                               " internal requests, the model " + std::to_string(node->internal));
        }
        if (seen.stopped != cover.nodes.contains(node->id)) {
            return differs(21, "stopped",
                           named("n", seen.id) + " is stopped: " + word(seen.stopped) +
                               ", by the model: " + word(!seen.stopped));
        }
        if (seen.settling != (node->settle == ref::Settle::running)) {
            return differs(21, "settling",
                           named("n", seen.id) + " is being settled: " + word(seen.settling) +
                               ", by the model: " + word(!seen.settling));
        }
        if (seen.settled != node->settled()) {
            return differs(21, "settled",
                           named("n", seen.id) + " is settled: " + word(seen.settled) +
                               ", by the model: " + word(!seen.settled));
        }
        if (seen.settled && seen.settle_failed != (node->settle == ref::Settle::failed)) {
            return differs(21, "settle_failed",
                           "the settle of " + named("n", seen.id) +
                               " failed: " + word(seen.settle_failed) +
                               ", by the model: " + word(!seen.settle_failed));
        }
        if (seen.closing != ref::closing(model_, node->id)) {
            return differs(27, "node_closing",
                           named("n", seen.id) + " is closing: " + word(seen.closing) +
                               ", by the model: " + word(!seen.closing));
        }
        ++node;
    }
    if (observed.backends.size() != model_.backends.size()) {
        return differs(27, "backend_count",
                       "the graph has " + std::to_string(observed.backends.size()) +
                           " backends where the model has " +
                           std::to_string(model_.backends.size()));
    }
    auto backend = model_.backends.begin();
    for (const Observed::Backend& seen : observed.backends) {
        if (seen.id != backend->id.value) {
            return differs(27, "backend_exists",
                           named("b", seen.id) + " exists where the model has " +
                               named("b", backend->id.value));
        }
        if (seen.loop != backend->loop.value) {
            return differs(28, "backend_loop",
                           named("b", seen.id) + " lives on loop " + std::to_string(seen.loop) +
                               " and should live on loop " + std::to_string(backend->loop.value));
        }
        if (seen.root != (backend->root ? backend->root.value : 0)) {
            return differs(24, "root",
                           "the root of " + named("b", seen.id) + " is " + named("n", seen.root) +
                               " and should be " +
                               (backend->root ? named("n", backend->root.value) : "none"));
        }
        if (seen.gated != cover.backends.contains(backend->id)) {
            return differs(5, "gated",
                           named("b", seen.id) + " is gated: " + word(seen.gated) +
                               ", by the model: " + word(!seen.gated));
        }
        if (seen.closing != ref::closing(model_, backend->id)) {
            return differs(27, "backend_closing",
                           named("b", seen.id) + " is closing: " + word(seen.closing) +
                               ", by the model: " + word(!seen.closing));
        }
        ++backend;
    }
    if (observed.requests.size() != model_.requests.size()) {
        return differs(3, "request_count",
                       std::to_string(observed.requests.size()) +
                           " requests exist where the model has " +
                           std::to_string(model_.requests.size()));
    }
    for (const Observed::Request& seen : observed.requests) {
        const ref::Request* request = ref::find(model_, ref::RequestId{seen.id});
        if (request == nullptr) {
            return differs(3, "request_exists", named("r", seen.id) + " exists and should be done");
        }
        if (static_cast<int>(seen.state) != static_cast<int>(request->state)) {
            return differs(3, "request_state",
                           "the state of " + named("r", seen.id) + " differs from the model's");
        }
        if (seen.backend != request->backend.value ||
            seen.token != (request->token ? request->token.value : 0)) {
            return differs(
                4, "request_owner",
                "the backend or the token of " + named("r", seen.id) + " differs from the model's");
        }
        if (request->waits()) {
            const ref::Blockers blockers = ref::blockers(model_, cover.backends, *request);
            count_kept(blockers);
            if (seen.gate != blockers.gate) {
                return differs(2, "gate_blocker",
                               named("r", seen.id) + " waits for the gate: " + word(seen.gate) +
                                   ", by the model: " + word(blockers.gate));
            }
            if (seen.order != blockers.order) {
                return differs(18, "order_blocker",
                               named("r", seen.id) + " waits for its turn: " + word(seen.order) +
                                   ", by the model: " + word(blockers.order));
            }
            if (seen.rate != blockers.rate) {
                return differs(13, "rate_blocker",
                               named("r", seen.id) + " waits for a limit: " + word(seen.rate) +
                                   ", by the model: " + word(blockers.rate));
            }
            if (seen.plug != blockers.plug) {
                return differs(16, "plug_blocker",
                               named("r", seen.id) + " is plugged: " + word(seen.plug) +
                                   ", by the model: " + word(blockers.plug));
            }
        }
    }
    if (observed.tokens.size() != model_.tokens.size()) {
        return differs(4, "token_count",
                       std::to_string(observed.tokens.size()) +
                           " tokens exist where the model has " +
                           std::to_string(model_.tokens.size()));
    }
    auto token = model_.tokens.begin();
    for (const Observed::Token& seen : observed.tokens) {
        if (seen.id != token->id.value || seen.open != token->open) {
            return differs(
                4, "token_state",
                named("t", seen.id) + " is open: " + word(seen.open) + ", unlike in the model");
        }
        ++token;
    }
    if (observed.operations.size() != model_.sections.size()) {
        return differs(7, "operation_count",
                       std::to_string(observed.operations.size()) +
                           " sections and pending operations exist where the model has " +
                           std::to_string(model_.sections.size()));
    }
    for (const Observed::Operation& seen : observed.operations) {
        Observed::Phase phase = Observed::Phase::pending;
        if (const ref::Section* section = ref::find(model_, ref::SectionId{seen.id})) {
            if (section->abandoned) {
                continue;
            }
            phase = section->momentary() ? Observed::Phase::pending
                    : !section->live()   ? Observed::Phase::queued
                    : section->begun()   ? Observed::Phase::begun
                                         : Observed::Phase::live;
        } else {
            return differs(7, "operation_exists",
                           named("s", seen.id) + " exists and should be over");
        }
        if (phase != seen.phase) {
            return differs(7, "phase",
                           "the phase of " + named("s", seen.id) + " is number " +
                               std::to_string(static_cast<int>(seen.phase)) +
                               " and should be number " + std::to_string(static_cast<int>(phase)));
        }
    }
    if (!observed.groups.empty()) {
        same_groups(observed, cover.backends);
    }
    if (observed.explained && !failed()) {
        same_items(observed);
    }
}

// What is in the buckets, to the billionth of a unit; one timer where somebody waits for nothing
// else (R30).
void Judge::same_groups(const Observed& observed, ref::BackendSet gated) {
    for (const Observed::Group& seen : observed.groups) {
        const ref::Group* const group = ref::find(model_, ref::GroupId{seen.id});
        if (group == nullptr) {
            return differs(30, "group_exists", named("g", seen.id) + " is unknown to the model");
        }
        for (std::size_t i = 0; i < seen.levels.size(); ++i) {
            if (seen.levels[i] != group->buckets[i].level ||
                seen.peak_levels[i] != group->buckets[i].peak_level) {
                return differs(13, "bucket_level",
                               "bucket " + std::to_string(i) + " of " + named("g", seen.id) +
                                   " holds " + std::to_string(seen.levels[i]) + " and " +
                                   std::to_string(seen.peak_levels[i]) + ", in the model " +
                                   std::to_string(group->buckets[i].level) + " and " +
                                   std::to_string(group->buckets[i].peak_level));
            }
        }
        for (const ref::Direction direction : {ref::Direction::read, ref::Direction::write}) {
            const auto place = static_cast<std::size_t>(direction);
            const auto of = [&] {
                return named("g", seen.id) + " for " + ref::name(direction) + "s";
            };
            const bool waits = std::any_of(model_.requests.begin(), model_.requests.end(),
                                           [&](const ref::Request& request) {
                                               return request.direction == direction &&
                                                      ref::charging(model_, request) == group &&
                                                      ref::active(model_, gated, request);
                                           });
            if (seen.armed[place] != (waits ? 1U : 0U)) {
                return differs(30, "timers",
                               of() + " has " + std::to_string(seen.armed[place]) +
                                   " timers armed where " + (waits ? "somebody" : "nobody") +
                                   " waits for nothing but its limits");
            }
            const ref::BackendId holder{seen.holder[place]};
            if (waits && std::none_of(model_.requests.begin(), model_.requests.end(),
                                      [&](const ref::Request& request) {
                                          return request.backend == holder &&
                                                 request.direction == direction &&
                                                 ref::active(model_, gated, request);
                                      })) {
                return differs(30, "timer_holder",
                               "the timer of " + of() + " is with " +
                                   named("b", seen.holder[place]) +
                                   ", which does not wait for nothing but the limit");
            }
        }
    }
}

void Judge::same_items(const Observed& observed) {
    using Awaited = Observed::Awaited;
    struct Line {
        Awaited kind;
        std::uint32_t id;
        Observed::State state = Observed::State::done;                 // of a request
        bool gate = false, order = false, rate = false, plug = false;  // while it waits
        auto operator<=>(const Line&) const = default;
    };
    using Lines = std::vector<Line>;
    const auto line_of = [](const ref::Item& item) -> Line {
        switch (item.kind) {
            case ref::Item::Kind::request:
                return {Awaited::request,
                        item.request.value,
                        static_cast<Observed::State>(item.state),
                        item.blockers.gate,
                        item.blockers.order,
                        item.blockers.rate,
                        item.blockers.plug};
            case ref::Item::Kind::token:
                return {Awaited::token, item.token.value};
            case ref::Item::Kind::settling:
                return {Awaited::settling, item.node.value};
            case ref::Item::Kind::internal:
                return {Awaited::internal, item.node.value};
            default:
                return {Awaited::section, item.section.value};
        }
    };
    const auto text_of = [](const Lines& lines) {
        static constexpr const char* words[] = {
            "r", "t", "settling n", "internal n", "s", "in a circle with s", "in a circle with t"};
        std::string text;
        for (const Line& line : lines) {
            text += " " + named(words[static_cast<std::size_t>(line.kind)], line.id);
            text += line.gate ? " (GATE)" : "";
            text += line.order ? " (ORDER)" : "";
            text += line.rate ? " (RATE)" : "";
            text += line.plug ? " (PLUG)" : "";
        }
        return text;
    };
    const auto compare = [&](ref::SectionId section, ref::TokenId token, const ref::Items& items) {
        const bool of_token = static_cast<bool>(token);
        const std::uint32_t id = of_token ? token.value : section.value;
        Lines expected;
        for (const ref::Item& item : items) {
            expected.push_back(line_of(item));
        }
        for (const ref::Waiter& other : ref::cycle(view(), section, token)) {
            expected.push_back(other.token
                                   ? Line{Awaited::token_in_circle, other.token.value}
                                   : Line{Awaited::operation_in_circle, other.section.value});
        }
        Lines seen;
        for (const Observed::Item& item : observed.items) {
            if (item.of_token == of_token && item.of == id) {
                seen.push_back(
                    {item.kind, item.id, item.state, item.gate, item.order, item.rate, item.plug});
            }
        }
        for (Lines* lines : {&expected, &seen}) {
            std::sort(lines->begin(), lines->end());
            lines->erase(std::unique(lines->begin(), lines->end()), lines->end());
        }
        if (seen != expected) {
            violation("explain", 26, "items",
                      "explain() of " + named(of_token ? "t" : "s", id) + " lists" + text_of(seen) +
                          " where the model has" + text_of(expected) + " (R26)");
        }
    };
    for (const ref::Section& section : model_.sections) {
        if (!section.begun() && !section.abandoned) {
            compare(section.id, {}, ref::explain(view(), section.id));
        }
    }
    for (const ref::Token& token : model_.tokens) {
        if (!token.open) {
            compare({}, token.id, ref::explain(view(), token.id));
        }
    }
}

}  // namespace blkdrain_props
