// SPDX-License-Identifier: Apache-2.0
#include "explore/reference_search.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "explore/status_line.h"
#include "families.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;

namespace {

using Clock = std::chrono::steady_clock;

class Search {
public:
    Search(std::uint32_t nodes, const std::function<bool()>& stop)
        : nodes_(nodes), stop_(stop), families_(ref::families(nodes)) {}

    ReferenceSearch run() {
        std::size_t graphs = 0;
        for (const ref::Family& family : families_) {
            graphs += family.starts.size();
        }
        std::printf(
            "%zu families of operations, each from all its graphs of up to %u nodes, %zu in all\n",
            families_.size(), nodes_, graphs);
        std::fflush(stdout);
        for (; done_ < families_.size(); ++done_) {
            const ReferenceSearch found = explore(families_[done_]);
            if (found != ReferenceSearch::proved) {
                return found;
            }
        }
        std::printf(
            "proved by enumeration: the model's invariants hold and everything can come to rest in "
            "each of %s states (%s steps, %zu of %d kinds of events) that these %zu families of "
            "operations reach, each to its fixpoint on its graphs of up to %u nodes\n",
            figure(coverage_.states).c_str(), figure(coverage_.steps).c_str(),
            coverage_.kinds.size(), ref::Event::kinds, families_.size(), nodes_);
        return ReferenceSearch::proved;
    }

private:
    static std::string figure(std::uint64_t number) { return grouped(static_cast<double>(number)); }

    ReferenceSearch explore(const ref::Family& family) {
        const std::uint64_t states = coverage_.states;
        const std::uint64_t steps = coverage_.steps;
        for (std::size_t graph = 0; graph < family.starts.size(); ++graph) {
            if (stop_()) {
                line_.clear();
                std::printf(
                    "unfinished: no objection in %s states (%s steps), those of %zu of %zu "
                    "families and of %zu of the %zu graphs of the next, %s\n",
                    figure(coverage_.states).c_str(), figure(coverage_.steps).c_str(), done_,
                    families_.size(), graph, family.starts.size(), family.name);
                return ReferenceSearch::interrupted;
            }
            if (line_.due()) {
                progress(family, graph);
            }
            const std::string objection =
                ref::explore(family.starts[graph], family.bounds, family.probe, coverage_);
            if (!objection.empty()) {
                line_.clear();
                std::printf("%s: %s\n", family.name, objection.c_str());
                return ReferenceSearch::objection;
            }
        }
        line_.clear();
        std::printf("  %-28s %4zu graphs of up to %u nodes %9llu states %10llu steps\n",
                    family.name, family.starts.size(), family.nodes,
                    static_cast<unsigned long long>(coverage_.states - states),
                    static_cast<unsigned long long>(coverage_.steps - steps));
        std::fflush(stdout);
        return ReferenceSearch::proved;
    }

    void progress(const ref::Family& family, std::size_t graph) {
        const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
        std::array<char, 160> text{};
        std::snprintf(
            text.data(), text.size(),
            "family %zu of %zu, %s: graph %zu of %zu, %s states, %s a second", done_ + 1,
            families_.size(), family.name, graph + 1, family.starts.size(),
            figure(coverage_.states).c_str(),
            grouped(static_cast<double>(coverage_.states) / std::max(seconds, 0.001)).c_str());
        line_.show(text.data());
    }

    std::uint32_t nodes_;
    const std::function<bool()>& stop_;
    std::vector<ref::Family> families_;
    std::size_t done_ = 0;  // families
    ref::Coverage coverage_;
    StatusLine line_;
    Clock::time_point started_ = Clock::now();
};

}  // namespace

std::uint32_t reference_nodes_max() {
    std::uint32_t most = 0;
    for (const ref::Family& family : ref::families(UINT32_MAX)) {
        most = std::max(most, family.nodes);
    }
    return most;
}

ReferenceSearch explore_reference(std::uint32_t nodes, const std::function<bool()>& stop) {
    return Search(nodes, stop).run();
}

}  // namespace blkdrain_props
