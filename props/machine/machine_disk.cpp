// SPDX-License-Identifier: Apache-2.0
#include "machine/machine_disk.h"

#include "machine/machine_run.h"

namespace blkdrain_props {

void MachineDisk::submit(blkdrain::Node& /*node*/, blkdrain::Request& request) {
    if (run_.arrived(request.io().offset) == nullptr) {
        request.complete(blkdrain::Errc::io_error);
    } else if (holding_) {
        held_.push_back(&request);
    } else {
        answer(request);
    }
}

void MachineDisk::let_go() {
    holding_ = false;
    std::vector<blkdrain::Request*> going;
    going.swap(held_);
    for (blkdrain::Request* request : going) {
        answer(*request);
    }
}

void MachineDisk::answer(blkdrain::Request& request) {
    MachineRequest& asked = run_.request(request.io().offset);
    if (failures_ != 0 && !asked.of_job) {
        --failures_;
        ++asked.errors;
        request.complete(blkdrain::Errc::io_error);
        return;
    }
    ++asked.successes;
    request.complete({});
}

}  // namespace blkdrain_props
