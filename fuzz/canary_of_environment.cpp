// SPDX-License-Identifier: Apache-2.0
#include "canary_of_environment.h"

#include <cstdio>
#include <cstdlib>

#include "harness/adapters/implementation.h"

namespace blkdrain_fuzz {

using namespace blkdrain_props;

namespace {

HarnessCanary release() {
    const char* const name = std::getenv("BLKDRAIN_CANARY");
    if (name == nullptr || *name == '\0') {
        return HarnessCanary::none;
    }
    const CanaryRow* const row = find_canary(name);
    if (row == nullptr) {
        std::fprintf(stderr, "BLKDRAIN_CANARY: there is no canary '%s'\n", name);
        std::exit(2);
    }
    std::fprintf(stderr, "canary %s is released, it must be found: %.*s\n", name,
                 static_cast<int>(row->sentence.size()), row->sentence.data());
    release_canary(*row);
    return row->home == CanaryHome::harness ? static_cast<HarnessCanary>(row->number)
                                            : HarnessCanary::none;
}

}  // namespace

HarnessCanary canary_of_environment() {
    static const HarnessCanary canary = release();
    return canary;
}

}  // namespace blkdrain_fuzz
