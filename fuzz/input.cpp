// SPDX-License-Identifier: Apache-2.0
#include "input.h"

#include <cstddef>

#include "harness/bytes.h"
#include "harness/operations.h"

namespace blkdrain_fuzz {

using namespace blkdrain_props;

Scenario scenario_without_expectations(std::span<const std::uint8_t> bytes) {
    Scenario scenario = decode(bytes);
    for (Program& program : scenario.programs) {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < program.size(); ++i) {
            if (!row_of(program[i].opcode).is_expectation()) {
                program[kept++] = program[i];
            }
        }
        while (program.size() > kept) {
            program.pop_back();
        }
    }
    return scenario;
}

}  // namespace blkdrain_fuzz
