// SPDX-License-Identifier: Apache-2.0
//
// How a target says that it has found something: it prints what and how to see it again, and
// aborts, which every engine takes for a crash.
#pragma once

#include <string>
#include <string_view>

namespace blkdrain_fuzz {

// Begins the line that names what was found; equal for findings of one kind. The minimiser looks
// for it.
inline constexpr std::string_view finding_mark = "finding: ";

// `kind`: the same for every input that shows the same. `details`: any number of lines.
[[noreturn]] void report_finding(std::string_view kind, const std::string& details);

}  // namespace blkdrain_fuzz
