// SPDX-License-Identifier: Apache-2.0
//
// Makes a failing machine smaller as long as it fails in the same way.
#pragma once

#include <cstdint>
#include <functional>

#include "machine/machine_program.h"

namespace blkdrain_props {

// `fails`: the machine fails in the way looked for. Called at most `runs_max` times. Greedy: the
// first simpler one that still fails is taken, until none is. First the default order in place of a
// drawn schedule, or else one with few preemptions; then fewer steps, one client in place of two,
// fewer spares, devices and nodes, plainer devices and smaller numbers, and pairs of steps. Where a
// drawn schedule is needed, a step is taken away under others with few preemptions, too: they have
// nothing to do with the one before.
MachineProgram smaller_machine(const MachineProgram& failing,
                               const std::function<bool(const MachineProgram&)>& fails,
                               std::uint32_t runs_max);

}  // namespace blkdrain_props
