// SPDX-License-Identifier: Apache-2.0
#include "verdict.h"

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/child.h"
#include "finding.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name every engine looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace blkdrain_fuzz {

namespace {

constexpr unsigned patience_s = 25;

std::string contents(int fd) {
    std::array<char, 16384> buffer{};
    const ssize_t got = pread(fd, buffer.data(), buffer.size(), 0);
    return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

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
    const int output = memfd_create("stderr", MFD_CLOEXEC);
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child < 0 || output < 0) {
        std::perror("fork");
        std::exit(2);
    }
    if (child == 0) {
        dup2(output, STDERR_FILENO);
        alarm(patience_s);
        // Without what happens at exit: what a test leaves behind is none of its business.
        _exit(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()));
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
    }
    const std::string complaint = contents(output);
    close(output);
    return kind_of(complaint, status);
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
