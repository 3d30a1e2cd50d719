// SPDX-License-Identifier: Apache-2.0
//
// The driver of this folder under the suites that the library itself is checked with. --help says
// how to have it run longer, and how to run a scenario again.
#include <cstddef>
#include <memory>

#include <blkdrain/harness.h>

#include "xor_driver.h"

int main(int argc, char** argv) {
    using namespace blkdrain;
    return harness::check_driver(argc, argv, harness::Place::filter,
                                 [] { return std::make_unique<XorDriver>(std::byte{0x5a}); });
}
