// SPDX-License-Identifier: Apache-2.0
//
// A reduction that is looked at once more: whatever made the program smaller, what is reported
// fails in the way that was found.
#pragma once

#include <optional>
#include <string>

#include "harness/violation.h"

namespace blkdrain_props {

template <class Program>
struct Reduced {
    Program program;
    // How it fails, with the signature of the original.
    std::optional<Violation> violation;
    // Not empty: what was made of it fails in another way, this one, or ("nothing") no longer;
    // `program` is the original then.
    std::string slipped_to;
};

// `judge(program)`: the violation of a run, if it fails; `make_smaller(program, fails)`: a program
// for which `fails` said true, or the same (minimise(), smaller_machine()).
template <class Program, class Judge, class MakeSmaller>
Reduced<Program> reduce(const Program& failing, const Violation& violation, const Judge& judge,
                        const MakeSmaller& make_smaller) {
    const std::string signature = violation.signature();
    const Program smaller = make_smaller(failing, [&](const Program& candidate) {
        const std::optional<Violation> found = judge(candidate);
        return found && found->signature() == signature;
    });
    const std::optional<Violation> found = judge(smaller);
    if (found && found->signature() == signature) {
        return {smaller, found, ""};
    }
    return {failing, violation, found ? found->signature() : "nothing"};
}

}  // namespace blkdrain_props
