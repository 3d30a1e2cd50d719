// SPDX-License-Identifier: Apache-2.0
#include "sim/handle.h"

namespace blkdrain::sim {

Handle::~Handle() {
    Machine* const machine = fd_ < 0 ? nullptr : Machine::of_run(run_);
    if (machine != nullptr) {
        reach(OperationKind::close);
        machine->descriptors().close(fd_);
    }
}

void Handle::open() {
    if (fd_ >= 0) {
        misuse("a descriptor was opened twice");
    }
    Machine& machine = Machine::current();
    if (this_fiber != nullptr) {
        // The number is only known once it is opened; openings do not commute.
        machine.reach({OperationKind::open, object_class_, true, 0});
    }
    fd_ = machine.descriptors().open(kind_);
    run_ = machine.run_number();
}

Machine& Handle::machine() const {
    Machine* const machine = fd_ < 0 ? nullptr : Machine::of_run(run_);
    if (machine == nullptr) {
        misuse("use of a descriptor that is not open, or was opened in an earlier run");
    }
    return *machine;
}

Machine& Handle::reach(OperationKind kind) const {
    Machine& machine = this->machine();
    if (this_fiber != nullptr) {
        if (this_fiber->machine != &machine) {
            misuse("use of a descriptor that was opened before the simulation");
        }
        machine.reach({kind, object_class_, true, static_cast<std::uint32_t>(fd_)});
    }
    return machine;
}

}  // namespace blkdrain::sim
