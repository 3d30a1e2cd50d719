// SPDX-License-Identifier: Apache-2.0
//
// The text form of a scenario (.scn), by example. Comments begin with #, blank lines mean nothing.
//
//   # The first line. Only the version is needed; one loop, the default order and steps otherwise.
//   # Other strategies: `random`, `walk`, `orders`, and those with a depth and a horizon: `pct`,
//   # `delays`, `preemptions`.
//   scenario 3 loops 2 strategy pct depth 3 horizon 300 seed 0x2a memory tso faults all pace free
//   rule R18
//
//   # Nodes, children first. `settles`: has something to write back; `fails`: and never can.
//   node n0 loop 1 settles pinned
//   # Parents share the loop of their children. A role is `file` unless said.
//   node n1 over n0, n0 as backing
//   # `listening`: is told of sections.
//   backend b0 on n1 listening
//   backend b1 empty loop 1
//
//   # The programs: one operation per line, as in the table of operations.h.
//   send b0 write loop 0
//   at once: isolate b1 also b0 deadline 5
//   in completion of b0: drain b0 holding request
//   # In free pace, as a thread would: client 0 goes on when it is over, or given up at rest. On a
//   # loop it is refused, and then made as the others.
//   blocking: drained n1 deadline 3
//   # What follows belongs to the second client.
//   client 1
//   end s0
//   # Deviations stand behind the operation they belong to. Here: when loop0 comes to its third
//   # point since, client0 runs instead. Others: `run stores of client0`, `wake 1`, `take 2`,
//   # `event 1`, `spurious 1`, `time 1`.
//   when loop0 at 3: run client0
//   # Those that are counted from the end of the programs. (Those of the start stand before the
//   # first client.)
//   finally
//   when client1 at 2: run loop1
//
// Names count from 0 in order of creation: n node, b backend, r request, t token, s section, w
// wait. `b1` is the second backend there ever was, `b@1` the second of those that live at that
// moment (scenario.h, Ordinal).
#pragma once

#include <cstdint>
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
std::string to_text(const Deviation& deviation);
// "loop0", "client1", "stores of client1", "world"
std::string name_of_actor(std::uint8_t actor);
// Of a loop or client; else Actor::world.
std::uint8_t actor_named(std::string_view name);
// What it does, for people: "loop1 runs instead of client0 (when client0 at 12)".
std::string effect_of(const Deviation& deviation);

}  // namespace blkdrain_props
