// SPDX-License-Identifier: Apache-2.0
//
// Tells the engine what code coverage does not: which operation met which fate, where it ran, which
// event had which result and came in which kind of state, and which conflicting operations of
// threads came in which order. libFuzzer takes a counter that reaches a new magnitude for news and
// keeps the input; other engines ignore the counters.
#pragma once

#include <cstdint>

#include "harness/adapters/schedule_control.h"
#include "harness/run.h"

namespace blkdrain_fuzz {

// Given to the runner as its time line. The engine clears the counters before each input.
class Feedback final : public blkdrain_props::TimeLine {
public:
    void event(const blkdrain_ref::Event& event, const blkdrain_ref::State& before,
               std::uint8_t actor) override;
    void operation(unsigned client, std::uint8_t actor, const blkdrain_props::Record& record,
                   const char* where, bool skipped) override;
    void outcome(unsigned client, blkdrain_props::Slot wait, blkdrain_props::Opcode opcode,
                 blkdrain_props::Result result) override;
    void at_rest(const blkdrain_props::Judge&) override {}
    void healing() override { healing_ = true; }
    void conflict(const blkdrain_props::Conflict& conflict);

    // Before each run.
    void start() { healing_ = false; }

private:
    // What healing does is the same for every scenario.
    bool healing_ = false;
};

}  // namespace blkdrain_fuzz
