// SPDX-License-Identifier: Apache-2.0
//
// The check of the model alone: every state that can be reached within bounds, family of operations
// by family, since their product is too large. Prints what was covered.
#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>

#include "explore.h"

namespace blkdrain_ref {
namespace {

constexpr SectionKind isolate = SectionKind::isolate, drained = SectionKind::drained,
                      quiesce_all = SectionKind::quiesce_all,
                      self_quiesce = SectionKind::self_quiesce, change = SectionKind::change,
                      context = SectionKind::context, settle = SectionKind::settle,
                      close_backend = SectionKind::close_backend,
                      close_node = SectionKind::close_node;

Coverage& total() {
    static Coverage coverage;
    return coverage;
}

void explore_all(const char* title, const std::vector<State>& starts, const Bounds& bounds,
                 std::uint32_t probe) {
    Coverage& all = total();
    const std::uint64_t states = all.states, steps = all.steps;
    for (const State& start : starts) {
        const std::string objection = explore(start, bounds, probe, all);
        EXPECT_EQ(objection, "") << title;
    }
    std::fflush(stdout);
    std::printf("  %-28s %6zu graphs %8llu states %9llu steps\n", title, starts.size(),
                static_cast<unsigned long long>(all.states - states),
                static_cast<unsigned long long>(all.steps - steps));
}

std::vector<State> graphs_up_to(std::uint32_t nodes, std::uint32_t backends) {
    std::vector<State> all;
    for (std::uint32_t n = 0; n <= nodes; ++n)
        for (std::uint32_t b = 0; b <= backends; ++b)
            for (State& state : all_graphs(n, b))
                all.push_back(std::move(state));
    return all;
}

TEST(Model, graphs_are_counted_right) {
    EXPECT_EQ(all_graphs(1, 0).size(), 1u);
    EXPECT_EQ(all_graphs(2, 0).size(), 2u);
    EXPECT_EQ(all_graphs(3, 0).size(), 6u);
    EXPECT_EQ(all_graphs(4, 0).size(), 31u);
}

void check_one_backend() {
    std::vector<State> starts = all_graphs(1, 1);
    explore_all("drain, chains, tokens", starts,
                {.requests = 2, .tokens = 1, .waits = 1, .chains = true, .drains = true}, 8);
    explore_all("order", starts,
                {.requests = 3, .sections = 1, .kinds = {self_quiesce}, .writes = true}, 8);
    explore_all("drain under a section", starts,
                {.requests = 2,
                 .sections = 1,
                 .waits = 1,
                 .kinds = {self_quiesce},
                 .drains = true,
                 .holding = true},
                16);
    explore_all("drain, holding a token", starts,
                {.requests = 1,
                 .tokens = 1,
                 .sections = 1,
                 .waits = 1,
                 .kinds = {self_quiesce},
                 .drains = true,
                 .holding = true},
                16);
    explore_all("giving up", starts,
                {.requests = 1,
                 .tokens = 1,
                 .sections = 1,
                 .waits = 1,
                 .kinds = {drained},
                 .drains = true,
                 .abandoning = true},
                16);
    explore_all("notifications", starts,
                {.sections = 2, .kinds = {self_quiesce, drained}, .listening = true}, 16);
}

void check_sections() {
    explore_all("one section", graphs_up_to(3, 2),
                {.requests = 1,
                 .sections = 1,
                 .waits = 1,
                 .internal = 1,
                 .kinds = {isolate, drained, quiesce_all, self_quiesce},
                 .also = true},
                64);
    explore_all("two sections", graphs_up_to(3, 2),
                {.sections = 2, .kinds = {isolate, drained, quiesce_all}}, 64);
    explore_all("two sections, holding", graphs_up_to(2, 2),
                {.sections = 2,
                 .kinds = {isolate, drained},
                 .also = true,
                 .holding = true,
                 .abandoning = true},
                64);
    explore_all("three isolates", all_graphs(1, 2),
                {.sections = 3, .kinds = {isolate}, .also = true}, 64);
    explore_all("sections and a request", graphs_up_to(2, 2),
                {.requests = 1, .sections = 2, .kinds = {isolate, drained, self_quiesce}}, 64);
    explore_all("sections and a token", graphs_up_to(2, 2),
                {.requests = 1,
                 .tokens = 1,
                 .sections = 1,
                 .kinds = {isolate, drained, self_quiesce},
                 .wide = true},
                64);
    explore_all("waiting tokens that hold", all_graphs(1, 1),
                {.tokens = 2, .sections = 1, .kinds = {self_quiesce}, .token_holding = true}, 64);
}

void check_changes() {
    const std::vector<ChangeOp> edges = {ChangeOp::attach, ChangeOp::detach, ChangeOp::replace};
    const std::vector<ChangeOp> filters = {ChangeOp::insert_filter, ChangeOp::remove_filter};
    const std::vector<ChangeOp> media = {ChangeOp::insert_medium, ChangeOp::remove_medium};
    explore_all("edges", graphs_up_to(3, 1), {.sections = 1, .kinds = {change}, .changes = edges},
                64);
    explore_all("edges, busy", graphs_up_to(2, 1),
                {.requests = 1, .sections = 1, .internal = 1, .kinds = {change}, .changes = edges},
                64);
    explore_all("filters, media", graphs_up_to(2, 2),
                {.requests = 1, .sections = 1, .kinds = {change}, .changes = filters}, 64);
    explore_all("media", graphs_up_to(2, 1),
                {.requests = 1, .sections = 1, .internal = 1, .kinds = {change}, .changes = media},
                64);
    explore_all("two media", graphs_up_to(1, 2),
                {.requests = 1, .sections = 2, .kinds = {change}, .changes = media}, 64);
    explore_all("changes under isolates", all_graphs(2, 2),
                {.sections = 2,
                 .kinds = {change, isolate},
                 .changes = {ChangeOp::attach, ChangeOp::detach}},
                64);
    explore_all("changes under drained", all_graphs(2, 1),
                {.requests = 1,
                 .sections = 2,
                 .kinds = {change, drained},
                 .changes = {ChangeOp::attach, ChangeOp::detach}},
                64);
    explore_all("named tokens", all_graphs(1, 1),
                {.requests = 1,
                 .tokens = 1,
                 .sections = 1,
                 .kinds = {change},
                 .changes = media,
                 .naming = true,
                 .holding = true,
                 .abandoning = true},
                64);
    explore_all("two changes name tokens", all_graphs(1, 1),
                {.requests = 1,
                 .tokens = 1,
                 .sections = 2,
                 .kinds = {change},
                 .changes = {ChangeOp::insert_medium},
                 .naming = true},
                64);
}

void check_life_time() {
    explore_all("close a backend", graphs_up_to(1, 2),
                {.backends = 1,
                 .requests = 1,
                 .tokens = 1,
                 .sections = 1,
                 .waits = 1,
                 .kinds = {close_backend},
                 .drains = true},
                64);
    explore_all("close, a token waiting", all_graphs(1, 2),
                {.tokens = 1, .sections = 2, .kinds = {close_backend, quiesce_all}, .wide = true},
                16);
    explore_all("close under sections", graphs_up_to(1, 2),
                {.requests = 1,
                 .sections = 2,
                 .kinds = {close_backend, isolate, self_quiesce},
                 .holding = true,
                 .abandoning = true},
                64);
    explore_all(
        "close nodes", graphs_up_to(3, 1),
        {.nodes = 1, .sections = 2, .internal = 1, .kinds = {close_node}, .abandoning = true}, 64);
    explore_all("close nodes under drained", graphs_up_to(3, 0),
                {.sections = 2, .kinds = {close_node, drained}}, 64);
    explore_all("close and change", graphs_up_to(2, 1),
                {.sections = 2,
                 .kinds = {close_node, change},
                 .changes = {ChangeOp::detach, ChangeOp::attach}},
                64);
    explore_all("births", graphs_up_to(1, 1),
                {.nodes = 2,
                 .backends = 2,
                 .sections = 1,
                 .kinds = {quiesce_all, drained, change},
                 .changes = {ChangeOp::insert_medium},
                 .listening = true},
                64);
    explore_all("settle", graphs_up_to(2, 1),
                {.requests = 1, .sections = 2, .kinds = {settle, quiesce_all, self_quiesce}}, 64);
}

void check_context_changes() {
    std::vector<State> starts = graphs_up_to(3, 1);
    std::vector<State> pinned = graphs_up_to(2, 1);
    for (State& state : pinned)
        if (!state.nodes.empty())
            state.nodes.front().pinned = true;
    explore_all("context", starts, {.sections = 1, .internal = 1, .loops = 2, .kinds = {context}},
                64);
    explore_all("context under a section", graphs_up_to(2, 1),
                {.requests = 1, .sections = 2, .loops = 2, .kinds = {context, drained}}, 64);
    explore_all("context and edges", pinned,
                {.sections = 1,
                 .loops = 2,
                 .kinds = {context, change},
                 .changes = {ChangeOp::attach, ChangeOp::insert_medium, ChangeOp::detach}},
                64);
}

// With a group of all backends.
std::vector<State> limited(std::vector<State> states) {
    for (State& state : states) {
        Group& group = state.groups.emplace_back();
        group.id = {0};
        group.buckets[0].rate = {.rate = 1, .burst = 1};
        for (const Backend& backend : state.backends)
            group.members.push_back(backend.id);
    }
    return states;
}

void check_limits_and_plugs() {
    explore_all("a limit", all_graphs(1, 1),
                {.requests = 2,
                 .sections = 1,
                 .waits = 1,
                 .kinds = {self_quiesce},
                 .drains = true,
                 .limiting = true},
                64);
    explore_all("a limit, shared", limited(all_graphs(1, 2)),
                {.requests = 2, .sections = 1, .kinds = {isolate}, .writes = true}, 256);
    explore_all("a limit, a token", limited(all_graphs(1, 1)),
                {.requests = 2,
                 .tokens = 1,
                 .sections = 1,
                 .kinds = {self_quiesce},
                 .flushing = true},
                64);
    explore_all("a limit, closed", all_graphs(1, 2),
                {.requests = 2, .sections = 1, .kinds = {close_backend}, .limiting = true}, 64);
    explore_all("cancel", all_graphs(1, 1),
                {.requests = 2,
                 .sections = 1,
                 .waits = 1,
                 .kinds = {self_quiesce, close_backend},
                 .drains = true,
                 .cancelling = true,
                 .plugging = true},
                16);
    explore_all("cancel at a limit", all_graphs(1, 1),
                {.requests = 2, .cancelling = true, .limiting = true}, 16);
    explore_all("plugs", all_graphs(1, 2),
                {.requests = 2,
                 .sections = 1,
                 .waits = 1,
                 .kinds = {self_quiesce, isolate},
                 .drains = true,
                 .plugging = true},
                64);
}

// One test, since what was seen is demanded of all families together.
TEST(Model, invariants_hold_and_everything_occurs) {
    check_one_backend();
    check_sections();
    check_changes();
    check_life_time();
    check_context_changes();
    check_limits_and_plugs();
    const Coverage& all = total();
    for (int kind = 0; kind < Event::kinds; ++kind)
        EXPECT_TRUE(all.kinds.contains(static_cast<Event::Kind>(kind)))
            << name(static_cast<Event::Kind>(kind));
    for (int code = 0; code < static_cast<int>(Code::count); ++code)
        EXPECT_TRUE(all.codes.contains(static_cast<Code>(code)) ||
                    static_cast<Code>(code) == Code::never_happened)  // of liveness alone
            << name(static_cast<Code>(code));
    for (const char* operation : {"drain", "quiet_wait", "token_request", "isolate", "drained",
                                  "change", "context", "settle", "close_backend", "close_node"}) {
        EXPECT_TRUE(all.blocked.contains(operation)) << operation << " never had to wait";
        EXPECT_TRUE(all.returned.contains(operation)) << operation << " never returned";
    }
    std::printf(
        "  %llu runs, %llu states, %llu steps, %llu probes\n",
        static_cast<unsigned long long>(all.runs), static_cast<unsigned long long>(all.states),
        static_cast<unsigned long long>(all.steps), static_cast<unsigned long long>(all.probes));
}

}  // namespace
}  // namespace blkdrain_ref
