// SPDX-License-Identifier: Apache-2.0
#include "explore/reference_search.h"

#include <cstdio>
#include <string>
#include <vector>

#include "../reference/tests/explore.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;

namespace {

struct Family {
    const char* name;
    std::uint32_t backends;
    ref::Bounds bounds;
};

// The product of all operations is too large: those that have to do with each other together.
std::vector<Family> families() {
    using ref::ChangeOp;
    using ref::SectionKind;
    return {
        {"drains, chains", 1, {.requests = 2, .waits = 1, .chains = true, .drains = true}},
        {"sections and a request",
         2,
         {.requests = 1,
          .sections = 1,
          .waits = 1,
          .internal = 1,
          .kinds = {SectionKind::isolate, SectionKind::drained, SectionKind::quiesce_all,
                    SectionKind::self_quiesce},
          .also = true}},
        {"two sections",
         2,
         {.sections = 2,
          .kinds = {SectionKind::isolate, SectionKind::drained, SectionKind::quiesce_all}}},
        {"changes of edges",
         1,
         {.sections = 1,
          .kinds = {SectionKind::change},
          .changes = {ChangeOp::attach, ChangeOp::detach, ChangeOp::replace}}},
        {"changes of media and filters",
         1,
         {.sections = 1,
          .kinds = {SectionKind::change},
          .changes = {ChangeOp::insert_filter, ChangeOp::remove_filter, ChangeOp::insert_medium,
                      ChangeOp::remove_medium}}},
        {"moves to another loop",
         1,
         {.sections = 1, .internal = 1, .loops = 2, .kinds = {SectionKind::context}}},
        {"closing",
         1,
         {.sections = 2,
          .kinds = {SectionKind::close_node, SectionKind::close_backend, SectionKind::drained}}},
    };
}

}  // namespace

bool explore_reference(std::uint32_t nodes) {
    ref::Coverage coverage;
    std::size_t graphs = 0;
    for (const Family& family : families()) {
        const std::uint64_t states = coverage.states;
        const std::uint64_t steps = coverage.steps;
        std::size_t starts = 0;
        for (std::uint32_t n = 0; n <= nodes; ++n) {
            for (std::uint32_t b = 0; b <= family.backends; ++b) {
                for (const ref::State& start : ref::all_graphs(n, b)) {
                    constexpr std::uint32_t probe = 64;
                    const std::string objection =
                        ref::explore(start, family.bounds, probe, coverage);
                    if (!objection.empty()) {
                        std::printf("%s: %s\n", family.name, objection.c_str());
                        return false;
                    }
                    ++starts;
                }
            }
        }
        std::printf("  %-28s %6zu graphs %9llu states %10llu steps\n", family.name, starts,
                    static_cast<unsigned long long>(coverage.states - states),
                    static_cast<unsigned long long>(coverage.steps - steps));
        std::fflush(stdout);
        graphs += starts;
    }
    std::printf(
        "proved by enumeration: the model's invariants hold and everything can come to rest in "
        "each of %llu states (%llu steps) that %zu families reach on all graphs of up to %u "
        "nodes\n",
        static_cast<unsigned long long>(coverage.states),
        static_cast<unsigned long long>(coverage.steps), families().size(), nodes);
    return graphs != 0;
}

}  // namespace blkdrain_props
