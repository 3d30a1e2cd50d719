// SPDX-License-Identifier: Apache-2.0
#include "machine/guest_owner.h"

#include <utility>

namespace blkdrain_props {

using blkdrain::ErrorPolicy;

namespace {

ErrorPolicy policy_of(MachinePolicy policy) {
    switch (policy) {
        case MachinePolicy::report:
            return ErrorPolicy::report;
        case MachinePolicy::ignore:
            return ErrorPolicy::ignore;
        case MachinePolicy::stop:
            return ErrorPolicy::stop;
    }
    return ErrorPolicy::report;
}

blkdrain::GuestDeviceOptions options_of(const MachineDevice& plan) {
    blkdrain::GuestDeviceOptions options;
    options.on_read_error = policy_of(plan.read);
    options.on_write_error = policy_of(plan.write);
    options.queue_depth = plan.depth;
    options.stop_priority = plan.priority;
    return options;
}

class GuestOwner final : public MachineOwner {
public:
    GuestOwner(const MachinePlace& place, const MachineDevice& plan)
        : graph_(place.graph),
          options_(options_of(plan)),
          device_(place.graph, place.machine, place.name, place.home, place.queues, options_) {}

    [[nodiscard]] blkdrain::BackendId backend() const override { return device_.backend(); }
    void insert(blkdrain::NodeId node) override {
        graph_.insert_medium(device_.backend(), node, {}, nullptr);
    }
    std::error_code submit(std::size_t queue, const blkdrain::Io& io,
                           blkdrain::Completion completion) override {
        return device_.queue(queue).submit(io, completion);
    }
    void leave(blkdrain::DoneCallback left) override { device_.unplug(nullptr, std::move(left)); }

    [[nodiscard]] std::optional<ErrorPolicy> policy(blkdrain::IoType type) const override {
        return type == blkdrain::IoType::read ? options_.on_read_error : options_.on_write_error;
    }
    [[nodiscard]] std::optional<std::size_t> depth() const override { return options_.queue_depth; }
    [[nodiscard]] std::optional<blkdrain::RequestQueue::Load> load(
        std::size_t queue) const override {
        return device_.queue(queue).load();
    }

private:
    blkdrain::Graph& graph_;
    const blkdrain::GuestDeviceOptions options_;
    blkdrain::GuestDevice device_;
};

}  // namespace

std::unique_ptr<MachineOwner> GuestOwners::make(const MachinePlace& place,
                                                const MachineDevice& plan) {
    return std::make_unique<GuestOwner>(place, plan);
}

}  // namespace blkdrain_props
