// SPDX-License-Identifier: Apache-2.0
//
// The scope functions of the section table, evaluated on the control plane's picture of the graph,
// and the covers of those in scope.
#include <algorithm>
#include <cstdint>

#include "section/control_plane.h"
#include "section/members.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

bool ControlPlane::names_exempt(const SectionOperation& section, const Backend& backend) {
    return !canary(Canary::exempts_forgotten) &&
           std::find(section.exempt.begin(), section.exempt.end(), backend.id) !=
               section.exempt.end();
}

inline bool ControlPlane::exempts(const SectionOperation& section, const Backend& backend) {
    return (section.kind == OperationKind::isolate && section.backend.get() == &backend) ||
           (!section.exempt.empty() && names_exempt(section, backend));
}

// Calls visit(member) for everybody in scope, but that of a change, on the graph as it is now. If
// parents come first: the nodes are in walked_, in that order.
template <class Visit>
Walk ControlPlane::visit_scope(SectionOperation& section, Visit visit) {
    Nodes& nodes = walked_;
    nodes.clear();
    Nodes& bases = bases_;
    bases.clear();
    const auto meet = [&](NodeState& node) __attribute__((always_inline)) {
        visit(node);
        if (node.has_backends) {
            bases.push_back(&node);
        }
    };
    Walk walk = Walk::any;
    switch (section.kind) {
        case OperationKind::isolate:
            // The root itself goes on working for the holder.
            if (NodeState* root = section.backend->root; root != nullptr) {
                walker_.up(*root, walker_.new_stamp(), nodes);
                bases.push_back(root);
                std::for_each(nodes.begin() + 1, nodes.end(),
                              [&](NodeState* node) { meet(*node); });
            }
            break;
        case OperationKind::drained:
        case OperationKind::settle:
            walk = walker_.cone(*section.node, nodes, meet);
            break;
        case OperationKind::context:
            walker_.component(*section.node, walker_.new_stamp(), nodes);
            for (NodeState* node : nodes) {
                meet(*node);
            }
            break;
        case OperationKind::close_node:
            for (NodeState* node : section.to_close) {
                visit(*node);
            }
            break;
        case OperationKind::quiesce_all:
            nodes_.for_each([&](NodeState* node) { visit(*node); });
            for (const auto& backend : backends_) {
                if (backend && !exempts(section, *backend)) {
                    visit(*backend);
                }
            }
            break;
        case OperationKind::self_quiesce:
        case OperationKind::close_backend:
            visit(*section.backend);
            break;
        default:
            break;
    }
    for (const NodeState* node : bases) {
        node->for_each_backend([&](Backend& backend) {
            if (!exempts(section, backend)) {
                visit(backend);
            }
        });
    }
    return walk;
}

void ControlPlane::scope_of(SectionOperation& section, Scope& into) {
    if (section.kind == OperationKind::change) {
        scope_of_change(section, into);
    } else {
        visit_scope(section, [&](auto& member) { into.emplace_back(member); });
    }
}

// Whether `isolate` would have `backend` in its scope, live or not.
bool ControlPlane::isolates(const SectionOperation& isolate, const Backend& backend) {
    return isolate.backend->root != nullptr && backend.root != nullptr &&
           !exempts(isolate, backend) && walker_.reaches(*backend.root, *isolate.backend->root);
}

// --- covers ---

// Covers what is in scope now. The gates are still to be closed. Covering is inline: a call for
// each member would take a tenth of the time of an isolate.
void ControlPlane::update_scope(SectionOperation& section) {
    if (!section.covers.empty() || section.kind == OperationKind::change) {
        move_covers(section);
        return;
    }
    const Walk walk = visit_scope(
        section, [&](auto& member) __attribute__((always_inline)) { add_cover(section, member); });
    if (walk == Walk::parents_first) {
        section.order.swap(walked_);
        section.ordered_at = graph_generation_;
    }
}

// Only the difference moves: whoever is in scope before and after never sees a gap (R24).
void ControlPlane::move_covers(SectionOperation& section) {
    Scope& scope = scope_;
    scope.clear();
    scope_of(section, scope);
    const std::uint64_t wanted = walker_.new_stamp();
    const std::uint64_t kept = walker_.new_stamp();
    const auto mark_of = [](const Member& member) -> std::uint64_t& {
        return member.node != nullptr ? member.node->mark : member.backend->mark;
    };
    for (const Member& member : scope) {
        mark_of(member) = wanted;
    }
    for (Cover& cover : section.covers) {
        if (!cover.linked()) {
            continue;
        }
        std::uint64_t& mark = cover.node() != nullptr ? cover.node()->mark : cover.backend()->mark;
        if (mark == wanted) {
            mark = kept;
        } else {
            uncover(cover);
        }
    }
    for (const Member& member : scope) {
        if (mark_of(member) == kept) {
            CoverChain& chain =
                member.node != nullptr ? member.node->covers : member.backend->covers;
            Cover* cover = chain.first();
            while (cover->section != &section) {
                cover = cover->next;
            }
            if (cover->demand != member.demand || cover->entering != member.entering) {
                cover->demand = member.demand;
                cover->entering = member.entering;
                if (member.node != nullptr) {
                    left_.push_back(member.node);
                    reassess(*member.node);
                } else {
                    reassess(*member.backend);
                }
            }
        } else if (member.node != nullptr) {
            add_cover(section, *member.node, member.demand, member.entering);
        } else {
            add_cover(section, *member.backend, member.demand, member.entering);
        }
    }
}

void ControlPlane::uncover(Cover& cover) {
    unlink(cover);
    cover.forget_member();
    cover.section->covers.leave_unused(cover);
}

void ControlPlane::uncover_all(SectionOperation& section) {
    for (Cover& cover : section.covers) {
        if (cover.linked()) {
            unlink(cover);
        }
    }
    section.covers.clear(covers_);
    if (section.order.capacity() > walked_.capacity()) {
        section.order.swap(walked_);  // its memory serves the next walk
    }
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
