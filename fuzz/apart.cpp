// SPDX-License-Identifier: Apache-2.0
#include "apart.h"

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace blkdrain_fuzz {

namespace {

constexpr unsigned patience_s = 25;

// Begins to read at its begin, and closes it.
std::string contents(int fd) {
    std::string text;
    std::array<char, 16384> buffer{};
    for (;;) {
        const ssize_t got =
            pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
        if (got <= 0) {
            close(fd);
            return text;
        }
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

}  // namespace

Ended run_apart(const std::function<int()>& body) {
    const int output = memfd_create("stdout", MFD_CLOEXEC);
    const int complaint = memfd_create("stderr", MFD_CLOEXEC);
    std::fflush(nullptr);
    const pid_t child = output < 0 || complaint < 0 ? -1 : fork();
    if (child < 0) {
        std::perror("fork");
        std::exit(2);
    }
    if (child == 0) {
        dup2(output, STDOUT_FILENO);
        dup2(complaint, STDERR_FILENO);
        alarm(patience_s);
        // Without what happens at exit: what a run leaves behind is none of its business.
        const int status = body();
        std::fflush(stdout);
        _exit(status);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
    }
    return {status, contents(output), contents(complaint)};
}

}  // namespace blkdrain_fuzz
