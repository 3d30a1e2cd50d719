// SPDX-License-Identifier: Apache-2.0
#include "graph/edit.h"

#include <cstddef>
#include <ranges>
#include <utility>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

namespace {

void set_root(Backend& backend, NodeState* root) {
    if (backend.root != nullptr) {
        backend.root->unseat(backend);
    }
    backend.root = root;
    if (root != nullptr) {
        root->seat(backend);
    }
}

void insert_edge(NodeState& parent, std::size_t index, NodeState& child) {
    parent.edges.insert(index, child);
    child.parents.push_back(parent);
}

void erase_edge(NodeState& parent, std::size_t index) {
    parent.edges[index]->parents.erase(parent);
    parent.edges.erase(index);
}

void repoint(NodeState& parent, std::size_t index, NodeState& child) {
    parent.edges[index]->parents.erase(parent);
    parent.edges[index] = &child;
    child.parents.push_back(parent);
}

// The roles of the parent's edges, as the edges are.
void publish_roles(const Edit& edit) {
    std::vector<std::string>& roles = edit.parent->body->roles;
    const auto place = roles.begin() + static_cast<std::ptrdiff_t>(edit.index);
    if (edit.kind == Edit::Kind::add_edge) {
        roles.insert(place, std::move(*edit.role));
    } else if (edit.kind == Edit::Kind::remove_edge) {
        roles.erase(place);
    }
}

}  // namespace

void apply(Edits& edits) {
    for (Edit& edit : edits) {
        switch (edit.kind) {
            case Edit::Kind::add_edge:
                edit.index = edit.parent->edges.size();
                insert_edge(*edit.parent, edit.index, *edit.to);
                break;
            case Edit::Kind::remove_edge:
                erase_edge(*edit.parent, edit.index);
                break;
            case Edit::Kind::repoint_edge:
                repoint(*edit.parent, edit.index, *edit.to);
                break;
            case Edit::Kind::set_root:
                set_root(*edit.backend, edit.to);
                break;
        }
    }
}

void undo(const Edits& edits) {
    for (const Edit& edit : std::views::reverse(edits)) {
        switch (edit.kind) {
            case Edit::Kind::add_edge:
                erase_edge(*edit.parent, edit.index);
                break;
            case Edit::Kind::remove_edge:
                insert_edge(*edit.parent, edit.index, *edit.from);
                break;
            case Edit::Kind::repoint_edge:
                repoint(*edit.parent, edit.index, *edit.from);
                break;
            case Edit::Kind::set_root:
                set_root(*edit.backend, edit.from);
                break;
        }
    }
}

void publish(const Edits& edits) {
    for (const Edit& edit : edits) {
        if (edit.kind == Edit::Kind::set_root) {
            // release: the request path reads the node behind it after its acquire of the gate
            // word, which opens later.
            NodeState* const root = edit.backend->root;
            edit.backend->medium.store(root != nullptr ? root->body.get() : nullptr,
                                       std::memory_order_release);
        } else {
            publish_roles(edit);
            edit.parent->body->publish_children(edit.parent->edges);
        }
    }
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
