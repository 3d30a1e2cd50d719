// SPDX-License-Identifier: Apache-2.0
#include "drivers/hosted_owner.h"

#include <blkdrain/error.h>

namespace blkdrain_props {

namespace {

// As everything of the suites it is touched by simulated threads between visible operations, which
// are one step: no locks.
class HostedOwner final : public MachineOwner {
public:
    HostedOwner(blkdrain::Graph& graph, std::unique_ptr<blkdrain::harness::Owner> subject)
        : graph_(graph), subject_(std::move(subject)) {}

    [[nodiscard]] blkdrain::BackendId backend() const override { return subject_->backend(); }

    void insert(blkdrain::NodeId node) override {
        graph_.insert_medium(subject_->backend(), node, {}, [this](const blkdrain::Error&) {
            inserted_ = true;
            if (leaving_) {
                leave_now();
            }
        });
    }

    std::error_code submit(std::size_t queue, const blkdrain::Io& io,
                           blkdrain::Completion completion) override {
        return subject_->submit(queue, io, completion);
    }

    // A backend whose medium changes cannot be closed: that is for the suite to wait for.
    void leave(blkdrain::DoneCallback left) override {
        left_ = std::move(left);
        leaving_ = true;
        if (inserted_) {
            leave_now();
        }
    }

private:
    void leave_now() {
        subject_->leave([this] { left_({}); });
    }

    blkdrain::Graph& graph_;
    const std::unique_ptr<blkdrain::harness::Owner> subject_;
    bool inserted_ = false;
    bool leaving_ = false;
    blkdrain::DoneCallback left_;
};

}  // namespace

std::unique_ptr<MachineOwner> HostedOwners::make(const MachinePlace& place,
                                                 const MachineDevice& /*plan*/) {
    return std::make_unique<HostedOwner>(
        place.graph, make_({place.graph, place.machine, place.name, place.home, place.queues}));
}

}  // namespace blkdrain_props
