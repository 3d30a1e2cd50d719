// SPDX-License-Identifier: Apache-2.0
//
// Names of objects and sets of them. An id is given by the event that creates the object; the
// reference only checks that it is fresh.
#pragma once

#include <algorithm>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <utility>

namespace blkdrain_ref {

// A number that names an object of one sort; the default names nothing.
template <char Letter>
struct Id {
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    // Nodes and backends come in sets of at most 64.
    static constexpr std::uint32_t limit = Letter == 'n' || Letter == 'b' ? 64 : none;
    std::uint32_t value = none;

    explicit constexpr operator bool() const { return value != none; }
    friend constexpr auto operator<=>(const Id&, const Id&) = default;
    friend std::string to_string(Id id) { return id ? Letter + std::to_string(id.value) : "none"; }
};

using NodeId = Id<'n'>;
using BackendId = Id<'b'>;
using RequestId = Id<'r'>;
using TokenId = Id<'t'>;
using SectionId = Id<'s'>;
using LoopId = Id<'l'>;

// A set of nodes or backends: one bit each.
template <class I>
class IdSet {
public:
    constexpr IdSet() = default;
    constexpr IdSet(std::initializer_list<I> ids) {
        for (const I id : ids)
            insert(id);
    }
    static constexpr IdSet of(std::uint64_t bits) {
        IdSet set;
        set.bits_ = bits;
        return set;
    }
    static constexpr IdSet all() { return of(~std::uint64_t{0}); }
    constexpr void insert(I id) { bits_ |= bit(id); }
    constexpr void erase(I id) { bits_ &= ~bit(id); }
    constexpr bool contains(I id) const { return (bits_ & bit(id)) != 0; }
    constexpr bool empty() const { return bits_ == 0; }
    constexpr bool meets(IdSet other) const { return (bits_ & other.bits_) != 0; }
    constexpr std::uint64_t bits() const { return bits_; }
    constexpr IdSet& operator|=(IdSet other) { return bits_ |= other.bits_, *this; }
    friend constexpr IdSet operator|(IdSet a, IdSet b) { return a |= b; }
    friend constexpr IdSet operator-(IdSet a, IdSet b) { return a.bits_ &= ~b.bits_, a; }
    friend constexpr IdSet operator&(IdSet a, IdSet b) { return a.bits_ &= b.bits_, a; }
    friend constexpr bool operator==(const IdSet&, const IdSet&) = default;

    struct Iterator {  // in the order of the numbers
        using iterator_category = std::forward_iterator_tag;
        using difference_type = std::ptrdiff_t;
        using value_type = I;
        using pointer = const I*;
        using reference = I;
        std::uint64_t rest = 0;
        constexpr I operator*() const {
            return {static_cast<std::uint32_t>(std::countr_zero(rest))};
        }
        constexpr Iterator& operator++() { return rest &= rest - 1, *this; }
        constexpr Iterator operator++(int) { return {std::exchange(rest, rest & (rest - 1))}; }
        friend constexpr bool operator==(const Iterator&, const Iterator&) = default;
    };
    constexpr Iterator begin() const { return {bits_}; }
    constexpr Iterator end() const { return {}; }

private:
    static constexpr std::uint64_t bit(I id) {
        return id.value < I::limit ? std::uint64_t{1} << id.value : 0;
    }
    std::uint64_t bits_ = 0;
};

using NodeSet = IdSet<NodeId>;
using BackendSet = IdSet<BackendId>;

bool contains(const auto& ids, auto id) {
    return std::ranges::find(ids, id) != ids.end();
}

}  // namespace blkdrain_ref
