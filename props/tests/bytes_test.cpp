// SPDX-License-Identifier: Apache-2.0
#include "harness/bytes.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/generate_rapidcheck.h"
#include "harness/operations.h"

namespace blkdrain_props {
namespace {

RC_GTEST_PROP(Bytes, DecodeInvertsEncode, ()) {
    const Scenario scenario = *any_scenario();
    RC_ASSERT(decode(encode(scenario)) == scenario);
}

// Any bytes: short ones leave out most, hence a length of its own.
rc::Gen<std::vector<std::uint8_t>> any_bytes() {
    return rc::gen::mapcat(rc::gen::inRange<std::size_t>(0, 400), [](std::size_t length) {
        return rc::gen::container<std::vector<std::uint8_t>>(length,
                                                             rc::gen::arbitrary<std::uint8_t>());
    });
}

RC_GTEST_PROP(Bytes, AnyBytesAreACanonicalScenarioAndReencodeToAFixpoint, ()) {
    const std::vector<std::uint8_t> bytes = *any_bytes();
    const Scenario scenario = decode(bytes);
    RC_ASSERT(canonical(scenario) == scenario);
    const std::vector<std::uint8_t> once = encode(scenario);
    RC_ASSERT(decode(once) == scenario);
    RC_ASSERT(encode(decode(once)) == once);
}

RC_GTEST_PROP(Bytes, OneChangedByteIsStillAScenario, ()) {
    std::vector<std::uint8_t> bytes = encode(*any_scenario());
    const std::size_t at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[at] = *rc::gen::arbitrary<std::uint8_t>();
    const Scenario scenario = decode(bytes);
    RC_ASSERT(canonical(scenario) == scenario);
    RC_ASSERT(decode(encode(scenario)) == scenario);
}

RC_GTEST_PROP(Bytes, EveryPrefixIsAScenario, ()) {
    const std::vector<std::uint8_t> bytes = encode(*any_scenario());
    for (std::size_t length = 0; length <= bytes.size(); ++length) {
        const Scenario scenario = decode(std::span(bytes).first(length));
        RC_ASSERT(decode(encode(scenario)) == scenario);
    }
}

TEST(Bytes, NothingIsTheEmptyScenario) {
    const Scenario empty = decode({});
    EXPECT_TRUE(empty.graph.nodes.empty());
    EXPECT_EQ(empty.header.loops, loops_max);  // zero wraps round
    EXPECT_EQ(empty.programs.size(), clients_max);
}

TEST(Bytes, LargestScenarioFitsItsBound) {
    Scenario scenario;
    while (scenario.graph.nodes.push_back({})) {
    }
    while (scenario.graph.backends.push_back({})) {
    }
    while (scenario.programs.push_back({})) {
        while (scenario.programs.back().push_back({})) {
        }
    }
    for (std::uint16_t point = 0; !scenario.deviations.full(); ++point) {
        Deviation deviation;
        deviation.point = point;
        scenario.deviations.push_back(deviation);
    }
    scenario = canonical(scenario);
    const std::vector<std::uint8_t> bytes = encode(scenario);
    EXPECT_EQ(bytes.size(), encoded_size_max);
    EXPECT_EQ(decode(bytes), scenario);
}

// The layout is a format: files of it are kept. A change needs a new version.
TEST(Bytes, LayoutIsThatOfVersionThree) {
    Scenario scenario;
    scenario.header.strategy = Strategy::pct;
    scenario.header.depth = 3;
    scenario.header.horizon = 0x0204;
    scenario.header.rule = 18;
    scenario.header.seed = 0x0102030405060708;
    NodeSpec node;
    node.settle = SettleKind::works;
    scenario.graph.nodes.push_back(node);
    BackendSpec backend;
    backend.root = 0;
    backend.listens = true;
    scenario.graph.backends.push_back(backend);
    Record record;
    record.opcode = Opcode::isolate;
    record.a = Ordinal::absolute(0).byte;
    record.variant = true;
    record.where = Where::notification;
    record.where_backend = 1;
    record.deadline = 5;
    scenario.programs.push_back({});
    scenario.programs[0].push_back(record);
    scenario.header.memory = Memory::tso;
    scenario.header.faults = Faults::time;
    scenario.deviations.push_back({0, 0, Actor::client_first, Question::run, 0x0103, 0});

    const std::vector<std::uint8_t> expected{
        3, 1,    2, 0, 18, 1,    1, 1,              // version, loops, strategy, pace, rule, counts
        8, 7,    6, 5, 4,  3,    2, 1,              // seed
        0, 0,    0, 0, 0,  0,    0, 0,              // swarm
        3, 1,    4, 2, 1,  0,    2, 0,              // depth, memory, horizon, deviations, faults
        0, 0,    1, 0, 0,  0,    0, 0, 0, 0, 0, 0,  // node
        0, 2,    0, 0,                              // backend
        1, 0,    0, 0,                              // lengths
        6, 0x80, 0, 0, 0,  0x28, 1, 5,              // isolate
        0, 0,    3, 0, 3,  1,    0, 0,              // deviation
    };
    EXPECT_EQ(encode(scenario), expected);
}

TEST(Bytes, ActorsKeepTheNumbersOfThreeLoops) {
    Scenario scenario;
    scenario.header.loops = loops_max;
    const std::uint8_t last_loop = loops_max - 1;
    scenario.deviations.push_back(
        {Deviation::at_start, 0, last_loop, Question::run, 1, Actor::stores_first + last_loop});
    scenario = canonical(scenario);
    const std::vector<std::uint8_t> bytes = encode(scenario);
    const std::vector<std::uint8_t> deviation(bytes.end() - 8, bytes.end());
    EXPECT_EQ(deviation, (std::vector<std::uint8_t>{4, 0, 15, 0, 1, 0, 16, 0}));
    EXPECT_EQ(decode(bytes), scenario);
}

TEST(Bytes, VersionOneIsStillRead) {
    SeededSource source(1);
    Scenario scenario = generate(source, Limits{});
    scenario.header.strategy = Strategy::random;
    std::vector<std::uint8_t> bytes = encode(scenario);
    bytes[0] = 1;
    bytes.erase(bytes.begin() + 24, bytes.begin() + 32);
    EXPECT_EQ(decode(bytes), scenario);
}

}  // namespace
}  // namespace blkdrain_props
