// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

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
    ~Links() {
        if (capacity_ != 1) {
            delete[] many_;
        }
    }

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] Iterator begin() const { return capacity_ == 1 ? &only_ : many_; }
    [[nodiscard]] Iterator end() const { return begin() + size_; }
    [[nodiscard]] NodeState* operator[](std::size_t index) const { return begin()[index]; }
    NodeState*& operator[](std::size_t index) { return data()[index]; }

    void insert(std::size_t index, NodeState& node) {
        if (size_ == capacity_) {
            grow();
        }
        NodeState** const at = data() + index;
        std::copy_backward(at, data() + size_, data() + size_ + 1);
        *at = &node;
        ++size_;
    }
    void push_back(NodeState& node) { insert(size_, node); }

    void erase(std::size_t index) {
        std::copy(begin() + index + 1, end(), data() + index);
        --size_;
    }
    // Once; it is there.
    void erase(const NodeState& node) {
        erase(static_cast<std::size_t>(std::find(begin(), end(), &node) - begin()));
    }
    void clear() { size_ = 0; }

private:
    NodeState** data() { return capacity_ == 1 ? &only_ : many_; }

    void grow() {
        auto* const more = new NodeState*[std::size_t{2} * capacity_];
        std::copy(begin(), end(), more);
        if (capacity_ != 1) {
            delete[] many_;
        }
        many_ = more;
        capacity_ *= 2;
    }

    union {
        NodeState* only_ = nullptr;  // while capacity_ is 1
        NodeState** many_;
    };
    std::uint32_t size_ = 0;
    std::uint32_t capacity_ = 1;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
