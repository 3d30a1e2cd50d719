// SPDX-License-Identifier: Apache-2.0
#include "check/worker.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include "canary/canaries.h"
#include "check/protocol.h"
#include "harness/adapters/implementation.h"
#include "harness/adapters/schedule_control.h"
#include "harness/adapters/world.h"
#include "harness/report.h"
#include "harness/run.h"
#include "harness/text.h"

namespace blkdrain_props {
namespace {

[[noreturn]] void misused() {
    std::fprintf(stderr, "this program is started by blkdrain-check\n");
    std::exit(2);
}

Suite suite_named(std::string_view name) {
    for (std::size_t i = 0; i < suite_names.size(); ++i) {
        if (suite_names[i] == name) {
            return static_cast<Suite>(i);
        }
    }
    misused();
}

HarnessCanary prepare_canary(const char* name) {
    if (name == nullptr) {
        return HarnessCanary::none;
    }
    const CanaryRow* row = find_canary(name);
    if (row == nullptr) {
        misused();
    }
    release_canary(*row);
    return row->home == CanaryHome::harness ? static_cast<HarnessCanary>(row->number)
                                            : HarnessCanary::none;
}

template <std::size_t N>
void copy_text(std::array<char, N>& into, const std::string& from) {
    const std::size_t length = std::min(from.size(), N - 1);
    std::memcpy(into.data(), from.data(), length);
    into[length] = '\0';
}

int check(Suite suite, std::uint64_t base, std::uint32_t worker, double seconds, int fd,
          const char* canary_name) {
    void* const memory =
        mmap(nullptr, sizeof(SharedPage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        misused();
    }
    SharedPage& page = *static_cast<SharedPage*>(memory);
    const HarnessCanary harness_canary = prepare_canary(canary_name);
    const int rule_wanted = canary_name == nullptr ? any_rule : find_canary(canary_name)->rule;
    const std::unique_ptr<Adapter> adapter = make_implementation_adapter(harness_canary);
    Runner runner(*adapter);
    using Clock = std::chrono::steady_clock;
    const Clock::time_point end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                                     std::chrono::duration<double>(seconds));
    Clock::time_point before = Clock::now();
    // A canary may show as something else first; what runs fail with is left behind, so not for
    // ever.
    int others_left = 300;
    for (std::uint64_t n = 0; page.stop.load(std::memory_order_relaxed) == 0; ++n) {
        const std::uint64_t seed = seed_of(base, suite, worker, n);
        page.scenario_seed.store(seed, std::memory_order_relaxed);
        RunOptions options;
        options.explain = explains(seed);
        const Outcome outcome = runner.run(scenario_of(suite, seed), options, page.counts);
        const Clock::time_point now = Clock::now();
        page.counts.busy_ns +=
            static_cast<std::uint64_t>(std::chrono::nanoseconds(now - before).count());
        before = now;
        if (outcome.violation) {
            page.rule = outcome.violation->rule;
            page.step = outcome.violation->step;
            copy_text(page.detector, outcome.violation->detector);
            copy_text(page.code, outcome.violation->code);
            copy_text(page.sentence, outcome.violation->sentence);
            if (rule_wanted == any_rule || outcome.violation->rule == rule_wanted ||
                --others_left == 0 || adapter->threaded()) {
                page.violated.store(1, std::memory_order_release);
                break;
            }
        }
        if (now >= end) {
            break;
        }
    }
    // Threads that hang in what a violation left behind must not keep the process.
    std::fflush(nullptr);
    _exit(0);
}

std::string read_all() {
    std::string text;
    std::array<char, 4096> buffer{};
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), stdin)) {
        text.append(buffer.data(), got);
    }
    return text;
}

int serve(int repeat, const char* canary_name) {
    const HarnessCanary harness_canary = prepare_canary(canary_name);
    const std::unique_ptr<Adapter> adapter = make_implementation_adapter(harness_canary);
    Runner runner(*adapter);
    const auto counts = std::make_unique<SuiteCount>();
    std::size_t length = 0;
    while (std::scanf("%zu", &length) == 1 && std::getchar() == '\n') {
        std::string text(length, '\0');
        if (std::fread(text.data(), 1, length, stdin) != length) {
            break;
        }
        const ParsedText parsed = parse_text(text);
        if (parsed.error) {
            std::printf("malformed\n");
            std::fflush(stdout);
            continue;
        }
        std::optional<Violation> found;
        for (int i = 0; i < repeat && !found; ++i) {
            RunOptions options;
            options.explain = true;
            found = runner.run(parsed.scenario, options, *counts).violation;
        }
        if (found) {
            std::replace(found->sentence.begin(), found->sentence.end(), '\n', ' ');
            std::printf("%s\t%d\t%s\t%u\t%s\n", found->detector.c_str(), found->rule,
                        found->code.c_str(), found->step, found->sentence.c_str());
        } else {
            std::printf("ok\n");
        }
        std::fflush(stdout);
    }
    _exit(0);
}

// What the time line has gathered is not lost if the library stops the process.
class PrintingTimeLine final : public TimeLine {
public:
    void event(const blkdrain_ref::Event& event) override {
        inner_.event(event);
        print();
    }
    void operation(unsigned client, const Record& record, const char* where,
                   bool skipped) override {
        inner_.operation(client, record, where, skipped);
        print();
    }
    void outcome(Slot wait, Opcode opcode, Result result) override {
        inner_.outcome(wait, opcode, result);
        print();
    }
    void at_rest(const Judge& judge) override {
        inner_.at_rest(judge);
        print();
    }
    void healing() override {
        inner_.healing();
        print();
    }

private:
    void print() {
        const std::string& text = inner_.text();
        std::fwrite(text.data() + printed_, 1, text.size() - printed_, stdout);
        std::fflush(stdout);
        printed_ = text.size();
    }
    TextTimeLine inner_;
    std::size_t printed_ = 0;
};

int record(const char* canary_name) {
    const ParsedText parsed = parse_text(read_all());
    if (parsed.error) {
        misused();
    }
    const HarnessCanary harness_canary = prepare_canary(canary_name);
    const std::unique_ptr<Adapter> adapter = make_implementation_adapter(harness_canary);
    Runner runner(*adapter);
    const auto counts = std::make_unique<SuiteCount>();
    // At once: the library may stop the process.
    schedule_control().record = [](const Deviation& d) {
        std::printf("%u %u %u %u %u %u\n", d.client, d.operation, d.actor,
                    static_cast<unsigned>(d.question), d.point, d.answer);
        std::fflush(stdout);
    };
    RunOptions options;
    options.explain = true;
    static_cast<void>(runner.run(parsed.scenario, options, *counts));
    _exit(0);
}

// Says which deviations of the scenario had no effect; whether there were any.
bool say_what_had_no_effect(const Scenario& scenario) {
    const std::vector<Deviation>& list = schedule_control().without_effect;
    if (list.empty()) {
        return false;
    }
    std::printf("%zu of %zu deviations had no effect:\n", list.size(), scenario.deviations.size());
    for (const Deviation& deviation : list) {
        std::printf("  %s\n", to_text(deviation).c_str());
    }
    return true;
}

int play(std::uint64_t real_tick_ns, bool strict, const char* canary_name) {
    const ParsedText parsed = parse_text(read_all());
    if (parsed.error) {
        misused();
    }
    set_real_tick_ns(real_tick_ns);
    const HarnessCanary harness_canary = prepare_canary(canary_name);
    const std::unique_ptr<Adapter> adapter = make_implementation_adapter(harness_canary);
    Runner runner(*adapter);
    const auto counts = std::make_unique<SuiteCount>();
    PrintingTimeLine time_line;
    RunOptions options;
    options.explain = true;
    options.time_line = &time_line;
    const Outcome outcome = runner.run(parsed.scenario, options, *counts);
    if (outcome.violation) {
        std::printf("\nVIOLATION: %s", reason_text(*outcome.violation).c_str());
    } else {
        std::printf("\nas the rules want it: %u operations, %llu events\n", outcome.operations,
                    static_cast<unsigned long long>(outcome.events));
    }
    const bool misfit = say_what_had_no_effect(parsed.scenario);
    std::fflush(stdout);
    _exit(outcome.violation || (strict && misfit) ? 1 : 0);
}

int print_hashes(Suite suite, std::uint64_t base, std::uint64_t count, const char* canary_name) {
    const HarnessCanary harness_canary = prepare_canary(canary_name);
    const std::unique_ptr<Adapter> adapter = make_implementation_adapter(harness_canary);
    Runner runner(*adapter);
    const auto counts = std::make_unique<SuiteCount>();
    for (std::uint64_t n = 0; n < count; ++n) {
        const std::uint64_t seed = seed_of(base, suite, 0, n);
        const Outcome outcome = runner.run(scenario_of(suite, seed), {}, *counts);
        std::printf("%016llx %016llx %llu %s\n", static_cast<unsigned long long>(seed),
                    static_cast<unsigned long long>(outcome.trace_hash),
                    static_cast<unsigned long long>(outcome.events),
                    outcome.violation ? outcome.violation->signature().c_str() : "ok");
    }
    std::fflush(stdout);
    _exit(0);
}

}  // namespace

int work(const std::vector<const char*>& arguments) {
    const auto at = [&](std::size_t i) -> const char* {
        return i < arguments.size() ? arguments[i] : nullptr;
    };
    const auto number = [&](std::size_t i) -> std::uint64_t {
        if (at(i) == nullptr) {
            misused();
        }
        return std::strtoull(at(i), nullptr, 10);
    };
    if (arguments.empty()) {
        misused();
    }
    const std::string_view mode = arguments[0];
    if (mode == "check" && arguments.size() >= 6) {
        return check(suite_named(at(1)), number(2), static_cast<std::uint32_t>(number(3)),
                     std::strtod(at(4), nullptr), static_cast<int>(number(5)), at(6));
    }
    if (mode == "serve") {
        return serve(static_cast<int>(number(1)), at(2));
    }
    if (mode == "play") {
        return play(number(1), at(2) != nullptr && std::string_view(at(2)) == "strict", at(3));
    }
    if (mode == "record") {
        return record(at(1));
    }
    if (mode == "hash") {
        return print_hashes(suite_named(at(1)), number(2), number(3), at(4));
    }
    misused();
}

}  // namespace blkdrain_props
