// SPDX-License-Identifier: Apache-2.0
#include "check/child.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace blkdrain_props {

namespace {

void close_fd(int& fd) {
    if (fd >= 0) {
        close(fd);
        fd = -1;
    }
}

}  // namespace

Child& Child::operator=(Child&& other) noexcept {
    if (this != &other) {
        kill();
        ended(true);
        forget();
        pid_ = std::exchange(other.pid_, -1);
        in_ = std::exchange(other.in_, -1);
        out_ = std::exchange(other.out_, -1);
        error_ = std::exchange(other.error_, -1);
    }
    return *this;
}

Child::~Child() {
    kill();
    ended(true);
    forget();
}

void Child::forget() {
    close_fd(in_);
    close_fd(out_);
    close_fd(error_);
}

bool Child::start(const std::vector<std::string>& command, const Options& options) {
    kill();
    ended(true);
    forget();
    error_ = memfd_create("stderr", MFD_CLOEXEC);
    std::array<int, 2> to{-1, -1};
    std::array<int, 2> from{-1, -1};
    if (error_ < 0 || (options.pipes &&
                       (pipe2(to.data(), O_CLOEXEC) != 0 || pipe2(from.data(), O_CLOEXEC) != 0))) {
        return false;
    }
    std::vector<char*> arguments;
    for (const std::string& argument : command) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
        // Workers do not outlive the front end.
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (options.own_group) {
            setpgid(0, 0);
        }
        dup2(error_, STDERR_FILENO);
        if (options.pipes) {
            dup2(to[0], STDIN_FILENO);
            dup2(from[1], STDOUT_FILENO);
        }
        if (options.keep_fd >= 0) {
            fcntl(options.keep_fd, F_SETFD, 0);
        }
        execv(arguments[0], arguments.data());
        _exit(127);
    }
    if (options.pipes) {
        close(to[0]);
        close(from[1]);
        in_ = to[1];
        out_ = from[0];
    }
    return pid_ > 0;
}

void Child::close_in() {
    close_fd(in_);
}

std::optional<int> Child::ended(bool block) {
    if (pid_ <= 0) {
        return std::nullopt;
    }
    int status = 0;
    pid_t got = 0;
    do {
        got = waitpid(pid_, &status, block ? 0 : WNOHANG);
    } while (got < 0 && errno == EINTR);
    if (got != pid_) {
        return std::nullopt;
    }
    pid_ = -1;
    return status;
}

std::string Child::complaint() const {
    std::array<char, 16384> buffer{};
    const ssize_t got = error_ < 0 ? 0 : pread(error_, buffer.data(), buffer.size(), 0);
    return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

void Child::kill() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
    }
}

std::string program_path() {
    std::array<char, 4096> path{};
    const ssize_t length = readlink("/proc/self/exe", path.data(), path.size() - 1);
    return {path.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

std::string crash_code(const std::string& complaint, int status) {
    static constexpr std::array<const char*, 4> signs{"broken invariant", "Sanitizer",
                                                      "runtime error", "watchdog"};
    std::size_t start = 0;
    while (start < complaint.size()) {
        const std::size_t end = std::min(complaint.find('\n', start), complaint.size());
        std::string line = complaint.substr(start, end - start);
        for (const char* sign : signs) {
            if (line.find(sign) != std::string::npos) {
                // "==123==ERROR: AddressSanitizer: heap-use-after-free on address 0x..."
                if (const std::size_t name = line.find("Sanitizer"); name != std::string::npos) {
                    line = line.substr(line.rfind(' ', name) + 1);
                    line = line.substr(0, line.find(" on "));
                }
                return line;
            }
        }
        start = end + 1;
    }
    if (WIFSIGNALED(status)) {
        const std::string first = complaint.substr(0, complaint.find('\n'));
        return std::string("killed by ") + strsignal(WTERMSIG(status)) +
               (first.empty() ? "" : ": " + first);
    }
    return "exit status " + std::to_string(WEXITSTATUS(status));
}

Output output_of(const std::vector<std::string>& command, const std::string& input) {
    Child child;
    Child::Options how;
    how.pipes = true;
    if (!child.start(command, how)) {
        return {};
    }
    std::size_t sent = 0;
    while (sent < input.size()) {
        const ssize_t count = write(child.in(), input.data() + sent, input.size() - sent);
        if (count <= 0) {
            break;
        }
        sent += static_cast<std::size_t>(count);
    }
    child.close_in();
    std::string output;
    std::array<char, 4096> buffer{};
    for (;;) {
        const ssize_t count = read(child.out(), buffer.data(), buffer.size());
        if (count <= 0) {
            break;
        }
        output.append(buffer.data(), static_cast<std::size_t>(count));
    }
    const bool fine = child.ended(true) == 0;
    return {output + child.complaint(), fine};
}

}  // namespace blkdrain_props
