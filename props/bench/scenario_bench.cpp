// SPDX-License-Identifier: Apache-2.0
//
// Scenarios a second on one core: generated once, then run and judged again and again. What
// ./dev check and the fuzzers can look at in a given time follows from these.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

#include <benchmark/benchmark.h>

#include "harness/adapter.h"
#include "harness/adapters/implementation.h"
#include "harness/adapters/schedule_control.h"
#include "harness/generate.h"
#include "harness/run.h"

namespace blkdrain_props {
namespace {

std::size_t operations_of(const Scenario& scenario) {
    return std::accumulate(
        scenario.programs.begin(), scenario.programs.end(), std::size_t{0},
        [](std::size_t sum, const Program& program) { return sum + program.size(); });
}

// The first so many that have the nodes, loops and operations of the limits, and no client without
// work.
std::vector<Scenario> full_sized(const Limits& limits, std::size_t count) {
    std::vector<Scenario> scenarios;
    for (std::uint64_t seed = 1; scenarios.size() < count; ++seed) {
        SeededSource source(seed);
        const Scenario scenario = generate(source, limits);
        bool idle = scenario.programs.size() != limits.clients;
        for (const Program& program : scenario.programs) {
            idle = idle || program.empty();
        }
        if (!idle && scenario.graph.nodes.size() == limits.nodes &&
            scenario.header.loops == limits.loops && operations_of(scenario) == limits.operations) {
            scenarios.push_back(scenario);
        }
    }
    return scenarios;
}

void run(benchmark::State& state, const std::vector<Scenario>& scenarios, Judges judges) {
    const std::unique_ptr<Adapter> adapter = make_implementation_adapter();
    Runner runner(*adapter);
    const auto counts = std::make_unique<SuiteCount>();
    RunOptions options;
    options.judges = judges;
    const std::uint64_t before = schedule_control().points;
    std::size_t next = 0;
    for (auto _ : state) {
        const Outcome outcome = runner.run(scenarios[next], options, *counts);
        if (outcome.violation) {
            state.SkipWithError(outcome.violation->sentence.c_str());
            break;
        }
        next = (next + 1) % scenarios.size();
    }
    state.SetItemsProcessed(state.iterations());
    state.counters["points"] =
        benchmark::Counter(static_cast<double>(schedule_control().points - before),
                           benchmark::Counter::kAvgIterations);
}

const std::vector<Scenario>& concurrent() {
    Limits limits;
    limits.nodes = 4;
    limits.clients = 2;
    limits.operations = 12;
    limits.loops = 2;
    limits.pace = Pace::free;
    limits.portfolio = true;
    static const std::vector<Scenario> scenarios = full_sized(limits, 1'000);
    return scenarios;
}

void concurrent_scenarios(benchmark::State& state) {
    run(state, concurrent(), Judges::trace);
}
BENCHMARK(concurrent_scenarios);

void concurrent_scenarios_both_judges(benchmark::State& state) {
    run(state, concurrent(), Judges::both);
}
BENCHMARK(concurrent_scenarios_both_judges);

void sequential_scenarios(benchmark::State& state) {
    Limits limits;
    limits.clients = 1;
    static const std::vector<Scenario> scenarios = full_sized(limits, 1'000);
    run(state, scenarios, Judges::trace);
}
BENCHMARK(sequential_scenarios);

}  // namespace
}  // namespace blkdrain_props
