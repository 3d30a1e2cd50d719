// SPDX-License-Identifier: Apache-2.0
//
// Loops that share one stack: they take turns.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace blkdrain_props {

// Each loop in turn takes a round, until `over()`, or until all in a row had nothing to do.
// Bounded, as a loop may be busy for ever; says so in words then, else nothing. `round(i)`: whether
// there was anything to do in it.
template <class Round, class Over>
std::string take_turns(std::size_t loops, const Round& round, const Over& over) {
    constexpr std::size_t turns_max = 300'000;
    std::vector<bool> busy(loops);
    std::size_t idle = 0;
    for (std::size_t turn = 0; idle < loops && !over(); ++turn) {
        if (turn == turns_max) {
            std::string text =
                "the loops do not come to rest in " + std::to_string(turns_max) + " rounds:";
            for (std::size_t i = 0; i < loops; ++i) {
                text += std::string(i == 0 ? " loop" : ", loop") + std::to_string(i) +
                        (busy[i] ? " had something" : " had nothing") + " to do in its last";
            }
            return text;
        }
        const std::size_t loop = turn % loops;
        busy[loop] = round(loop);
        idle = busy[loop] ? 0 : idle + 1;
    }
    return {};
}

}  // namespace blkdrain_props
