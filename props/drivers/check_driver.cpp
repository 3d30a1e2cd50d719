// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <string_view>

#include <blkdrain/harness.h>

#include "check/child.h"
#include "check/front_end.h"
#include "check/worker.h"
#include "drivers/hosted_driver.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace harness {

int check_driver(int argc, char** argv, Place place, const MakeDriver& make) {
    static constexpr std::string_view as_worker = "--worker";
    if (argc > 1 && argv[1] == as_worker) {
        blkdrain_props::Host host(place, make);
        blkdrain_props::check_drivers_of(host);
        return blkdrain_props::work({argv + 2, argv + argc});
    }
    blkdrain_props::Face face;
    face.name = std::filesystem::path(argv[0]).filename();
    face.about =
        "Checks a driver in random graphs, under random operations, by the block layer's "
        "executable specification.";
    face.replay = std::string(argv[0]) + " replay";
    face.simulated = {blkdrain_props::program_path(), std::string(as_worker)};
    return blkdrain_props::front_end(argc, argv, face);
}

}  // namespace harness

BLKDRAIN_NAMESPACE_END
