// SPDX-License-Identifier: Apache-2.0
#include <blkdrain/harness.h>

#include "check/worker.h"
#include "drivers/hosted_owner.h"
#include "drivers/whole_main.h"
#include "machine/machine_run.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace harness {

int check_owner(int argc, char** argv, Stops stops, const MakeOwner& make) {
    using namespace blkdrain_props;
    Face face;
    face.about =
        "Checks an owner as the devices of random machines, which stop and go on, by the block "
        "layer's executable specification.";
    face.suites = {Suite::machines};
    return whole_main(argc, argv, face, [&](const std::vector<const char*>& what) {
        HostedOwners owners(stops, make);
        return work(what, [&](const MachineProgram& program, MachineCounts& counts,
                              MachineListener* listener) {
            return MachineRun(program, counts, listener, owners).run();
        });
    });
}

}  // namespace harness

BLKDRAIN_NAMESPACE_END
