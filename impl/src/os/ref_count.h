// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace blkdrain::os {

// Counts the owners of an object; starts at one, the creator. Thread-safe. Everything any owner did
// before release() is visible to the one whose release() returned true.
template <class Atomic>
class basic_ref_count {
public:
    // Only by an owner.
    void retain() {
        // relaxed: who retains already holds a reference, nothing is published by the count itself.
        count_.fetch_add(1, std::memory_order_relaxed);
    }

    // Gives one reference back; true at the last one, whose caller destroys the object.
    [[nodiscard]] bool release() {
        // acq_rel: releases this owner's writes, and the last owner acquires everybody's.
        return count_.fetch_sub(1, std::memory_order_acq_rel) == 1;
    }

private:
    Atomic count_{1};
};

}  // namespace blkdrain::os
