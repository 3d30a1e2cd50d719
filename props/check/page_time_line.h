// SPDX-License-Identifier: Apache-2.0
//
// The run of a scenario or machine as the rows of a page, and the graph it came to as a file for
// Graphviz. Both as it goes: the process may end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <blkdrain_ref/step.h>

#include "harness/edge_roles.h"
#include "harness/page.h"
#include "harness/run.h"
#include "machine/machine_listener.h"

namespace blkdrain_props {

class PageTimeLine final : public TimeLine, public MachineListener {
public:
    // Rows go to the standard output; the graph into `graph_file`, unless it is empty. `placed`: it
    // is known where events happen.
    PageTimeLine(const Scenario& scenario, bool placed, std::string graph_file);
    PageTimeLine(const MachineProgram& program, std::string graph_file);

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

    void step(std::size_t client, const MachineStep& step) override;
    void comes_to_its_end() override { healing(); }
    void stop_waits(const std::string& for_what) override;

    // As ScheduleControl::woke.
    void woke(std::uint8_t waker, std::uint8_t woken);

    // The last rows. `without_effect`: lines about deviations.
    void verdict(const std::optional<Violation>& violation,
                 const std::vector<std::string>& without_effect);

private:
    void performs(unsigned client, const std::string& text);
    void note(std::uint8_t actor, const std::string& text);
    // The picture of the state, which is the one that the run has come to.
    std::string came_to(const blkdrain_ref::State& state);

    PageTable table_;
    const bool placed_;
    const bool free_;  // clients are threads
    const std::string graph_file_;
    EdgeRoles roles_;
    unsigned operations_ = 0;
    bool refused_ = false;
    // What happens on no loop and no client's thread is done by this client, once one has begun.
    std::uint8_t performer_ = Actor::world;
    // What the last event meets, and it; else what was last seen at rest.
    blkdrain_ref::State state_;
    std::optional<blkdrain_ref::Event> event_;
};

}  // namespace blkdrain_props
