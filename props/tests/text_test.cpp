// SPDX-License-Identifier: Apache-2.0
#include "harness/text.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/bytes.h"
#include "harness/generate_rapidcheck.h"
#include "harness/operations.h"

namespace blkdrain_props {
namespace {

std::string error_of(std::string_view text) {
    const ParsedText parsed = parse_text(text);
    return parsed.error ? parsed.error->text() : "no error";
}

// The error of one operation in a scenario with two loops.
std::string operation_error(std::string_view line) {
    return error_of("scenario 1 loops 2\n" + std::string(line));
}

Record only_operation(std::string_view line) {
    const ParsedText parsed = parse_text("scenario 1 loops 3\n" + std::string(line));
    EXPECT_FALSE(parsed.error) << parsed.error->text();
    EXPECT_EQ(parsed.scenario.programs[0].size(), 1U);
    return parsed.scenario.programs[0].empty() ? Record{} : parsed.scenario.programs[0][0];
}

RC_GTEST_PROP(Text, ParseInvertsPrint, ()) {
    const Scenario scenario = *any_scenario();
    const ParsedText parsed = parse_text(to_text(scenario));
    RC_ASSERT(!parsed.error);
    RC_ASSERT(parsed.scenario == scenario);
}

RC_GTEST_PROP(Text, ParseInvertsPrintOfWhateverBytesDecodeTo, ()) {
    std::vector<std::uint8_t> bytes = encode(*any_scenario());
    for (std::uint8_t& byte : bytes) {
        if (*rc::gen::inRange(0, 3) == 0) {
            byte = *rc::gen::arbitrary<std::uint8_t>();
        }
    }
    const Scenario scenario = decode(bytes);
    const ParsedText parsed = parse_text(to_text(scenario));
    RC_ASSERT(!parsed.error);
    RC_ASSERT(parsed.scenario == scenario);
}

RC_GTEST_PROP(Text, AnyTextGetsAScenarioOrOneError, ()) {
    const std::string text = *rc::gen::arbitrary<std::string>();
    const ParsedText parsed = parse_text(text);
    RC_ASSERT(canonical(parsed.scenario) == parsed.scenario);
    RC_ASSERT(!parsed.error || !parsed.error->message.empty());
}

RC_GTEST_PROP(Text, ADamagedFileGetsAScenarioOrAnErrorWithinIt, ()) {
    std::string text = to_text(*any_scenario());
    const std::size_t at = *rc::gen::inRange<std::size_t>(0, text.size());
    switch (*rc::gen::inRange(0, 3)) {
        case 0:
            text[at] = *rc::gen::arbitrary<char>();
            break;
        case 1:
            text.erase(at, *rc::gen::inRange<std::size_t>(1, 20));
            break;
        default:
            text.insert(at,
                        *rc::gen::element<std::string>(" ", "\n", ":", "n@9", "deadline ", "b0 "));
            break;
    }
    const ParsedText parsed = parse_text(text);
    if (parsed.error) {
        const auto lines = static_cast<unsigned>(std::count(text.begin(), text.end(), '\n'));
        RC_ASSERT(parsed.error->line >= 1 && parsed.error->line <= lines + 2);
        RC_ASSERT(parsed.error->column >= 1);
    } else {
        RC_ASSERT(parse_text(to_text(parsed.scenario)).scenario == parsed.scenario);
    }
}

TEST(Text, PrintsWhatAPersonWouldWrite) {
    const std::string text =
        "scenario 3 loops 2 strategy pct depth 3 horizon 300 seed 0x2a memory tso faults all "
        "pace free swarm 0xff\n"
        "rule R18\n"
        "\n"
        "node n0 loop 1 settles pinned\n"
        "node n1 over n0, n0 as backing\n"
        "node n2 over n0 as data\n"
        "backend b0 on n1 listening\n"
        "backend b1 empty loop 1 pinned\n"
        "\n"
        "client 0\n"
        "send b0 write loop 0\n"
        "when loop1 at 12: run stores of client1\n"
        "when loop1 at 13: event 2\n"
        "when client0 at 3: run loop1\n"
        "send b0 read under t0 loop 1\n"
        "at once: isolate b1 also b0 only_now deadline 5\n"
        "in completion of b0: drain b0 holding request\n"
        "attach n1 n0 as journal naming token\n"
        "detach n@1 child 7\n"
        "quiesce_all\n"
        "quiesce_all except b@1 holding section deadline 255\n"
        "new_node loop 1 fails pinned\n"
        "new_backend loop 0 on n3 listening\n"
        "open_token b0 holding token\n"
        "open_token b0 b1\n"
        "\n"
        "client 1\n"
        "complete r@2 error\n"
        "end s0\n"
        "expect r3 cancelled\n"
        "expect w0 awaits settling n0\n"
        "expect w0 would_deadlock\n"
        "expect b1 on n0\n"
        "expect b1 told_end\n"
        "expect n1 child 0 is n0\n"
        "expect n1 stopped\n"
        "expect last bad_token\n"
        "expect t0 open\n"
        "expect s0 queued\n"
        "\n"
        "finally\n"
        "when world at 1: run loop0\n";
    const ParsedText parsed = parse_text(text);
    ASSERT_FALSE(parsed.error) << parsed.error->text();
    EXPECT_EQ(to_text(parsed.scenario), text);
    EXPECT_EQ(parsed.scenario.programs.size(), 2U);
    EXPECT_EQ(decode(encode(parsed.scenario)), parsed.scenario);
}

TEST(Text, EveryOperationSurvivesInEveryDress) {
    for (const OperationRow& row : operation_table) {
        for (unsigned bits = 0; bits < 64; ++bits) {
            Record record;
            record.opcode = row.opcode;
            record.a = record.b = record.c = record.d = 1;
            record.extra = (bits & 1U) != 0;
            record.variant = (bits & 2U) != 0;
            record.where = (bits & 4U) != 0 ? Where::completion : Where::client;
            record.holds = (bits & 8U) != 0 ? Holds::token : Holds::nothing;
            record.deadline = (bits & 8U) != 0 ? 3 : 0;
            record.at_once = (bits & 16U) != 0;
            record.blocking = (bits & 32U) != 0;
            record = canonical(record);
            EXPECT_EQ(only_operation(to_text(record)), record) << to_text(record);
        }
    }
}

TEST(Text, CommentsBlankLinesAndCarriageReturnsMeanNothing) {
    const ParsedText parsed = parse_text(
        "# a file\r\n\r\nscenario 1# first\r\n  \t\nnode n0 # a leaf\nbackend b0 on n0\n\n"
        "   drain b0#now\r\n#end");
    ASSERT_FALSE(parsed.error) << parsed.error->text();
    ASSERT_EQ(parsed.scenario.programs[0].size(), 1U);
    EXPECT_EQ(to_text(parsed.scenario.programs[0][0]), "drain b0");
}

TEST(Text, NamesAreAbsoluteUnlessMarked) {
    EXPECT_EQ(only_operation("drain b3").a, Ordinal::absolute(3).byte);
    EXPECT_EQ(only_operation("drain b@3").a, Ordinal::relative(3).byte);
}

TEST(TextErrors, SayWhereAndWhatWasExpected) {
    EXPECT_EQ(error_of(""), "1:1: expected the first line: scenario 3, found the end of the line");
    EXPECT_EQ(error_of("node n0\n"), "1:1: expected the first line: scenario 3, found 'node'");
    EXPECT_EQ(error_of("scenario 7"),
              "1:10: expected the version of the format from 1 to 3, found '7'");
    EXPECT_EQ(
        error_of("scenario 1 colour red"),
        "1:12: expected loops, strategy, depth, horizon, seed, memory, faults, pace or swarm, "
        "found 'colour'");
    EXPECT_EQ(error_of("scenario 1\nrule R99"), "2:6: expected a rule from R1 to R31, found 'R99'");
    EXPECT_EQ(error_of("scenario 1\nnode n1"), "2:6: expected n0, the next in order, found 'n1'");
    EXPECT_EQ(error_of("scenario 1\nnode n0 over n0"),
              "2:14: expected a node of a line above, found 'n0'");
    EXPECT_EQ(error_of("scenario 1\nnode n0 loop 1"),
              "2:14: expected the number of a loop from 0 to 0, found '1'");
    EXPECT_EQ(error_of("scenario 1\nnode n0\nnode n1 over n0 as lamp"),
              "3:20: expected file, backing, data or journal, found 'lamp'");
    EXPECT_EQ(error_of("scenario 1 loops 2\nnode n0 loop 1\nnode n1 over n0 loop 0"),
              "3:22: what is connected shares a loop: here it is loop 1");
    EXPECT_EQ(error_of("scenario 1 loops 2\nnode n0 loop 1\nnode n1\nnode n2 over n0, n1"),
              "4:18: what is connected shares a loop: the first child's is loop 1");
    EXPECT_EQ(error_of("scenario 1\nbackend b0"),
              "2:11: expected 'on' and a node, or 'empty', found the end of the line");
    EXPECT_EQ(error_of("scenario 1\nquiesce_all\nnode n0"),
              "3:1: a node of the graph stands before the operations; use new_node for one that is "
              "born later");
    EXPECT_EQ(error_of("scenario 1\nclient 2"),
              "2:8: expected client 1, the next in order, found '2'");

    EXPECT_EQ(operation_error("dran b0"), "2:1: expected an operation, found 'dran'");
    EXPECT_EQ(operation_error("drain n0"), "2:7: expected a backend such as b0, found 'n0'");
    EXPECT_EQ(operation_error("drain b200"),
              "2:7: expected a backend such as b0, numbered up to 127, found 'b200'");
    EXPECT_EQ(operation_error("drain b0 b1"), "2:10: expected the end of the line, found 'b1'");
    EXPECT_EQ(operation_error("send b0 write"), "2:14: expected 'loop', found the end of the line");
    EXPECT_EQ(operation_error("send b0 up loop 0"),
              "2:9: expected read, write, discard, flush, long_read or long_write, found 'up'");
    EXPECT_EQ(operation_error("send b0 read loop 2"),
              "2:19: expected the number of a loop from 0 to 1, found '2'");
    EXPECT_EQ(operation_error("end s0 deadline 3"), "2:8: end does not wait: it takes no deadline");
    EXPECT_EQ(operation_error("end s0 holding token"),
              "2:8: end does not wait: it takes no 'holding'");
    EXPECT_EQ(operation_error("drain b0 holding request"),
              "2:10: only an operation in a completion is holding a request");
    EXPECT_EQ(operation_error("drain b0 deadline 0"),
              "2:19: expected a number of ticks from 1 to 255, found '0'");
    EXPECT_EQ(operation_error("in completion of b0: advance 3"),
              "2:22: advance cannot run in a callback");
    EXPECT_EQ(operation_error("blocking: end s0"), "2:11: end does not wait: it cannot block");
    EXPECT_EQ(operation_error("in the bath: drain b0"),
              "2:4: expected completion or notification, found 'the'");
    EXPECT_EQ(operation_error("at once drain b0"), "2:9: expected ':', found 'drain'");
    EXPECT_EQ(
        operation_error("expect x0 open"),
        "2:8: expected 'last' or the name of an object such as r0, w0, b0, n0, t0, s0, found 'x0'");
    EXPECT_EQ(operation_error("expect b@0 open"),
              "2:8: expected a backend such as b0, without @, found 'b@0'");
}

TEST(TextErrors, QuoteNothingUnprintableOrLong) {
    EXPECT_EQ(operation_error("\x01\xff"), "2:1: expected an operation, found '?\?'");
    EXPECT_EQ(operation_error(std::string(100, 'x')),
              "2:1: expected an operation, found '" + std::string(32, 'x') + "...'");
}

TEST(TextErrors, TooManyOfAnythingIsAnErrorOfItsLine) {
    std::string text = "scenario 1\n";
    for (std::size_t i = 0; i <= operations_max; ++i) {
        text += "quiesce_all\n";
    }
    EXPECT_EQ(error_of(text), "66:1: a client has at most 64 operations");

    text = "scenario 1\n";
    for (std::size_t i = 0; i <= nodes_max; ++i) {
        text += "node n" + std::to_string(i) + "\n";
    }
    EXPECT_EQ(error_of(text), "14:6: a graph starts with at most 12 nodes");
}

TEST(Text, deviations_say_what_they_do) {
    Deviation deviation;
    deviation.actor = Actor::client_first + 1;
    deviation.point = 12;
    deviation.answer = 0;
    EXPECT_EQ(effect_of(deviation), "loop0 runs instead of client1 (when client1 at 12)");
    deviation.answer = deviation.actor;
    EXPECT_EQ(effect_of(deviation), "client1 runs on (when client1 at 12)");
    deviation.answer = Actor::stores_first + 2;
    EXPECT_EQ(effect_of(deviation), "stores of loop2 reach memory first (when client1 at 12)");
    deviation.question = Question::taken;
    deviation.answer = 1;
    EXPECT_EQ(effect_of(deviation), "client1 is handed 1 of its events (when client1 at 12)");
}

}  // namespace
}  // namespace blkdrain_props
