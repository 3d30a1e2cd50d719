// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace blkdrain_props {

// What a run found wrong. Two runs fail in the same way when detector, rule and code agree: their
// signature.
struct Violation {
    std::string detector;    // trace, liveness, state, explain, outcome, drivers, black_box,
                             // expectation, healing, crash
    int rule = 0;            // 9: R9; 0: none applies
    std::string code;        // "drain_early"
    std::string sentence;    // one English sentence
    std::uint32_t step = 0;  // operations performed before

    [[nodiscard]] std::string signature() const {
        return detector + " R" + std::to_string(rule) + " " + code;
    }
};

}  // namespace blkdrain_props
