// SPDX-License-Identifier: Apache-2.0
#pragma once

// The simulated world: the same names as os/real/world.h, performed by the machine of
// sim/machine.h.

#include "sim/atomic.h"
#include "sim/clock.h"
#include "sim/fence.h"
#include "sim/mutex.h"
#include "sim/poller.h"
#include "sim/thread.h"
#include "sim/timer.h"
#include "sim/wake.h"
