// SPDX-License-Identifier: Apache-2.0
#include "drivers/whole_main.h"

#include <filesystem>
#include <string>
#include <string_view>

#include "check/child.h"

namespace blkdrain_props {

int whole_main(int argc, char** argv, Face face,
               const std::function<int(std::vector<const char*>)>& work) {
    static constexpr std::string_view as_worker = "--worker";
    if (argc > 1 && argv[1] == as_worker) {
        return work({argv + 2, argv + argc});
    }
    face.name = std::filesystem::path(argv[0]).filename();
    face.replay = std::string(argv[0]) + " replay";
    face.simulated = {program_path(), std::string(as_worker)};
    return front_end(argc, argv, face);
}

}  // namespace blkdrain_props
