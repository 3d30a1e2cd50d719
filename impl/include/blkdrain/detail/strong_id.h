// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// A number that names one kind of thing: ids of different tags neither compare nor convert. A
// value; comparable, hashable, and printed as the tag's one-letter `prefix` and the number ("n3"):
//
//     struct NodeTag { static constexpr char prefix = 'n'; };
//     using NodeId = StrongId<NodeTag>;
template <class Tag>
struct StrongId {
    std::uint32_t value = 0;

    friend constexpr auto operator<=>(const StrongId&, const StrongId&) = default;
};

// `Stream` is any std::basic_ostream; a template so that this header needs no stream header.
template <class Stream, class Tag>
    requires requires(Stream& out) { out << Tag::prefix; }
Stream& operator<<(Stream& out, StrongId<Tag> id) {
    out << Tag::prefix << id.value;
    return out;
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END

template <class Tag>
struct std::hash<blkdrain::detail::StrongId<Tag>> {
    std::size_t operator()(blkdrain::detail::StrongId<Tag> id) const noexcept {
        return std::hash<std::uint32_t>{}(id.value);
    }
};
