// SPDX-License-Identifier: Apache-2.0
//
// Who sends requests in the place of a machine's devices: the library's GuestDevice, or an owner of
// somebody else.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <blkdrain/block_backend.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/graph.h>
#include <blkdrain/ids.h>
#include <blkdrain/owners/guest_device.h>
#include <blkdrain/owners/vm_state.h>
#include <blkdrain/request.h>

#include "machine/machine_program.h"

namespace blkdrain_props {

class MachineOwner {
public:
    virtual ~MachineOwner() = default;

    [[nodiscard]] virtual blkdrain::BackendId backend() const = 0;
    // Once, before anything else is asked of it.
    virtual void insert(blkdrain::NodeId node) = 0;
    virtual std::error_code submit(std::size_t queue, const blkdrain::Io& io,
                                   blkdrain::Completion completion) = 0;
    // Once. `left` after the last completion and the end of the backend.
    virtual void leave(blkdrain::DoneCallback left) = 0;

    // What it says of itself. Nothing: it is judged by what is seen of it from outside alone.
    //
    // What becomes of errors; nothing: it may report them, and may try again.
    [[nodiscard]] virtual std::optional<blkdrain::ErrorPolicy> policy(blkdrain::IoType) const {
        return std::nullopt;
    }
    // How many requests of a queue it sends at once.
    [[nodiscard]] virtual std::optional<std::size_t> depth() const { return std::nullopt; }
    [[nodiscard]] virtual std::optional<blkdrain::RequestQueue::Load> load(
        std::size_t /*queue*/) const {
        return std::nullopt;
    }
};

// What an owner is made of; outlives it.
struct MachinePlace {
    blkdrain::Graph& graph;
    blkdrain::VmState& machine;
    std::string name;
    blkdrain::EventLoop& home;
    std::vector<blkdrain::EventLoop*> queues;
};

// Makes the owners of machines.
class MachineOwners {
public:
    virtual std::unique_ptr<MachineOwner> make(const MachinePlace& place,
                                               const MachineDevice& plan) = 0;
    // Whether they stop with the machine (R31). If not they are judged as its job is, and may begin
    // sections.
    [[nodiscard]] virtual bool stop_with_the_machine() const = 0;

protected:
    ~MachineOwners() = default;
};

}  // namespace blkdrain_props
