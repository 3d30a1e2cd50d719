// SPDX-License-Identifier: Apache-2.0
//
// The new and delete of a program that runs many short scenarios in one thread: what was freed last
// is given out first, while it is still in the nearest cache. Only what is big goes back to the
// system. What another thread frees, that thread keeps.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t grain = 32;
constexpr std::uint32_t kinds = 1024;  // of sizes; beyond them a block is big

// Stands before the memory given out.
struct alignas(__STDCPP_DEFAULT_NEW_ALIGNMENT__) Block {
    std::uint32_t kind;   // its size in grains; at least `kinds`: big
    std::uint32_t shift;  // by how much the memory and this are moved, for their alignment
    Block* next;          // if free
};

constinit thread_local std::array<Block*, kinds> free_blocks{};

Block* take(std::size_t size) {
    const std::size_t kind = (size + sizeof(Block) + grain - 1) / grain;
    if (kind < kinds && free_blocks[kind] != nullptr) [[likely]] {
        Block* const block = free_blocks[kind];
        free_blocks[kind] = block->next;
        return block;
    }
    void* const memory = std::malloc(kind * grain);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return new (memory) Block{static_cast<std::uint32_t>(kind < kinds ? kind : kinds), 0, nullptr};
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
    return take(size) + 1;
}

void* operator new(std::size_t size, std::align_val_t alignment) {
    const auto step = static_cast<std::size_t>(alignment);
    Block* const block = take(size + step);
    const auto place = reinterpret_cast<std::uintptr_t>(block + 1);
    const std::size_t shift = (step - place % step) % step;
    Block* const moved = reinterpret_cast<Block*>(reinterpret_cast<std::byte*>(block) + shift);
    moved->kind = block->kind;
    moved->shift = static_cast<std::uint32_t>(shift);
    return moved + 1;
}

[[gnu::noinline]] void operator delete(void* memory) noexcept {
    if (memory == nullptr) {
        return;
    }
    Block* block = static_cast<Block*>(memory) - 1;
    const std::uint32_t kind = block->kind;
    if (block->shift != 0) {
        block = reinterpret_cast<Block*>(reinterpret_cast<std::byte*>(block) - block->shift);
        block->kind = kind;
        block->shift = 0;
    }
    if (kind == kinds) {
        std::free(block);
    } else {
        block->next = free_blocks[kind];
        free_blocks[kind] = block;
    }
}

void operator delete(void* memory, std::size_t) noexcept {
    operator delete(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    operator delete(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    operator delete(memory);
}
