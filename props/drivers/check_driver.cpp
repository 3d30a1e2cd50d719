// SPDX-License-Identifier: Apache-2.0
#include <blkdrain/harness.h>

#include "check/worker.h"
#include "drivers/hosted_driver.h"
#include "drivers/whole_main.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace harness {

int check_driver(int argc, char** argv, Place place, const MakeDriver& make) {
    using namespace blkdrain_props;
    Face face;
    face.about =
        "Checks a driver in random graphs, under random operations, by the block layer's "
        "executable specification.";
    face.suites = {Suite::sequential, Suite::scheduled};
    return whole_main(argc, argv, face, [&](const std::vector<const char*>& what) {
        Host host(place, make);
        check_drivers_of(host);
        return work(what);
    });
}

}  // namespace harness

BLKDRAIN_NAMESPACE_END
