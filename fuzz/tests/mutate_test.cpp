// SPDX-License-Identifier: Apache-2.0
#include "mutate.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "harness/bytes.h"
#include "harness/generate.h"
#include "harness/operations.h"
#include "harness/text.h"
#include "last_run.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name every engine looks for
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed);
// NOLINTNEXTLINE(readability-identifier-naming): the name every engine looks for
extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data1, std::size_t size1,
                                                 const std::uint8_t* data2, std::size_t size2,
                                                 std::uint8_t* out, std::size_t out_size_max,
                                                 unsigned seed);

namespace blkdrain_fuzz {
namespace {

using namespace blkdrain_props;

const Move& schedule_move(std::string_view name) {
    return *std::ranges::find(schedule_moves(), name, &Move::name);
}

Scenario generated(std::uint64_t seed) {
    Limits limits;
    limits.clients = clients_max;
    limits.loops = loops_max;
    limits.pace = Pace::free;
    limits.portfolio = true;
    SeededSource source(seed);
    Scenario scenario = generate(source, limits);
    Random random(seed);
    for (int i = 0; i < 4; ++i) {
        schedule_move("add_deviation").apply(scenario, random);
    }
    return canonical(scenario);
}

std::size_t operations(const Scenario& scenario) {
    std::size_t count = 0;
    for (const Program& program : scenario.programs) {
        count += program.size();
    }
    return count;
}

std::vector<Move> all_moves() {
    std::vector<Move> moves;
    for (const auto& group : {program_moves(), graph_moves(), header_moves(), schedule_moves()}) {
        moves.insert(moves.end(), group.begin(), group.end());
    }
    return moves;
}

TEST(Move, has_a_name_of_its_own_and_a_weight) {
    std::set<std::string_view> names;
    for (const Move& move : all_moves()) {
        EXPECT_TRUE(names.insert(move.name).second) << move.name;
        EXPECT_GT(move.weight, 0U) << move.name;
    }
}

// On the scenarios of a generator every move finds something to do, and mostly changes what the
// scenario means; and when it says that it did nothing, it did nothing.
TEST(Move, changes_something_or_says_so) {
    constexpr std::uint64_t attempts = 400;
    for (const Move& move : all_moves()) {
        std::uint64_t changed = 0;
        for (std::uint64_t seed = 0; seed < attempts; ++seed) {
            const Scenario before = generated(seed);
            Scenario after = before;
            last_run() = {before.programs, {{0, 0, 0, Question::run, 1, Actor::client_first}}};
            Random random(~seed);  // not the picks that the generator has made
            const bool did = move.apply(after, random);
            if (!did) {
                EXPECT_EQ(after, before) << move.name << " with seed " << seed;
            }
            changed += canonical(after) == before ? 0 : 1;
        }
        EXPECT_GT(changed, attempts / 8) << move.name;
    }
}

TEST(Move, finds_nothing_to_do_in_an_empty_scenario_or_fills_it) {
    for (const Move& move : all_moves()) {
        for (std::uint64_t seed = 0; seed < 50; ++seed) {
            Scenario scenario = canonical(Scenario{});
            Random random(seed);
            move.apply(scenario, random);
            scenario = canonical(scenario);
            EXPECT_EQ(decode(encode(scenario)), scenario) << move.name;
        }
    }
}

TEST(Move, finds_nothing_to_do_in_a_full_scenario_or_makes_room) {
    Scenario full = generated(1);
    while (full.programs.push_back({})) {
    }
    for (Program& program : full.programs) {
        while (program.push_back(Record{})) {
        }
    }
    while (full.graph.nodes.push_back({})) {
    }
    while (full.graph.backends.push_back({})) {
    }
    for (std::uint16_t point = 0; full.deviations.push_back({0, 0, 0, Question::run, point, 0});
         ++point) {
    }
    full = canonical(full);
    for (const Move& move : all_moves()) {
        for (std::uint64_t seed = 0; seed < 50; ++seed) {
            Scenario scenario = full;
            Random random(seed);
            move.apply(scenario, random);
            scenario = canonical(scenario);
            EXPECT_EQ(decode(encode(scenario)), scenario) << move.name;
        }
    }
}

// By operation: what a deviation belongs to has the same neighbours as before.
TEST(Move, takes_deviations_along) {
    const std::vector<std::string_view> names{"insert_operation", "delete_operations",
                                              "duplicate_operations", "wrap_in_section"};
    for (const Move& move : program_moves()) {
        if (std::ranges::find(names, move.name) == names.end()) {
            continue;
        }
        for (std::uint64_t seed = 0; seed < 100; ++seed) {
            Scenario scenario = generated(seed);
            scenario.deviations.clear();
            const Program& program = scenario.programs[0];
            if (program.size() < 2) {
                continue;
            }
            // Found again by its deadline, which no move changes.
            constexpr std::uint8_t mark = 199;
            const auto marked = static_cast<std::uint8_t>(program.size() / 2);
            scenario.programs[0][marked].deadline = mark;
            scenario.deviations.push_back({0, marked, 0, Question::run, 3, 0});
            Random random(seed);
            move.apply(scenario, random);
            for (const Deviation& deviation : scenario.deviations) {
                EXPECT_EQ(program[deviation.operation].deadline, mark) << move.name << seed;
            }
        }
    }
}

TEST(Steer, takes_an_answer_of_the_last_run_in_place_of_another) {
    Scenario scenario = generated(1);
    scenario.deviations.clear();
    const Deviation reversal{Deviation::at_start, 0, 0, Question::run, 7, Actor::client_first};
    last_run() = {scenario.programs, {reversal}};
    Random random(1);
    for (const std::uint8_t before : {Actor::client_first, Actor::world}) {
        scenario.deviations.clear();
        scenario.deviations.push_back(reversal);
        scenario.deviations[0].answer = before;
        EXPECT_TRUE(schedule_move("steer").apply(scenario, random));
        ASSERT_EQ(scenario.deviations.size(), 1U);
        EXPECT_EQ(scenario.deviations[0], reversal);
    }
}

TEST(Steer, knows_nothing_of_other_programs) {
    Scenario scenario = generated(1);
    last_run() = {generated(2).programs, {{}}};
    Random random(1);
    EXPECT_FALSE(schedule_move("steer").apply(scenario, random));
}

TEST(CutTo, gives_up_deviations_when_no_operation_is_left) {
    Scenario scenario = canonical(Scenario{});
    const std::size_t bare = encode(scenario).size();
    scenario.deviations.push_back({Deviation::at_start, 0, 0, Question::run, 3, 0});
    EXPECT_TRUE(cut_to(scenario, bare));
    EXPECT_TRUE(scenario.deviations.empty());
    EXPECT_FALSE(cut_to(scenario, bare - 1));
}

TEST(Mutate, same_seed_same_scenario) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        Scenario first = generated(seed);
        Scenario second = first;
        Random one(seed);
        Random other(seed);
        mutate(first, one);
        mutate(second, other);
        ASSERT_EQ(first, second) << seed;
        ASSERT_EQ(canonical(first), first) << seed;
    }
}

// From nothing at all, by mutation alone, every operation comes up.
TEST(Mutate, reaches_every_operation_from_nothing) {
    std::set<Opcode> seen;
    Scenario scenario = canonical(Scenario{});
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
        Random random(seed);
        mutate(scenario, random);
        for (const Program& program : scenario.programs) {
            for (const Record& record : program) {
                seen.insert(record.opcode);
            }
        }
        ASSERT_TRUE(cut_to(scenario, 600));
    }
    for (const OperationRow& row : operation_table) {
        EXPECT_EQ(seen.contains(row.opcode), !row.is_expectation()) << row.name;
    }
}

TEST(Cross, takes_from_both) {
    bool graph_of_one_programs_of_other = false;
    bool more_than_either = false;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const Scenario a = generated(seed);
        const Scenario b = generated(seed + 1000);
        Random random(seed);
        const Scenario child = cross(a, b, random);
        EXPECT_EQ(canonical(child), child);
        EXPECT_EQ(child.graph.nodes.size(), a.graph.nodes.size());
        graph_of_one_programs_of_other =
            graph_of_one_programs_of_other ||
            (child.programs.size() == b.programs.size() && operations(child) == operations(b));
        more_than_either =
            more_than_either || operations(child) > std::max(operations(a), operations(b));
    }
    EXPECT_TRUE(graph_of_one_programs_of_other);
    EXPECT_TRUE(more_than_either);
}

TEST(CutTo, keeps_the_graph_and_says_when_even_that_is_too_much) {
    Scenario scenario = generated(7);
    scenario.deviations.clear();
    const GraphSpec graph = scenario.graph;
    const std::size_t without_operations = encode(scenario).size() - operations(scenario) * 8;
    EXPECT_TRUE(cut_to(scenario, without_operations + 8 * 3));
    EXPECT_EQ(operations(scenario), 3U);
    EXPECT_EQ(scenario.graph, graph);
    EXPECT_FALSE(cut_to(scenario, without_operations - 1));
}

// The hooks of the engine: whatever the bytes, within the room, and the same for the same seed.
TEST(CustomMutator, stays_within_the_room) {
    for (const std::size_t room : {0U, 1U, 20U, 30U, 100U, 400U}) {
        for (unsigned seed = 0; seed < 100; ++seed) {
            std::vector<std::uint8_t> first = encode(generated(seed));
            first.resize(room);
            std::vector<std::uint8_t> second = first;
            const std::size_t size = LLVMFuzzerCustomMutator(first.data(), room, room, seed);
            ASSERT_LE(size, room);
            ASSERT_EQ(LLVMFuzzerCustomMutator(second.data(), room, room, seed), size);
            ASSERT_EQ(first, second);
        }
    }
}

TEST(CustomCrossOver, stays_within_the_room) {
    for (unsigned seed = 0; seed < 100; ++seed) {
        const std::vector<std::uint8_t> a = encode(generated(seed));
        const std::vector<std::uint8_t> b = encode(generated(seed + 1));
        for (const std::size_t room : {0U, 30U, 300U, 2000U}) {
            std::vector<std::uint8_t> out(room);
            const std::size_t size = LLVMFuzzerCustomCrossOver(a.data(), a.size(), b.data(),
                                                               b.size(), out.data(), room, seed);
            ASSERT_LE(size, room);
            if (size != 0) {
                out.resize(size);
                EXPECT_EQ(encode(decode(out)), out);
            }
        }
    }
}

}  // namespace
}  // namespace blkdrain_fuzz
