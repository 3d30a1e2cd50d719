// SPDX-License-Identifier: Apache-2.0
//
// What the simulator says of wake-ups, in the words of scenarios.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "harness/text.h"
#include "sim/wake_listener.h"

namespace blkdrain_props {

// Simulated loops and clients are called loop0 and client1.
class ToldWakes final : public blkdrain::sim::WakeListener {
public:
    using Told = std::function<void(std::uint8_t waker, std::uint8_t woken)>;

    explicit ToldWakes(Told told) : told_(std::move(told)) {}

    void woke(const blkdrain::sim::ThreadView& waker,
              const blkdrain::sim::ThreadView& woken) override {
        told_(actor_named(waker.name), actor_named(woken.name));
    }

private:
    const Told told_;
};

}  // namespace blkdrain_props
