// SPDX-License-Identifier: Apache-2.0
//
// Somebody else's owner in the place of a machine's device.
#pragma once

#include <memory>
#include <utility>

#include <blkdrain/harness.h>

#include "machine/machine_owner.h"

namespace blkdrain_props {

class HostedOwners final : public MachineOwners {
public:
    HostedOwners(blkdrain::harness::Stops stops, blkdrain::harness::MakeOwner make)
        : stops_(stops), make_(std::move(make)) {}

    std::unique_ptr<MachineOwner> make(const MachinePlace& place,
                                       const MachineDevice& plan) override;
    [[nodiscard]] bool stop_with_the_machine() const override {
        return stops_ == blkdrain::harness::Stops::with_the_machine;
    }

private:
    const blkdrain::harness::Stops stops_;
    const blkdrain::harness::MakeOwner make_;
};

}  // namespace blkdrain_props
