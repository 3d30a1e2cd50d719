// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace blkdrain::sim {

struct ObjectTag;

// A store that its thread has performed and no other can see yet.
struct WaitingStore {
    void* object;  // the atomic
    ObjectTag* tag;
    void (*apply)(void* object, std::uint64_t value);
    std::uint64_t value;
};

// The store buffer of one thread under total store order.
//
// Invariants
//  B1  Stores leave in the order in which they came.
//  B2  tag->waiting counts the entries for that object in all buffers, so an object that is zero
//      there need not be looked for.
class StoreBuffer {
public:
    bool empty() const { return first_ == stores_.size(); }
    const WaitingStore& front() const { return stores_[first_]; }
    void push(const WaitingStore& store) { stores_.push_back(store); }
    void pop() {
        if (++first_ == stores_.size()) {
            stores_.clear();
            first_ = 0;
        }
    }

    // The newest store to the object; null: none waits.
    const WaitingStore* newest(const void* object) const {
        for (std::size_t i = stores_.size(); i > first_; --i) {
            if (stores_[i - 1].object == object) {
                return &stores_[i - 1];
            }
        }
        return nullptr;
    }

private:
    std::vector<WaitingStore> stores_;
    std::size_t first_ = 0;
};

}  // namespace blkdrain::sim
