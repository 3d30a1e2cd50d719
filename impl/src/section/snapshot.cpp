// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "section/control_plane.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

namespace {

// Views are filled in place of those of the last snapshot, whose memory serves again.
template <class View>
class Views {
public:
    explicit Views(std::vector<View>& views) : views_(views), room_(views.size()) {}
    Views(const Views&) = delete;
    Views& operator=(const Views&) = delete;
    ~Views() {
        if (used_ != room_) {
            views_.resize(used_);
        }
    }

    View& next() {
        if (used_ == room_) {
            views_.emplace_back();
            ++room_;
        }
        return views_[used_++];
    }

private:
    std::vector<View>& views_;
    std::size_t room_;  // views_.size()
    std::size_t used_ = 0;
};

void fill(std::string& text, const std::string& name, Snapshot::Names names) {
    if (names == Snapshot::Names::included) {
        text = name;
    } else {
        text.clear();
    }
}

void look_at(const NodeState& node, Snapshot::Names names, Snapshot::NodeView& view) {
    view.id = node.id();
    fill(view.name, node.body->name(), names);
    view.loop = &node.loop();
    Views children(view.children);
    for (std::size_t i = 0; i < node.edges.size(); ++i) {
        Snapshot::Edge& child = children.next();
        fill(child.role, node.body->roles[i], names);
        child.child = node.edges[i]->id();
    }
    view.internal_requests = node.internal_requests;
    view.stopped = node.stopped();
    view.settling = node.settle == NodeState::Settle::running;
    view.settled = node.settle == NodeState::Settle::done;
    view.settle_failed = static_cast<bool>(node.body->settle_error);
    view.closing = node.body->closing.value != 0;
}

void look_at(const Backend& backend, Snapshot::Names names, Snapshot::BackendView& view) {
    view.id = backend.id;
    fill(view.name, backend.name, names);
    view.loop = backend.home;
    view.root = backend.root != nullptr ? backend.root->id() : NodeId{};
    view.gated = backend.gated();
    view.closing = backend.closing;
    view.group = backend.group() != nullptr ? backend.group()->id : GroupId{};
}

void look_at(const Group& group, Snapshot::Names names, Snapshot::GroupView& view) {
    const auto cut = [](LeakyBucket::Level level) {
        return static_cast<std::uint64_t>(std::min<LeakyBucket::Level>(level, UINT64_MAX));
    };
    view.id = group.id;
    fill(view.name, group.name, names);
    view.looked_at = group.looked_at().time_since_epoch();
    for (std::size_t i = 0; i < view.buckets.size(); ++i) {
        view.buckets[i] = {cut(group.bucket(i).level()), cut(group.bucket(i).peak_level())};
    }
    for (std::size_t i = 0; i < view.timers.size(); ++i) {
        const RateTimer* timer = group.timers[i].get();
        view.timers[i] = {group.armed[i], timer != nullptr ? timer->holder->id : BackendId{}};
    }
}

}  // namespace

void ControlPlane::snapshot(Snapshot& into, Snapshot::Names names) {
    const Locked locked(*this);
    Views nodes(into.nodes);
    nodes_.for_each([&](const NodeState* node) { look_at(*node, names, nodes.next()); });
    Views backends(into.backends);
    for (const auto& backend : backends_) {
        if (backend) {
            look_at(*backend, names, backends.next());
        }
    }
    into.requests.clear();
    for_each_request([&](const OuterRequest& request) {
        // relaxed: hints, exact while the loops are at rest.
        const Backend& backend = *request.backend.load(std::memory_order_relaxed);
        const TokenId token{request.token.load(std::memory_order_relaxed)};
        Snapshot::RequestView view{RequestId{request.id.load(std::memory_order_relaxed)},
                                   backend.id, token,
                                   shown(request.stage.load(std::memory_order_relaxed)), 0};
        if (view.state == RequestState::done) {
            return;  // being sent: nothing has happened yet
        }
        if (view.state == RequestState::waiting) {
            view.blockers = blockers_of(request);
        }
        into.requests.push_back(view);
    });
    std::sort(into.requests.begin(), into.requests.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    into.tokens.clear();
    for (const TokenOperation& token : tokens_) {
        into.tokens.push_back({token.token, token.open});
    }
    Views groups(into.groups);
    for (const auto& group : groups_) {
        if (group != nullptr) {
            look_at(*group, names, groups.next());
        }
    }
    into.operations.clear();
    for (const Operation& operation : operations_) {
        into.operations.push_back({operation.id, is_section(operation.kind)
                                                     ? operation.phase
                                                     : Operation::Phase::pending});
    }
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
