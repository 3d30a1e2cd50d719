// SPDX-License-Identifier: Apache-2.0
//
// blkdrain-explore: all schedules within a bound of all small programs on all small graphs, judged
// by the reference. One process per core searches; this one estimates, watches, saves and reports.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "canary/canaries.h"
#include "check/child.h"
#include "check/evaluator.h"
#include "check/failure.h"
#include "explore/checkpoint.h"
#include "explore/programs.h"
#include "explore/reference_search.h"
#include "explore/search.h"
#include "explore/status_line.h"
#include "harness/adapters/implementation.h"
#include "harness/text.h"

namespace blkdrain_props {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int exit_clean = 0;
constexpr int exit_violation = 1;
constexpr int exit_usage = 2;
constexpr int exit_unfinished = 4;

std::atomic<int> interrupted{0};

void interrupt(int) {
    interrupted.store(1, std::memory_order_relaxed);
}

struct Options {
    SearchPlan plan;
    std::string memory = "sequential";
    std::uint32_t departures = 0;
    bool every_schedule = false;
    bool reference = false;
    std::uint64_t runs_max = 0;  // 0: no limit
    std::string resume;
    double save_every = 30;
    std::string checkpoint = "blkdrain-explore.checkpoint";
    std::string out = "blkdrain-failures";
    std::string canary;
};

template <class T>
T* shared() {
    void* const memory =
        mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        std::perror("blkdrain-explore: mmap");
        std::exit(exit_usage);
    }
    return new (memory) T;
}

// Runs `body` in a process of its own.
template <class Body>
pid_t apart(Body body) {
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setpgid(0, 0);  // an interrupt from the terminal does not reach it
        body();
        std::fflush(nullptr);
        _exit(0);
    }
    return child;
}

std::string duration_text(double seconds) {
    std::array<char, 64> text{};
    if (seconds < 120) {
        std::snprintf(text.data(), text.size(), "%.0f s", seconds);
    } else if (seconds < 7200) {
        std::snprintf(text.data(), text.size(), "%.0f min", seconds / 60);
    } else {
        std::snprintf(text.data(), text.size(), "%.1f h", seconds / 3600);
    }
    return text.data();
}

class Exploration {
public:
    Exploration(const Options& options, Checkpoint from)
        : options_(options), from_(std::move(from)), programs_(from_.plan.programs()) {}

    int run() {
        std::printf("%s: %s programs, %u processes\n", what().c_str(),
                    grouped(static_cast<double>(programs_.count())).c_str(), from_.plan.processes);
        make_estimate();
        start();
        watch();
        return conclude();
    }

private:
    struct Process {
        SearchPage* page = nullptr;
        pid_t pid = -1;
        bool died = false;
    };

    std::string what() const {
        return "all " + std::to_string(programs_.graphs()) + " graphs of up to " +
               std::to_string(from_.plan.nodes) +
               " nodes with up to 2 backends, all programs of up to " +
               std::to_string(from_.plan.calls) + " concurrent calls" +
               (from_.plan.preemptions() ? " but for who makes which" : "") +
               ", every schedule with at most " + std::to_string(from_.plan.bound.max) +
               (from_.plan.preemptions() ? " preemptions, "
                                         : " departures from the default order, ") +
               (from_.plan.closing ? "closing included, " : "") +
               (from_.plan.memory == Memory::tso ? "total store order"
                                                 : "sequentially consistent memory");
    }

    void make_estimate() {
        constexpr double probing_seconds = 2;
        auto* const result = shared<SearchEstimate>();
        const pid_t child =
            apart([&] { *result = estimate(from_.plan, programs_, probing_seconds); });
        waitpid(child, nullptr, 0);
        estimate_ = *result;
        if (estimate_.runs > 0) {
            std::printf(
                "estimate: about %s schedules, %s%s\n", grouped(estimate_.runs).c_str(),
                from_.plan.bound.reduce ? "less than " : "",
                duration_text(estimate_.runs * estimate_.seconds_per_run / from_.plan.processes)
                    .c_str());
        } else {
            std::printf("no estimate: a random run ended the process\n");
        }
        std::fflush(stdout);
    }

    void start() {
        for (const Checkpoint::Process& from : from_.processes) {
            Process process;
            process.page = shared<SearchPage>();
            process.page->program.store(from.program, std::memory_order_relaxed);
            process.page->runs.store(from.runs, std::memory_order_relaxed);
            process.page->left_out.store(from.left_out, std::memory_order_relaxed);
            process.page->done.store(from.done ? 1 : 0, std::memory_order_relaxed);
            for (std::size_t i = 0; i < from.answers.size(); ++i) {
                process.page->answers[i] = static_cast<std::uint8_t>(from.answers[i]);
            }
            process.page->answer_count.store(static_cast<std::uint32_t>(from.answers.size()),
                                             std::memory_order_relaxed);
            if (!from.done) {
                process.pid = apart([&] { search(from_.plan, programs_, *process.page); });
            }
            processes_.push_back(process);
        }
    }

    void watch() {
        const Clock::time_point started = Clock::now();
        Clock::time_point saved = started;
        const std::uint64_t before = runs() + left_out();
        for (bool running = true; running;) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            running = false;
            for (Process& process : processes_) {
                int status = 0;
                if (process.pid > 0 && waitpid(process.pid, &status, WNOHANG) == process.pid) {
                    process.pid = -1;
                    process.died = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
                }
                running = running || process.pid > 0;
            }
            const bool enough = options_.runs_max != 0 && runs() >= options_.runs_max;
            if (enough || interrupted.load(std::memory_order_relaxed) != 0 || failed() != nullptr) {
                for (const Process& process : processes_) {
                    process.page->stop.store(1, std::memory_order_relaxed);
                }
            }
            const Clock::time_point now = Clock::now();
            progress(std::chrono::duration<double>(now - started).count(), before);
            if (now - saved > std::chrono::duration<double>(options_.save_every)) {
                saved = now;
                save();
            }
        }
        line_.clear();
    }

    void progress(double seconds, std::uint64_t before) {
        if (!line_.due()) {
            return;
        }
        const auto made = static_cast<double>(runs() + left_out());
        const double rate = (made - static_cast<double>(before)) / std::max(seconds, 0.001);
        std::uint64_t at = 0;
        for (const Process& process : processes_) {
            at += process.page->program.load(std::memory_order_relaxed) / from_.plan.processes;
        }
        const double left = std::max(estimate_.runs - made, 0.0) / std::max(rate, 1.0);
        line_.show(grouped(made) + " schedules, program " + grouped(static_cast<double>(at)) +
                   " of " + grouped(static_cast<double>(programs_.count())) + ", " + grouped(rate) +
                   " a second, about " + duration_text(left) + " left");
    }

    std::uint64_t runs() const {
        std::uint64_t sum = 0;
        for (const Process& process : processes_) {
            sum += process.page->runs.load(std::memory_order_relaxed);
        }
        return sum;
    }

    std::uint64_t left_out() const {
        std::uint64_t sum = 0;
        for (const Process& process : processes_) {
            sum += process.page->left_out.load(std::memory_order_relaxed);
        }
        return sum;
    }

    const Process* failed() const {
        for (const Process& process : processes_) {
            if (process.died || process.page->found.load(std::memory_order_acquire) != 0) {
                return &process;
            }
        }
        return nullptr;
    }

    // Of a process that runs: where its program began, for the answers may be torn; or where it was
    // resumed, if it is still at that.
    static Checkpoint::Process standing(const Process& process, const Checkpoint::Process& from) {
        const SearchPage& page = *process.page;
        Checkpoint::Process at = from;
        if (process.pid > 0) {
            std::uint32_t begun = page.begun.load(std::memory_order_acquire);
            for (std::uint32_t seen = begun + 1; begun != 0 && seen != begun;) {
                seen = begun;
                const SearchPage::Begin& begin = page.begins[begun % 2];
                at = {begin.program.load(std::memory_order_acquire),
                      begin.runs.load(std::memory_order_acquire),
                      begin.left_out.load(std::memory_order_acquire),
                      false,
                      {}};
                begun = page.begun.load(std::memory_order_acquire);
            }
            return at;
        }
        at.program = page.program.load(std::memory_order_relaxed);
        at.runs = page.runs.load(std::memory_order_relaxed);
        at.left_out = page.left_out.load(std::memory_order_relaxed);
        at.done = page.done.load(std::memory_order_relaxed) != 0;
        const std::uint32_t count = page.answer_count.load(std::memory_order_relaxed);
        at.answers.assign(page.answers.begin(), page.answers.begin() + count);
        return at;
    }

    void save() const {
        Checkpoint checkpoint;
        checkpoint.plan = from_.plan;
        for (std::size_t i = 0; i < processes_.size(); ++i) {
            checkpoint.processes.push_back(standing(processes_[i], from_.processes[i]));
        }
        const std::string next = options_.checkpoint + ".new";
        std::ofstream(next) << to_text(checkpoint);
        std::error_code error;
        std::filesystem::rename(next, options_.checkpoint, error);
        if (error) {
            std::fprintf(stderr, "blkdrain-explore: %s cannot be written: %s\n",
                         options_.checkpoint.c_str(), error.message().c_str());
        }
    }

    int conclude() {
        if (const Process* const process = failed()) {
            return report(*process);
        }
        const std::string made = grouped(static_cast<double>(runs()));
        const bool all = std::all_of(processes_.begin(), processes_.end(), [](const Process& p) {
            return p.page->done.load(std::memory_order_acquire) != 0;
        });
        if (!all) {
            save();
            std::printf(
                "unfinished after %s executions, no violation so far; go on with: ./dev explore "
                "--resume %s\n",
                made.c_str(), options_.checkpoint.c_str());
            return exit_unfinished;
        }
        std::error_code error;
        std::filesystem::remove(options_.checkpoint, error);
        std::printf("proved by enumeration: no violation on %s: %s executions of %s programs",
                    what().c_str(), made.c_str(),
                    grouped(static_cast<double>(programs_.count())).c_str());
        if (from_.plan.bound.reduce) {
            std::printf(from_.plan.preemptions()
                            ? "; %s preemptions are left out, as they give the same but for steps "
                              "that commute"
                            : ", and %s like one of them but for steps that commute",
                        grouped(static_cast<double>(left_out())).c_str());
        }
        std::printf("\n");
        return exit_clean;
    }

    // In the same folder and form as what a check finds.
    int report(const Process& process) const {
        const std::uint64_t number = process.page->program.load(std::memory_order_relaxed);
        const std::string original = to_text(canonical(tell(from_.plan, programs_, *process.page)));
        Face face;
        face.replay = "./dev replay";
        face.whole = true;
        face.simulated = {std::filesystem::path(program_path()).parent_path() /
                          "blkdrain-check-sim"};
        Evaluator evaluator(face.simulated, Suite::scheduled, 1, options_.canary);
        const std::optional<Violation> violation = evaluator.judge(original);
        if (!violation) {
            std::printf(
                "%s\nviolation: program %llu failed with this schedule, but not when run "
                "alone\n",
                original.c_str(), static_cast<unsigned long long>(number));
            return exit_violation;
        }
        blkdrain_props::report({Suite::scheduled, "exploration", number, original, *violation, {}},
                               face, options_.canary, options_.out,
                               [] { return interrupted.load(std::memory_order_relaxed) != 0; });
        return exit_violation;
    }

    const Options& options_;
    Checkpoint from_;
    Programs programs_;
    SearchEstimate estimate_;
    std::vector<Process> processes_;
    StatusLine line_;
};

// The model alone.
int explore_model(std::uint32_t nodes) {
    const std::uint32_t most = reference_nodes_max();
    if (nodes > most) {
        std::fprintf(stderr,
                     "--reference --nodes %u: its families of operations are written for graphs of "
                     "at most %u nodes, so a greater size adds nothing\n",
                     nodes, most);
        return exit_usage;
    }
    switch (
        explore_reference(nodes, [] { return interrupted.load(std::memory_order_relaxed) != 0; })) {
        case ReferenceSearch::proved:
            return exit_clean;
        case ReferenceSearch::objection:
            return exit_violation;
        case ReferenceSearch::interrupted:
            break;
    }
    return exit_unfinished;
}

int main_with(int argc, char** argv) {
    Options options;
    SearchPlan& plan = options.plan;
    plan.bound.max = 1;
    plan.processes = std::max(1U, std::thread::hardware_concurrency());
    CLI::App app{
        "Runs all schedules within a bound of all small programs on all small graphs, judged by "
        "the "
        "executable specification."};
    app.name("blkdrain-explore");
    app.add_option("--nodes", plan.nodes,
                   "graphs of up to so many nodes (default 2); at most 4, with --reference 3")
        ->check(CLI::Range(1U, 4U));
    app.add_option("--calls", plan.calls, "programs of up to so many concurrent calls (default 2)")
        ->check(CLI::Range(1U, static_cast<unsigned>(clients_max)));
    app.add_option(
        "--preemptions", plan.bound.max,
        "every schedule with at most so many preemptions (default 1): that another thread "
        "runs though the one before could go on. Who runs after one that blocks, which "
        "event comes first, who is woken are all tried");
    const CLI::Option* const departures =
        app.add_option("--departures", options.departures,
                       "instead every schedule with at most so many departures from the default "
                       "order, which are fewer: a preemption, another thread than the first after "
                       "one that blocked, a store that is delayed, another event or waiter first")
            ->excludes("--preemptions");
    app.add_option("--memory", options.memory, "sequential (default) or tso, total store order")
        ->check(CLI::IsMember({"sequential", "tso"}));
    app.add_flag(
        "--closing", plan.closing,
        "also every order in which what exists is closed at the end, after each schedule of "
        "the calls; otherwise it is closed in the default order");
    app.add_flag("--every-schedule", options.every_schedule,
                 "also those that are like another one but for the order of steps that commute; "
                 "with tso that is always so");
    app.add_flag("--reference", options.reference, "explore the model alone instead");
    app.add_option("--jobs", plan.processes, "processes at once (default: one per core)")
        ->check(CLI::Range(1U, 256U));
    app.add_option("--runs", options.runs_max, "stop after about so many executions and save");
    app.add_option("--checkpoint", options.checkpoint,
                   "where it is saved how far it is (default ./blkdrain-explore.checkpoint)");
    app.add_option("--save-every", options.save_every, "seconds (default 30)")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--resume", options.resume, "go on from this checkpoint; says all the rest");
    app.add_option("--out", options.out,
                   "where a failure is written (default ./blkdrain-failures)");
    std::vector<std::string> names;
    for (const CanaryRow& row : canaries) {
        if (row.home == CanaryHome::library || row.home == CanaryHome::schedule) {
            names.emplace_back(row.name);
        }
    }
    app.add_option("--canary", options.canary, "explore this deliberately broken variant")
        ->check(CLI::IsMember(names));
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? exit_clean : exit_usage;
    }
    struct sigaction action{};
    action.sa_handler = interrupt;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    if (options.reference) {
        return explore_model(plan.nodes);
    }
    plan.bound.cost = blkdrain::sim::ScheduleBound::Cost::preemptions;
    if (departures->count() != 0) {
        plan.bound = {blkdrain::sim::ScheduleBound::Cost::departures, options.departures};
    }
    plan.memory = options.memory == "tso" ? Memory::tso : Memory::sequential;
    // Stores that wait are steps of their own, which the reduction knows nothing of.
    plan.bound.reduce =
        !options.every_schedule && plan.memory == Memory::sequential && plan.bound.max != 0;
    Checkpoint from;
    from.plan = plan;
    for (std::uint32_t i = 0; i < plan.processes; ++i) {
        from.processes.push_back({i, 0, 0, false, {}});
    }
    if (!options.resume.empty()) {
        std::ifstream file(options.resume);
        std::ostringstream text;
        text << file.rdbuf();
        const std::optional<Checkpoint> read = parse_checkpoint(text.str());
        if (!read) {
            std::fprintf(stderr, "%s: not a checkpoint of an exploration\n",
                         options.resume.c_str());
            return exit_usage;
        }
        from = *read;
        options.checkpoint = options.resume;
    }
    if (!options.canary.empty()) {
        release_canary(*find_canary(options.canary));
    }
    return Exploration(options, std::move(from)).run();
}

}  // namespace
}  // namespace blkdrain_props

int main(int argc, char** argv) {
    try {
        return blkdrain_props::main_with(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "blkdrain-explore: %s\n", error.what());
        return blkdrain_props::exit_usage;
    }
}
