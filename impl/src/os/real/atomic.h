// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "os/ref_count.h"
#include "os/world.h"

BLKDRAIN_OS_BEGIN

// std::atomic without default orders and without operators: each access names its order.
template <class T>
class atomic {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);
    static_assert(std::atomic<T>::is_always_lock_free);

public:
    constexpr atomic() noexcept : value_(T{}) {}
    constexpr atomic(T value) noexcept : value_(value) {}
    atomic(const atomic&) = delete;
    atomic& operator=(const atomic&) = delete;

    T load(std::memory_order order) const noexcept { return value_.load(order); }
    void store(T value, std::memory_order order) noexcept { value_.store(value, order); }
    T exchange(T value, std::memory_order order) noexcept { return value_.exchange(value, order); }

    bool compare_exchange_strong(T& expected, T desired, std::memory_order order) noexcept
        requires(!std::is_pointer_v<T>)
    {
        return value_.compare_exchange_strong(expected, desired, order);
    }
    bool compare_exchange_weak(T& expected, T desired, std::memory_order order) noexcept {
        return value_.compare_exchange_weak(expected, desired, order);
    }

    T fetch_add(T operand, std::memory_order order) noexcept
        requires std::integral<T>
    {
        return value_.fetch_add(operand, order);
    }
    T fetch_sub(T operand, std::memory_order order) noexcept
        requires std::integral<T>
    {
        return value_.fetch_sub(operand, order);
    }
    T fetch_or(T operand, std::memory_order order) noexcept
        requires std::integral<T>
    {
        return value_.fetch_or(operand, order);
    }
    T fetch_and(T operand, std::memory_order order) noexcept
        requires std::integral<T>
    {
        return value_.fetch_and(operand, order);
    }

private:
    std::atomic<T> value_;
};

using ref_count = basic_ref_count<atomic<std::uint32_t>>;

BLKDRAIN_OS_END
