// SPDX-License-Identifier: Apache-2.0
//
// What people read: a run as a time line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/run.h"
#include "harness/scenario.h"
#include "harness/violation.h"

namespace blkdrain_props {

// Collects a run as text: one line per operation, the events that follow indented under it, behind
// the loop or client that they happened on, and at each rest what is pending and why.
class TextTimeLine final : public TimeLine {
public:
    void event(const blkdrain_ref::Event& event, const blkdrain_ref::State& before,
               std::uint8_t actor) override;
    void refused(const blkdrain_ref::Reason& reason, const blkdrain_ref::State& state) override;
    void operation(unsigned client, std::uint8_t actor, const Record& record, const char* where,
                   bool skipped) override;
    void outcome(unsigned client, Slot wait, Opcode opcode, Result result) override;
    void at_rest(const Judge& judge) override;
    void healing() override;
    void stuck(std::uint8_t actor, const std::string& what) override;
    void deviation(const Deviation& deviation) override;

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
    std::string last_rest_;
    unsigned step_ = 0;
    bool started_ = false;
};

// "     loop0 | admit r64"
std::string event_line(const blkdrain_ref::Event& event, const std::string& by);
// Why it is refused, and what would have been allowed instead.
std::vector<std::string> refusal_lines(const blkdrain_ref::Reason& reason,
                                       const blkdrain_ref::State& state);
// "w0 (drain) is over: ok"
std::string outcome_text(Slot wait, Opcode opcode, Result result);
// "1 of 2 deviations had no effect:", then each; empty if there are none.
std::vector<std::string> without_effect_text(const std::vector<Deviation>& list, std::size_t of);

// The sentence for people: what, rule, at which operation.
std::string reason_text(const Violation& violation);

}  // namespace blkdrain_props
