// SPDX-License-Identifier: Apache-2.0
//
// The text form of a scenario (.scn): line oriented, `#` starts a comment, blank lines mean nothing.
//
//   scenario 1 loops 2 strategy random seed 0x2a pace free swarm 0xff   # the first line; all but the version may be left out
//   rule R18
//   node n0 loop 1 settles pinned                      # settles: ends well; fails: with io_error; pinned: never moves
//   node n1 over n0, n0 as backing                     # n1's children, whose loop it shares; roles: file unless said
//   backend b0 on n1 listening                         # on the loop of n1; listening: is told of sections
//   backend b1 empty loop 1
//   send b0 write loop 0                               # one operation per line, as in the table of operations.h
//   at once: isolate b1 also b0 deadline 5
//   in completion of b0: drain b0 holding request
//   client 1                                           # what follows is the program of the second client
//   end s0
//
// Names count from 0 in order of creation: n node, b backend, r request, t token, s section, w wait. `b1` is the second
// backend there ever was, `b@1` the second of those that live at that moment (scenario.h, Ordinal).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/scenario.h"

namespace blkdrain_props {

// Lines and columns count from 1; the column is that of the first byte of what was not understood.
struct TextError {
    unsigned line = 0;
    unsigned column = 0;
    std::string message;  // what was expected, and what stood there

    [[nodiscard]] std::string text() const;  // "3:14: expected ..."
};

struct ParsedText {
    Scenario scenario;  // canonical; empty if there is an error
    std::optional<TextError> error;
};

// Any text will do; the first mistake is reported.
ParsedText parse_text(std::string_view text);

// parse_text(to_text(s)).scenario == s for every canonical s. No comments: the value has none.
std::string to_text(const Scenario& scenario);

// One line, without newline.
std::string to_text(const Record& record);

}  // namespace blkdrain_props
