// SPDX-License-Identifier: Apache-2.0
#include "check/worker.h"

#include <algorithm>
#include <chrono>
#include <csignal>
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
#include "check/page_time_line.h"
#include "check/protocol.h"
#include "harness/adapters/implementation.h"
#include "harness/adapters/schedule_control.h"
#include "harness/adapters/world.h"
#include "harness/report.h"
#include "harness/run.h"
#include "harness/text.h"
#include "harness/told_schedule.h"
#include "machine/machine_listener.h"

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

// Runs scenarios and machines, and counts what they did.
class Cases {
public:
    Cases(const char* canary_name, const RunMachine& run_machine, SuiteCount& counts,
          MachineCounts& machines)
        : adapter_(make_implementation_adapter(prepare_canary(canary_name))),
          runner_(*adapter_),
          run_machine_(run_machine),
          counts_(counts),
          machines_(machines) {}

    [[nodiscard]] bool threaded() const { return adapter_->threaded(); }

    Outcome random(Suite suite, std::uint64_t seed, RunOptions options) {
        if (suite == Suite::machines) {
            return run(any_machine(seed), nullptr);
        }
        options.judges = asks_both_judges(seed) ? Judges::both : Judges::trace;
        set_real_lingering(lingers(seed) ? seed : 0);
        const Scenario scenario = scenario_of(suite, seed);
        const Outcome outcome = run(scenario, options);
        if (suite == Suite::scheduled && scenario.header.strategy == Strategy::pct) {
            counts_.promised(scenario.header.depth, schedule_control().promise);
        }
        return outcome;
    }

    Outcome run(const Scenario& scenario, const RunOptions& options) {
        return runner_.run(scenario, options, counts_);
    }

    Outcome run(const MachineProgram& program, MachineListener* listener) {
        if (!run_machine_) {
            misused();
        }
        const MachineOutcome did = run_machine_(program, machines_, listener);
        Outcome outcome;
        outcome.violation = did.violation;
        outcome.trace_hash = did.trace_hash;
        outcome.events = did.events;
        for (const auto& steps : program.steps) {
            outcome.operations += static_cast<std::uint32_t>(steps.size());
        }
        ++counts_.scenarios;
        counts_.operations += outcome.operations;
        counts_.events += outcome.events;
        counts_.violations += outcome.violation ? 1U : 0U;
        return outcome;
    }

    // Of either kind; nullopt: malformed. A scenario is run up to `times`, until it fails.
    std::optional<Outcome> run(const std::string& text, int times) {
        if (is_machine(text)) {
            const ParsedMachine machine = parse_machine(text);
            return machine.error ? std::nullopt : std::optional(run(machine.program, nullptr));
        }
        const ParsedText parsed = parse_text(text);
        if (parsed.error) {
            return std::nullopt;
        }
        RunOptions options;
        options.explain = true;
        options.date = true;
        options.judges = Judges::both;
        Outcome outcome;
        for (int i = 0; i < times && !outcome.violation; ++i) {
            set_real_lingering(static_cast<std::uint64_t>(i));
            outcome = run(parsed.scenario, options);
        }
        return outcome;
    }

private:
    const std::unique_ptr<Adapter> adapter_;
    Runner runner_;
    const RunMachine& run_machine_;
    SuiteCount& counts_;
    MachineCounts& machines_;
};

int check(Suite suite, std::uint64_t base, std::uint32_t worker, double seconds, int fd,
          const char* canary_name, const RunMachine& run_machine) {
    void* const memory =
        mmap(nullptr, sizeof(SharedPage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        misused();
    }
    SharedPage& page = *static_cast<SharedPage*>(memory);
    Cases cases(canary_name, run_machine, page.counts, page.machines);
    const int rule_wanted = canary_name == nullptr ? any_rule : find_canary(canary_name)->rule;
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
        const Outcome outcome =
            cases.random(suite, seed, {.explain = explains(seed), .hash = false});
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
                --others_left == 0 || cases.threaded()) {
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

int serve(int repeat, const char* canary_name, const RunMachine& run_machine) {
    const auto counts = std::make_unique<SuiteCount>();
    MachineCounts machines;
    Cases cases(canary_name, run_machine, *counts, machines);
    std::size_t length = 0;
    while (std::scanf("%zu", &length) == 1 && std::getchar() == '\n') {
        std::string text(length, '\0');
        if (std::fread(text.data(), 1, length, stdin) != length) {
            break;
        }
        const std::optional<Outcome> outcome = cases.run(text, repeat);
        if (!outcome) {
            std::printf("malformed\n");
            std::fflush(stdout);
            continue;
        }
        std::optional<Violation> found = outcome->violation;
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
    void event(const blkdrain_ref::Event& event, const blkdrain_ref::State& before,
               std::uint8_t actor) override {
        inner_.event(event, before, actor);
        print();
    }
    void refused(const blkdrain_ref::Reason& reason, const blkdrain_ref::State& state) override {
        inner_.refused(reason, state);
        print();
    }
    void operation(unsigned client, std::uint8_t actor, const Record& record, const char* where,
                   bool skipped) override {
        inner_.operation(client, actor, record, where, skipped);
        print();
    }
    void outcome(unsigned client, Slot wait, Opcode opcode, Result result) override {
        inner_.outcome(client, wait, opcode, result);
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
    void stuck(std::uint8_t actor, const std::string& what) override {
        inner_.stuck(actor, what);
        print();
    }
    void deviation(const Deviation& deviation) override {
        inner_.deviation(deviation);
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

// The time line of a machine, at once as well.
class PrintingMachine final : public MachineListener {
public:
    void event(const blkdrain_ref::Event& event, const blkdrain_ref::State& /*before*/,
               std::uint8_t actor) override {
        say(event_line(event, actor == Actor::world ? "" : name_of_actor(actor)));
    }
    void refused(const blkdrain_ref::Reason& reason, const blkdrain_ref::State& state) override {
        for (const std::string& line : refusal_lines(reason, state)) {
            say(line);
        }
    }
    void step(std::size_t client, const MachineStep& step) override {
        say("client " + std::to_string(client) + ": " + to_text(step));
    }
    void comes_to_its_end() override { say("the end: all is let go, the machine goes on"); }
    void stop_waits(const std::string& for_what) override {
        say("           the machine is stopping; " + for_what);
    }

private:
    static void say(const std::string& line) {
        std::printf("%s\n", line.c_str());
        std::fflush(stdout);
    }
};

// Runs it with the time line, which is told of deviations, too.
Outcome run_along(Cases& cases, const Scenario& scenario, TimeLine& time_line) {
    RunOptions options;
    options.explain = true;
    options.date = true;
    options.judges = Judges::both;
    options.time_line = &time_line;
    schedule_control().taken = [&](const Deviation& taken) { time_line.deviation(taken); };
    const Outcome outcome = cases.run(scenario, options);
    schedule_control().taken = nullptr;
    return outcome;
}

// Of deviations that had no effect.
std::vector<std::string> misfits(const Scenario& scenario) {
    return without_effect_text(schedule_control().without_effect, scenario.deviations.size());
}

// In the runs of this process from now on.
void draw_wakes(PageTimeLine& time_line) {
    schedule_control().woke = [&](std::uint8_t waker, std::uint8_t woken) {
        time_line.woke(waker, woken);
    };
}

int page(std::uint64_t real_tick_ns, const char* graph_file, const char* canary_name,
         const RunMachine& run_machine) {
    set_real_tick_ns(real_tick_ns);
    const std::string text = read_all();
    const auto counts = std::make_unique<SuiteCount>();
    MachineCounts machines;
    Cases cases(canary_name, run_machine, *counts, machines);
    Outcome outcome;
    if (is_machine(text)) {
        const MachineProgram program = parse_machine(text).program;
        PageTimeLine time_line(program, graph_file);
        draw_wakes(time_line);
        outcome = cases.run(program, &time_line);
        time_line.verdict(outcome.violation, {});
    } else {
        const Scenario scenario = parse_text(text).scenario;
        PageTimeLine time_line(scenario, !cases.threaded(), graph_file);
        draw_wakes(time_line);
        outcome = run_along(cases, scenario, time_line);
        time_line.verdict(outcome.violation, misfits(scenario));
    }
    std::fflush(stdout);
    _exit(outcome.violation ? 1 : 0);
}

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
    schedule_control().record = [](const Deviation& answer) {
        std::fputs(line_of(answer).c_str(), stdout);
        std::fflush(stdout);
    };
    RunOptions options;
    options.explain = true;
    static_cast<void>(runner.run(parsed.scenario, options, *counts));
    _exit(0);
}

void say_verdict(const Outcome& outcome) {
    if (outcome.violation) {
        std::printf("\nVIOLATION: %s", reason_text(*outcome.violation).c_str());
    } else {
        std::printf("\nas the rules want it: %u operations, %llu events\n", outcome.operations,
                    static_cast<unsigned long long>(outcome.events));
    }
}

// What there is to follow in a schedule; of the default order nothing.
void say_schedule(bool drawn, std::size_t departures, std::size_t preemptions) {
    if (drawn) {
        std::printf("schedule: drawn, preemptions %zu\n", preemptions);
    } else if (departures != 0) {
        std::printf("schedule: departures %zu, preemptions among them %zu\n", departures,
                    preemptions);
    }
}

int play(std::uint64_t real_tick_ns, bool strict, const char* canary_name,
         const RunMachine& run_machine) {
    const std::string text = read_all();
    const bool of_machine = is_machine(text);
    const ParsedMachine machine = of_machine ? parse_machine(text) : ParsedMachine{};
    const ParsedText scenario = of_machine ? ParsedText{} : parse_text(text);
    if (machine.error || scenario.error) {
        misused();
    }
    set_real_tick_ns(real_tick_ns);
    const auto counts = std::make_unique<SuiteCount>();
    MachineCounts machines;
    Cases cases(canary_name, run_machine, *counts, machines);
    Outcome outcome;
    bool misfit = false;
    std::size_t preemptions = 0;
    schedule_control().preempted = [&] { ++preemptions; };
    if (of_machine) {
        PrintingMachine time_line;
        outcome = cases.run(machine.program, &time_line);
        say_verdict(outcome);
        say_schedule(machine.program.seed != 0, 0, preemptions);
    } else {
        PrintingTimeLine time_line;
        outcome = run_along(cases, scenario.scenario, time_line);
        say_verdict(outcome);
        if (!cases.threaded()) {
            say_schedule(scenario.scenario.header.strategy != Strategy::default_order,
                         scenario.scenario.deviations.size(), preemptions);
        }
        const std::vector<std::string> lines = misfits(scenario.scenario);
        for (const std::string& line : lines) {
            std::printf("%s\n", line.c_str());
        }
        misfit = !lines.empty();
    }
    std::fflush(stdout);
    _exit(outcome.violation || (strict && misfit) ? 1 : 0);
}

// Of each run: its seed, a hash of what was announced and one of every step of every simulated
// thread, how many events, and the verdict.
int print_hashes(Suite suite, std::uint64_t base, std::uint64_t count, bool backwards,
                 const char* canary_name, const RunMachine& run_machine) {
    const auto counts = std::make_unique<SuiteCount>();
    MachineCounts machines;
    Cases cases(canary_name, run_machine, *counts, machines);
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t seed = seed_of(base, suite, 0, backwards ? count - 1 - i : i);
        const Outcome outcome = cases.random(suite, seed, {.explain = explains(seed)});
        std::printf("%016llx %016llx %016llx %llu %s\n", static_cast<unsigned long long>(seed),
                    static_cast<unsigned long long>(outcome.trace_hash),
                    static_cast<unsigned long long>(schedule_control().steps_hash),
                    static_cast<unsigned long long>(outcome.events),
                    outcome.violation ? outcome.violation->signature().c_str() : "ok");
    }
    std::fflush(stdout);
    return 0;  // not _exit(): a program that counts branches writes them down as it ends
}

volatile std::sig_atomic_t interrupted = 0;

// Both judges on the same histories. Where the trace judge ends a run, the black box judges it
// again, alone and to its end.
int compare_judges(Suite suite, std::uint64_t base, std::uint64_t count, const char* canary_name,
                   const RunMachine& run_machine) {
    const auto counts = std::make_unique<SuiteCount>();
    MachineCounts machines;
    Cases cases(canary_name, run_machine, *counts, machines);
    using Verdict = BlackBox::Verdict;
    std::uint64_t given_up = 0, left_out = 0, refused = 0, disagreements = 0;
    std::signal(SIGINT, [](int) { interrupted = 1; });
    const bool watched = isatty(STDERR_FILENO) != 0;
    std::uint64_t n = 0;
    for (; n < count && interrupted == 0; ++n) {
        if (watched && n % 1024 == 0) {
            std::fprintf(stderr, "\r\033[K%llu of %llu histories",
                         static_cast<unsigned long long>(n),
                         static_cast<unsigned long long>(count));
        }
        const std::uint64_t seed = seed_of(base, suite, 0, n);
        const Scenario scenario = scenario_of(suite, seed);
        RunOptions options;
        options.judges = Judges::both;
        Outcome outcome = cases.run(scenario, options);
        const bool seen_outside = outcome.violation && outcome.violation->detector == "black_box";
        if (outcome.violation && !seen_outside) {
            options.judges = Judges::black_box;
            outcome.black_box = cases.run(scenario, options).black_box;
            refused += outcome.black_box == Verdict::refused ? 1 : 0;
        }
        left_out += outcome.black_box ? 0 : 1;
        given_up += outcome.black_box == Verdict::given_up ? 1 : 0;
        const bool missed =
            outcome.violation && !seen_outside && outcome.black_box == Verdict::explained;
        if (seen_outside || missed) {
            ++disagreements;
            std::printf(
                "%016llx %s: %s\n", static_cast<unsigned long long>(seed),
                seen_outside ? "only the black box refuses it" : "the black box can explain it",
                outcome.violation->sentence.c_str());
        }
    }
    if (watched) {
        std::fputs("\r\033[K", stderr);
    }
    std::printf(
        "%llu histories: refused by both %llu, given up by the black box %llu, left out "
        "%llu, disagreements %llu\n",
        static_cast<unsigned long long>(n), static_cast<unsigned long long>(refused),
        static_cast<unsigned long long>(given_up), static_cast<unsigned long long>(left_out),
        static_cast<unsigned long long>(disagreements));
    std::fflush(stdout);
    _exit(disagreements != 0 ? 1 : 0);
}

}  // namespace

int work(std::vector<const char*> arguments, const RunMachine& run_machine) {
    if (!arguments.empty() && std::string_view(arguments[0]) == "threads") {
        schedule_control().system_threads = true;
        arguments.erase(arguments.begin());
    }
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
                     std::strtod(at(4), nullptr), static_cast<int>(number(5)), at(6), run_machine);
    }
    if (mode == "serve") {
        return serve(static_cast<int>(number(1)), at(2), run_machine);
    }
    if (mode == "play") {
        return play(number(1), at(2) != nullptr && std::string_view(at(2)) == "strict", at(3),
                    run_machine);
    }
    if (mode == "page" && arguments.size() >= 3) {
        return page(number(1), at(2), at(3), run_machine);
    }
    if (mode == "record") {
        return record(at(1));
    }
    if (mode == "hash") {
        const bool backwards = at(4) != nullptr && std::string_view(at(4)) == "backwards";
        return print_hashes(suite_named(at(1)), number(2), number(3), backwards,
                            at(backwards ? 5 : 4), run_machine);
    }
    if (mode == "judges" && suite_named(at(1)) != Suite::machines) {
        return compare_judges(suite_named(at(1)), number(2), number(3), at(4), run_machine);
    }
    misused();
}

}  // namespace blkdrain_props
