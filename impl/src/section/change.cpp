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

}  // namespace

Wait ControlPlane::change(ChangeCall&& call, ChangeOptions&& options, DoneCallback&& done) {
    const Locked locked(*this);
    NodeState* x = find_node(call.x);
    NodeState* y = find_node(call.y);
    Backend* backend = find_backend(call.backend);
    if ((call.x.value != 0 && x == nullptr) || (call.y.value != 0 && y == nullptr) ||
        (call.backend.value != 0 && backend == nullptr)) {
        return refuse(std::move(options), nullptr, std::move(done),
                      {Errc::no_such_object,
                       std::string(name_of(call.kind)) + ": n" + std::to_string(call.x.value) +
                           ", n" + std::to_string(call.y.value) + " or b" +
                           std::to_string(call.backend.value) + " is gone or never was"});
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

    Error error = NotificationScope::inside()
                      ? Error{Errc::busy, "a section notification is being served"}
                      : check(section.plan);
    if (!error) {
        // The tokens are suspended before the scope is looked at: they count as closed for it.
        ++pending_changes_;
        reassess_named(section.plan.tokens);
        section.phase = Operation::Phase::live;
        refresh_changes();
    }
    announce(Announced::change, section.id.value, [&](Announcement& a) {
        a.change = call.kind;
        const bool on_backend =
            call.kind == ChangeKind::insert_medium || call.kind == ChangeKind::remove_medium;
        a.a = on_backend ? call.backend.value : call.x.value;
        a.b =
            call.kind == ChangeKind::detach ? static_cast<std::uint32_t>(call.index) : call.y.value;
        a.flag = NotificationScope::inside();
        a.error = announced(error);
        fill_holding(a, section.holding);
        for (const TokenId token : section.plan.tokens) {
            a.named.add(token.value);
        }
    });
    const OperationId id = section.id;
    if (error) {
        error.message = std::string(name_of(call.kind)) + ": " + error.message;
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
    touched_by(change.plan, walked_);
    for (const NodeState* node : walked_) {
        if (pass_touches(*node, change)) {
            return false;
        }
    }
    if (const std::error_code failed = settle_error(change)) {
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
        node->move_to(*moves.to);
    }
    if (moves.backend != nullptr) {
        moves.backend->home = moves.to;
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
    const std::uint32_t lane = lane_of(loop).number;
    auto operation = std::make_unique<SectionOperation>(OperationKind::context);
    SectionOperation& section = *operation;
    section.node = node;
    section.target = &loop;
    start(std::move(operation), std::move(options), &node->loop());
    section.report = report_to(std::move(done));
    Error error;
    if (NotificationScope::inside()) {
        error = {Errc::busy, "set_event_loop: a section notification is being served"};
    } else if (node->closing.value != 0) {
        error = {Errc::closing, "set_event_loop: " + describe(*node) + " is being closed"};
    } else if (std::string who = refusers(*node, loop); !who.empty()) {
        error = {Errc::context, "set_event_loop: refused by" + who};
    }
    if (!error) {
        make_live(section);
    }
    announce(Announced::context, section.id.value, [&](Announcement& a) {
        a.a = id.value;
        a.loop = lane;
        a.flag = NotificationScope::inside();
        a.error = announced(error);
        fill_holding(a, section.holding);
    });
    const OperationId section_id = section.id;
    if (error) {
        conclude(section, std::move(error));
        return {};
    }
    progress();
    return {ControlRef(this), section_id};
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
        if (!member->driver().may_move(*member, loop)) {
            who += " " + describe(*member);
        }
        for (const Backend& backend : member->backends) {
            if (backend.listener != nullptr && !backend.listener->may_move(loop)) {
                who += " " + describe(backend);
            }
        }
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
    if (const std::error_code failed = settle_error(change)) {
        error = {failed, describe(change) + ": a settle failed: " + failed.message()};
    } else if (std::string who = refusers(*change.node, *change.target); !who.empty()) {
        error = {Errc::context, describe(change) + ": refused by" + who};
    } else {
        for (const Cover& cover : change.covers) {
            if (cover.node != nullptr) {
                cover.node->move_to(*change.target);
            } else if (cover.backend != nullptr) {
                cover.backend->home = change.target;
            }
        }
    }
    finish(change, std::move(error));
    return true;
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
