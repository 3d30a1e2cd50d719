// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "os/ref_count.h"
#include "os/world.h"
#include "sim/machine.h"

BLKDRAIN_OS_BEGIN

// When a store is seen depends on sim::Memory. Loads and read-modify-writes are sequentially
// consistent whatever the order named.
//
// Whether an address that comes back is that of another object is up to the allocator, and a run
// must not depend on it. So of pointers there is only the weak compare-exchange, and it fails, as
// it may, for a thread that has not seen the present value being there.
template <class T>
class atomic {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);
    static constexpr bool is_pointer = std::is_pointer_v<T>;

public:
    constexpr atomic() noexcept = default;
    constexpr atomic(T value) noexcept : value_(value) {}
    atomic(const atomic&) = delete;
    atomic& operator=(const atomic&) = delete;
    constexpr ~atomic() {
        if (tag_.waiting != 0) [[unlikely]] {
            sim::Machine::drain_for(tag_);
        }
    }

    T load(std::memory_order /*order*/) const noexcept {
        if (sim::Fiber* const fiber = sim::this_fiber; fiber != nullptr) [[unlikely]] {
            fiber->machine->access_atomic(tag_, sim::OperationKind::atomic_load, false);
            if (tag_.waiting != 0) [[unlikely]] {
                if (const sim::WaitingStore* const own = fiber->stores.newest(this)) {
                    return from_bits(own->value);
                }
            }
        }
        seen();
        return value_;
    }

    void store(T value, std::memory_order order) noexcept {
        if (sim::Fiber* const fiber = sim::this_fiber; fiber != nullptr) [[unlikely]] {
            sim::Machine& machine = *fiber->machine;
            machine.access_atomic(tag_, sim::OperationKind::atomic_store, true);
            if (machine.stores_wait()) [[unlikely]] {
                if (order == std::memory_order_seq_cst) {
                    machine.drain(*fiber);
                } else if (tag_.shared) {
                    machine.buffer_store(*fiber, {this, &tag_, &apply, to_bits(value)});
                    return;
                }
            }
        }
        set(value);
    }

    T exchange(T value, std::memory_order /*order*/) noexcept {
        reach(sim::OperationKind::atomic_update, true);
        const T before = value_;
        set(value);
        return before;
    }

    bool compare_exchange_strong(T& expected, T desired, std::memory_order /*order*/) noexcept
        requires(!is_pointer)
    {
        reach(sim::OperationKind::atomic_update, true);
        return compare_exchange(expected, desired);
    }

    bool compare_exchange_weak(T& expected, T desired, std::memory_order /*order*/) noexcept {
        reach(sim::OperationKind::atomic_update, true);
        if (value_ == expected && sim::this_fiber != nullptr &&
            sim::this_fiber->machine->spurious()) {
            return false;
        }
        if constexpr (is_pointer) {
            if (sim::this_fiber != nullptr && (seen_by_ & this_thread()) == 0) {
                expected = value_;
                seen();
                return false;
            }
        }
        return compare_exchange(expected, desired);
    }

    T fetch_add(T operand, std::memory_order /*order*/) noexcept
        requires std::integral<T>
    {
        return update([operand](auto value) { return value + as_unsigned(operand); });
    }

    T fetch_sub(T operand, std::memory_order /*order*/) noexcept
        requires std::integral<T>
    {
        return update([operand](auto value) { return value - as_unsigned(operand); });
    }

    T fetch_or(T operand, std::memory_order /*order*/) noexcept
        requires std::integral<T>
    {
        return update([operand](auto value) { return value | as_unsigned(operand); });
    }

    T fetch_and(T operand, std::memory_order /*order*/) noexcept
        requires std::integral<T>
    {
        return update([operand](auto value) { return value & as_unsigned(operand); });
    }

private:
    void reach(sim::OperationKind kind, bool writes) const {
        if (sim::this_fiber != nullptr) [[unlikely]] {
            sim::this_fiber->machine->access_atomic(tag_, kind, writes);
        }
    }

    bool compare_exchange(T& expected, T desired) {
        if (value_ == expected) {
            set(desired);
            return true;
        }
        expected = value_;
        seen();
        return false;
    }

    static std::uint64_t this_thread() { return std::uint64_t{1} << (sim::this_fiber->id % 64); }

    void seen() const {
        if constexpr (is_pointer) {
            if (sim::this_fiber != nullptr) [[unlikely]] {
                seen_by_ |= this_thread();
            }
        }
    }

    void set(T value) {
        value_ = value;
        if constexpr (is_pointer) {
            seen_by_ = 0;
        }
    }

    static std::uint64_t to_bits(T value) {
        std::uint64_t bits = 0;
        std::memcpy(&bits, static_cast<const void*>(&value), sizeof(T));
        return bits;
    }
    static T from_bits(std::uint64_t bits) {
        T value;
        std::memcpy(static_cast<void*>(&value), &bits, sizeof(T));
        return value;
    }
    static void apply(void* object, std::uint64_t bits) {
        static_cast<atomic*>(object)->set(from_bits(bits));
    }

    // 64 bits wide, so that arithmetic wraps around for every type.
    static std::uint64_t as_unsigned(T value) { return static_cast<std::uint64_t>(value); }

    template <class Function>
    T update(Function function) {
        reach(sim::OperationKind::atomic_update, true);
        const T before = value_;
        value_ = static_cast<T>(function(as_unsigned(before)));
        return before;
    }

    T value_{};
    mutable std::uint64_t seen_by_ = 0;  // pointers: threads that have read the present value
    mutable sim::ObjectTag tag_ = sim::ObjectTag::make();
};

using ref_count = basic_ref_count<atomic<std::uint32_t>>;

BLKDRAIN_OS_END
