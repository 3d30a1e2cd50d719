// SPDX-License-Identifier: Apache-2.0
//
// What people read: a run as a time line.
#pragma once

#include <string>

#include "harness/run.h"
#include "harness/scenario.h"
#include "harness/violation.h"

namespace blkdrain_props {

// Collects a run as text: one line per operation, the events that follow indented under it, and at
// each rest what is pending and why.
class TextTimeLine final : public TimeLine {
public:
    void event(const blkdrain_ref::Event& event, const blkdrain_ref::State& before) override;
    void operation(unsigned client, const Record& record, const char* where, bool skipped) override;
    void outcome(Slot wait, Opcode opcode, Result result) override;
    void at_rest(const Judge& judge) override;
    void healing() override;

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
    std::string last_rest_;
    unsigned step_ = 0;
    bool started_ = false;
};

// The sentence for people: what, rule, at which operation.
std::string reason_text(const Violation& violation);

}  // namespace blkdrain_props
