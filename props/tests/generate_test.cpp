// SPDX-License-Identifier: Apache-2.0
#include "harness/generate.h"

#include <array>
#include <cstdint>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/generate_rapidcheck.h"
#include "harness/operations.h"

namespace blkdrain_props {
namespace {

constexpr std::uint64_t sample = 4000;

template <class Visit>
void for_each_sample(const Limits& limits, Visit visit) {
    for (std::uint64_t seed = 0; seed < sample; ++seed) {
        SeededSource source(seed);
        visit(generate(source, limits));
    }
}

TEST(Generate, MakesOnlyCanonicalScenarios) {
    Limits limits;
    limits.loops = 3;
    limits.clients = 4;
    for_each_sample(limits, [](const Scenario& s) { ASSERT_EQ(canonical(s), s) << to_text(s); });
}

TEST(Generate, DrawsEveryStrategyOfThePortfolio) {
    Limits limits;
    limits.portfolio = true;
    std::set<Strategy> drawn;
    for_each_sample(limits, [&](const Scenario& s) {
        ASSERT_EQ(canonical(s), s) << to_text(s);
        ASSERT_NE(s.header.seed, 0U);
        drawn.insert(s.header.strategy);
    });
    EXPECT_EQ(drawn.size(), strategy_count - 1);  // all but the default order
}

TEST(Generate, KeepsToItsLimits) {
    const Limits limits{.nodes = 3, .backends = 2, .clients = 2, .operations = 9, .loops = 1};
    for_each_sample(limits, [&](const Scenario& s) {
        ASSERT_LE(s.graph.nodes.size(), limits.nodes);
        ASSERT_LE(s.graph.backends.size(), limits.backends);
        ASSERT_LE(s.programs.size(), limits.clients);
        ASSERT_EQ(s.header.loops, 1);
        std::size_t operations = 0;
        for (const Program& program : s.programs) {
            operations += program.size();
        }
        ASSERT_GE(operations, 1U);
        ASSERT_LE(operations, limits.operations);
    });
}

TEST(Generate, LimitsBeyondTheFormatAreCut) {
    const Limits limits{
        .nodes = 99, .backends = 99, .clients = 99, .operations = 9999, .loops = 99};
    for_each_sample(limits, [](const Scenario& s) { ASSERT_EQ(canonical(s), s); });
}

TEST(Generate, SameSeedSameScenario) {
    SeededSource first(7);
    SeededSource second(7);
    EXPECT_EQ(generate(first, Limits{}), generate(second, Limits{}));
}

TEST(Generate, WritesOnlyWhatItsSwarmAllows) {
    for_each_sample(Limits{}, [](const Scenario& s) {
        for (const Program& program : s.programs) {
            for (const Record& record : program) {
                ASSERT_NE(s.header.swarm >> static_cast<unsigned>(record.opcode) & 1U, 0U)
                    << to_text(record);
            }
        }
    });
}

TEST(Generate, WritesEveryOperationThatIsNotAnExpectation) {
    std::array<std::uint64_t, opcode_count> count{};
    std::uint64_t all = 0;
    for_each_sample(Limits{}, [&](const Scenario& s) {
        for (const Program& program : s.programs) {
            for (const Record& record : program) {
                ++count[static_cast<std::size_t>(record.opcode)];
                ++all;
            }
        }
    });
    for (const OperationRow& row : operation_table) {
        const std::uint64_t times = count[static_cast<std::size_t>(row.opcode)];
        if (row.is_expectation()) {
            EXPECT_EQ(times, 0U) << row.name;
        } else {
            EXPECT_GE(times * 400, all) << row.name << " is less than a quarter of a percent";
        }
    }
}

// What a suite over these scenarios must have met to be worth anything.
TEST(Generate, DrawsTheShapesThatBugsNeed) {
    std::uint64_t many_parents = 0;
    std::uint64_t diamond = 0;
    std::uint64_t same_child_twice = 0;
    std::uint64_t backend_in_the_middle = 0;
    std::uint64_t no_medium = 0;
    std::uint64_t shared_node = 0;
    std::uint64_t begin_at_once_after_end = 0;
    std::uint64_t in_completion = 0;
    std::uint64_t in_notification = 0;
    std::uint64_t holding = 0;
    std::uint64_t deadline = 0;
    std::uint64_t several_loops = 0;
    std::uint64_t several_clients = 0;

    for_each_sample(Limits{}, [&](const Scenario& s) {
        std::array<std::set<std::size_t>, nodes_max> parents;
        std::array<std::set<std::size_t>, nodes_max> below;
        std::array<int, nodes_max> backends{};
        bool twice = false;
        bool joined = false;
        for (std::size_t i = 0; i < s.graph.nodes.size(); ++i) {
            std::set<std::size_t> children;
            for (const ChildSpec& child : s.graph.nodes[i].children) {
                twice = twice || !children.insert(child.node).second;
                parents[child.node].insert(i);
            }
            for (const std::size_t child : children) {
                for (const std::size_t node : below[child]) {
                    joined = joined || !below[i].insert(node).second;
                }
                joined = joined || !below[i].insert(child).second;
            }
        }
        bool many = false;
        bool middle = false;
        bool empty = false;
        bool shared = false;
        for (const auto& set : parents) {
            many = many || set.size() > 1;
        }
        for (const BackendSpec& backend : s.graph.backends) {
            empty = empty || backend.root == no_node;
            if (backend.root != no_node) {
                middle = middle || !parents[backend.root].empty();
                shared = shared || ++backends[backend.root] > 1;
            }
        }
        many_parents += many ? 1 : 0;
        diamond += joined ? 1 : 0;
        same_child_twice += twice ? 1 : 0;
        backend_in_the_middle += middle ? 1 : 0;
        no_medium += empty ? 1 : 0;
        shared_node += shared ? 1 : 0;
        several_loops += s.header.loops > 1 ? 1 : 0;
        several_clients += s.programs.size() > 1 ? 1 : 0;

        bool at_once = false;
        bool completion = false;
        bool notification = false;
        bool holds = false;
        bool timed = false;
        for (const Program& program : s.programs) {
            for (std::size_t i = 0; i < program.size(); ++i) {
                const Record& record = program[i];
                at_once =
                    at_once || (i > 0 && record.at_once && row_of(record.opcode).begins_section &&
                                program[i - 1].opcode == Opcode::end);
                completion = completion || record.where == Where::completion;
                notification = notification || record.where == Where::notification;
                holds = holds || record.holds != Holds::nothing;
                timed = timed || record.deadline != 0;
            }
        }
        begin_at_once_after_end += at_once ? 1 : 0;
        in_completion += completion ? 1 : 0;
        in_notification += notification ? 1 : 0;
        holding += holds ? 1 : 0;
        deadline += timed ? 1 : 0;
    });

    const auto at_least = [](std::uint64_t percent, std::uint64_t count, const char* what) {
        EXPECT_GE(count * 100, percent * sample) << what;
    };
    at_least(15, many_parents, "a node with several parents");
    at_least(10, diamond, "a diamond");
    at_least(5, same_child_twice, "the same child twice");
    at_least(25, backend_in_the_middle, "a backend in the middle");
    at_least(8, no_medium, "a backend without a medium");
    at_least(15, shared_node, "two backends on a node");
    at_least(5, begin_at_once_after_end, "begin at once after end");
    at_least(25, in_completion, "an operation in a completion");
    at_least(5, in_notification, "an operation in a notification");
    at_least(25, holding, "holding");
    at_least(8, deadline, "a deadline");
    at_least(40, several_loops, "several loops");
    at_least(40, several_clients, "several clients");
}

TEST(Generate, InFreePaceSomeCallsBlock) {
    Limits limits;
    limits.pace = Pace::free;
    std::set<Opcode> blocking;
    std::uint64_t scenarios = 0;
    for_each_sample(limits, [&](const Scenario& s) {
        bool any = false;
        for (const Program& program : s.programs) {
            for (const Record& record : program) {
                any = any || record.blocking;
                if (record.blocking) {
                    blocking.insert(record.opcode);
                }
            }
        }
        scenarios += any ? 1 : 0;
    });
    EXPECT_GE(scenarios * 100, 10 * sample);
    EXPECT_LE(scenarios * 100, 25 * sample);
    for (const OperationRow& row : operation_table) {
        EXPECT_EQ(blocking.contains(row.opcode), row.waits) << row.name;
    }
}

RC_GTEST_PROP(Simpler, CandidatesAreCanonicalDifferentAndEndAfterFewSteps, ()) {
    const Limits small{.nodes = 3, .backends = 2, .clients = 2, .operations = 6};
    Scenario scenario = *rc::gen::noShrink(any_scenario(small));
    // Follows one path of candidates down. Each takes something away, so it ends.
    for (int step = 0;; ++step) {
        RC_ASSERT(step < 300);
        const std::vector<Scenario> candidates = simpler(scenario);
        if (candidates.empty()) {
            break;
        }
        for (const Scenario& candidate : candidates) {
            RC_ASSERT(!(candidate == scenario));
            RC_ASSERT(canonical(candidate) == candidate);
        }
        scenario = candidates[*rc::gen::inRange<std::size_t>(0, candidates.size())];
    }
    RC_ASSERT(scenario.programs.size() == 1);
    RC_ASSERT(scenario.programs[0].empty());
    RC_ASSERT(scenario.graph.nodes.empty());
    RC_ASSERT(scenario.graph.backends.empty());
}

TEST(Simpler, FindsTheOneOperationThatMatters) {
    // A greedy minimiser over the candidates, with "there is a quiesce_all" for the failure.
    const auto fails = [](const Scenario& s) {
        for (const Program& program : s.programs) {
            for (const Record& record : program) {
                if (record.opcode == Opcode::quiesce_all) {
                    return true;
                }
            }
        }
        return false;
    };
    Scenario scenario;
    for (std::uint64_t seed = 0; !fails(scenario); ++seed) {
        SeededSource source(seed);
        scenario = generate(source, Limits{});
    }
    for (bool progress = true; progress;) {
        progress = false;
        for (const Scenario& candidate : simpler(scenario)) {
            if (fails(candidate)) {
                scenario = candidate;
                progress = true;
                break;
            }
        }
    }
    scenario.header.swarm = 0;
    EXPECT_EQ(to_text(scenario), "scenario 3\n\nquiesce_all\n");
}

}  // namespace
}  // namespace blkdrain_props
