// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <sstream>
#include <type_traits>
#include <unordered_set>

#include <gtest/gtest.h>

#include <blkdrain/detail/strong_id.h>

namespace {

struct AppleTag {
    static constexpr char prefix = 'a';
};
struct PearTag {
    static constexpr char prefix = 'p';
};
using AppleId = blkdrain::detail::StrongId<AppleTag>;
using PearId = blkdrain::detail::StrongId<PearTag>;

template <class A, class B>
concept Comparable = requires(A a, B b) { a == b; };

static_assert(Comparable<AppleId, AppleId>);
static_assert(!Comparable<AppleId, PearId>);
static_assert(!std::is_convertible_v<AppleId, PearId>);
static_assert(!std::is_convertible_v<AppleId, std::uint32_t>);
static_assert(std::is_trivially_copyable_v<AppleId>);

TEST(StrongId, orders_by_number) {
    EXPECT_LT(AppleId{1}, AppleId{2});
    EXPECT_EQ(AppleId{7}, AppleId{7});
    EXPECT_EQ(AppleId{}, AppleId{0});
}

TEST(StrongId, is_a_hash_key) {
    const std::unordered_set<AppleId> set{AppleId{1}, AppleId{2}, AppleId{1}};
    EXPECT_EQ(set.size(), 2U);
    EXPECT_TRUE(set.contains(AppleId{2}));
}

TEST(StrongId, prints_prefix_and_number) {
    std::ostringstream out;
    out << PearId{12} << ' ' << AppleId{0};
    EXPECT_EQ(out.str(), "p12 a0");
}

}  // namespace
