// SPDX-License-Identifier: Apache-2.0
//
// blkdrain-check: the library, judged in all worlds. Its workers lie beside it in a build tree, and
// where only programs look when it is installed.
#include <filesystem>
#include <string>

#include "check/child.h"
#include "check/front_end.h"

int main(int argc, char** argv) {
    using blkdrain_props::Suite;
    using std::filesystem::path;
    blkdrain_props::Face face;
    face.name = "blkdrain-check";
    face.about =
        "Judges the block layer by its executable specification on random graphs and operation "
        "sequences.";
    face.replay = "./dev replay";
    face.suites = {Suite::sequential, Suite::scheduled, Suite::real, Suite::machines};
    face.whole = true;
    path workers = path(blkdrain_props::program_path()).parent_path();
    if (const path installed = workers / BLKDRAIN_INSTALLED_WORKERS;
        std::filesystem::exists(installed)) {
        workers = installed;
        face.replay = "blkdrain-check replay";
    }
    face.simulated = {workers / "blkdrain-check-sim"};
    face.real = {workers / "blkdrain-check-real"};
    return blkdrain_props::front_end(argc, argv, face);
}
