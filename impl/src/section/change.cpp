// SPDX-License-Identifier: Apache-2.0
//
// Graph changes and context changes: momentary sections that take effect and end themselves in one
// step (R24, R28).
#include <algorithm>
#include <utility>

#include "section/control_plane.h"
#include "section/notification_scope.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

namespace {

const char* name_of(ChangeKind kind) {
    switch (kind) {
        case ChangeKind::attach:
            return "attach";
        case ChangeKind::detach:
            return "detach";
        case ChangeKind::replace:
            return "replace";
        case ChangeKind::insert_medium:
            return "insert_medium";
        case ChangeKind::remove_medium:
            return "remove_medium";
        case ChangeKind::insert_filter:
            return "insert_filter";
        case ChangeKind::remove_filter:
            return "remove_filter";
    }
    return "change";
}

// "attach s7 of n2 'disk' under n3 'filter'": `number` is " s7", the others are the operands.
std::string sentence(ChangeKind kind, const std::string& number, const std::string& x,
                     const std::string& y, const std::string& backend, std::size_t index) {
    const std::string what = name_of(kind) + number + " of ";
    switch (kind) {
        case ChangeKind::attach:
            return what + y + " under " + x;
        case ChangeKind::detach:
            return what +
                   (index == no_index ? "a child that is gone" : "child " + std::to_string(index)) +
                   " of " + x;
        case ChangeKind::replace:
            return what + x + " by " + y;
        case ChangeKind::insert_medium:
            return what + y + " into " + backend;
        case ChangeKind::remove_medium:
            return what + backend;
        case ChangeKind::insert_filter:
            return what + y + " above " + x;
        case ChangeKind::remove_filter:
            return what + x;
    }
    return what + x;
}

}  // namespace

std::string describe(const ChangePlan& plan, const std::string& number) {
    return sentence(plan.kind, number, plan.x != nullptr ? describe(*plan.x) : "",
                    plan.y != nullptr ? describe(*plan.y) : "",
                    plan.backend ? describe(*plan.backend) : "", plan.index);
}

std::string ControlPlane::subject_of(const ChangeCall& call) {
    return sentence(call.kind, "", name_of(call.x), name_of(call.y), name_of(call.backend),
                    call.index);
}

std::string ControlPlane::subject(const ChangeCall& call) {
    const Locked locked(*this);
    return subject_of(call);
}

Wait ControlPlane::change(ChangeCall&& call, ChangeOptions&& options, DoneCallback&& done) {
    const Locked locked(*this);
    NodeState* x = find_node(call.x);
    NodeState* y = find_node(call.y);
    Backend* backend = find_backend(call.backend);
    const bool on_backend =
        call.kind == ChangeKind::insert_medium || call.kind == ChangeKind::remove_medium;
    const bool has_y = call.kind == ChangeKind::attach || call.kind == ChangeKind::replace ||
                       call.kind == ChangeKind::insert_filter ||
                       call.kind == ChangeKind::insert_medium;
    const std::string missing = on_backend && backend == nullptr ? name_of(call.backend)
                                : !on_backend && x == nullptr    ? name_of(call.x)
                                : has_y && y == nullptr          ? name_of(call.y)
                                                                 : "";
    if (!missing.empty()) {
        return refuse(std::move(options), nullptr, std::move(done),
                      {Errc::no_such_object, subject_of(call) + ": there is no " + missing});
    }
    auto operation = std::make_unique<SectionOperation>(OperationKind::change);
    SectionOperation& section = *operation;
    section.plan = {call.kind,
                    x,
                    y,
                    Ref<Backend>(backend),
                    call.index,
                    std::move(call.role),
                    std::move(options.tokens)};
    start(std::move(operation), std::move(options),
          backend != nullptr ? backend->home : &x->loop());
    section.report = report_to(std::move(done));

    const Backend* notified = NotificationScope::served(*this);
    Error error = notified != nullptr ? notification_served(*notified) : check(section.plan);
    if (!error) {
        // The tokens are suspended before the scope is looked at: they count as closed for it.
        ++pending_changes_;
        reassess_named(section.plan.tokens);
        section.phase = Operation::Phase::live;
        refresh_changes();
    }
    announce(Announced::change, section.id.value, [&](Announcement& a) {
        a.change = call.kind;
        a.a = on_backend ? call.backend.value : call.x.value;
        a.b =
            call.kind == ChangeKind::detach ? static_cast<std::uint32_t>(call.index) : call.y.value;
        a.flag = notified != nullptr;
        a.error = announced(error);
        fill_holding(a, section.holding);
        for (const TokenId token : section.plan.tokens) {
            a.named.add(token.value);
        }
    });
    const OperationId id = section.id;
    if (error) {
        error.message =
            canary(Canary::refusal_unsaid) ? "" : subject_of(call) + ": " + error.message;
        conclude(section, std::move(error));
        return {};
    }
    progress();
    return {ControlRef(this), id};
}

// Waits for quiet of its own part and for what the sections it touches have reached already; then
// the switch.
bool ControlPlane::advance_change(SectionOperation& change) {
    if (change.busy_members != 0 && !canary(Canary::change_before_quiet)) {
        return false;
    }
    if (!run_pass(change)) {
        return false;
    }
    for (const Cover& cover : change.covers) {
        if (other_settler(cover) != nullptr && !canary(Canary::change_meets_settle)) {
            return false;
        }
    }
    touched_by(change.plan, walked_);
    for (const NodeState* node : walked_) {
        if (pass_touches(*node, change)) {
            return false;
        }
    }
    if (const std::error_code failed = change.settle_failure) {
        finish(change, {failed, describe(change) + ": a settle failed: " + failed.message()});
        return true;
    }
    if (Error error = check(change.plan)) {
        error.message = describe(change) + ": " + error.message;
        finish(change, std::move(error));
        return true;
    }
    carry_out(change);
    finish(change, {});
    return true;
}

// The switch: the graph changes for everybody at once, and every live section with it.
void ControlPlane::carry_out(SectionOperation& change) {
    const Moves moves = moves_of(change.plan);
    for (NodeState* node : moves.nodes) {
        node->body->move_to(*moves.to);
    }
    if (moves.backend != nullptr) {
        moves.backend->home = moves.to;
        limit_again(moves.backend->group());
    }
    Edits& edits = edits_of(change.plan);
    apply(edits);
    ++graph_generation_;
    publish(edits);
    // A pending detach goes on meaning its edge.
    for_each_section([&](SectionOperation& other) {
        for (const Edit& edit : edits) {
            if (&other != &change && edit.kind == Edit::Kind::remove_edge &&
                other.kind == OperationKind::change && other.plan.kind == ChangeKind::detach &&
                other.plan.x == edit.parent && other.plan.index != no_index) {
                if (other.plan.index == edit.index) {
                    other.plan.index = no_index;
                } else if (other.plan.index > edit.index) {
                    --other.plan.index;
                }
            }
        }
    });
    refresh_live_sections();
}

// A momentary section ends itself: with its effect, which the caller has made, or (an error) with
// none. Whom other pending changes draw in now is gated before the announcement; whom this section
// lets go is admitted after it.
void ControlPlane::finish(SectionOperation& section, Error error) {
    section.phase = Operation::Phase::queued;  // in nobody's way any more
    refresh_changes();
    announce(Announced::finish, section.id.value,
             [&](Announcement& a) { a.error = announced(error); });
    report(section, std::move(error));
    remove(section);
}

Wait ControlPlane::set_event_loop(NodeId id, EventLoop& loop, WaitOptions&& options,
                                  DoneCallback&& done) {
    const Locked locked(*this);
    NodeState* node = find_node(id);
    if (node == nullptr) {
        return refuse(
            std::move(options), nullptr, std::move(done),
            {Errc::no_such_object, "set_event_loop: there is no n" + std::to_string(id.value)});
    }
    const Lane* lane = find_lane(loop);
    if (lane == nullptr) {
        return refuse(std::move(options), &node->loop(), std::move(done),
                      {Errc::no_such_object, "set_event_loop of " + describe(*node) + ": loop '" +
                                                 loop.name() + "' was not added to the graph"});
    }
    auto operation = std::make_unique<SectionOperation>(OperationKind::context);
    SectionOperation& section = *operation;
    section.node = node;
    section.target = &loop;
    start(std::move(operation), std::move(options), &node->loop());
    section.report = report_to(std::move(done));
    const Backend* notified = NotificationScope::served(*this);
    Error error;
    if (notified != nullptr) {
        error = notification_served(*notified);
    } else if (node->body->closing.value != 0) {
        error = {Errc::closing, "it is being closed"};
    } else if (std::string who = refusers(*node, loop); !who.empty()) {
        error = {Errc::context, "refused by" + who};
    }
    if (!error) {
        make_live(section);
    }
    announce(Announced::context, section.id.value, [&](Announcement& a) {
        a.a = id.value;
        a.loop = lane->number;
        a.flag = notified != nullptr;
        a.error = announced(error);
        fill_holding(a, section.holding);
    });
    const OperationId section_id = section.id;
    if (error) {
        error.message = "set_event_loop of " + describe(*node) + ": " + error.message;
        conclude(section, std::move(error));
        return {};
    }
    progress();
    return {ControlRef(this), section_id};
}

Error ControlPlane::notification_served(const Backend& backend) {
    return {Errc::busy, "the notification of " + describe(backend) + " is being served"};
}

// Every member of the component that will not go to `loop`.
std::string ControlPlane::refusers(NodeState& node, const EventLoop& loop) {
    std::string who;
    if (canary(Canary::move_without_consent)) {
        return who;
    }
    Nodes nodes;
    walker_.component(node, walker_.new_stamp(), nodes);
    for (NodeState* member : nodes) {
        if (!member->body->driver().may_move(*member->body, loop)) {
            who += " " + describe(*member);
        }
        member->for_each_backend([&](const Backend& backend) {
            if (backend.listener() != nullptr && !backend.listener()->may_move(loop)) {
                who += " " + describe(backend);
            }
        });
    }
    return who;
}

bool ControlPlane::advance_context(SectionOperation& change) {
    if (change.busy_members != 0) {
        return false;
    }
    if (!run_pass(change)) {
        return false;
    }
    Error error;
    if (const std::error_code failed = change.settle_failure) {
        error = {failed, describe(change) + ": a settle failed: " + failed.message()};
    } else if (std::string who = refusers(*change.node, *change.target); !who.empty()) {
        error = {Errc::context, describe(change) + ": refused by" + who};
    } else {
        for (const Cover& cover : change.covers) {
            if (cover.node() != nullptr) {
                cover.node()->body->move_to(*change.target);
            } else if (cover.backend() != nullptr) {
                cover.backend()->home = change.target;
                limit_again(cover.backend()->group());
            }
        }
    }
    finish(change, std::move(error));
    return true;
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
