// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace blkdrain_props {

// Runs each of `count` scenarios or machines of a simulated suite twice, the second time in a
// process of its own and in reverse order, so that neither addresses nor what ran before are the
// same. Prints a line for each whose two traces differ, and the figure. `worker`: how a worker of
// the simulated world is started (worker.h); `enough`: ends it early, with the figures so far. The
// exit status: 0 all the same, 1 some differ or a worker died.
int run_twice(const std::vector<std::string>& worker, const std::string& suite, std::uint64_t seed,
              std::uint64_t count, const std::function<bool()>& enough);

}  // namespace blkdrain_props
