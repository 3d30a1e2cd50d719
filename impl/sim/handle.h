// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sim/machine.h"

namespace blkdrain::sim {

// Owns one virtual descriptor of the run it was opened in. Once that run is over there is nothing
// left to own.
class Handle {
public:
    Handle(DescriptorTable::Kind kind, ObjectClass object_class)
        : kind_(kind), object_class_(object_class) {}
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle();

    void open();

    // The machine it was opened in; stops the process if it is not open or that run is over.
    Machine& machine() const;
    // As machine(), after the running thread, if any, reached that operation.
    Machine& reach(OperationKind kind) const;

    int fd() const { return fd_; }

private:
    DescriptorTable::Kind kind_;
    ObjectClass object_class_;
    int fd_ = -1;
    std::uint32_t run_ = 0;
};

}  // namespace blkdrain::sim
