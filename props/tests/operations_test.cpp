// SPDX-License-Identifier: Apache-2.0
#include "harness/operations.h"

#include <array>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "harness/pattern.h"

namespace blkdrain_props {
namespace {

TEST(OperationTable, NamesAreDistinct) {
    std::set<std::string_view> names;
    for (const OperationRow& row : operation_table) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
    }
}

TEST(OperationTable, PatternsNameTheirOperandsInOrderAndNoOthers) {
    for (const OperationRow& row : operation_table) {
        std::set<std::size_t> named;
        PatternWalk walk(row.text);
        for (PatternItem item = walk.next(); item.kind != PatternItem::Kind::end;
             item = walk.next()) {
            if (item.kind == PatternItem::Kind::operand) {
                EXPECT_TRUE(named.insert(item.operand).second) << row.name;
            }
        }
        for (std::size_t i = 0; i < row.operands.size(); ++i) {
            EXPECT_EQ(row.operands[i] != OperandKind::none, named.count(i) == 1) << row.name;
        }
    }
}

TEST(OperationTable, FirstWordIsTheNameSaveForExpectations) {
    for (const OperationRow& row : operation_table) {
        const PatternItem first = PatternWalk(row.text).next();
        ASSERT_EQ(first.kind, PatternItem::Kind::word) << row.name;
        EXPECT_EQ(first.word, row.is_expectation() ? "expect" : row.name);
    }
}

TEST(OperationTable, ExpectationsAreNeverGeneratedAndAllElseIs) {
    for (const OperationRow& row : operation_table) {
        EXPECT_EQ(row.weight == 0, row.is_expectation()) << row.name;
    }
}

TEST(OperationTable, WhatBeginsSectionsOrChangesTheGraphWaits) {
    for (const OperationRow& row : operation_table) {
        if (row.begins_section || row.changes_graph) {
            EXPECT_TRUE(row.waits) << row.name;
        }
    }
}

TEST(Canonical, ZeroesWhatAnOpcodeDoesNotUse) {
    Record record;
    record.opcode = Opcode::complete;
    record.a = 3;
    record.b = record.c = record.d = 9;
    record.extra = true;
    record.variant = true;
    record.holds = Holds::section;  // complete does not wait
    record.deadline = 4;
    record.where_backend = 5;  // runs at the client

    Record expected;
    expected.opcode = Opcode::complete;
    expected.a = 3;
    expected.variant = true;
    EXPECT_EQ(canonical(record), expected);
}

TEST(Canonical, KeepsAnOptionalOperandOnlyIfItIsThere) {
    Record record;
    record.opcode = Opcode::isolate;
    record.b = 2;
    EXPECT_EQ(canonical(record).b, 0);
    record.extra = true;
    EXPECT_EQ(canonical(record).b, 2);
}

TEST(Canonical, HoldsARequestOnlyInACompletion) {
    Record record;
    record.opcode = Opcode::drain;
    record.holds = Holds::request;
    EXPECT_EQ(canonical(record).holds, Holds::nothing);
    record.where = Where::completion;
    EXPECT_EQ(canonical(record).holds, Holds::request);
}

TEST(Canonical, ExpectationsNameObjectsAbsolutely) {
    Record record;
    record.opcode = Opcode::expect_child;
    record.a = 1;
    record.c = 2;
    EXPECT_TRUE(Ordinal{canonical(record).a}.is_absolute());
    EXPECT_TRUE(Ordinal{canonical(record).c}.is_absolute());
}

TEST(Canonical, IsIdempotentWhateverTheBits) {
    for (unsigned opcode = 0; opcode < 256; ++opcode) {
        for (unsigned bits = 0; bits < 256; ++bits) {
            Record record;
            record.opcode = static_cast<Opcode>(opcode);
            record.a = record.b = record.c = record.d = static_cast<std::uint8_t>(bits * 7);
            record.holds = static_cast<Holds>(bits % 5);
            record.where = static_cast<Where>(bits % 6);
            record.variant = (bits & 1U) != 0;
            record.extra = (bits & 2U) != 0;
            record.where_backend = record.deadline = static_cast<std::uint8_t>(bits);
            const Record once = canonical(record);
            EXPECT_EQ(canonical(once), once);
        }
    }
}

TEST(Canonical, ScenarioHasAClientAndNodesBelowTheirParents) {
    Scenario scenario;
    scenario.header.loops = 9;
    NodeSpec node;
    node.children.push_back({Role::file, 7});
    scenario.graph.nodes.push_back(node);
    scenario.graph.nodes.push_back(node);
    BackendSpec backend;
    backend.root = 4;
    scenario.graph.backends.push_back(backend);

    const Scenario clean = canonical(scenario);
    EXPECT_EQ(clean.programs.size(), 1U);
    EXPECT_EQ(clean.header.loops, loops_max);
    EXPECT_TRUE(clean.graph.nodes[0].children.empty());
    EXPECT_EQ(clean.graph.nodes[1].children[0].node, 0);
    EXPECT_EQ(clean.graph.backends[0].root, 0);
    EXPECT_EQ(canonical(clean), clean);
}

TEST(Canonical, ConnectedNodesAndBackendsShareALoop) {
    Scenario scenario;
    scenario.header.loops = 3;
    constexpr std::array<std::uint8_t, 4> loops{2, 1, 0, 1};
    for (const std::uint8_t loop : loops) {
        NodeSpec node;
        node.loop = loop;
        scenario.graph.nodes.push_back(node);
    }
    // n3 over n1 and n0; n2 stays alone.
    scenario.graph.nodes[3].children.push_back({Role::file, 1});
    scenario.graph.nodes[3].children.push_back({Role::backing, 0});
    BackendSpec backend;
    backend.root = 1;
    scenario.graph.backends.push_back(backend);

    const Scenario clean = canonical(scenario);
    EXPECT_EQ(clean.graph.nodes[0].loop, 2);
    EXPECT_EQ(clean.graph.nodes[1].loop, 2);
    EXPECT_EQ(clean.graph.nodes[2].loop, 0);
    EXPECT_EQ(clean.graph.nodes[3].loop, 2);
    EXPECT_EQ(clean.graph.backends[0].loop, 2);
    EXPECT_EQ(canonical(clean), clean);
}

}  // namespace
}  // namespace blkdrain_props
