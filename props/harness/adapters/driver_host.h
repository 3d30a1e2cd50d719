// SPDX-License-Identifier: Apache-2.0
//
// Where drivers of somebody else are checked: what then differs from nodes that are scripted alone.
#pragma once

#include <memory>
#include <system_error>

#include "harness/adapters/scripted_driver.h"

namespace blkdrain_props {

class DriverHost {
public:
    // A scenario begins.
    virtual void open() = 0;
    virtual std::unique_ptr<ScriptedDriver> driver(DriverWorld& world, Slot slot, SettleKind settle,
                                                   bool pinned) = 0;
    // What an owner asks for with this request.
    virtual blkdrain::Io io(SentRequest& sent) = 0;
    // Ends what leaves hold of the request.
    virtual void answer(SentRequest& sent, std::error_code result) = 0;

protected:
    ~DriverHost() = default;
};

// For the rest of the process; before any adapter is made.
void check_drivers_of(DriverHost& host);

}  // namespace blkdrain_props
