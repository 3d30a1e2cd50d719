// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

class NodeState;

// The neighbours of a node on one side, in an order. Most nodes have one or none: that one is
// stored right here, so that a walk past it looks nowhere else.
class Links {
public:
    using Iterator = NodeState* const*;

    Links() = default;
    Links(const Links&) = delete;
    Links& operator=(const Links&) = delete;

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] Iterator begin() const { return first_; }
    [[nodiscard]] Iterator end() const { return first_ + size_; }
    [[nodiscard]] NodeState* operator[](std::size_t index) const { return first_[index]; }
    NodeState*& operator[](std::size_t index) { return first_[index]; }

    void insert(std::size_t index, NodeState& node) {
        if (size_ == capacity_) {
            grow();
        }
        NodeState** const at = first_ + index;
        std::copy_backward(at, first_ + size_, first_ + size_ + 1);
        *at = &node;
        ++size_;
    }
    void push_back(NodeState& node) { insert(size_, node); }

    void erase(std::size_t index) {
        std::copy(first_ + index + 1, first_ + size_, first_ + index);
        --size_;
    }
    // Once; it is there.
    void erase(const NodeState& node) {
        erase(static_cast<std::size_t>(std::find(begin(), end(), &node) - begin()));
    }
    void clear() { size_ = 0; }

private:
    void grow() {
        capacity_ *= 2;
        auto more = std::make_unique<NodeState*[]>(capacity_);
        std::copy(begin(), end(), more.get());
        more_ = std::move(more);
        first_ = more_.get();
    }

    NodeState** first_ = &only_;
    std::uint32_t size_ = 0;
    std::uint32_t capacity_ = 1;
    NodeState* only_ = nullptr;
    std::unique_ptr<NodeState*[]> more_;  // of more than one
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
