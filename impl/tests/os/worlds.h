// SPDX-License-Identifier: Apache-2.0
#pragma once

// The same tests run in both worlds. What differs between the worlds is behind these functions;
// worlds_real.cpp and worlds_sim.cpp define them.

#include <cstdint>
#include <functional>

#include "os/types.h"

namespace os_test {

// Runs `body` in a thread of the world: once on the real one; on the simulated one in the default
// order, then under some random schedules. Fails the test if a simulated run does not finish.
void in_world(const std::function<void()>& body);

// For bodies whose threads race: the real world repeats, the simulated one tries a thousand
// schedules.
void under_many_schedules(const std::function<void()>& body);

// How often a racing body repeats its race within one run: the real world needs numbers, the
// simulated one does not.
extern const int races_per_run;

// Whether time passes only when nothing else happens.
extern const bool time_is_virtual;

}  // namespace os_test
