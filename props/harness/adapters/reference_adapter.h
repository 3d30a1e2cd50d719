// SPDX-License-Identifier: Apache-2.0
//
// The reference alone, as a mock of an implementation: performs each call as the model decides it,
// does at once what the model says is due, and answers for the devices.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include <blkdrain_ref/step.h>

#include "harness/adapter.h"
#include "harness/call_event.h"

namespace blkdrain_props {

class ReferenceAdapter final : public Adapter, CallNames {
public:
    bool threaded() const override { return false; }
    bool implements() const override { return false; }
    const char* name() const override { return "reference"; }
    void open(const Scenario& scenario, Stage& stage) override;
    void close(bool clean) override;
    Result call(const Call& call) override;
    void on_loop(unsigned loop, const std::function<void()>& task) override;
    void post(unsigned loop, std::function<void()> task) override;
    void rest() override;
    void run_clients(unsigned count, const std::function<void(unsigned)>& body,
                     const std::function<void()>& all_wait) override;
    void await(const std::function<bool()>& over) override;
    void advance(std::uint64_t ticks) override;
    const Observed* observe(bool) override { return nullptr; }

    std::uint32_t request_id(Slot request) const override { return request + 1; }
    std::uint32_t token_id(Slot token) const override { return token + 1; }
    std::uint32_t operation_id(Slot wait) const override {
        return wait < operations_.size() ? operations_[wait] : 0;
    }
    std::uint32_t node_id(Slot node) const override { return node + 1; }
    std::uint32_t backend_id(Slot backend) const override { return backend + 1; }

private:
    // CallNames
    std::uint32_t request_named(Slot request) const override { return request_id(request); }
    std::uint32_t token_named(Slot token) const override { return token_id(token); }
    std::uint32_t section_named(Slot section) const override {
        return operation_id(stage_->wait_of_section(section));
    }

    struct Callback {
        Slot wait;
        Result result;
        bool section;
    };
    struct Deadline {
        Slot wait;
        std::uint64_t at;
    };

    const blkdrain_ref::State& model() const { return stage_->judge().model(); }
    void announce(const blkdrain_ref::Event& event) { stage_->judge().announce(event); }
    std::uint32_t own_id(const Call& call);
    std::uint32_t new_operation(Slot wait);
    Slot wait_of(std::uint32_t operation) const;
    Result control(const Call& call, blkdrain_ref::Event& event);
    bool abandon(Slot wait, blkdrain_ref::Error error);
    bool fill_abandon(Slot wait, blkdrain_ref::Event& event) const;
    // Performs what is due: `all`, or only what belongs to the call that made it due.
    void perform_due(bool all);
    void perform(const blkdrain_ref::Event& event);
    void admitted(const blkdrain_ref::Event& event);
    void settle_started(const blkdrain_ref::Event& event);
    void call_back();
    bool plugged(unsigned loop) const;

    Stage* stage_ = nullptr;
    unsigned loops_ = 1;
    std::uint32_t next_operation_ = 1;
    std::vector<std::uint32_t> operations_;  // by wait
    std::vector<Slot> waits_;                // by operation
    std::vector<Slot> wait_of_token_;        // by token
    std::vector<Result> results_;            // by request, of the completion
    std::vector<SettleKind> settles_;        // by node
    std::vector<Callback> callbacks_;
    std::vector<Deadline> deadlines_;
    std::vector<std::function<void()>> posted_;
    std::vector<blkdrain_ref::Event> due_;
    std::array<unsigned, loops_max> plugs_{};  // of the region of the loop
    std::uint64_t now_ = 0;
};

}  // namespace blkdrain_props
