// SPDX-License-Identifier: Apache-2.0
//
// The scope functions of the section table, evaluated on the control plane's picture of the graph.
#include <algorithm>

#include "section/control_plane.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

bool ControlPlane::exempts(const SectionOperation& section, const Backend& backend) const {
    const auto named = [&] {
        return std::find(section.exempt.begin(), section.exempt.end(), backend.id) !=
               section.exempt.end();
    };
    return (section.kind == OperationKind::isolate && section.backend.get() == &backend) ||
           (!section.exempt.empty() && !canary(Canary::exempts_forgotten) && named());
}

void ControlPlane::add_node_members(const Nodes& nodes, Scope& into) {
    for (NodeState* node : nodes) {
        into.push_back({node, nullptr, Demand::quiet});
    }
}

// Roots(nodes), without those that `exempting` exempts.
void ControlPlane::add_backends_on(const Nodes& nodes, const SectionOperation* exempting,
                                   Scope& into) {
    for (const NodeState* node : nodes) {
        node->backends.for_each([&](Backend& backend) {
            if (exempting == nullptr || !exempts(*exempting, backend)) {
                into.push_back({nullptr, &backend, Demand::quiet});
            }
        });
    }
}

// Covers what is in scope now. The gates are still to be closed.
void ControlPlane::update_scope(SectionOperation& section) {
    scope_.clear();
    scope_of(section, scope_);
    cover(section, scope_);
}

void ControlPlane::scope_of(SectionOperation& section, Scope& into) {
    Nodes& nodes = walked_;
    nodes.clear();
    switch (section.kind) {
        case OperationKind::isolate:
            if (NodeState* root = section.backend->root; root != nullptr) {
                walker_.up(*root, walker_.new_stamp(), nodes);
                add_backends_on(nodes, &section, into);
                nodes.erase(nodes.begin());  // the root itself goes on working for the holder
                add_node_members(nodes, into);
            }
            break;
        case OperationKind::drained:
        case OperationKind::settle:
            walker_.cone(*section.node, walker_.new_stamp(), nodes);
            add_backends_on(nodes, nullptr, into);
            add_node_members(nodes, into);
            break;
        case OperationKind::context:
            walker_.component(*section.node, walker_.new_stamp(), nodes);
            add_backends_on(nodes, nullptr, into);
            add_node_members(nodes, into);
            break;
        case OperationKind::quiesce_all:
            for (const auto& node : nodes_) {
                if (node != nullptr) {
                    into.push_back({node.get(), nullptr, Demand::quiet});
                }
            }
            for (const auto& backend : backends_) {
                if (backend && !exempts(section, *backend)) {
                    into.push_back({nullptr, backend.get(), Demand::quiet});
                }
            }
            break;
        case OperationKind::self_quiesce:
        case OperationKind::close_backend:
            into.push_back({nullptr, section.backend.get(), Demand::quiet});
            break;
        case OperationKind::close_node:
            add_node_members(section.to_close, into);
            break;
        case OperationKind::change:
            scope_of_change(section, into);
            break;
        default:
            break;
    }
}

// Whether `isolate` would have `backend` in its scope, live or not.
bool ControlPlane::isolates(const SectionOperation& isolate, const Backend& backend) {
    return isolate.backend->root != nullptr && backend.root != nullptr &&
           !exempts(isolate, backend) && walker_.reaches(*backend.root, *isolate.backend->root);
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
