// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace blkdrain_props {

// A child process. Its standard error goes to a file in memory; standard input and output to pipes,
// if asked for.
class Child {
public:
    struct Options {
        bool pipes = false;     // in() and out() talk to it
        bool own_group = true;  // an interrupt from the terminal does not reach it
        int keep_fd = -1;       // stays open in the child
    };

    Child() = default;
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    Child(Child&& other) noexcept { *this = static_cast<Child&&>(other); }
    Child& operator=(Child&& other) noexcept;
    // Kills and reaps what still runs.
    ~Child();

    // False: it could not be started.
    bool start(const std::vector<std::string>& command, const Options& options);

    [[nodiscard]] bool running() const { return pid_ > 0; }
    [[nodiscard]] int in() const { return in_; }
    [[nodiscard]] int out() const { return out_; }

    // Ends its standard input.
    void close_in();

    // The wait status once it has ended; none: it runs. `block`: waits for it.
    std::optional<int> ended(bool block);
    // What it wrote to standard error, the first kilobytes.
    [[nodiscard]] std::string complaint() const;
    void kill();

private:
    void forget();

    pid_t pid_ = -1;
    int in_ = -1;
    int out_ = -1;
    int error_ = -1;
};

// The running program.
std::string program_path();

// The first line of `complaint` that says what went wrong, without numbers that differ from run to
// run.
std::string crash_code(const std::string& complaint, int status);

struct Output {
    std::string text;   // what it printed, and behind that what it said if it died
    bool fine = false;  // it was started and ended with 0
};
// Runs the command with `input` as its standard input.
Output output_of(const std::vector<std::string>& command, const std::string& input);

}  // namespace blkdrain_props
