// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include <blkdrain/owners/vm_state.h>
#include <blkdrain/world.h>

#include "os/backend.h"
#include "section/report.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// The machine behind VmState and its handles.
//
//  1. One lock; listeners are called with it held, so that they see stops and starts in one order,
//  and never after they have left. They take locks of their own and the control plane's; nobody
//  takes this one holding either.
//  2. vm_stop and vm_start of a listener alternate: stop when the machine leaves `running` or the
//  listener comes later, start when it comes back to `running`.
//  3. While stopping, exactly the listeners that are `awaited` keep it from being stopped.
//  4. A ticket counts only for the stop it was made for (`stop_number_`).
//  5. Stops are pending only while stopping.
class VmCore {
public:
    VmCore(std::string name, EventLoop& loop) : name_(std::move(name)), loop_(loop) {}
    VmCore(const VmCore&) = delete;
    VmCore& operator=(const VmCore&) = delete;

    // What VmState and its handles offer; see there.
    StopWait stop(const StopOptions& options, DoneCallback&& done);
    void stop_for_error(std::string&& reason);
    void cont();
    [[nodiscard]] RunStatus status();
    [[nodiscard]] const std::string& name() const { return name_; }
    void on_change(RunStateCallback&& told);
    std::uint64_t add(std::string&& name, int priority, RunStateListener& listener);
    void remove(std::uint64_t listener);
    void quiet(std::uint64_t listener, std::uint64_t stop_number);
    bool give_up(std::uint64_t stop, Errc why);
    StopExplanation explain(std::uint64_t stop);

    os::ref_count owners;

private:
    struct Member {
        std::uint64_t id;
        std::string name;
        int priority;
        RunStateListener* listener;
        bool awaited;
    };
    struct Stop {
        std::uint64_t id;
        std::source_location where;
        EventLoop* loop;
        std::unique_ptr<Report> report;
        Deadline* deadline;
    };

    // All with the lock held.
    void begin_stop(StopCause cause, std::string&& reason);
    void stop_member(Member& member);
    void stopped_if_quiet();
    void go_on();
    void tell_of_change();
    void arm_deadline(Stop& stop, std::chrono::nanoseconds deadline);
    static void report(Stop& stop, Error error);
    void report_all(const Error& error);
    [[nodiscard]] std::string describe(const Stop& stop) const;

    const std::string name_;
    EventLoop& loop_;  // of on_change

    os::mutex mutex_;              // guards everything below
    std::vector<Member> members_;  // in the order of stopping
    std::vector<Stop> stops_;      // pending, in the order of their calls
    RunStatus status_;
    std::uint64_t stop_number_ = 0;  // of the present stop, or of the last one
    std::uint64_t last_id_ = 0;      // of members and stops
    RunStateCallback told_;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
