// SPDX-License-Identifier: Apache-2.0
//
// Writes the seed corpora and the dictionary out of the scenario files of the corpus:
//
//   make_seeds REGRESSIONS SEEDS DICTIONARY
//
// REGRESSIONS: the folder of the *.scn. SEEDS: gets one folder for each target. The same files give
// the same seeds. ./dev seeds runs it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/bytes.h"
#include "harness/generate.h"
#include "harness/operations.h"
#include "harness/pattern.h"
#include "harness/text.h"
#include "input.h"

namespace blkdrain_fuzz {
namespace {

using namespace blkdrain_props;
namespace fs = std::filesystem;

bool write(const fs::path& path, std::string_view contents) {
    std::ofstream file(path, std::ios::binary);
    file << contents;
    file.close();
    if (!file) {
        std::fprintf(stderr, "%s: cannot be written\n", path.c_str());
        return false;
    }
    return true;
}

bool write_scenario(const fs::path& path, const Scenario& scenario) {
    // Without its expectations, as the targets read it.
    const std::vector<std::uint8_t> bytes = encode(scenario_without_expectations(encode(scenario)));
    return write(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

struct Seed {
    std::string name;
    std::string text;  // of the file, with its comments
    Scenario scenario;
};

// Generated ones too: the corpus has one worked example for each rule, but none of many clients.
std::vector<Seed> generated() {
    constexpr std::uint64_t count = 12;
    std::vector<Seed> seeds;
    for (std::uint64_t seed = 0; seed < count; ++seed) {
        Limits limits;
        limits.clients = 1 + seed % clients_max;
        limits.loops = loops_max;
        limits.operations = 24;
        limits.pace = Pace::free;
        limits.portfolio = true;
        SeededSource source(seed);
        Seed& made = seeds.emplace_back();
        made.scenario = generate(source, limits);
        made.name = "generated-" + std::to_string(seed);
        made.text = to_text(made.scenario);
    }
    return seeds;
}

bool read_regressions(const fs::path& folder, std::vector<Seed>& seeds) {
    std::vector<fs::path> paths;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() == ".scn") {
            paths.push_back(entry.path());
        }
    }
    std::sort(paths.begin(), paths.end());
    for (const fs::path& path : paths) {
        std::ifstream file(path, std::ios::binary);
        const std::string text((std::istreambuf_iterator<char>(file)),
                               std::istreambuf_iterator<char>());
        const ParsedText parsed = parse_text(text);
        if (parsed.error) {
            std::fprintf(stderr, "%s:%s\n", path.c_str(), parsed.error->text().c_str());
            return false;
        }
        seeds.push_back({path.stem().string(), text, parsed.scenario});
    }
    return true;
}

// Of a target whose bytes are no scenario and mean something whatever they are.
bool write_random_bytes(const fs::path& folder) {
    constexpr std::uint64_t count = 12;
    constexpr std::size_t length = 96;
    for (std::uint64_t seed = 0; seed < count; ++seed) {
        SeededSource source(seed);
        std::string bytes;
        while (bytes.size() < length) {
            bytes.push_back(static_cast<char>(source.pick(256)));
        }
        if (!write(folder / ("generated-" + std::to_string(seed)), bytes)) {
            return false;
        }
    }
    return true;
}

// What each option means, and each way of being wrong.
bool write_limits(const fs::path& folder) {
    constexpr std::array limits{
        "iops-total=500,iops-total-max=2000,iops-total-max-length=10,bps-write=64M,iops-size=4096",
        "iops-read=5,iops-write=1,bps-read=64K,bps-write=2g,iops-size=1T",
        "bps-total=7,bps-total-max=7",
        "iops-total",
        "iops=1",
        "iops-read=1,iops-read=1",
        "iops-read=x",
        "bps-read=9999T",
        "bps-read-max-length=1",
        "bps-read-max=1",
        "bps-read=2,bps-read-max=1",
        "bps-read=1,bps-read-max=1,bps-read-max-length=0",
        "bps-read=1,bps-read-max=100T,bps-read-max-length=100T",
        "bps-total=1,bps-write=1",
        "bps-total=1,iops-size=1",
    };
    for (std::size_t i = 0; i < limits.size(); ++i) {
        if (!write(folder / ("limits-" + std::to_string(i)), limits[i])) {
            return false;
        }
    }
    return true;
}

bool write_seeds(const fs::path& folder, const std::vector<Seed>& seeds) {
    const auto clean = [&](const char* target) {
        fs::remove_all(folder / target);
        fs::create_directories(folder / target);
        return folder / target;
    };
    for (const char* target :
         {"scenario_fuzzer", "sequential_fuzzer", "reference_fuzzer", "epoll_fuzzer"}) {
        const fs::path into = clean(target);
        for (const Seed& seed : seeds) {
            if (!write_scenario(into / seed.name, seed.scenario)) {
                return false;
            }
        }
    }
    const fs::path into = clean("text_fuzzer");
    return write_random_bytes(clean("loop_fuzzer")) && write_limits(clean("throttle_fuzzer")) &&
           std::all_of(seeds.begin(), seeds.end(),
                       [&](const Seed& seed) { return write(into / seed.name, seed.text); });
}

// Every word that the parser knows, taken from the tables it knows them from.
std::string dictionary() {
    std::set<std::string> words{"scenario 1",
                                "loops ",
                                "strategy ",
                                "random",
                                "default_order",
                                "seed 0x",
                                "pace ",
                                "free",
                                "step",
                                "swarm 0x",
                                "rule R",
                                "node n",
                                "backend b",
                                "over n",
                                " as ",
                                "pinned",
                                "on n",
                                "empty",
                                "loop ",
                                "listening",
                                "client ",
                                "at once:",
                                "blocking:",
                                "in completion of b",
                                "in notification of b",
                                "holding section",
                                "holding token",
                                "holding request",
                                "deadline ",
                                "settles",
                                "fails",
                                "expect ",
                                "#",
                                "@"};
    for (const OperationRow& row : operation_table) {
        PatternWalk walk(row.text);
        for (PatternItem item = walk.next(); item.kind != PatternItem::Kind::end;
             item = walk.next()) {
            if (item.kind == PatternItem::Kind::word) {
                words.emplace(item.word);
            }
        }
        for (const OperandKind kind : row.operands) {
            for (const std::string_view word : words_of(kind)) {
                words.emplace(word);
            }
        }
    }
    std::string text = "# Words of the text form. Written by ./dev seeds.\n";
    for (const std::string& word : words) {
        text += "\"" + word + "\"\n";
    }
    return text;
}

int run(const std::vector<std::string>& arguments) {
    std::vector<Seed> seeds;
    if (arguments.size() != 3) {
        std::fprintf(stderr, "usage: make_seeds REGRESSIONS SEEDS DICTIONARY\n");
        return 2;
    }
    if (!read_regressions(arguments[0], seeds)) {
        return 1;
    }
    for (Seed& seed : generated()) {
        seeds.push_back(seed);
    }
    if (!write_seeds(arguments[1], seeds) || !write(arguments[2], dictionary())) {
        return 1;
    }
    std::printf("%zu seeds for each target that reads scenarios\n", seeds.size());
    return 0;
}

}  // namespace
}  // namespace blkdrain_fuzz

int main(int argc, char** argv) {
    try {
        return blkdrain_fuzz::run({argv + 1, argv + argc});
    } catch (const std::exception& error) {  // of the file system
        std::fprintf(stderr, "make_seeds: %s\n", error.what());
        return 1;
    }
}
