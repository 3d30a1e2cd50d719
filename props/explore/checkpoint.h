// SPDX-License-Identifier: Apache-2.0
//
// Where an exploration stands, as a file that it can be resumed from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "explore/search.h"

namespace blkdrain_props {

struct Checkpoint {
    struct Process {
        std::uint64_t program = 0;
        std::uint64_t runs = 0;
        std::uint64_t left_out = 0;
        bool done = false;
        std::vector<std::uint32_t> answers;
    };
    SearchPlan plan;
    std::vector<Process> processes;
};

std::string to_text(const Checkpoint& checkpoint);
// None: the text is not a whole checkpoint.
std::optional<Checkpoint> parse_checkpoint(const std::string& text);

}  // namespace blkdrain_props
