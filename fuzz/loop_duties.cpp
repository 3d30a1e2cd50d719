// SPDX-License-Identifier: Apache-2.0
#include "loop_duties.h"

#include <algorithm>
#include <string>

#include "finding.h"

namespace blkdrain_fuzz {

void demand(bool holds, const char* code, const char* sentence) {
    if (!holds) {
        report_finding(std::string("loop ") + code, std::string(sentence) + "\n");
    }
}

std::size_t LoopDuties::task_posted() {
    tasks_.push_back(!inside_);
    return tasks_.size() - 1;
}

std::size_t LoopDuties::timer_started(Time deadline) {
    timers_.push_back({deadline});
    return timers_.size() - 1;
}

bool LoopDuties::timer_cancelled(std::size_t timer) {
    const bool in_time = timers_[timer].pending;
    timers_[timer] = {timers_[timer].deadline, false, false};
    return in_time;
}

std::size_t LoopDuties::source_watched(std::size_t source) {
    watches_[source] = {true, registrations_, false, false};
    return registrations_++;
}

void LoopDuties::source_unwatched(std::size_t source) {
    watches_[source] = {};
}

void LoopDuties::source_cleared(std::size_t source) {
    watches_[source].owed = false;
}

void LoopDuties::called_back() {
    demand(inside_ || ending_, "outside", "a callback comes outside of a round");
    busy_ = true;
}

void LoopDuties::task_runs(std::size_t task) {
    called_back();
    demand(task == tasks_run_, "task_order",
           "a task overtakes one that was posted before, or runs twice");
    demand(tasks_[task] || ending_, "task_early",
           "a task runs in the round in which it was posted");
    ++tasks_run_;
}

void LoopDuties::timer_runs(std::size_t timer, Time now) {
    called_back();
    demand(!ending_, "timer_at_end", "a timer runs although its loop is being destroyed");
    demand(timers_[timer].pending, "timer_twice", "a timer runs that was cancelled or has run");
    demand(timers_[timer].deadline <= now, "timer_early", "a timer runs before its time");
    timers_[timer] = {timers_[timer].deadline, false, false};
}

void LoopDuties::source_is_ready(std::size_t source, std::size_t registration) {
    called_back();
    Watch& watch = watches_[source];
    demand(watch.on && watch.registration == registration, "handler_removed",
           "a handler runs although it was removed");
    demand(watch.due, "handler_early", "a handler runs although its descriptor was not ready");
    watch.due = watch.owed = false;
}

void LoopDuties::round_begins(Time now, const Readable& readable) {
    inside_ = true;
    busy_ = false;
    for (Timer& timer : timers_) {
        timer.due = timer.pending && timer.deadline <= now;
    }
    for (std::size_t i = 0; i < sources; ++i) {
        watches_[i].due = watches_[i].owed = watches_[i].on && readable[i];
    }
}

void LoopDuties::round_ends(bool busy) {
    demand(busy == busy_, "busy",
           "a round says that it did something, or nothing, and that is not so");
    demand(!has_tasks() || !tasks_[tasks_run_], "task_late", "a task is not run in the next round");
    demand(std::ranges::none_of(timers_, &Timer::due), "timer_late",
           "a timer that is due is not run in the next round");
    demand(std::ranges::none_of(watches_, &Watch::owed), "handler_late",
           "a handler whose descriptor is ready is not run in the next round");
    busy_rounds_ += busy ? 1 : 0;
    tasks_.assign(tasks_.size(), true);
    inside_ = false;
}

void LoopDuties::loop_is_destroyed() {
    ending_ = true;
}

void LoopDuties::loop_is_gone() {
    demand(!has_tasks(), "task_lost", "a task is not run when its loop is destroyed");
}

bool LoopDuties::has_due_timers(Time now) const {
    return std::ranges::any_of(
        timers_, [now](const Timer& timer) { return timer.pending && timer.deadline <= now; });
}

bool LoopDuties::has_ready_sources(const Readable& readable) const {
    for (std::size_t i = 0; i < sources; ++i) {
        if (watches_[i].on && readable[i]) {
            return true;
        }
    }
    return false;
}

}  // namespace blkdrain_fuzz
