// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "check/child.h"
#include "harness/scenario.h"
#include "harness/statistics.h"
#include "harness/violation.h"

namespace blkdrain_props {

// Judges scenarios in a worker process, a new one whenever a scenario has killed the last.
class Evaluator {
public:
    // `repeat`: how often to run each scenario before it counts as good (real threads do not always
    // fail).
    Evaluator(std::vector<std::string> command, Suite suite, int repeat, std::string canary)
        : command_(std::move(command)),
          suite_(suite),
          repeat_(repeat),
          canary_(std::move(canary)) {}

    // None: the scenario is judged good.
    std::optional<Violation> judge(const Scenario& scenario);

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
