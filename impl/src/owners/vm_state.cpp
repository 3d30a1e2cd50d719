// SPDX-License-Identifier: Apache-2.0
//
// The public classes, thin over the machine.
#include <string>
#include <utility>

#include <blkdrain/owners/vm_state.h>

#include "owners/vm_core.h"
#include "section/handover.h"

BLKDRAIN_NAMESPACE_BEGIN

using detail::VmCore;

void StopTicket::quiet() const {
    if (machine_) {
        machine_->quiet(listener_, stop_);
    }
}

RunStateRegistration& RunStateRegistration::operator=(RunStateRegistration&& other) noexcept {
    if (this != &other) {
        reset();
        machine_ = std::move(other.machine_);
        listener_ = std::exchange(other.listener_, 0);
    }
    return *this;
}

void RunStateRegistration::reset() {
    if (const detail::Ref<VmCore> machine = std::exchange(machine_, {}); machine) {
        machine->remove(std::exchange(listener_, 0));
    }
}

std::string StopExplanation::text() const {
    std::string result = subject;
    const char* separator = " waits for ";
    for (const Listener& listener : listeners) {
        result += separator + ("'" + listener.name + "': ") + listener.waits.text();
        separator = "; ";
    }
    return result;
}

bool StopWait::abandon() {
    return machine_ && machine_->give_up(stop_, Errc::cancelled);
}

StopExplanation StopWait::explain() const {
    return machine_ ? machine_->explain(stop_) : StopExplanation{};
}

VmState::VmState(std::string name, EventLoop& loop)
    : machine_(detail::Ref<VmCore>::adopt(new VmCore(std::move(name), loop))) {}

VmState::~VmState() = default;

StopWait VmState::stop(const StopOptions& options, DoneCallback done) {
    return machine_->stop(options, std::move(done));
}

void VmState::stop_for_error(std::string reason) {
    machine_->stop_for_error(std::move(reason));
}

void VmState::cont() {
    machine_->cont();
}

RunStatus VmState::status() const {
    return machine_->status();
}

const std::string& VmState::name() const {
    return machine_->name();
}

void VmState::on_change(RunStateCallback told) {
    machine_->on_change(std::move(told));
}

RunStateRegistration VmState::add(std::string name, int priority, RunStateListener& listener) {
    return {machine_, machine_->add(std::move(name), priority, listener)};
}

namespace blocking {

Error stop(VmState& machine, const StopOptions& options) {
    if (const EventLoop* loop = EventLoop::current(); loop != nullptr) {
        return {Errc::would_block_loop, "stop of '" + machine.name() +
                                            "': it would block event loop '" + loop->name() +
                                            "', on whose thread it is called"};
    }
    detail::Handover<Error> handover;
    machine.stop(options, [&handover](Error error) { handover.put(std::move(error)); });
    return handover.take();
}

}  // namespace blocking

BLKDRAIN_NAMESPACE_END
