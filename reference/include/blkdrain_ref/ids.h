// SPDX-License-Identifier: Apache-2.0
//
// Names of objects. An id is given by the event that creates the object; the reference only checks
// that it is fresh.
#pragma once

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace blkdrain_ref {

// A number that names an object of one sort; the default names nothing.
template <char Letter>
struct Id {
    std::uint32_t value = ~std::uint32_t{0};

    explicit constexpr operator bool() const { return value != ~std::uint32_t{0}; }
    friend constexpr auto operator<=>(const Id&, const Id&) = default;
};

template <char Letter>
std::string to_string(Id<Letter> id) {
    return id ? Letter + std::to_string(id.value) : "none";
}

using NodeId = Id<'n'>;     // < 64
using BackendId = Id<'b'>;  // < 64
using RequestId = Id<'r'>;
using TokenId = Id<'t'>;
using SectionId = Id<'s'>;  // user's sections, and the momentary ones of changes, context changes,
                            // settles, closes
using WaitId = Id<'d'>;     // drains and waits for quiet
using LoopId = Id<'l'>;

// A set of at most 64 nodes or backends.
template <class I>
class IdSet {
public:
    constexpr IdSet() = default;
    constexpr IdSet(std::initializer_list<I> ids) {
        for (const I id : ids)
            insert(id);
    }
    static constexpr IdSet from(std::uint64_t bits) {
        IdSet set;
        set.bits_ = bits;
        return set;
    }
    constexpr void insert(I id) { bits_ |= bit(id); }
    constexpr void erase(I id) { bits_ &= ~bit(id); }
    constexpr bool contains(I id) const { return (bits_ & bit(id)) != 0; }
    constexpr bool empty() const { return bits_ == 0; }
    constexpr bool meets(IdSet other) const { return (bits_ & other.bits_) != 0; }
    constexpr bool within(IdSet other) const { return (bits_ & ~other.bits_) == 0; }
    constexpr std::uint64_t bits() const { return bits_; }
    constexpr IdSet& operator|=(IdSet other) { return bits_ |= other.bits_, *this; }
    friend constexpr IdSet operator|(IdSet a, IdSet b) { return from(a.bits_ | b.bits_); }
    friend constexpr IdSet operator&(IdSet a, IdSet b) { return from(a.bits_ & b.bits_); }
    friend constexpr IdSet operator-(IdSet a, IdSet b) { return from(a.bits_ & ~b.bits_); }
    friend constexpr auto operator<=>(const IdSet&, const IdSet&) = default;

    // Iteration in the order of the numbers.
    struct Iterator {
        using difference_type = std::ptrdiff_t;
        using value_type = I;
        std::uint64_t rest = 0;
        constexpr I operator*() const {
            return I{static_cast<std::uint32_t>(std::countr_zero(rest))};
        }
        constexpr Iterator& operator++() { return rest &= rest - 1, *this; }
        constexpr Iterator operator++(int) {
            const Iterator old = *this;
            return rest &= rest - 1, old;
        }
        friend constexpr bool operator==(const Iterator&, const Iterator&) = default;
    };
    constexpr Iterator begin() const { return {bits_}; }
    constexpr Iterator end() const { return {0}; }

private:
    static constexpr std::uint64_t bit(I id) {
        return id.value < 64 ? std::uint64_t{1} << id.value : 0;
    }
    std::uint64_t bits_ = 0;
};

using NodeSet = IdSet<NodeId>;
using BackendSet = IdSet<BackendId>;

}  // namespace blkdrain_ref
