// SPDX-License-Identifier: Apache-2.0
#include "harness/deviations.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/bytes.h"
#include "harness/generate_rapidcheck.h"
#include "harness/operations.h"
#include "harness/text.h"

namespace blkdrain_props {
namespace {

// A scenario with a schedule that nobody has ever run.
Scenario with_any_deviations() {
    Limits limits;
    limits.clients = clients_max;
    limits.loops = loops_max;
    limits.pace = Pace::free;
    limits.portfolio = true;
    Scenario scenario = *any_scenario(limits);
    const auto count = *rc::gen::inRange<std::size_t>(0, 20);
    for (std::size_t i = 0; i < count; ++i) {
        const auto byte = [] { return *rc::gen::arbitrary<std::uint8_t>(); };
        scenario.deviations.push_back({byte(), byte(), byte(), static_cast<Question>(byte()),
                                       static_cast<std::uint16_t>(byte() * 257), byte()});
    }
    return canonical(scenario);
}

RC_GTEST_PROP(Deviations, SurviveBytesAndText, ()) {
    const Scenario scenario = with_any_deviations();
    RC_ASSERT(canonical(scenario) == scenario);
    RC_ASSERT(decode(encode(scenario)) == scenario);
    const ParsedText parsed = parse_text(to_text(scenario));
    RC_ASSERT(!parsed.error);
    RC_ASSERT(parsed.scenario == scenario);
}

RC_GTEST_PROP(Deviations, NameWhoExistsAndNoPointTwice, ()) {
    const Scenario scenario = with_any_deviations();
    const auto exists = [&](std::uint8_t actor) {
        const auto who =
            static_cast<std::uint8_t>(actor > Actor::world ? actor - Actor::stores_first : actor);
        return who == Actor::world ||
               (who < Actor::client_first
                    ? who < scenario.header.loops
                    : who - Actor::client_first < static_cast<int>(scenario.programs.size()));
    };
    for (std::size_t i = 0; i < scenario.deviations.size(); ++i) {
        const Deviation& one = scenario.deviations[i];
        RC_ASSERT(exists(one.actor));
        RC_ASSERT(one.question != Question::run || exists(one.answer));
        for (std::size_t k = 0; k < i; ++k) {
            Deviation other = scenario.deviations[k];
            other.answer = one.answer;
            RC_ASSERT(!(other == one));
        }
    }
}

RC_GTEST_PROP(Deviations, FollowTheirOperations, ()) {
    const Scenario scenario = with_any_deviations();
    const std::size_t client = *rc::gen::inRange<std::size_t>(0, scenario.programs.size());
    RC_PRE(!scenario.programs[client].empty());
    const std::size_t gone = *rc::gen::inRange<std::size_t>(0, scenario.programs[client].size());
    Scenario edited = scenario;
    erase_operation(edited, client, gone);
    std::vector<Deviation> expected;
    for (Deviation deviation : scenario.deviations) {
        if (deviation.client == client && deviation.operation == gone) {
            continue;
        }
        if (deviation.client == client && deviation.operation > gone) {
            --deviation.operation;
        }
        expected.push_back(deviation);
    }
    RC_ASSERT(std::vector<Deviation>(edited.deviations.begin(), edited.deviations.end()) ==
              expected);
}

RC_GTEST_PROP(Deviations, StayWithTheirOperationsWhenOneIsInserted, ()) {
    const Scenario scenario = with_any_deviations();
    const std::size_t client = *rc::gen::inRange<std::size_t>(0, scenario.programs.size());
    RC_PRE(!scenario.programs[client].full());
    const std::size_t at = *rc::gen::inRange<std::size_t>(0, scenario.programs[client].size() + 1);
    Scenario edited = scenario;
    insert_operation(edited, client, at, Record{});
    for (const Deviation& deviation : edited.deviations) {
        RC_ASSERT(deviation.client != client || deviation.operation != at);
    }
    erase_operation(edited, client, at);
    RC_ASSERT(edited == scenario);
}

TEST(Deviations, of_a_client_that_is_gone_go_with_it) {
    const ParsedText parsed = parse_text(
        "scenario 3 pace free\n\nnode n0\nbackend b0 on n0\n\n"
        "when world at 1: run client1\n\n"
        "client 0\ndrain b0\nwhen client0 at 1: run client2\n\n"
        "client 1\ndrain b0\nwhen client1 at 1: run loop0\n\n"
        "client 2\ndrain b0\nwhen client2 at 7: run stores of client2\n\n"
        "finally\nwhen loop0 at 2: run client2\n");
    ASSERT_FALSE(parsed.error) << parsed.error->text();
    Scenario scenario = parsed.scenario;
    erase_client(scenario, 1);
    EXPECT_EQ(to_text(scenario),
              "scenario 3 pace free\n\nnode n0\nbackend b0 on n0\n\n"
              "client 0\ndrain b0\nwhen client0 at 1: run client1\n\n"
              "client 1\ndrain b0\nwhen client1 at 7: run stores of client1\n\n"
              "finally\nwhen loop0 at 2: run client1\n");
}

TEST(Deviations, mistakes_are_told) {
    const auto error_of = [](const std::string& text) {
        const ParsedText parsed = parse_text("scenario 3\n" + text);
        return parsed.error ? parsed.error->text() : "none";
    };
    EXPECT_EQ(error_of("when loop9 at 1: run loop0"),
              "2:6: expected a loop or client that exists, such as loop0, found 'loop9'");
    EXPECT_EQ(error_of("when loop0 at 1: run client3"), "2:22: there is no client 3");
    EXPECT_EQ(error_of("when loop0 at 1: sleep 1"),
              "2:18: expected run, wake, take, event, spurious or time, found 'sleep'");
    EXPECT_EQ(error_of("quiesce_all\nclient 1\nwhen loop0 at 1: event 1"),
              "4:1: a deviation stands behind the operation it belongs to");
    EXPECT_EQ(error_of("finally\nquiesce_all"),
              "3:1: expected 'when': after 'finally' come deviations alone, found 'quiesce_all'");
}

}  // namespace
}  // namespace blkdrain_props
