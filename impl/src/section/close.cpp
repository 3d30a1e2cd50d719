// SPDX-License-Identifier: Apache-2.0
//
// Closing backends and nodes (R27).
#include <algorithm>
#include <utility>

#include "section/control_plane.h"
#include "section/members.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// Whoever holds a section through `backend`, or is about to change its root: it cannot be closed
// meanwhile.
const Operation* ControlPlane::holder_of(const Backend& backend) const {
    for (const Operation& operation : operations_) {
        if (operation.kind == OperationKind::isolate ||
            operation.kind == OperationKind::self_quiesce) {
            if (static_cast<const SectionOperation&>(operation).backend.get() == &backend) {
                return &operation;
            }
        } else if (operation.kind == OperationKind::change &&
                   static_cast<const SectionOperation&>(operation).plan.backend.get() == &backend) {
            return &operation;
        }
    }
    return nullptr;
}

const Operation* ControlPlane::anchored_at(const NodeState& node) const {
    for (const Operation& operation : operations_) {
        if (operation.kind > OperationKind::close_node) {
            continue;
        }
        const auto& section = static_cast<const SectionOperation&>(operation);
        const bool anchor = section.kind != OperationKind::close_node && section.node == &node;
        if (anchor || (section.kind == OperationKind::change &&
                       (section.plan.x == &node || section.plan.y == &node))) {
            return &section;
        }
    }
    return nullptr;
}

// --- a backend ---

Wait ControlPlane::close(Backend& backend, WaitOptions&& options, DoneCallback&& done) {
    const Locked locked(*this);
    const Wait wait = begin_close(backend, std::move(options), std::move(done));
    progress();
    return wait;
}

void ControlPlane::abandon_handle(Backend& backend) {
    const Locked locked(*this);
    backend.set_listener(nullptr);
    backend.owed.clear();
    orphans_.emplace_back(&backend);
    progress();
}

// Backends whose handle is gone close as soon as nobody holds a section through them.
bool ControlPlane::close_orphans() {
    for (std::size_t i = 0; i < orphans_.size(); ++i) {
        const Ref<Backend> backend = orphans_[i];
        if (backend->closed || backend->closing) {
            orphans_.erase(orphans_.begin() + static_cast<std::ptrdiff_t>(i));
            return true;
        }
        if (holder_of(*backend) == nullptr) {
            begin_close(*backend, WaitOptions(no_line), nullptr);
            return true;
        }
    }
    return false;
}

Wait ControlPlane::begin_close(Backend& backend, WaitOptions&& options, DoneCallback&& done) {
    if (backend.closed) {
        return refuse(std::move(options), backend.home, std::move(done), gone("close", backend));
    }
    auto operation = std::make_unique<SectionOperation>(OperationKind::close_backend);
    SectionOperation& section = *operation;
    section.backend = Ref<Backend>(&backend);
    const Operation* holder = holder_of(backend);
    start(std::move(operation), std::move(options), backend.home);
    section.report = report_to(std::move(done));
    Error error;
    if (backend.closing) {
        error = {Errc::closing, "close of " + describe(backend) + ": it is being closed already"};
    } else if (holder != nullptr) {
        error = {Errc::busy,
                 "close of " + describe(backend) + ": it is held by " + describe(*holder)};
    } else {
        backend.closing = true;
        make_live(section);
    }
    announce(Announced::close_backend, section.id.value, [&](Announcement& a) {
        a.a = backend.id.value;
        a.error = announced(error);
        fill_holding(a, section.holding);
    });
    const OperationId id = section.id;
    if (error) {
        conclude(section, std::move(error));
        return {};
    }
    complete_all_cancelled(backend);
    for (TokenOperation& token : tokens_) {
        const auto same = [&](const Ref<Backend>& other) { return other.get() == &backend; };
        if (!token.open && std::any_of(token.backends.begin(), token.backends.end(), same)) {
            give_up_token(token, {Errc::closing, "operation token on " + describe(backend) +
                                                     ": it is being closed"});
        }
    }
    return {ControlRef(this), id};
}

bool ControlPlane::advance_close_backend(SectionOperation& section) {
    Backend& backend = *section.backend;
    if ((in_flight(backend) != 0 || !backend.open_tokens.empty()) &&
        !canary(Canary::close_before_done)) {
        return false;
    }
    for (Operation& other : pending_) {
        if (other.kind == OperationKind::drain &&
            static_cast<DrainOperation&>(other).backend.get() == &backend) {
            return advance_drain(static_cast<DrainOperation&>(other));
        }
    }
    section.phase = Operation::Phase::queued;  // covers nothing any more
    detach_backend(backend);
    refresh_live_sections();
    finish(section, {});
    return true;
}

// The backend leaves the graph. Its handle may keep the object.
void ControlPlane::detach_backend(Backend& backend) {
    backend.closed = true;
    backend.set_listener(nullptr);
    backend.owed.clear();
    while (backend.covers.first() != nullptr) {
        uncover(*backend.covers.first());
    }
    leave_group(backend);
    std::erase(touched_, &backend);
    std::erase(unplugged_, &backend);
    if (backend.root != nullptr) {
        backend.root->unseat(backend);
        backend.root = nullptr;
    }
    free_counters(backend);
    backends_[backend.id.value] = {};
}

// --- a node ---

Wait ControlPlane::close(NodeId id, WaitOptions&& options, DoneCallback&& done) {
    const Locked locked(*this);
    NodeState* node = find_node(id);
    if (node == nullptr) {
        return refuse(std::move(options), nullptr, std::move(done),
                      {Errc::no_such_object, "close: there is no n" + std::to_string(id.value)});
    }
    auto operation = std::make_unique<SectionOperation>(OperationKind::close_node);
    SectionOperation& section = *operation;
    section.node = node;
    const Operation* anchored = anchored_at(*node);
    start(std::move(operation), std::move(options), &node->loop());
    section.report = report_to(std::move(done));
    Error error;
    if (node->body->closing.value != 0) {
        error = {Errc::closing, "close of " + describe(*node) + ": it is being closed already"};
    } else if (!node->parents.empty() || node->has_backends) {
        error = {Errc::busy, "close of " + describe(*node) + ": it has parents"};
        for (const NodeState* parent : node->parents) {
            error.message += " " + describe(*parent);
        }
        node->for_each_backend(
            [&](const Backend& backend) { error.message += " " + describe(backend); });
    } else if (anchored != nullptr) {
        error = {Errc::busy,
                 "close of " + describe(*node) + ": it is the anchor of " + describe(*anchored)};
    } else {
        section.phase = Operation::Phase::live;
        take_on(section, *node);
        refresh_changes();
    }
    announce(Announced::close_node, section.id.value, [&](Announcement& a) {
        a.a = id.value;
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

void ControlPlane::take_on(SectionOperation& section, NodeState& node) {
    node.body->closing = section.id;
    section.to_close.push_back(&node);
    add_cover(section, node);
}

bool ControlPlane::advance_close_node(SectionOperation& section) {
    // The list grows at its end while nodes in it are closed: children come after their last
    // parent.
    for (std::size_t i = 0; i < section.to_close.size(); ++i) {
        NodeState& node = *section.to_close[i];
        if (node.settle == NodeState::Settle::no && section.settling == nullptr &&
            section.busy_members == 0) {
            start_settle(node, section);
        }
        if (node.settle != NodeState::Settle::done || node.internal_requests != 0 ||
            pass_touches(node, section)) {
            continue;
        }
        if (section.node == &node) {
            section.node = nullptr;
        }
        section.to_close.erase(section.to_close.begin() + static_cast<std::ptrdiff_t>(i));
        const Nodes children(node.edges.begin(), node.edges.end());
        announce(Announced::node_closed, node.id().value,
                 [&](Announcement& a) { a.a = section.id.value; });
        erase_node(node);
        for (NodeState* child : children) {
            if (child->parents.empty() && !child->has_backends && child->body->closing.value == 0 &&
                anchored_at(*child) == nullptr) {
                take_on(section, *child);
            }
        }
        refresh_live_sections();
        refresh_changes();
        return true;
    }
    if (!section.to_close.empty()) {
        return false;
    }
    finish(section, {});
    return true;
}

// The node leaves the graph.
void ControlPlane::erase_node(NodeState& node) {
    while (node.covers.first() != nullptr) {
        uncover(*node.covers.first());
    }
    for (NodeState* child : node.edges) {
        child->parents.erase(node);
    }
    node.edges.clear();
    ++graph_generation_;
    std::erase(left_, &node);
    graveyard_.push_back(nodes_.remove(node));
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
