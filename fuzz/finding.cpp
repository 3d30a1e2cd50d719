// SPDX-License-Identifier: Apache-2.0
#include "finding.h"

#include <cstdio>
#include <cstdlib>

#include "target.h"

namespace blkdrain_fuzz {

void report_finding(std::string_view kind, const std::string& details) {
    std::string text = "\n";
    text += finding_mark;
    text += kind;
    text += "\n\n" + details + "\nto see it again, with the file that the engine writes:\n";
    text += std::string("  ./dev fuzz ") + target.name + " --replay FILE\n";
    text += std::string("  ./dev fuzz ") + target.name + " --minimise FILE\n";
    std::fputs(text.c_str(), stderr);
    std::abort();
}

}  // namespace blkdrain_fuzz
