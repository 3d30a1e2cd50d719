// SPDX-License-Identifier: Apache-2.0
#include "harness/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>

namespace blkdrain_props {

namespace {

template <class... Args>
void append(std::string& text, const char* format, Args... args) {
    std::array<char, 256> line{};
    std::snprintf(line.data(), line.size(), format, args...);
    text += line.data();
}

double percent(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

// A begin that reports as soon as the gates are closed (R2) never waits; what waits is `quiet`.
bool blocks(const OperationRow& row) {
    return row.waits && row.opcode != Opcode::quiesce_all && row.opcode != Opcode::self_quiesce;
}

}  // namespace

void SuiteCount::add(const SuiteCount& other) {
    scenarios += other.scenarios;
    followed += other.followed;
    operations += other.operations;
    events += other.events;
    violations += other.violations;
    busy_ns += other.busy_ns;
    wall_ns += other.wall_ns;
    overlap_sum += other.overlap_sum;
    overlap_max = std::max(overlap_max, other.overlap_max);
    for (std::size_t i = 0; i < kept.size(); ++i) {
        kept[i] += other.kept[i];
    }
    judged_twice += other.judged_twice;
    given_up += other.given_up;
    left_out += other.left_out;
    pct += other.pct;
    pct_too_long += other.pct_too_long;
    for (std::size_t i = 0; i < missed.size(); ++i) {
        missed[i] += other.missed[i];
    }
    for (std::size_t i = 0; i < opcode_count; ++i) {
        of[i].uses += other.of[i].uses;
        of[i].effective += other.of[i].effective;
        of[i].blocked += other.of[i].blocked;
        of[i].failed += other.of[i].failed;
        of[i].given_up += other.of[i].given_up;
        of[i].timed_out += other.of[i].timed_out;
        of[i].skipped += other.of[i].skipped;
    }
}

void SuiteCount::promised(unsigned depth, double probability) {
    ++pct;
    pct_too_long += probability > 0 ? 0U : 1U;
    if (depth >= 1 && depth <= missed.size()) {
        missed[depth - 1] += std::log1p(-probability);
    }
}

std::vector<std::string> below_threshold(const SuiteCount& all) {
    std::vector<std::string> found;
    for (const OperationRow& row : operation_table) {
        const OperationCount& count = all[row.opcode];
        if (row.weight == 0 || count.uses < enough_uses) {
            continue;
        }
        const std::string name(row.name);
        if (count.effective == 0) {
            found.push_back(name + " never succeeded in " + std::to_string(count.uses) + " uses");
        }
        if (blocks(row) && static_cast<double>(count.blocked) <
                               blocked_share_min * static_cast<double>(count.uses)) {
            found.push_back(name + " really blocked in " + std::to_string(count.blocked) + " of " +
                            std::to_string(count.uses) + " uses, fewer than 5 %");
        }
    }
    for (std::size_t i = 0; i < all.kept.size(); ++i) {
        if (all.kept[i] == 0 && all.followed >= enough_scenarios) {
            found.push_back("no request was ever kept by " + std::string(kept_words[i]));
        }
    }
    return found;
}

std::string table(const Counts& counts) {
    std::string text;
    append(text, "%-12s %12s %13s %12s %15s %9s %11s\n", "suite", "scenarios", "operations",
           "scenarios/s", "per worker", "overlap", "violations");
    SuiteCount all;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const SuiteCount& suite = counts[i];
        if (suite.scenarios == 0) {
            continue;
        }
        all.add(suite);
        const double busy = static_cast<double>(suite.busy_ns) / 1e9;
        const double wall = static_cast<double>(suite.wall_ns) / 1e9;
        append(text, "%-12s %12llu %13llu %12.0f %13.0f/s %9.2f %11llu\n",
               std::string(suite_names[i]).c_str(),
               static_cast<unsigned long long>(suite.scenarios),
               static_cast<unsigned long long>(suite.operations),
               wall > 0 ? static_cast<double>(suite.scenarios) / wall : 0.0,
               busy > 0 ? static_cast<double>(suite.scenarios) / busy : 0.0,
               suite.operations == 0
                   ? 0.0
                   : static_cast<double>(suite.overlap_sum) / static_cast<double>(suite.operations),
               static_cast<unsigned long long>(suite.violations));
    }
    const bool performed =
        std::any_of(all.of.begin(), all.of.end(),
                    [](const OperationCount& count) { return count.uses + count.skipped != 0; });
    if (!performed) {
        return text;  // no scenarios
    }
    append(text, "\nboth judges agree on %llu, given up by the black box: %llu, left out: %llu\n",
           static_cast<unsigned long long>(all.judged_twice),
           static_cast<unsigned long long>(all.given_up),
           static_cast<unsigned long long>(all.left_out));
    if (all.pct > all.pct_too_long) {
        text += "PCT meets an error that all its scenarios have with a probability of at least";
        for (std::size_t i = 0; i < all.missed.size(); ++i) {
            append(text, "%s %.4f (depth %zu)", i == 0 ? "" : ",", 0.0 - std::expm1(all.missed[i]),
                   i + 1);
        }
        append(text, "; %.1f %% of them were too long to count\n",
               percent(all.pct_too_long, all.pct));
    }
    text += "\nrequests seen waiting for";
    const char* separator = " ";
    for (std::size_t i = 0; i < all.kept.size(); ++i) {
        append(text, "%s%s: %llu", separator, std::string(kept_words[i]).c_str(),
               static_cast<unsigned long long>(all.kept[i]));
        separator = ", ";
    }
    append(text, "\n\n%-16s %12s %12s %16s %20s %10s %10s %12s\n", "operation", "performed",
           "effective", "really blocked", "failed as specified", "given up", "timed out",
           "skipped");
    for (const OperationRow& row : operation_table) {
        const OperationCount& count = all[row.opcode];
        if (row.weight == 0 || count.uses + count.skipped == 0) {
            continue;
        }
        std::array<char, 32> blocked{};
        if (blocks(row)) {
            std::snprintf(blocked.data(), blocked.size(), "%llu (%4.1f %%)",
                          static_cast<unsigned long long>(count.blocked),
                          percent(count.blocked, count.uses));
        }
        std::array<char, 48> early{};
        if (row.waits) {
            std::snprintf(early.data(), early.size(), "%10llu %10llu",
                          static_cast<unsigned long long>(count.given_up),
                          static_cast<unsigned long long>(count.timed_out));
        }
        append(text, "%-16s %12llu %12llu %16s %20llu %21s %12llu\n", std::string(row.name).c_str(),
               static_cast<unsigned long long>(count.uses),
               static_cast<unsigned long long>(count.effective), blocked.data(),
               static_cast<unsigned long long>(count.failed), early.data(),
               static_cast<unsigned long long>(count.skipped));
    }
    return text;
}

}  // namespace blkdrain_props
