// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "section/control_plane.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

void ControlPlane::snapshot(Snapshot& into) {
    const Locked locked(*this);
    into.nodes.clear();
    for (const auto& node : nodes_) {
        if (node == nullptr) {
            continue;
        }
        auto& view = into.nodes.emplace_back();
        view.id = node->id();
        view.name = node->name();
        view.loop = &node->loop();
        for (const auto& edge : node->edges) {
            view.children.push_back({edge.role, edge.child->id()});
        }
        view.internal_requests = node->internal_requests;
        view.stopped = node->stopped();
        view.settling = node->settle == NodeState::Settle::running;
        view.settled = node->settle == NodeState::Settle::done;
        view.settle_failed = static_cast<bool>(node->settle_error);
        view.closing = node->closing.value != 0;
    }
    into.backends.clear();
    for (const auto& backend : backends_) {
        if (backend) {
            into.backends.push_back({backend->id, backend->name, backend->home,
                                     backend->root != nullptr ? backend->root->id() : NodeId{},
                                     backend->gated(), backend->closing.value != 0});
        }
    }
    into.requests.clear();
    for_each_request([&](const OuterRequest& request) {
        // relaxed: hints, exact while the loops are at rest.
        const Backend& backend = *request.backend.load(std::memory_order_relaxed);
        const TokenId token{request.token.load(std::memory_order_relaxed)};
        Snapshot::RequestView view{RequestId{request.id.load(std::memory_order_relaxed)},
                                   backend.id, token, request.state.load(std::memory_order_relaxed),
                                   0};
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
    for (const auto& [id, token] : tokens_) {
        into.tokens.push_back({id, token->open});
    }
    into.operations.clear();
    for (const auto& [id, operation] : operations_) {
        into.operations.push_back(
            {id, is_section(operation->kind) ? operation->phase : Operation::Phase::pending});
    }
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
