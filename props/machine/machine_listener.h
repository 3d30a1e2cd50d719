// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "harness/judge.h"
#include "machine/machine_program.h"

namespace blkdrain_props {

// Told of what happens in the run of a machine, as it happens.
class MachineListener : public EventListener {
public:
    virtual void step(std::size_t client, const MachineStep& step) = 0;
    virtual void comes_to_its_end() = 0;  // the steps are over; everything is let go
    // What the machine's stop waits for, where it still waits at rest.
    virtual void stop_waits(const std::string& for_what) = 0;

protected:
    ~MachineListener() = default;
};

}  // namespace blkdrain_props
