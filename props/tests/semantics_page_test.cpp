// SPDX-License-Identifier: Apache-2.0
//
// docs/semantics.md and corpus/regressions say the same: every rule that is implemented has an
// example in the page, and the example is the file.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "harness/operations.h"
#include "harness/text.h"

namespace blkdrain_props {
namespace {

const std::filesystem::path source_folder = BLKDRAIN_SOURCE_FOLDER;

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file) << path.string();
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Lines without comments and without what comments leave behind.
std::string bare(std::string_view text) {
    std::string result;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        line = line.substr(0, line.find('#'));
        line.erase(line.find_last_not_of(" \t\r") + 1);
        if (!line.empty()) {
            result += line + "\n";
        }
    }
    return result;
}

struct RuleSection {
    std::string title;
    std::vector<std::string> examples;
    std::vector<std::string> linked_files;
};

// What stands under each heading "#### R7. ...".
std::map<int, RuleSection> read_page() {
    std::map<int, RuleSection> rules;
    RuleSection* current = nullptr;
    bool in_example = false;
    std::istringstream page(contents(source_folder / "docs" / "semantics.md"));
    for (std::string line; std::getline(page, line);) {
        if (in_example) {
            if (line == "```") {
                in_example = false;
            } else {
                current->examples.back() += line + "\n";
            }
        } else if (line.starts_with("#### R")) {
            const int number = std::stoi(line.substr(6));
            EXPECT_EQ(rules.count(number), 0U) << "R" << number << " has two headings";
            current = &rules[number];
            current->title = line;
        } else if (line.starts_with("#")) {
            current = nullptr;
        } else if (line.starts_with("```scn")) {
            if (current == nullptr) {
                ADD_FAILURE() << "an example outside a rule";
                break;
            }
            current->examples.emplace_back();
            in_example = true;
        } else if (current != nullptr) {
            constexpr std::string_view before = "(../corpus/regressions/";
            const std::size_t at = line.find(before);
            if (at != std::string::npos) {
                const std::string rest = line.substr(at + before.size());
                current->linked_files.push_back(rest.substr(0, rest.find(')')));
            }
        }
    }
    return rules;
}

std::string prefix_of(int rule) {
    return (rule < 10 ? "r0" : "r") + std::to_string(rule) + "-";
}

TEST(SemanticsPage, has_every_rule) {
    const std::map<int, RuleSection> rules = read_page();
    for (int rule = 1; rule <= last_rule; ++rule) {
        ASSERT_EQ(rules.count(rule), 1U) << "R" << rule << " is missing";
    }
    EXPECT_EQ(rules.size(), std::size_t{last_rule});
}

TEST(SemanticsPage, has_one_example_for_every_rule) {
    for (const auto& [rule, section] : read_page()) {
        EXPECT_EQ(section.examples.size(), 1U) << section.title;
        EXPECT_EQ(section.linked_files.size(), 1U) << section.title;
    }
}

TEST(SemanticsPage, its_examples_are_the_files_of_the_corpus) {
    for (const auto& [rule, section] : read_page()) {
        for (std::size_t i = 0; i < section.examples.size() && i < section.linked_files.size();
             ++i) {
            const std::string& file = section.linked_files[i];
            EXPECT_TRUE(file.starts_with(prefix_of(rule))) << section.title << ": " << file;
            const std::string text = contents(source_folder / "corpus" / "regressions" / file);
            EXPECT_EQ(bare(section.examples[i]), bare(text)) << section.title;
        }
    }
}

TEST(SemanticsPage, every_rule_file_is_about_its_rule_and_is_quoted) {
    std::set<std::string> quoted;
    for (const auto& [rule, section] : read_page()) {
        quoted.insert(section.linked_files.begin(), section.linked_files.end());
    }
    for (const auto& entry :
         std::filesystem::directory_iterator(source_folder / "corpus" / "regressions")) {
        if (entry.path().extension() != ".scn") {
            continue;
        }
        const std::string name = entry.path().filename().string();
        const std::string text = contents(entry.path());
        const ParsedText parsed = parse_text(text);
        EXPECT_FALSE(parsed.error) << name << ":" << parsed.error->text();
        const bool is_rule_file = name.size() > 4 && name[0] == 'r' && name[3] == '-';
        if (is_rule_file) {
            EXPECT_TRUE(name.starts_with(prefix_of(parsed.scenario.header.rule))) << name;
            EXPECT_EQ(quoted.count(name), 1U) << name << " is not in the page";
            EXPECT_TRUE(text.starts_with("# R" + std::to_string(parsed.scenario.header.rule) + ":"))
                << name << " does not begin by saying what the rule is";
            const Program& program = parsed.scenario.programs[0];
            EXPECT_TRUE(std::any_of(
                program.begin(), program.end(),
                [](const Record& record) { return row_of(record.opcode).is_expectation(); }))
                << name << " expects nothing";
        }
    }
}

}  // namespace
}  // namespace blkdrain_props
