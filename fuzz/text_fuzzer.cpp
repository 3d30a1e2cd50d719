// SPDX-License-Identifier: Apache-2.0
//
// The parser of scenario files: whatever the text, it does not crash; what it refuses it refuses
// with a place in that text; what it accepts is canonical and comes back from text and bytes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "finding.h"
#include "harness/bytes.h"
#include "harness/operations.h"
#include "harness/text.h"
#include "target.h"

namespace blkdrain_fuzz {

using namespace blkdrain_props;

const Target target{"text_fuzzer", nullptr, nullptr, nullptr};

namespace {

// Whether the place is in the text, or right behind a line or the last line, where something is
// missing.
bool has_place(std::string_view text, unsigned line, unsigned column) {
    for (; line > 1; --line) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            return line == 2 && column == 1;
        }
        text.remove_prefix(end + 1);
    }
    const std::string_view rest = text.substr(0, text.find('\n'));
    return line == 1 && column >= 1 && column <= rest.size() + 1;
}

void error_has_a_place(std::string_view text, const ParsedText& parsed) {
    const TextError& error = *parsed.error;
    if (!has_place(text, error.line, error.column)) {
        report_finding("text error_without_place", error.text());
    }
    if (error.message.empty()) {
        report_finding("text error_without_message", error.text());
    }
    if (!(parsed.scenario == canonical(Scenario{}))) {
        report_finding("text error_with_scenario", error.text());
    }
}

void comes_back(const Scenario& scenario) {
    if (!(canonical(scenario) == scenario)) {
        report_finding("text not_canonical", to_text(scenario));
    }
    const std::string text = to_text(scenario);
    const ParsedText again = parse_text(text);
    if (again.error) {
        report_finding("text printed_and_refused", again.error->text() + "\n" + text);
    }
    if (!(again.scenario == scenario)) {
        report_finding("text printed_and_changed", text + "\n" + to_text(again.scenario));
    }
    if (!(decode(encode(scenario)) == scenario)) {
        report_finding("text changed_by_bytes", text + "\n" + to_text(decode(encode(scenario))));
    }
}

}  // namespace
}  // namespace blkdrain_fuzz

// NOLINTNEXTLINE(readability-identifier-naming): the name every engine looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const blkdrain_props::ParsedText parsed = blkdrain_props::parse_text(text);
    if (parsed.error) {
        blkdrain_fuzz::error_has_a_place(text, parsed);
    } else {
        blkdrain_fuzz::comes_back(parsed.scenario);
    }
    return 0;
}
