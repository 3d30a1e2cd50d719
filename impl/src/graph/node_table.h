// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include <blkdrain/ids.h>
#include <blkdrain/world.h>

#include "graph/node.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// The nodes of a graph by their ids, which start at 1 and are given once. Their states are side by
// side: a section on nodes that were added one after the other reads memory in a row. Guarded by
// the control plane's lock.
class NodeTable {
public:
    NodeTable() { nodes_.reserve(first_slab); }
    NodeTable(const NodeTable&) = delete;
    NodeTable& operator=(const NodeTable&) = delete;
    ~NodeTable() {
        for_each([](NodeState* node) { std::destroy_at(node); });
    }

    [[nodiscard]] NodeId next_id() const {
        return NodeId{static_cast<std::uint32_t>(nodes_.size()) + 1};
    }

    // `body` carries the next id.
    NodeState& add(std::unique_ptr<NodeBody> body, bool settling) {
        NodeState*& node = nodes_.emplace_back();
        node = new (take_place()) NodeState(std::move(body), settling);
        return *node;
    }

    // What is left of the node, for whoever may run its driver's destructor.
    std::unique_ptr<NodeBody> remove(NodeState& node) {
        std::unique_ptr<NodeBody> body = std::move(node.body);
        nodes_[body->id().value - 1] = nullptr;
        std::destroy_at(&node);
        free_.push_back(&node);
        return body;
    }

    // Null if there is none (any more).
    [[nodiscard]] NodeState* find(NodeId id) const {
        return id.value - 1 < nodes_.size() ? nodes_[id.value - 1] : nullptr;
    }

    // In the order of their ids.
    template <class Visit>
    void for_each(Visit visit) const {
        for (NodeState* node : nodes_) {
            if (node != nullptr) {
                visit(node);
            }
        }
    }

    void swap(NodeTable& other) noexcept {
        nodes_.swap(other.nodes_);
        slabs_.swap(other.slabs_);
        std::swap(unused_, other.unused_);
        free_.swap(other.free_);
    }

private:
    struct alignas(NodeState) Place {
        std::array<std::byte, sizeof(NodeState)> bytes;
    };
    static constexpr std::size_t first_slab = 16;
    static constexpr std::size_t largest_slab = 1024;

    void* take_place() {
        if (!free_.empty()) {
            void* const place = free_.back();
            free_.pop_back();
            return place;
        }
        if (unused_.empty()) {
            // As many again: a pass over nodes that lie in many pages is slow.
            const std::size_t size = std::clamp(nodes_.size(), first_slab, largest_slab);
            slabs_.push_back(std::make_unique_for_overwrite<Place[]>(size));
            unused_ = {slabs_.back().get(), size};
        }
        void* const place = &unused_.front();
        unused_ = unused_.subspan(1);
        return place;
    }

    std::vector<NodeState*> nodes_;  // index: id - 1; null: closed
    std::vector<std::unique_ptr<Place[]>> slabs_;
    std::span<Place> unused_;  // the rest of the last one
    std::vector<void*> free_;  // places of closed nodes
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
