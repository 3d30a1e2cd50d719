// SPDX-License-Identifier: Apache-2.0
#include "harness/graph_labels.h"

#include <cstddef>

namespace blkdrain_props {

namespace ref = blkdrain_ref;

template <class Covers>
std::string GraphLabels::sections_over(Covers covers) const {
    std::string text;
    for (const ref::Cover& cover : view_.covers()) {
        if (cover.section.live() && covers(cover.scope)) {
            text += (text.empty() ? "" : " ") + to_string(cover.section.id);
        }
    }
    return text;
}

std::string GraphLabels::name_of(const ref::Backend& backend) {
    return to_string(backend.id) + "  " + to_string(backend.loop);
}

std::string GraphLabels::name_of(const ref::Node& node) {
    return to_string(node.id) + "  " + to_string(node.loop) +
           (node.settle == ref::Settle::running  ? "  settling"
            : node.settle == ref::Settle::done   ? "  settled"
            : node.settle == ref::Settle::failed ? "  failed"
                                                 : "");
}

std::string GraphLabels::what_is_on(const ref::Backend& backend) const {
    std::string text =
        sections_over([&](const ref::Scope& scope) { return scope.backends.contains(backend.id); });
    for (const ref::Token& token : state_.tokens) {
        if (token.backends.contains(backend.id)) {
            text += (text.empty() ? "" : " ") + to_string(token.id) + (token.open ? "" : "?");
        }
    }
    return text;
}

std::string GraphLabels::what_is_on(const ref::Node& node) const {
    std::string text =
        sections_over([&](const ref::Scope& scope) { return scope.nodes.contains(node.id); });
    if (node.internal != 0) {
        text += (text.empty() ? "" : ", ") + std::to_string(node.internal) + " internal";
    }
    return text;
}

std::string GraphLabels::line_of(const ref::Section& section) {
    return ref::to_string(static_cast<const ref::Event&>(section)) + " — " +
           (section.abandoned ? "given up, " : "") + name(section.phase);
}

std::string GraphLabels::role_of(std::size_t edge) const {
    const ref::NodeId parent = state_.edges[edge].parent;
    std::size_t first = edge;
    while (first > 0 && state_.edges[first - 1].parent == parent) {
        --first;
    }
    return roles_.of(parent, edge - first);
}

std::vector<const ref::Request*> GraphLabels::requests_of(ref::BackendId backend) const {
    std::vector<const ref::Request*> found;
    for (const ref::Request& request : state_.requests) {
        if (request.backend == backend) {
            found.push_back(&request);
        }
    }
    return found;
}

}  // namespace blkdrain_props
