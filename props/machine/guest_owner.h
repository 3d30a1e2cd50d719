// SPDX-License-Identifier: Apache-2.0
//
// The library's guest devices as the owners of machines.
#pragma once

#include <memory>

#include "machine/machine_owner.h"

namespace blkdrain_props {

class GuestOwners final : public MachineOwners {
public:
    std::unique_ptr<MachineOwner> make(const MachinePlace& place,
                                       const MachineDevice& plan) override;
    [[nodiscard]] bool stop_with_the_machine() const override { return true; }
};

}  // namespace blkdrain_props
