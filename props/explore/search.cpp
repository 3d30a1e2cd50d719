// SPDX-License-Identifier: Apache-2.0
#include "explore/search.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "harness/adapters/implementation.h"
#include "harness/adapters/schedule_control.h"
#include "harness/run.h"
#include "harness/told_schedule.h"

namespace blkdrain_props {

namespace {

using blkdrain::sim::Exhaustive;
using blkdrain::sim::Probe;

// Keeps adapter, runner and counts from run to run.
class Player {
public:
    explicit Player(const SearchPlan& plan) : plan_(plan) {}

    // Exhaustive, or its probe.
    template <class Enumeration>
    Outcome run(const Scenario& scenario, Enumeration& strategy) {
        schedule_control().strategy = &strategy;
        schedule_control().closing = [this, &strategy] {
            if (!plan_.closing) {
                strategy.by_default_from_here();
            }
        };
        return runner_.run(scenario, {}, *counts_);
    }

private:
    const SearchPlan& plan_;
    std::unique_ptr<Adapter> adapter_ = make_implementation_adapter();
    Runner runner_{*adapter_};
    std::unique_ptr<SuiteCount> counts_ = std::make_unique<SuiteCount>();
};

void note(SearchPage& page, const std::vector<std::uint32_t>& answers) {
    const std::size_t count = std::min(answers.size(), SearchPage::answers_max);
    for (std::size_t i = 0; i < count; ++i) {
        page.answers[i] = static_cast<std::uint8_t>(answers[i]);
    }
    page.answer_count.store(static_cast<std::uint32_t>(count), std::memory_order_release);
}

std::vector<std::uint32_t> noted(const SearchPage& page) {
    const std::uint32_t count = page.answer_count.load(std::memory_order_acquire);
    return {page.answers.begin(), page.answers.begin() + count};
}

// Whoever looks meanwhile sees the begin before this one.
void note_begin(SearchPage& page) {
    const std::uint32_t begun = page.begun.load(std::memory_order_relaxed) + 1;
    SearchPage::Begin& begin = page.begins[begun % 2];
    begin.program.store(page.program.load(std::memory_order_relaxed), std::memory_order_release);
    begin.runs.store(page.runs.load(std::memory_order_relaxed), std::memory_order_release);
    begin.left_out.store(page.left_out.load(std::memory_order_relaxed), std::memory_order_release);
    page.begun.store(begun, std::memory_order_release);
}

}  // namespace

void search(const SearchPlan& plan, const Programs& programs, SearchPage& page) {
    Player player(plan);
    std::vector<std::uint32_t> resume = noted(page);
    for (std::uint64_t number = page.program.load(std::memory_order_relaxed);
         number < programs.count(); number += plan.processes) {
        const Scenario scenario = programs.at(number);
        Exhaustive strategy(plan.bound, resume);
        page.program.store(number, std::memory_order_relaxed);
        if (resume.empty()) {
            note_begin(page);
        }
        resume.clear();
        bool more = true;
        while (more) {
            note(page, strategy.answers().empty() ? noted(page) : strategy.answers());
            if (page.stop.load(std::memory_order_relaxed) != 0) {
                return;
            }
            if (player.run(scenario, strategy).violation) {
                page.found.store(1, std::memory_order_release);
                return;
            }
            if (strategy.diverged()) {
                std::fprintf(stderr,
                             "program %llu does not depend on its schedule alone: two runs that "
                             "began alike were asked different questions\n",
                             static_cast<unsigned long long>(number));
                std::abort();
            }
            page.runs.fetch_add(1, std::memory_order_relaxed);
            const std::uint64_t left_out = strategy.left_out();
            more = strategy.next();
            page.left_out.fetch_add(strategy.left_out() - left_out, std::memory_order_relaxed);
        }
        note(page, {});
    }
    page.done.store(1, std::memory_order_release);
}

Scenario tell(const SearchPlan& plan, const Programs& programs, const SearchPage& page) {
    Scenario scenario = programs.at(page.program.load(std::memory_order_relaxed));
    int ends[2];
    if (pipe(ends) != 0) {
        return scenario;
    }
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        std::FILE* const out = fdopen(ends[1], "w");
        // At once: the run may end the process.
        schedule_control().record = [out](const Deviation& answer) {
            std::fputs(line_of(answer).c_str(), out);
            std::fflush(out);
        };
        Exhaustive strategy(plan.bound, noted(page));
        Player player(plan);
        player.run(scenario, strategy);
        _exit(0);
    }
    close(ends[1]);
    std::string text;
    std::array<char, 4096> buffer{};
    for (;;) {
        const ssize_t count = read(ends[0], buffer.data(), buffer.size());
        if (count <= 0) {
            break;
        }
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    close(ends[0]);
    waitpid(child, nullptr, 0);
    return told(scenario, text).value_or(scenario);
}

SearchEstimate estimate(const SearchPlan& plan, const Programs& programs, double seconds) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point start = Clock::now();
    const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
    Player player(plan);
    blkdrain::sim::Draw draw(1);
    double sum = 0;
    std::uint64_t runs = 0;
    do {
        const Scenario scenario = programs.at(draw.next() % programs.count());
        Probe probe(plan.bound, draw.next());
        player.run(scenario, probe);
        sum += probe.weight();
        ++runs;
    } while (passed() < seconds || runs < 100);
    return {sum / static_cast<double>(runs) * static_cast<double>(programs.count()),
            passed() / static_cast<double>(runs)};
}

}  // namespace blkdrain_props
