// SPDX-License-Identifier: Apache-2.0
#include "explore/reference_search.h"

#include <cstdio>
#include <string>
#include <vector>

#include <unistd.h>

#include "families.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;

bool explore_reference(std::uint32_t nodes) {
    const bool shown = isatty(STDERR_FILENO) != 0;
    const std::vector<ref::Family> families = ref::families(nodes);
    ref::Coverage coverage;
    for (const ref::Family& family : families) {
        const std::uint64_t states = coverage.states;
        const std::uint64_t steps = coverage.steps;
        std::size_t done = 0;
        for (const ref::State& start : family.starts) {
            if (shown) {
                std::fprintf(stderr, "\r\033[K%s: graph %zu of %zu, %llu states so far",
                             family.name, ++done, family.starts.size(),
                             static_cast<unsigned long long>(coverage.states));
            }
            const std::string objection =
                ref::explore(start, family.bounds, family.probe, coverage);
            if (!objection.empty()) {
                std::printf("%s: %s\n", family.name, objection.c_str());
                return false;
            }
        }
        if (shown) {
            std::fputs("\r\033[K", stderr);
        }
        std::printf("  %-28s %4zu graphs of up to %u nodes %9llu states %10llu steps\n",
                    family.name, family.starts.size(), family.nodes,
                    static_cast<unsigned long long>(coverage.states - states),
                    static_cast<unsigned long long>(coverage.steps - steps));
        std::fflush(stdout);
    }
    std::printf(
        "proved by enumeration: the model's invariants hold and everything can come to rest in "
        "each of %llu states (%llu steps, %zu of %d kinds of events) that these %zu families of "
        "operations reach, each to its fixpoint on its graphs\n",
        static_cast<unsigned long long>(coverage.states),
        static_cast<unsigned long long>(coverage.steps), coverage.kinds.size(), ref::Event::kinds,
        families.size());
    return true;
}

}  // namespace blkdrain_props
