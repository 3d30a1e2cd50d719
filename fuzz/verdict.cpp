// SPDX-License-Identifier: Apache-2.0
#include "verdict.h"

#include <cstddef>

#include <sys/wait.h>

#include "apart.h"
#include "check/child.h"
#include "finding.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name every engine looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace blkdrain_fuzz {

namespace {

std::string kind_of(const std::string& complaint, int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return {};
    }
    if (const std::size_t at = complaint.find(finding_mark); at != std::string::npos) {
        const std::size_t begin = at + finding_mark.size();
        return complaint.substr(begin, complaint.find('\n', begin) - begin);
    }
    return blkdrain_props::crash_code(complaint, status);
}

}  // namespace

std::string verdict_on(std::span<const std::uint8_t> bytes) {
    const Ended ended =
        run_apart([&] { return LLVMFuzzerTestOneInput(bytes.data(), bytes.size()); });
    return kind_of(ended.complaint, ended.status);
}

std::vector<std::uint8_t> shortest_with(const std::string& verdict, std::vector<std::uint8_t> bytes,
                                        unsigned runs_max) {
    for (std::size_t piece = bytes.size(); piece > 0; piece /= 2) {
        for (std::size_t at = 0; at + piece <= bytes.size() && runs_max > 0;) {
            std::vector<std::uint8_t> without = bytes;
            const auto begin = without.begin() + static_cast<std::ptrdiff_t>(at);
            without.erase(begin, begin + static_cast<std::ptrdiff_t>(piece));
            --runs_max;
            if (verdict_on(without) == verdict) {
                bytes = without;
            } else {
                at += piece;
            }
        }
    }
    return bytes;
}

}  // namespace blkdrain_fuzz
