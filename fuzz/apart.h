// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace blkdrain_fuzz {

// How a child process has ended, as waitpid() says it, and what it wrote.
struct Ended {
    int status = 0;
    std::string output;
    std::string complaint;  // on standard error
};

// Runs `body` in a child process, which ends with what it returns, without what happens at exit, or
// dies of it; also of taking longer than 25 s. Ends this process with 2 if there is none to be had.
Ended run_apart(const std::function<int()>& body);

}  // namespace blkdrain_fuzz
