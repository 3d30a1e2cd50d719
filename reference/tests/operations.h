// SPDX-License-Identifier: Apache-2.0
//
// The user's calls within bounds, with the lowest free ids, for exhaustive checking.
#pragma once

#include <cstdint>
#include <vector>

#include <blkdrain_ref/step.h>

namespace blkdrain_ref {

// How many objects may exist at once, and which calls are made.
struct Bounds {
    std::uint32_t nodes = 0, backends = 0, requests = 0, tokens = 0, sections = 0, waits = 0;
    std::uint32_t internal = 0;           // internal requests a node
    std::uint32_t loops = 1;              // targets of context changes
    std::vector<SectionKind> kinds = {};  // of sections
    std::vector<ChangeOp> changes = {};   // of graph changes
    bool also = false;                    // isolate, quiesce_all also with one backend named
    bool naming = false;                  // changes also with every open token named
    bool wide = false;                    // tokens also on all backends
    bool writes = false;                  // sends in both directions
    bool chains = false;                  // sends from completions
    bool drains = false;                  // drains, besides waits for quiet
    bool holding = false;                 // drains, sections also with all that can be held
    bool token_holding = false;           // tokens also
    bool abandoning = false;
    bool listening = false;
    bool cancelling = false;
    bool plugging = false;  // the loops
    bool flushing = false;  // sends also flush
    // One group: who joins and leaves it, and whether it is limited.
    bool limiting = false;
};

// Every call the bounds know, whatever its result would be; the result is not filled in.
std::vector<Event> candidates(const State& state, const Bounds& bounds);
// Every call that can be made, with the result it must have.
std::vector<Event> operations(const State& state, const Bounds& bounds);

// What the environment may do: what drivers may, and time passes.
std::vector<Event> environment(const State& state);
// That, and what is due.
std::vector<Event> enabled(const State& state);

}  // namespace blkdrain_ref
