// SPDX-License-Identifier: Apache-2.0
//
// The main() of a target where there is no engine: runs inputs, prints them, makes them smaller.
//
//   <target>_replay FILE|FOLDER...                  runs each file
//   <target>_replay --text FILE                     prints it as a scenario
//   <target>_replay --minimise FILE [--out FILE]    a smaller input with the same finding
//
// Exit status: 0 no finding, or made smaller; 1 nothing was found with that input; 2 wrong usage.
// A finding in a replayed input ends the process as the target ends it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <unistd.h>

#include "apart.h"
#include "harness/bytes.h"
#include "harness/minimise.h"
#include "harness/simplest.h"
#include "harness/text.h"
#include "harness/told_schedule.h"
#include "target.h"
#include "verdict.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name every engine looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace blkdrain_fuzz {
namespace {

using namespace blkdrain_props;
namespace fs = std::filesystem;

using Bytes = std::vector<std::uint8_t>;

constexpr int exit_done = 0;
constexpr int exit_no_finding = 1;
constexpr int exit_usage = 2;
constexpr std::uint32_t minimising_runs_max = 6'000;

int misused() {
    std::fprintf(stderr,
                 "usage: %s_replay FILE|FOLDER...\n"
                 "       %s_replay --text FILE\n"
                 "       %s_replay --minimise FILE [--out FILE]\n",
                 target.name, target.name, target.name);
    return exit_usage;
}

// An input; of a scenario file, for a target that reads scenarios, its byte form. None: said why.
std::optional<Bytes> read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    Bytes bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file) {
        std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
        return std::nullopt;
    }
    if (path.extension() == ".scn" && target.scenario != nullptr) {
        const ParsedText parsed =
            parse_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        if (parsed.error) {
            std::fprintf(stderr, "%s:%s\n", path.c_str(), parsed.error->text().c_str());
            return std::nullopt;
        }
        return encode(parsed.scenario);
    }
    return bytes;
}

int replay(const std::vector<std::string>& names) {
    std::vector<fs::path> paths;
    for (const std::string& name : names) {
        if (fs::is_directory(name)) {
            for (const fs::directory_entry& entry : fs::recursive_directory_iterator(name)) {
                if (entry.is_regular_file()) {
                    paths.push_back(entry.path());
                }
            }
        } else {
            paths.emplace_back(name);
        }
    }
    std::sort(paths.begin(), paths.end());
    if (paths.empty()) {
        std::fprintf(stderr, "%s_replay: there is no input in what was named\n", target.name);
        return exit_usage;
    }
    for (const fs::path& path : paths) {
        const std::optional<Bytes> bytes = read(path);
        if (!bytes) {
            return exit_usage;
        }
        // Before: so that who looks at a crash knows of which input.
        std::fprintf(stderr, "%s: %s\n", target.name, path.c_str());
        if (LLVMFuzzerTestOneInput(bytes->data(), bytes->size()) != 0) {
            std::fprintf(stderr, "the target returned something else than 0\n");
            return exit_no_finding;
        }
    }
    std::printf("%s: %zu inputs, no finding\n", target.name, paths.size());
    return exit_done;
}

int print(const std::string& name) {
    if (target.scenario == nullptr) {
        std::fprintf(stderr, "%s does not read scenarios\n", target.name);
        return exit_usage;
    }
    const std::optional<Bytes> bytes = read(name);
    if (!bytes) {
        return exit_usage;
    }
    std::fputs(to_text(target.scenario(*bytes)).c_str(), stdout);
    return exit_done;
}

// In a process of its own, which the run may end.
std::optional<Scenario> as_deviations(const Scenario& scenario) {
    const auto write = [](const Deviation& answer) {
        std::fputs(line_of(answer).c_str(), stdout);
        std::fflush(stdout);
    };
    const Ended ended = run_apart([&] {
        target.record(scenario, write);
        return 0;
    });
    return told(scenario, ended.output);
}

std::string minimal_scenario(const Bytes& bytes, const std::string& verdict) {
    unsigned runs = 0;
    const auto fails = [&](const Scenario& candidate) {
        if (++runs % 50 == 0 && isatty(STDERR_FILENO) == 1) {
            std::fprintf(stderr, "\r\033[Kmaking it smaller: %u runs", runs);
        }
        return verdict_on(encode(candidate)) == verdict;
    };
    const Scenario found = target.scenario(bytes);
    const Scenario minimal = target.record != nullptr
                                 ? simplest(found, fails, as_deviations, minimising_runs_max)
                                 : minimise(found, fails, minimising_runs_max);
    if (isatty(STDERR_FILENO) == 1) {
        std::fputs("\r\033[K", stderr);
    }
    // As the target reads it, so that others read the same.
    return std::string("# ") + target.name + ": " + verdict + "\n" +
           to_text(target.scenario(encode(minimal)));
}

// The commands that show a person what was found.
void say_how_to_look_at(const std::string& file) {
    if (target.adapter == nullptr) {
        return;
    }
    const char* const canary = std::getenv("BLKDRAIN_CANARY");
    const std::string command =
        "./dev replay " + fs::absolute(file).string() + " --adapter " + target.adapter +
        (canary != nullptr && *canary != '\0' ? std::string(" --canary ") + canary : "");
    std::printf("its time line: %s\nas a page: %s --page %s\n", command.c_str(), command.c_str(),
                fs::absolute(file).replace_extension(".html").c_str());
}

int make_smaller(const std::string& name, const std::string& out) {
    const std::optional<Bytes> bytes = read(name);
    if (!bytes) {
        return exit_usage;
    }
    const std::string verdict = verdict_on(*bytes);
    if (verdict.empty()) {
        std::printf("%s: %s finds nothing wrong with it\n", name.c_str(), target.name);
        return exit_no_finding;
    }
    std::string smaller;
    if (target.scenario != nullptr) {
        smaller = minimal_scenario(*bytes, verdict);
    } else {
        const Bytes shortest = shortest_with(verdict, *bytes, minimising_runs_max);
        smaller.assign(shortest.begin(), shortest.end());
    }
    if (out.empty()) {
        std::fwrite(smaller.data(), 1, smaller.size(), stdout);
        return exit_done;
    }
    std::ofstream file(out, std::ios::binary);
    file << smaller;
    file.close();
    if (!file) {
        std::fprintf(stderr, "%s: cannot be written\n", out.c_str());
        return exit_usage;
    }
    std::printf("finding: %s\n", verdict.c_str());
    say_how_to_look_at(out);
    return exit_done;
}

int run(const std::vector<std::string>& arguments) {
    const auto is = [&](std::size_t i, std::string_view word) {
        return i < arguments.size() && arguments[i] == word;
    };
    if (is(0, "--text")) {
        return arguments.size() == 2 ? print(arguments[1]) : misused();
    }
    if (is(0, "--minimise")) {
        if (arguments.size() == 4 && is(2, "--out")) {
            return make_smaller(arguments[1], arguments[3]);
        }
        return arguments.size() == 2 ? make_smaller(arguments[1], {}) : misused();
    }
    if (arguments.empty() || arguments[0].starts_with("-")) {
        return misused();
    }
    return replay(arguments);
}

}  // namespace
}  // namespace blkdrain_fuzz

int main(int argc, char** argv) {
    try {
        return blkdrain_fuzz::run({argv + 1, argv + argc});
    } catch (const std::exception& error) {  // of the file system
        std::fprintf(stderr, "%s_replay: %s\n", blkdrain_fuzz::target.name, error.what());
        return blkdrain_fuzz::exit_usage;
    }
}
