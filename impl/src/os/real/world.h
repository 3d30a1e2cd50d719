// SPDX-License-Identifier: Apache-2.0
#pragma once

// The real world: std and Linux, wrapped without cost.

#include "os/real/atomic.h"
#include "os/real/clock.h"
#include "os/real/fence.h"
#include "os/real/mutex.h"
#include "os/real/poller.h"
#include "os/real/thread.h"
#include "os/real/timer.h"
#include "os/real/wake.h"
