// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "check/child.h"
#include "harness/statistics.h"
#include "harness/violation.h"

namespace blkdrain_props {

// Judges scenarios and machines, each by its text, in a worker process: a new one whenever the last
// has been killed.
class Evaluator {
public:
    // `repeat`: how often to run each one before it counts as good (real threads do not always
    // fail).
    Evaluator(std::vector<std::string> command, Suite suite, int repeat, std::string canary)
        : command_(std::move(command)),
          suite_(suite),
          repeat_(repeat),
          canary_(std::move(canary)) {}

    // None: it is judged good.
    std::optional<Violation> judge(const std::string& text);

private:
    bool send(const std::string& text) const;
    std::optional<std::string> answer() const;

    std::vector<std::string> command_;
    Suite suite_;
    int repeat_;
    std::string canary_;
    Child worker_;
};

}  // namespace blkdrain_props
