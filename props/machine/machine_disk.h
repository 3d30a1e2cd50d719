// SPDX-License-Identifier: Apache-2.0
//
// What a machine's requests are worth to those who count them, and the disk they end in. All of it
// is touched by simulated threads between visible operations, which are one step: no locks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <blkdrain/driver.h>
#include <blkdrain/owners/guest_device.h>
#include <blkdrain/request.h>

namespace blkdrain_props {

class MachineRun;

// One request of a guest or of the job, named by Io::offset.
struct MachineRequest {
    MachineRun* run = nullptr;
    std::uint64_t number = 0;
    std::size_t device = 0;
    std::size_t queue = 0;
    std::size_t client = 0;  // who put it in
    bool of_job = false;
    blkdrain::EventLoop* loop = nullptr;          // where it is to complete
    std::optional<blkdrain::ErrorPolicy> policy;  // none: it may report errors, and may try again
    bool offered = true;                          // the call that puts it in has not returned
    bool accepted = true;                         // until refused: it may complete before that
    unsigned arrivals = 0;                        // at the disk
    unsigned errors = 0;                          // answers of the disk
    unsigned successes = 0;                       // likewise
    unsigned completions = 0;

    [[nodiscard]] bool is_of(std::size_t which) const { return !of_job && device == which; }
    [[nodiscard]] bool pending() const { return accepted && !offered && completions == 0; }
};

class MachineDisk final : public blkdrain::Driver {
public:
    explicit MachineDisk(MachineRun& run) : run_(run) {}

    void submit(blkdrain::Node& node, blkdrain::Request& request) override;

    void hold() { holding_ = true; }
    // All that is held, and from now on each at once.
    void let_go();
    // Requests of devices only.
    void fail(unsigned times) { failures_ = times; }

private:
    void answer(blkdrain::Request& request);

    MachineRun& run_;
    std::vector<blkdrain::Request*> held_;
    unsigned failures_ = 0;
    bool holding_ = false;
};

}  // namespace blkdrain_props
