// SPDX-License-Identifier: Apache-2.0
#include "check/failure.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include <unistd.h>

#include "check/child.h"
#include "check/evaluator.h"
#include "check/protocol.h"
#include "harness/exchange.h"
#include "harness/minimise.h"
#include "harness/page.h"
#include "harness/reduce.h"
#include "harness/report.h"
#include "harness/simplest.h"
#include "harness/text.h"
#include "harness/told_schedule.h"
#include "machine/machine_program.h"
#include "machine/smaller_machine.h"

namespace blkdrain_props {

namespace {

constexpr std::uint32_t minimising_runs_max = 4'000;
constexpr std::uint32_t machine_runs_max = 20'000;
// On real threads. A run that hangs takes 20 s there.
constexpr int real_repetitions = 5;
constexpr std::chrono::minutes real_time_max{1};
// Other operations in the place of one.
constexpr std::uint32_t exchanging_runs_max = 20'000;
constexpr std::chrono::seconds exchanging_time_max{5};

void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path) << text;
}

class Reporter {
public:
    Reporter(const Failure& failure, const Face& face, const std::string& canary,
             const std::function<bool()>& enough)
        : failure_(failure),
          face_(face),
          canary_(canary),
          enough_(enough),
          violation_(failure.violation),
          evaluator_(face.worker(failure.suite), failure.suite,
                     failure.suite == Suite::real ? real_repetitions : 1, canary) {}

    void write(const std::string& out);

private:
    // Runs the text once more, in a process of its own, and returns what that prints.
    [[nodiscard]] std::string run_apart(const std::string& text,
                                        const std::vector<std::string>& mode) const;
    std::optional<Violation> judge(const std::string& text);
    [[nodiscard]] std::string reduced(const std::string& original);
    template <class Program, class MakeSmaller>
    std::string reduced_program(const Program& original, const MakeSmaller& make_smaller);
    [[nodiscard]] Scenario smaller_scenario(const Scenario& original,
                                            const std::function<bool(const Scenario&)>& fails);

    const Failure& failure_;
    const Face& face_;
    const std::string& canary_;
    const std::function<bool()>& enough_;
    Violation violation_;  // of the run that is reported
    Evaluator evaluator_;
    std::string remark_;  // on the reduction, for people
    unsigned runs_ = 0;
};

std::string Reporter::run_apart(const std::string& text,
                                const std::vector<std::string>& mode) const {
    std::vector<std::string> command = face_.worker(failure_.suite);
    command.insert(command.end(), mode.begin(), mode.end());
    if (!canary_.empty()) {
        command.push_back(canary_);
    }
    return output_of(command, text).text;
}

// Says on a terminal how far the reducing has come, now and then.
std::optional<Violation> Reporter::judge(const std::string& text) {
    if (++runs_ % 50 == 0 && isatty(STDERR_FILENO) == 1) {
        std::fprintf(stderr, "\r\033[Kreducing: %u runs", runs_);
    }
    return evaluator_.judge(text);
}

Scenario Reporter::smaller_scenario(const Scenario& original,
                                    const std::function<bool(const Scenario&)>& fails) {
    const auto fails_before = [&fails](std::chrono::steady_clock::duration limit) {
        return
            [&fails, until = std::chrono::steady_clock::now() + limit](const Scenario& candidate) {
                return std::chrono::steady_clock::now() < until && fails(candidate);
            };
    };
    if (failure_.suite == Suite::real) {
        return minimise(original, fails_before(real_time_max), minimising_runs_max);
    }
    const Scenario smallest =
        failure_.suite == Suite::scheduled
            ? simplest(
                  original, fails,
                  [this](const Scenario& candidate) {
                      return told(candidate, run_apart(to_text(candidate), {"record"}));
                  },
                  minimising_runs_max)
            : minimise(original, fails, minimising_runs_max);
    return exchange(smallest, fails_before(exchanging_time_max), exchanging_runs_max);
}

template <class Program, class MakeSmaller>
std::string Reporter::reduced_program(const Program& original, const MakeSmaller& make_smaller) {
    const auto judged = [&](const Program& program) { return judge(to_text(program)); };
    const Reduced<Program> result =
        reduce(original, violation_, judged, [&](const Program& failing, const auto& fails) {
            return make_smaller(
                failing, [&](const Program& candidate) { return !enough_() && fails(candidate); });
        });
    violation_ = *result.violation;
    if (!result.slipped_to.empty()) {
        remark_ = "not reduced: what it was reduced to fails with " + result.slipped_to + "\n";
    }
    return to_text(result.program);
}

// Of a failure that does not show again when run alone, the original.
std::string Reporter::reduced(const std::string& original) {
    const std::optional<Violation> again = judge(original);
    // All detectors look now: what is simulated can fail earlier than it did, but fails again.
    if (again && failure_.suite != Suite::real) {
        violation_ = *again;
    }
    if (!again || again->signature() != violation_.signature()) {
        remark_ = "it did not fail again in the same way when run alone; nothing was shrunk\n";
        return original;
    }
    return failure_.suite == Suite::machines
               ? reduced_program(parse_machine(original).program,
                                 [](const MachineProgram& failing, const auto& fails) {
                                     return smaller_machine(failing, fails, machine_runs_max);
                                 })
               : reduced_program(parse_text(original).scenario,
                                 [this](const Scenario& failing, const auto& fails) {
                                     return smaller_scenario(failing, fails);
                                 });
}

void Reporter::write(const std::string& out) {
    const bool of_machine = failure_.suite == Suite::machines;
    const std::string& original = failure_.original;
    const auto started = std::chrono::steady_clock::now();
    const std::string minimal = reduced(original);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    if (isatty(STDERR_FILENO) == 1) {
        std::fputs("\r\033[K", stderr);
    }
    const std::string& suite = failure_.suite_name;
    std::array<char, 80> name{};
    std::snprintf(name.data(), name.size(), "%s-R%d-%s-%016llx", suite.c_str(), violation_.rule,
                  violation_.detector.c_str(), static_cast<unsigned long long>(failure_.number));
    const std::filesystem::path folder = std::filesystem::path(out) / name.data();
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        std::fprintf(stderr, "cannot make %s: %s\n", folder.c_str(), error.message().c_str());
        return;
    }
    const std::string ending = of_machine ? ".machine" : ".scn";
    const std::string command =
        face_.replay + " " + std::filesystem::absolute(folder / ("minimal" + ending)).string() +
        (face_.whole
             ? std::string(" --adapter ") + (failure_.suite == Suite::real ? "real" : "simulated")
             : "") +
        (canary_.empty() ? "" : " --canary " + canary_);
    write_file(folder / ("original" + ending), original);
    write_file(folder / ("minimal" + ending), minimal);
    write_file(folder / "trace.txt", run_apart(minimal, {"play", "100000", "lenient"}));
    PageHead head;
    head.title = suite + " R" + std::to_string(violation_.rule) + " " + violation_.code;
    head.verdict = violation_.sentence;
    head.rule = "rule R" + std::to_string(violation_.rule) + ", found by " + violation_.detector +
                " (" + violation_.code + ") in the suite " + suite;
    head.command = command;
    head.program = minimal;
    head.notes = failure_.complaint;
    write_file(folder / "report.html",
               page_head(head) +
                   run_apart(minimal, {"page", "100000", (folder / "graph.dot").string()}) +
                   page_end());
    write_file(folder / "reason.txt",
               reason_text(violation_) + remark_ + "replay: " + command + "\n" +
                   (failure_.complaint.empty()
                        ? ""
                        : "\nwhat the process said before it died:\n" + failure_.complaint));
    std::printf(
        "violation: %s\n  rule: R%d, found by %s (%s), suite %s\n  reduced in %u runs, %.1f s\n"
        "  %s, trace and reason: %s\n  to look at: %s\n  replay: %s\n",
        violation_.sentence.c_str(), violation_.rule, violation_.detector.c_str(),
        violation_.code.c_str(), suite.c_str(), runs_, took.count(),
        of_machine ? "machine" : "scenario", folder.c_str(),
        std::filesystem::absolute(folder / "report.html").c_str(), command.c_str());
}

}  // namespace

void report(const Failure& failure, const Face& face, const std::string& canary,
            const std::string& out, const std::function<bool()>& enough) {
    Reporter(failure, face, canary, enough).write(out);
}

}  // namespace blkdrain_props
