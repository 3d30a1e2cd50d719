// SPDX-License-Identifier: Apache-2.0
#include "harness/objects.h"

#include <gtest/gtest.h>

namespace blkdrain_props {
namespace {

TEST(ObjectsTest, relative_ordinals_count_the_live_ones) {
    Objects objects;
    objects.backends.resize(4);
    objects.backends[1].live = false;
    const auto named = [&](std::uint8_t number) {
        return objects.resolve(OperandKind::backend, Opcode::drain, Ordinal::relative(number).byte,
                               false);
    };
    EXPECT_EQ(named(0), 0U);
    EXPECT_EQ(named(1), 2U);
    EXPECT_EQ(named(2), 3U);
    EXPECT_EQ(named(3), 0U);
}

TEST(ObjectsTest, absolute_ordinals_name_one_or_nothing) {
    Objects objects;
    objects.nodes.resize(2);
    objects.nodes[0].live = false;
    const std::uint8_t gone = Ordinal::absolute(0).byte;
    EXPECT_EQ(objects.resolve(OperandKind::node, Opcode::drained, gone, false), no_slot);
    EXPECT_EQ(objects.resolve(OperandKind::node, Opcode::expect_node, gone, true), 0U);
    EXPECT_EQ(objects.resolve(OperandKind::node, Opcode::drained, Ordinal::absolute(1).byte, false),
              1U);
    EXPECT_EQ(objects.resolve(OperandKind::node, Opcode::drained, Ordinal::absolute(2).byte, false),
              no_slot);
}

TEST(ObjectsTest, only_what_a_leaf_holds_can_be_completed) {
    Objects objects;
    objects.requests.resize(2);
    objects.requests[1].held = true;
    EXPECT_EQ(objects.resolve(OperandKind::request, Opcode::complete, 0, false), 1U);
    objects.requests[1].held = false;
    EXPECT_EQ(objects.resolve(OperandKind::request, Opcode::complete, 0, false), no_slot);
}

TEST(ObjectsTest, holding_means_the_newest_of_the_client) {
    Objects objects;
    objects.sections.resize(3);
    objects.sections[0].begun = true;
    objects.sections[1].begun = true;
    objects.sections[2].begun = true;
    objects.sections[2].client = 1;
    EXPECT_EQ(objects.newest_section(0), 1U);
    objects.sections[1].over = true;
    EXPECT_EQ(objects.newest_section(0), 0U);
    EXPECT_EQ(objects.newest_token(0), no_slot);
}

}  // namespace
}  // namespace blkdrain_props
