// SPDX-License-Identifier: Apache-2.0
#include "owners/vm_core.h"

#include <algorithm>
#include <ranges>
#include <string_view>
#include <utility>

#include <blkdrain/detail/check.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

void retain(VmCore* machine) noexcept {
    machine->owners.retain();
}

void release(VmCore* machine) noexcept {
    if (machine->owners.release()) {
        delete machine;
    }
}

// --- stopping ---

StopWait VmCore::stop(const StopOptions& options, DoneCallback&& done) {
    EventLoop* loop = options.loop != nullptr ? options.loop : EventLoop::current();
    const os::mutex_lock lock(mutex_);
    Stop& stop =
        stops_.emplace_back(Stop{++last_id_, options.where, loop != nullptr ? loop : &loop_,
                                 report_to(std::move(done)), nullptr});
    const std::uint64_t id = stop.id;
    if (options.deadline) {
        arm_deadline(stop, *options.deadline);
    }
    if (status_.state == RunState::running) {
        begin_stop(StopCause::request, {});
    }
    stopped_if_quiet();
    return {Ref<VmCore>(this), id};
}

void VmCore::stop_for_error(std::string&& reason) {
    const os::mutex_lock lock(mutex_);
    if (status_.state == RunState::running) {
        begin_stop(StopCause::io_error, std::move(reason));
        stopped_if_quiet();
    } else if (status_.cause == StopCause::request) {
        status_.cause = StopCause::io_error;
        status_.reason = std::move(reason);
        tell_of_change();
    }
}

void VmCore::begin_stop(StopCause cause, std::string&& reason) {
    ++stop_number_;
    status_.cause = cause;
    status_.reason = std::move(reason);
    status_.state = RunState::stopping;
    for (Member& member : members_) {
        stop_member(member);
    }
    tell_of_change();
}

void VmCore::stop_member(Member& member) {
    const StopProgress progress =
        member.listener->vm_stop(StopTicket(Ref<VmCore>(this), member.id, stop_number_));
    member.awaited = progress == StopProgress::pending && status_.state == RunState::stopping;
}

void VmCore::quiet(std::uint64_t listener, std::uint64_t stop_number) {
    const os::mutex_lock lock(mutex_);
    if (stop_number != stop_number_ || status_.state != RunState::stopping) {
        return;
    }
    for (Member& member : members_) {
        if (member.id == listener) {
            member.awaited = false;
        }
    }
    stopped_if_quiet();
}

void VmCore::stopped_if_quiet() {
    if (status_.state == RunState::stopping &&
        std::none_of(members_.begin(), members_.end(),
                     [](const Member& member) { return member.awaited; })) {
        status_.state = RunState::stopped;
        tell_of_change();
    }
    if (status_.state == RunState::stopped) {
        report_all({});
    }
}

// --- going on ---

void VmCore::cont() {
    const os::mutex_lock lock(mutex_);
    if (status_.state == RunState::running) {
        return;
    }
    for (Stop& stop : stops_) {
        report(stop, {Errc::cancelled, describe(stop) + ": the machine was told to go on"});
    }
    stops_.clear();
    go_on();
}

void VmCore::go_on() {
    status_ = {};
    for (Member& member : std::views::reverse(members_)) {
        member.awaited = false;
        member.listener->vm_start();
    }
    tell_of_change();
}

bool VmCore::give_up(std::uint64_t id, Errc why) {
    const os::mutex_lock lock(mutex_);
    const auto stop = std::find_if(stops_.begin(), stops_.end(),
                                   [id](const Stop& candidate) { return candidate.id == id; });
    if (stop == stops_.end()) {
        return false;
    }
    report(*stop, {why, describe(*stop) +
                            (why == Errc::timed_out ? ": the deadline passed" : " was given up")});
    stops_.erase(stop);
    if (stops_.empty() && status_.cause == StopCause::request) {
        go_on();
    }
    return true;
}

// --- who stops ---

std::uint64_t VmCore::add(std::string&& name, int priority, RunStateListener& listener) {
    const os::mutex_lock lock(mutex_);
    const auto place =
        std::find_if(members_.begin(), members_.end(),
                     [priority](const Member& other) { return other.priority > priority; });
    Member& member =
        *members_.insert(place, Member{++last_id_, std::move(name), priority, &listener, false});
    if (status_.state != RunState::running) {
        stop_member(member);
    }
    return member.id;
}

void VmCore::remove(std::uint64_t listener) {
    const os::mutex_lock lock(mutex_);
    std::erase_if(members_, [listener](const Member& member) { return member.id == listener; });
    stopped_if_quiet();
}

// --- telling ---

RunStatus VmCore::status() {
    const os::mutex_lock lock(mutex_);
    return status_;
}

void VmCore::on_change(RunStateCallback&& told) {
    const os::mutex_lock lock(mutex_);
    told_ = std::move(told);
}

void VmCore::tell_of_change() {
    if (told_) {
        loop_.post([told = told_, status = status_] { told(status); });
    }
}

void VmCore::arm_deadline(Stop& stop, std::chrono::nanoseconds deadline) {
    stop.deadline = new Deadline;
    stop.loop->post([machine = Ref<VmCore>(this), id = stop.id, loop = stop.loop,
                     state = stop.deadline, deadline, called = os::now()] {
        if (state->over) {
            delete state;
            return;
        }
        state->armed = true;
        state->timer = loop->start_timer(deadline - (os::now() - called),
                                         [machine, id] { machine->give_up(id, Errc::timed_out); });
    });
}

void VmCore::report(Stop& stop, Error error) {
    Report::post(std::move(stop.report), *stop.loop, stop.deadline, std::move(error), false);
}

void VmCore::report_all(const Error& error) {
    for (Stop& stop : stops_) {
        report(stop, error);
    }
    stops_.clear();
}

std::string VmCore::describe(const Stop& stop) const {
    const std::string_view path = stop.where.file_name();
    return "stop of '" + name_ + "' begun at " + std::string(path.substr(path.rfind('/') + 1)) +
           ":" + std::to_string(stop.where.line());
}

StopExplanation VmCore::explain(std::uint64_t id) {
    const os::mutex_lock lock(mutex_);
    StopExplanation explanation;
    for (const Stop& stop : stops_) {
        if (stop.id == id) {
            explanation.subject = describe(stop);
        }
    }
    if (explanation.subject.empty()) {
        return explanation;
    }
    for (const Member& member : members_) {
        if (member.awaited) {
            explanation.listeners.push_back({member.name, member.listener->explain_stop()});
        }
    }
    return explanation;
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
