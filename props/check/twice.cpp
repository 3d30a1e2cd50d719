// SPDX-License-Identifier: Apache-2.0
#include "check/twice.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstddef>
#include <cstdio>

#include <poll.h>
#include <unistd.h>

#include "check/child.h"

namespace blkdrain_props {

namespace {

// A worker that prints a line for each run, and the lines so far.
class Pass {
public:
    bool start(const std::vector<std::string>& command) {
        Child::Options options;
        options.pipes = true;
        return child_.start(command, options);
    }

    [[nodiscard]] int fd() const { return ended_ ? -1 : child_.out(); }
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

    void read_some() {
        std::array<char, 1U << 16U> buffer{};
        const ssize_t got = ::read(child_.out(), buffer.data(), buffer.size());
        if (got <= 0) {
            ended_ = true;
            return;
        }
        for (ssize_t i = 0; i < got; ++i) {
            const char c = buffer[static_cast<std::size_t>(i)];
            if (c == '\n') {
                lines_.push_back(std::move(line_));
                line_.clear();
            } else {
                line_ += c;
            }
        }
    }
    // What it said when it died; empty: it has done its work.
    [[nodiscard]] std::string trouble() {
        const std::optional<int> status = child_.ended(true);
        return status == 0 ? "" : crash_code(child_.complaint(), status.value_or(-1));
    }

private:
    Child child_;
    std::string line_;
    std::vector<std::string> lines_;
    bool ended_ = false;
};

}  // namespace

int run_twice(const std::vector<std::string>& worker, const std::string& suite, std::uint64_t seed,
              std::uint64_t count, const std::function<bool()>& enough) {
    std::vector<std::string> command = worker;
    command.insert(command.end(), {"hash", suite, std::to_string(seed), std::to_string(count)});
    std::array<Pass, 2> passes;
    const bool forwards = passes[0].start(command);
    command.emplace_back("backwards");
    if (!forwards || !passes[1].start(command)) {
        std::fprintf(stderr, "%s cannot be started\n", command.front().c_str());
        return 1;
    }
    const bool watched = isatty(STDERR_FILENO) == 1;
    while (!enough() && !(passes[0].ended() && passes[1].ended())) {
        std::array<pollfd, 2> fds{pollfd{passes[0].fd(), POLLIN, 0},
                                  pollfd{passes[1].fd(), POLLIN, 0}};
        constexpr int look_after_ms = 200;
        static_cast<void>(::poll(fds.data(), fds.size(), look_after_ms));
        for (std::size_t i = 0; i < fds.size(); ++i) {
            if (fds[i].revents != 0) {
                passes[i].read_some();
            }
        }
        if (watched) {
            std::fprintf(stderr, "\r\033[K%zu and %zu of %" PRIu64 " runs",
                         passes[0].lines().size(), passes[1].lines().size(), count);
        }
    }
    if (watched) {
        std::fputs("\r\033[K", stderr);
    }
    bool died = false;
    for (Pass& pass : passes) {
        if (pass.ended()) {
            if (const std::string trouble = pass.trouble(); !trouble.empty()) {
                std::printf("a worker died: %s\n", trouble.c_str());
                died = true;
            }
        }
    }
    // Run n of the first pass is the n-th from the end of the second.
    const std::vector<std::string>& first = passes[0].lines();
    const std::vector<std::string>& second = passes[1].lines();
    std::uint64_t compared = 0, differ = 0;
    for (std::size_t n = 0; n < first.size() && n < count; ++n) {
        const std::size_t from_end = static_cast<std::size_t>(count) - 1 - n;
        if (from_end >= second.size()) {
            continue;
        }
        ++compared;
        if (first[n] != second[from_end]) {
            ++differ;
            std::printf("differ: %s\n        %s\n", first[n].c_str(), second[from_end].c_str());
        }
    }
    std::printf("%" PRIu64 " runs of suite %s, seed %" PRIu64 ", made twice: %" PRIu64
                " with different traces\n",
                compared, suite.c_str(), seed, differ);
    return died || differ != 0 ? 1 : 0;
}

}  // namespace blkdrain_props
