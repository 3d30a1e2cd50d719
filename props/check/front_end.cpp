// SPDX-License-Identifier: Apache-2.0
#include "check/front_end.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "canary/canaries.h"
#include "check/child.h"
#include "check/failure.h"
#include "check/protocol.h"
#include "check/twice.h"
#include "harness/adapters/reference_adapter.h"
#include "harness/page.h"
#include "harness/report.h"
#include "harness/run.h"
#include "harness/statistics.h"
#include "harness/text.h"
#include "machine/machine_outcome.h"
#include "machine/machine_program.h"

namespace blkdrain_props {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int exit_clean = 0;
constexpr int exit_violation = 1;
constexpr int exit_usage = 2;

// A tick that a slow machine does not overrun between two operations of a file that says what has
// not timed out.
constexpr std::uint64_t patient_tick_ns = 100'000'000;

std::atomic<int> interrupted{0};

void interrupt(int) {
    interrupted.store(1, std::memory_order_relaxed);
}

void catch_interrupts() {
    struct sigaction action{};
    action.sa_handler = interrupt;
    // The second one ends this process at once, and its workers with it.
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    signal(SIGPIPE, SIG_IGN);
}

// ---- Options

struct Options {
    explicit Options(const Face& program) : face(program) {}

    const Face& face;
    double seconds = 60;
    std::optional<std::uint64_t> seed;
    std::vector<std::string> suites;
    unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
    std::string canary;
    bool list_canaries = false;
    std::string out = "blkdrain-failures";
    std::string hash_suite;
    std::uint64_t hash_count = 100;
    // replay
    std::string file;
    std::string adapter = "simulated";
    std::string replay_canary;
    std::string page;
    bool strict = false;
    bool threads = false;
};

// ---- Workers

struct Worker {
    SharedPage* page = nullptr;
    int fd = -1;
    Child child;
    std::uint32_t number = 0;
    Suite suite{};
};

bool start(Worker& worker, const Options& options, std::uint64_t seed, double seconds) {
    if (worker.page == nullptr) {
        worker.fd = memfd_create("page", MFD_CLOEXEC);
        if (worker.fd < 0 || ftruncate(worker.fd, sizeof(SharedPage)) != 0) {
            return false;
        }
        void* const memory =
            mmap(nullptr, sizeof(SharedPage), PROT_READ | PROT_WRITE, MAP_SHARED, worker.fd, 0);
        if (memory == MAP_FAILED) {
            return false;
        }
        worker.page = new (memory) SharedPage;
    }
    std::vector<std::string> command = options.face.worker(worker.suite);
    command.insert(command.end(),
                   {"check", std::string(suite_names[static_cast<std::size_t>(worker.suite)]),
                    std::to_string(seed), std::to_string(worker.number), std::to_string(seconds),
                    std::to_string(worker.fd)});
    if (!options.canary.empty()) {
        command.push_back(options.canary);
    }
    Child::Options how;
    how.keep_fd = worker.fd;
    return worker.child.start(command, how);
}

// ---- The check itself

class Check {
public:
    Check(const Options& options, std::uint64_t seed) : options_(options), seed_(seed) {}

    int run(const std::vector<Suite>& suites) {
        // Now, not when something has been found that could not be kept.
        std::error_code error;
        const bool made = std::filesystem::create_directories(options_.out, error);
        if (error) {
            std::fprintf(stderr, "%s: --out: the folder %s cannot be made: %s\n",
                         options_.face.name.c_str(), options_.out.c_str(), error.message().c_str());
            return exit_usage;
        }
        const int status = run_all(suites);
        if (made) {
            std::filesystem::remove(options_.out, error);  // if nothing is in it
        }
        return status;
    }

private:
    int run_all(const std::vector<Suite>& suites) {
        const double each = options_.seconds / static_cast<double>(suites.size());
        for (const Suite suite : suites) {
            if (interrupted.load(std::memory_order_relaxed) == 0 && !failure_) {
                run_suite(suite, each);
            }
        }
        progress_end();
        std::printf("%s\n", table(counts_).c_str());
        if (counts_[static_cast<std::size_t>(Suite::machines)].scenarios != 0) {
            std::printf("%-45s %12s\n%s\n", "of machines", "seen", machines_.text().c_str());
        }
        if (failure_) {
            report(*failure_, options_.face, options_.canary, options_.out,
                   [] { return interrupted.load(std::memory_order_relaxed) != 0; });
            return exit_violation;
        }
        if (broken_) {
            return exit_violation;
        }
        if (!options_.canary.empty()) {
            std::printf("canary %s was NOT caught\n", options_.canary.c_str());
            return exit_clean;
        }
        if (interrupted.load(std::memory_order_relaxed) != 0) {
            std::printf("interrupted; no violation so far\n");
            return exit_clean;
        }
        if (options_.face.whole && below_thresholds()) {
            return exit_violation;
        }
        std::printf("no violation (seed %llu)\n", static_cast<unsigned long long>(seed_));
        return exit_clean;
    }

    // Says which operations were too seldom in the interesting state; whether there are any.
    bool below_thresholds() const {
        SuiteCount all;
        for (const SuiteCount& count : counts_) {
            all.add(count);
        }
        const std::vector<std::string> below = below_threshold(all);
        for (const std::string& line : below) {
            std::printf("threshold: %s\n", line.c_str());
        }
        bool never = false;
        if (counts_[static_cast<std::size_t>(Suite::machines)].scenarios >= enough_machines) {
            for (const std::string& words : machines_.never()) {
                std::printf("threshold: machines had no %s\n", words.c_str());
                never = true;
            }
        }
        return never || !below.empty();
    }

    void run_suite(Suite suite, double seconds) {
        const Clock::time_point started = Clock::now();
        const Clock::time_point end = started + std::chrono::duration_cast<Clock::duration>(
                                                    std::chrono::duration<double>(seconds));
        std::vector<Worker> workers(options_.jobs);
        for (std::uint32_t i = 0; i < workers.size(); ++i) {
            workers[i].suite = suite;
            workers[i].number = i;
            if (!start(workers[i], options_, seed_, seconds)) {
                std::fprintf(stderr, "cannot start %s\n",
                             options_.face.worker(suite).front().c_str());
                broken_ = true;
            }
        }
        // Without a page a worker cannot run.
        std::erase_if(workers, [](const Worker& worker) { return worker.page == nullptr; });
        // Real threads that hang are ended by their worker's own watchdog, simulated ones by their
        // step limit.
        bool running = true;
        while (running) {
            std::this_thread::sleep_for(std::chrono::milliseconds(25));
            running = false;
            for (Worker& worker : workers) {
                follow(worker, end);
                running = running || worker.child.running();
            }
            if (interrupted.load(std::memory_order_relaxed) != 0 || failure_ || broken_) {
                for (const Worker& worker : workers) {
                    worker.page->stop.store(1, std::memory_order_relaxed);
                }
            }
            progress(suite, workers, started, seconds);
        }
        SuiteCount& count = counts_[static_cast<std::size_t>(suite)];
        for (Worker& worker : workers) {
            count.add(worker.page->counts);
            machines_.add(worker.page->machines);
            munmap(worker.page, sizeof(SharedPage));
            close(worker.fd);
        }
        count.wall_ns +=
            static_cast<std::uint64_t>(std::chrono::nanoseconds(Clock::now() - started).count());
    }

    void follow(Worker& worker, Clock::time_point end) {
        const std::optional<int> status = worker.child.ended(false);
        if (!status) {
            return;
        }
        SharedPage& page = *worker.page;
        if (page.violated.load(std::memory_order_acquire) != 0) {
            if (!is_wanted(page.rule) && restart(worker, end)) {
                return;
            }
            fail(worker, Violation{page.detector.data(), page.rule, page.code.data(),
                                   page.sentence.data(), page.step});
            return;
        }
        if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) {
            return;
        }
        const std::string complaint = worker.child.complaint();
        if (page.counts.scenarios == 0 && page.scenario_seed.load(std::memory_order_relaxed) == 0) {
            std::fprintf(stderr, "%s did not start: %s\n",
                         options_.face.worker(worker.suite).front().c_str(),
                         crash_code(complaint, *status).c_str());
            broken_ = true;
            return;
        }
        ++page.counts.violations;
        const std::string code = crash_code(complaint, *status);
        if (!is_wanted(0) && restart(worker, end)) {
            return;
        }
        fail(worker, Violation{"crash", 0, code, "the process died: " + code, 0}, complaint);
    }

    // A canary is to be caught by its own rule; it may show as something else first.
    bool is_wanted(int rule) const {
        if (options_.canary.empty()) {
            return true;
        }
        const int wanted = find_canary(options_.canary)->rule;
        return wanted == any_rule || wanted == rule;
    }

    bool restart(Worker& worker, Clock::time_point end) {
        const double left = std::chrono::duration<double>(end - Clock::now()).count();
        if (restarts_ >= restarts_max || left <= 0) {
            return false;
        }
        ++restarts_;
        worker.number += options_.jobs;
        worker.page->violated.store(0, std::memory_order_relaxed);
        return start(worker, options_, seed_, left);
    }

    void fail(const Worker& worker, Violation violation, std::string complaint = {}) {
        if (!failure_) {
            const std::uint64_t seed = worker.page->scenario_seed.load(std::memory_order_relaxed);
            failure_ =
                Failure{worker.suite,
                        std::string(suite_names[static_cast<std::size_t>(worker.suite)]),
                        seed,
                        worker.suite == Suite::machines ? to_text(any_machine(seed))
                                                        : to_text(scenario_of(worker.suite, seed)),
                        std::move(violation),
                        std::move(complaint)};
        }
    }

    void progress(Suite suite, const std::vector<Worker>& workers, Clock::time_point started,
                  double seconds) {
        if (isatty(STDERR_FILENO) == 0 || Clock::now() - shown_ < std::chrono::milliseconds(200)) {
            return;
        }
        shown_ = Clock::now();
        std::uint64_t scenarios = 0;
        std::uint64_t operations = 0;
        std::uint64_t violations = 0;
        for (const Worker& worker : workers) {
            scenarios += worker.page->counts.scenarios;
            operations += worker.page->counts.operations;
            violations += worker.page->counts.violations;
        }
        const double passed = std::chrono::duration<double>(shown_ - started).count();
        std::fprintf(stderr,
                     "\r\033[K%s: %.0f of %.0f s, %llu scenarios, %llu operations, %.0f "
                     "scenarios/s, %llu violations",
                     std::string(suite_names[static_cast<std::size_t>(suite)]).c_str(), passed,
                     seconds, static_cast<unsigned long long>(scenarios),
                     static_cast<unsigned long long>(operations),
                     passed > 0 ? static_cast<double>(scenarios) / passed : 0.0,
                     static_cast<unsigned long long>(violations));
    }
    static void progress_end() {
        if (isatty(STDERR_FILENO) != 0) {
            std::fprintf(stderr, "\r\033[K");
        }
    }

    const Options& options_;
    const std::uint64_t seed_;
    static constexpr std::uint64_t enough_machines = 2000;
    Counts counts_{};
    MachineCounts machines_;
    std::optional<Failure> failure_;
    bool broken_ = false;
    static constexpr int restarts_max = 50;
    int restarts_ = 0;
    Clock::time_point shown_{};
};

// Only returns if the program cannot be started.
int become(const std::vector<std::string>& command) {
    std::vector<char*> arguments;
    for (const std::string& argument : command) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    std::fflush(stdout);
    execv(arguments[0], arguments.data());
    std::fprintf(stderr, "cannot start %s\n", arguments[0]);
    return exit_usage;
}

// ---- Replay

int replay_on_reference(const Scenario& scenario) {
    ReferenceAdapter adapter;
    Runner runner(adapter);
    const auto counts = std::make_unique<SuiteCount>();
    TextTimeLine time_line;
    RunOptions options;
    options.time_line = &time_line;
    const Outcome outcome = runner.run(scenario, options, *counts);
    std::fputs(time_line.text().c_str(), stdout);
    if (outcome.violation) {
        std::printf("\nVIOLATION: %s", reason_text(*outcome.violation).c_str());
        return exit_violation;
    }
    std::printf("\nas the rules want it: %u operations, %llu events\n", outcome.operations,
                static_cast<unsigned long long>(outcome.events));
    return exit_clean;
}

// The worker of the world that was asked for; what it is to do comes behind.
std::vector<std::string> replaying_worker(const Options& options) {
    std::vector<std::string> command =
        options.face.worker(options.adapter == "real" ? Suite::real : Suite::sequential);
    if (options.threads) {
        command.emplace_back("threads");
    }
    return command;
}

// A run of it as a page for a browser. Exit status as without.
int write_page(const Options& options, const std::string& program) {
    std::vector<std::string> command = replaying_worker(options);
    command.insert(command.end(), {"page", std::to_string(patient_tick_ns), ""});
    if (!options.replay_canary.empty()) {
        command.push_back(options.replay_canary);
    }
    PageHead head;
    head.title = std::filesystem::path(options.file).filename().string();
    head.verdict = head.title;
    head.command = options.face.replay + " " + std::filesystem::absolute(options.file).string() +
                   (options.adapter == "real" ? " --adapter real" : "") +
                   (options.replay_canary.empty() ? "" : " --canary " + options.replay_canary);
    head.program = program;
    std::ofstream page(options.page);
    const Output rows = output_of(command, program);
    page << page_head(head) << rows.text << page_end();
    page.close();
    if (!page) {
        std::fprintf(stderr, "%s: cannot be written\n", options.page.c_str());
        return exit_usage;
    }
    std::printf("%s\n", std::filesystem::absolute(options.page).c_str());
    return rows.fine ? exit_clean : exit_violation;
}

int replay(const Options& options) {
    std::ifstream file(options.file, std::ios::binary);
    if (!file) {
        std::fprintf(stderr, "%s: cannot be read\n", options.file.c_str());
        return exit_usage;
    }
    std::ostringstream text;
    text << file.rdbuf();
    const bool machine = options.face.offers_machines() &&
                         (!options.face.offers_scenarios() || is_machine(text.str()));
    const ParsedMachine program = machine ? parse_machine(text.str()) : ParsedMachine{};
    const ParsedText parsed = machine ? ParsedText{} : parse_text(text.str());
    if (const std::optional<TextError>& error = machine ? program.error : parsed.error) {
        std::fprintf(stderr, "%s:%s\n", options.file.c_str(), error->text().c_str());
        return exit_usage;
    }
    if (!options.page.empty() && options.adapter == "reference") {
        std::fprintf(stderr, "--page shows a run of the library, not of the reference alone\n");
        return exit_usage;
    }
    if (machine && options.adapter != "simulated") {
        std::fprintf(stderr, "%s: a machine runs with --adapter simulated alone\n",
                     options.file.c_str());
        return exit_usage;
    }
    if (options.threads && options.adapter != "simulated") {
        std::fprintf(
            stderr, "--threads says what simulated threads are; with --adapter %s there are none\n",
            options.adapter.c_str());
        return exit_usage;
    }
    if (!options.page.empty()) {
        return write_page(options, text.str());
    }
    std::printf("%s\n", (machine ? to_text(program.program) : to_text(parsed.scenario)).c_str());
    std::fflush(stdout);
    if (options.adapter == "reference") {
        return replay_on_reference(parsed.scenario);
    }
    // The worker of that world becomes this process, with the file as its standard input.
    if (std::freopen(options.file.c_str(), "rb", stdin) == nullptr) {
        return exit_usage;
    }
    std::vector<std::string> command = replaying_worker(options);
    command.insert(command.end(), {"play", std::to_string(patient_tick_ns),
                                   options.strict ? "strict" : "lenient"});
    if (!options.replay_canary.empty()) {
        command.push_back(options.replay_canary);
    }
    return become(command);
}

// Where runs are not compared with others, nothing shows it.
bool can_be_caught(const CanaryRow& row) {
    return row.home != CanaryHome::effect;
}

int list_canaries() {
    for (const CanaryRow& row : canaries) {
        if (can_be_caught(row)) {
            std::printf("%s %s\n", std::string(row.name).c_str(),
                        row.rule == any_rule ? "any" : ("R" + std::to_string(row.rule)).c_str());
        }
    }
    return exit_clean;
}

// Whether programs of this suite get to what the canary breaks.
bool can_catch(Suite suite, const std::string& canary) {
    if (canary.empty()) {
        return true;
    }
    switch (find_canary(canary)->home) {
        case CanaryHome::machine:
            return suite == Suite::machines;
        case CanaryHome::schedule:
            return suite == Suite::scheduled;
        case CanaryHome::effect:
            return false;
        case CanaryHome::library:
        case CanaryHome::harness:
            break;
    }
    return suite != Suite::machines;
}

int print_hashes(const Options& options, std::uint64_t seed) {
    std::vector<std::string> command = options.face.simulated;
    command.insert(command.end(), {"hash", options.hash_suite, std::to_string(seed),
                                   std::to_string(options.hash_count)});
    return become(command);
}

// The command that runs each twice; for the caller to ask whether it was given.
CLI::App* offer_twice(CLI::App& app, Options& options) {
    CLI::App* const command = app.add_subcommand(
        "twice", "run each of many scenarios twice and compare the traces, step by step");
    command->add_option("suite", options.hash_suite, "sequential, scheduled or machines")
        ->required()
        ->check(CLI::IsMember({"sequential", "scheduled", "machines"}));
    command->add_option("count", options.hash_count, "how many")->required();
    command->add_option("--seed", options.seed, "of the first (default: random, printed)");
    return command;
}

void offer_what_the_library_is_checked_with(CLI::App& app, CLI::App& replay_command,
                                            Options& options) {
    std::vector<std::string> names;
    std::vector<std::string> caught;
    for (const CanaryRow& row : canaries) {
        names.emplace_back(row.name);
        if (can_be_caught(row)) {
            caught.emplace_back(row.name);
        }
    }
    app.add_option("--canary", options.canary,
                   "check this deliberately broken variant; it must be caught")
        ->check(CLI::IsMember(caught));
    app.add_flag("--list-canaries", options.list_canaries,
                 "print the broken variants, one name and its rule a line");
    app.add_option("--trace-hash", options.hash_suite,
                   "print one hash per run of this simulated suite instead")
        ->check(CLI::IsMember({"sequential", "scheduled", "machines"}));
    app.add_option("--trace-hash-count", options.hash_count, "how many runs to hash (default 100)");
    replay_command
        .add_option("--adapter", options.adapter, "reference, simulated (default) or real")
        ->check(CLI::IsMember({"reference", "simulated", "real"}));
    replay_command.add_option("--canary", options.replay_canary, "with this broken variant")
        ->check(CLI::IsMember(names));
}

std::vector<std::string> names_of(const std::vector<Suite>& suites) {
    std::vector<std::string> names;
    for (const Suite suite : suites) {
        names.emplace_back(suite_names[static_cast<std::size_t>(suite)]);
    }
    return names;
}

// What can be run.
struct Kinds {
    std::string words;
    std::string files;
};
Kinds kinds_of(const Face& face) {
    if (!face.offers_machines()) {
        return {"scenario", "scenario, *.scn"};
    }
    if (!face.offers_scenarios()) {
        return {"machine", "machine, *.machine"};
    }
    return {"scenario or machine", "scenario, *.scn, or machine, *.machine"};
}

int main_with(int argc, char** argv, const Face& face) {
    Options options(face);
    CLI::App app{face.about};
    app.name(face.name);
    const std::vector<std::string> suites_offered = names_of(face.suites);
    const bool choice = face.suites.size() > 1;
    app.add_option(
           "--seconds", options.seconds,
           std::string("how long") + (choice ? ", all suites together" : "") + " (default 60)")
        ->check(CLI::Range(0.1, 1e7));
    app.add_option("--seed", options.seed,
                   "the same seed gives the same simulated runs (default: random, printed)");
    if (choice) {
        app.add_option(
               "--suite", options.suites,
               "only this suite; may be repeated: " + CLI::detail::join(suites_offered, ", "))
            ->check(CLI::IsMember(suites_offered))
            ->allow_extra_args(false);
    }
    app.add_option("--jobs", options.jobs, "processes at once (default: one per core)")
        ->check(CLI::Range(1U, 256U));
    app.add_option("--out", options.out,
                   "where failures are written (default ./blkdrain-failures)");
    const Kinds kinds = kinds_of(face);
    CLI::App* const replay_command =
        app.add_subcommand("replay", "run a " + kinds.words + " and print it as a time line");
    replay_command->add_option("file", options.file, "the " + kinds.files)->required();
    replay_command->add_option("--page", options.page,
                               "write the run as a page for a browser instead, to this file");
    if (face.offers_scenarios()) {
        replay_command->add_flag("--strict", options.strict,
                                 "fail if a deviation of the schedule has no effect (any more)");
    }
    replay_command->add_flag("--threads", options.threads,
                             "for debuggers: each simulated thread is one of the system, by its "
                             "name; the run is the same");
    const CLI::App* twice_command = nullptr;
    if (face.whole) {
        offer_what_the_library_is_checked_with(app, *replay_command, options);
        twice_command = offer_twice(app, options);
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return code == 0 ? exit_clean : exit_usage;
    }
    if (replay_command->parsed()) {
        return replay(options);
    }
    if (options.list_canaries) {
        return list_canaries();
    }
    const std::uint64_t seed = options.seed.value_or(std::random_device{}());
    if (twice_command != nullptr && twice_command->parsed()) {
        catch_interrupts();
        return run_twice(face.simulated, options.hash_suite, seed, options.hash_count,
                         [] { return interrupted.load(std::memory_order_relaxed) != 0; });
    }
    if (!options.hash_suite.empty()) {
        return print_hashes(options, seed);
    }
    std::vector<Suite> suites;
    for (std::size_t i = 0; i < suites_offered.size(); ++i) {
        if (options.suites.empty() ? can_catch(face.suites[i], options.canary)
                                   : std::find(options.suites.begin(), options.suites.end(),
                                               suites_offered[i]) != options.suites.end()) {
            suites.push_back(face.suites[i]);
        }
    }
    std::printf("seed %llu, %u jobs, %.0f s%s%s\n", static_cast<unsigned long long>(seed),
                options.jobs, options.seconds, options.canary.empty() ? "" : ", canary ",
                options.canary.c_str());
    std::fflush(stdout);
    catch_interrupts();
    return Check(options, seed).run(suites);
}

}  // namespace

int front_end(int argc, char** argv, const Face& face) {
    try {
        return main_with(argc, argv, face);
    } catch (const std::exception& error) {  // of the file system, mostly
        std::fprintf(stderr, "%s: %s\n", face.name.c_str(), error.what());
        return exit_usage;
    }
}

}  // namespace blkdrain_props
