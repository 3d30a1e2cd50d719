// SPDX-License-Identifier: Apache-2.0
//
// What a change plan means on the graph as it is now. Asked at the call and again at the switch
// (R24).
#include <algorithm>
#include <string>
#include <utility>

#include "section/control_plane.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

namespace {

Edit repointing(NodeState& parent, std::size_t index, NodeState& from, NodeState& to) {
    return {Edit::Kind::repoint_edge, &parent, index, nullptr, nullptr, &from, &to};
}

Edit new_root(Backend& backend, NodeState* to) {
    return {Edit::Kind::set_root, nullptr, 0, nullptr, &backend, backend.root, to};
}

// Every edge and root edge to `from`, except from `to` itself, goes to `to`.
void repoint_parents(NodeState& from, NodeState& to, Edits& edits) {
    Nodes parents(from.parents.begin(), from.parents.end());
    std::sort(parents.begin(), parents.end(),
              [](const NodeState* a, const NodeState* b) { return a->id() < b->id(); });
    parents.erase(std::unique(parents.begin(), parents.end()), parents.end());
    for (NodeState* parent : parents) {
        for (std::size_t i = 0; parent != &to && i < parent->edges.size(); ++i) {
            if (parent->edges[i] == &from) {
                edits.push_back(repointing(*parent, i, from, to));
            }
        }
    }
    from.for_each_backend([&](Backend& backend) { edits.push_back(new_root(backend, &to)); });
}

bool loose(const NodeState& node) {
    return node.parents.empty() && node.edges.empty() && !node.has_backends;
}

}  // namespace

// Good until the next call; the plan makes sense (shape_error).
Edits& ControlPlane::edits_of(ChangePlan& plan) {
    Edits& edits = edits_;
    edits.clear();
    switch (plan.kind) {
        case ChangeKind::attach:
            edits.push_back(
                {Edit::Kind::add_edge, plan.x, 0, &plan.role, nullptr, nullptr, plan.y});
            break;
        case ChangeKind::detach:
            edits.push_back({Edit::Kind::remove_edge, plan.x, plan.index, nullptr, nullptr,
                             plan.x->edges[plan.index], nullptr});
            break;
        case ChangeKind::replace:
            repoint_parents(*plan.x, *plan.y, edits);
            break;
        case ChangeKind::insert_medium:
            edits.push_back(new_root(*plan.backend, plan.y));
            break;
        case ChangeKind::remove_medium:
            edits.push_back(new_root(*plan.backend, nullptr));
            break;
        case ChangeKind::insert_filter:
            repoint_parents(*plan.x, *plan.y, edits);
            plan.role = "file";
            edits.push_back(
                {Edit::Kind::add_edge, plan.y, 0, &plan.role, nullptr, nullptr, plan.x});
            break;
        case ChangeKind::remove_filter: {
            NodeState& child = *plan.x->edges[0];
            repoint_parents(*plan.x, child, edits);
            edits.push_back(
                {Edit::Kind::remove_edge, plan.x, 0, nullptr, nullptr, &child, nullptr});
            break;
        }
    }
    return edits;
}

// Whether the plan makes sense edge by edge: edits_of needs that.
Error ControlPlane::shape_error(const ChangePlan& plan) const {
    switch (plan.kind) {
        case ChangeKind::detach:
            if (plan.index >= plan.x->edges.size()) {
                return {Errc::no_such_edge,
                        describe(*plan.x) + " has no child number " + std::to_string(plan.index)};
            }
            break;
        case ChangeKind::insert_medium:
            if (plan.backend->root != nullptr) {
                return {Errc::has_medium,
                        describe(*plan.backend) + " stands on " + describe(*plan.backend->root)};
            }
            break;
        case ChangeKind::remove_medium:
            if (plan.backend->root == nullptr) {
                return {Errc::no_medium, describe(*plan.backend) + " has no medium"};
            }
            break;
        case ChangeKind::insert_filter:
            if (plan.x == plan.y || !loose(*plan.y)) {
                return {Errc::not_filter,
                        describe(*plan.y) + " has parents, children or backends already"};
            }
            break;
        case ChangeKind::remove_filter:
            if (plan.x->edges.size() != 1) {
                return {Errc::not_filter, describe(*plan.x) + " has " +
                                              std::to_string(plan.x->edges.size()) +
                                              " children, a filter has one"};
            }
            break;
        default:
            break;
    }
    return {};
}

// Whether a node that edges are to lead to reaches one of their parents already: as all edges of a
// change that come from above lead to one node, none of them is needed to close the cycle.
Error ControlPlane::cycle_by(const Edits& edits) {
    for (const Edit& edit : edits) {
        if (edit.kind != Edit::Kind::set_root && edit.to != nullptr &&
            walker_.reaches(*edit.to, *edit.parent)) {
            return {Errc::cycle, describe(*edit.parent) + " would be its own descendant through " +
                                     describe(*edit.to)};
        }
    }
    return {};
}

Error ControlPlane::check(ChangePlan& plan) {
    for (const NodeState* node : {plan.x, plan.y}) {
        if (node != nullptr && node->body->closing.value != 0) {
            return {Errc::closing, describe(*node) + " is being closed"};
        }
    }
    if (plan.backend && plan.backend->closing) {
        return {Errc::closing, describe(*plan.backend) + " is being closed"};
    }
    for (const TokenId token : plan.tokens) {
        if (!is_open(token)) {
            return {Errc::bad_token, "t" + std::to_string(token.value) + " is not open"};
        }
    }
    if (Error error = shape_error(plan)) {
        return error;
    }
    if (plan.kind == ChangeKind::replace && plan.x == plan.y) {
        return {Errc::cycle, describe(*plan.x) + " cannot replace itself"};
    }
    if (plan.acyclic_at != graph_generation_) {
        if (Error error = cycle_by(edits_of(plan))) {
            return error;
        }
        plan.acyclic_at = graph_generation_;
    }
    if (moves_of(plan).refused) {
        std::string text = "neither side can move to the other's event loop, because of" +
                           ties_of(*plan.y, plan.backend ? *plan.backend->home : plan.x->loop());
        if (plan.kind == ChangeKind::attach) {
            text += ties_of(*plan.x, plan.y->loop());
        } else if (plan.kind == ChangeKind::insert_medium) {
            text += " " + describe(*plan.backend);
        }
        return {Errc::context, std::move(text)};
    }
    if (const auto [first, second] = conflicting_isolates_after(plan); first != nullptr) {
        return {Errc::conflict,
                "the holder of one isolated section would come into the scope of "
                "the other: " +
                    describe(*first) + ", " + describe(*second)};
    }
    return {};
}

// Who keeps the component of `node` from going to `loop` for the sake of a new parent (moves_of).
std::string ControlPlane::ties_of(NodeState& node, const EventLoop& loop) {
    std::string who;
    for (const NodeState* parent : node.parents) {
        who += " " + describe(*parent);
    }
    Nodes nodes;
    walker_.component(node, walker_.new_stamp(), nodes);
    for (NodeState* member : nodes) {
        if (!member->body->driver().may_move(*member->body, loop)) {
            who += " " + describe(*member);
        }
        member->for_each_backend([&](const Backend& backend) { who += " " + describe(backend); });
    }
    return who;
}

// Attaching across loops moves the side that nobody else uses (R28).
ControlPlane::Moves ControlPlane::moves_of(const ChangePlan& plan) {
    Moves moves;
    EventLoop* above = plan.backend        ? plan.backend->home
                       : plan.x != nullptr ? &plan.x->loop()
                                           : nullptr;
    if (plan.y == nullptr || &plan.y->loop() == above) {
        return moves;
    }
    // The component of `node`, if it may go to `loop` as a whole and nobody stands on it.
    const auto side = [this](NodeState& node, const EventLoop& loop, Nodes& into) {
        into.clear();
        if (!node.parents.empty()) {
            return false;
        }
        walker_.component(node, walker_.new_stamp(), into);
        return std::all_of(into.begin(), into.end(), [&](NodeState* member) {
            return !member->has_backends && member->body->driver().may_move(*member->body, loop);
        });
    };
    if (side(*plan.y, *above, moves.nodes)) {
        moves.to = above;
        return moves;
    }
    moves.to = &plan.y->loop();
    if (plan.kind == ChangeKind::attach && side(*plan.x, *moves.to, moves.nodes)) {
        return moves;
    }
    moves.nodes.clear();
    if (plan.kind == ChangeKind::insert_medium &&
        (plan.backend->listener() == nullptr || plan.backend->listener()->may_move(*moves.to))) {
        moves.backend = plan.backend.get();
        return moves;
    }
    moves.refused = true;
    return moves;
}

// The ends of the edges that change, and who moves to another loop: no settle pass may be under way
// there.
void ControlPlane::touched_by(ChangePlan& plan, Nodes& into) {
    const Moves moves = moves_of(plan);
    into.assign(moves.nodes.begin(), moves.nodes.end());
    if (shape_error(plan)) {
        return;
    }
    for (const Edit& edit : edits_of(plan)) {
        for (NodeState* end : {edit.parent, edit.from, edit.to}) {
            if (end != nullptr) {
                into.push_back(end);
            }
        }
    }
}

void ControlPlane::scope_of_change(SectionOperation& change, Scope& into) {
    ChangePlan& plan = change.plan;
    // The graph may have moved away under a change that will fail at its switch: then no edge is
    // left to guard.
    if (shape_error(plan)) {
        edits_.clear();
    } else {
        edits_of(plan);
    }

    // Its own part: what is above the edges that change.
    Scope& own = own_;
    own.clear();
    walked_.clear();
    const std::uint64_t stamp = walker_.new_stamp();
    for (const Edit& edit : edits_) {
        if (edit.parent != nullptr) {
            walker_.up(*edit.parent, stamp, walked_);
        }
    }
    for (NodeState* node : walked_) {
        own.emplace_back(*node);
        node->for_each_backend([&](Backend& backend) { own.emplace_back(backend); });
    }
    for (const Edit& edit : edits_) {
        if (edit.kind == Edit::Kind::set_root) {
            own.emplace_back(*edit.backend);
        }
    }
    const Moves moves = moves_of(plan);
    for (NodeState* node : moves.nodes) {
        own.emplace_back(*node);
    }
    if (moves.backend != nullptr) {
        own.emplace_back(*moves.backend);
    }

    entering_.clear();
    add_entering(entering_);

    // Each member once, with the strongest demand.
    const std::uint64_t seen = walker_.new_stamp();
    const auto add = [&](const Member& member) {
        std::uint64_t& mark = member.node != nullptr ? member.node->mark : member.backend->mark;
        if (mark != seen) {
            mark = seen;
            into.push_back(member);
        }
    };
    const auto add_entering_with = [&](Demand demand) {
        for (const Member& member : entering_) {
            if (member.demand == demand) {
                add(member);
            }
        }
    };
    add_entering_with(Demand::settled);
    add_entering_with(Demand::quiet);
    for (const Member& member : own) {
        add(member);
    }
    add_entering_with(Demand::gated);
    // Stopped until its settle returns, also if nothing asks for it any more (R25).
    if (change.settling != nullptr) {
        add(Member(*change.settling, Demand::gated));
    }
}

// Who enters another section by `edits_`.
void ControlPlane::add_entering(Scope& into) {
    bool applied = false;
    for_each_section([&](SectionOperation& section) {
        if (section.kind == OperationKind::change || section.kind == OperationKind::close_backend ||
            section.kind == OperationKind::close_node ||
            section.phase == Operation::Phase::queued) {
            return;
        }
        if (!std::exchange(applied, true)) {
            apply(edits_);
        }
        reached_.clear();
        scope_of(section, reached_);
        const bool idle =
            section.kind == OperationKind::drained && section.phase == Operation::Phase::begun;
        const Demand demand = idle                                        ? Demand::settled
                              : section.quiet_reported || section.in_pass ? Demand::quiet
                                                                          : Demand::gated;
        for (const Member& member : reached_) {
            const Cover* cover =
                (member.node != nullptr ? member.node->covers : member.backend->covers).first();
            while (cover != nullptr && cover->section != &section) {
                cover = cover->next;
            }
            if (cover == nullptr) {
                Member& entering = into.emplace_back(member);
                entering.demand = demand;
                entering.entering = true;
            }
        }
    });
    if (applied) {
        undo(edits_);
    }
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
