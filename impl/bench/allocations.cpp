// SPDX-License-Identifier: Apache-2.0
#include "allocations.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace blkdrain::bench {

std::atomic<std::uint64_t> allocations{0};

}  // namespace blkdrain::bench

void* operator new(std::size_t size) {
    // relaxed: read while no other thread allocates.
    blkdrain::bench::allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* const memory = std::malloc(size)) {
        return memory;
    }
    throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}
