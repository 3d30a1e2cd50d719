// SPDX-License-Identifier: Apache-2.0
#include "loop/loop_core.h"

#include <algorithm>
#include <span>
#include <utility>

#include <blkdrain/detail/check.h>

#include "os/canary.h"
#include "os/linger.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

namespace {

os::time_point later(os::time_point time, os::duration wait) {
    return wait < os::time_point::max() - time ? time + wait : os::time_point::max();
}

}  // namespace

LoopCore::LoopCore(std::string name) : name_(std::move(name)) {}

std::error_code LoopCore::open(EventLoop& owner) {
    owner_ = &owner;
    if (const std::error_code error = poller_.open()) {
        return error;
    }
    if (const std::error_code error = wake_.open()) {
        return error;
    }
    if (const std::error_code error = alarm_.open()) {
        return error;
    }
    if (const std::error_code error = poller_.add(wake_.fd(), os::event_in, wake_cookie)) {
        return error;
    }
    return poller_.add(alarm_.fd(), os::event_in, alarm_cookie);
}

void LoopCore::finish() {
    BLKDRAIN_CHECK(!is_current(), "an event loop is not destroyed by what it runs");
    // A loop may be destroyed by a callback of another one.
    LoopCore* const outer = current();
    CurrentSlot::set(this);
    fence_peer_.enter();
    for (;;) {
        posted_.take_all(ready_);
        if (ready_.empty() && moving_.empty()) {
            break;
        }
        run_ready();
        move_requests();
    }
    fence_peer_.leave();
    CurrentSlot::set(outer);
}

void LoopCore::post(Task& task) {
    if (is_current()) {
        ready_.push_back(task);
    } else if (posted_.push(task) && !(canary(Canary::wake_dropped) && current() != nullptr)) {
        linger();
        wake_.signal();
    }
}

void LoopCore::post_local(Task& task) {
    BLKDRAIN_CHECK(is_current(), "post_local is called inside the loop");
    ready_.push_back(task);
}

void LoopCore::set_in_motion(Request& request) {
    BLKDRAIN_CHECK(is_current(), "requests move inside their loop");
    moving_.push_back(request);
}

void LoopCore::run_before_polling(Task& task) {
    BLKDRAIN_CHECK(is_current(), "run_before_polling is called inside the loop");
    before_polling_.push_back(task);
}

void LoopCore::prepare_to_poll() {
    while (Task* const task = before_polling_.pop_front()) {
        task->run(*task);
    }
}

void LoopCore::enter() {
    BLKDRAIN_CHECK(current() == nullptr, "event loops do not nest (R8)");
    // acquire: what the thread that ran the loop before left behind.
    BLKDRAIN_CHECK(!entered_.exchange(true, std::memory_order_acquire),
                   "an event loop is run by one thread at a time");
    CurrentSlot::set(this);
    fence_peer_.enter();
    posted_.wake_up();
}

void LoopCore::leave() {
    prepare_to_poll();
    if (shown_) {
        show_work();
    }
    fence_peer_.leave();
    CurrentSlot::set(nullptr);
    // release: hands what belongs to the owning thread on to the next one.
    entered_.store(false, std::memory_order_release);
}

// L3.
void LoopCore::show_work() {
    set_alarm();
    const bool work_left = !posted_.prepare_sleep() || !ready_.empty() || !moving_.empty();
    if (work_left && !woke_itself_) {
        wake_.signal();
        woke_itself_ = true;
    }
}

int LoopCore::fd() {
    if (!shown_) {
        shown_ = true;
        if (!is_current()) {
            show_work();
        }
    }
    return poller_.fd();
}

void LoopCore::run() {
    enter();
    do {
        round(os::duration(-1), true);
        // relaxed: the exchange decides; acquire: what was done before stop is visible after run.
        // One stop ends one run.
    } while (!(stop_.load(std::memory_order_relaxed) &&
               stop_.exchange(false, std::memory_order_acquire)));
    leave();
}

void LoopCore::stop() {
    // seq_cst: the producer's write of RemoteQueue I4; releases what the caller did before.
    stop_.store(true, std::memory_order_seq_cst);
    linger();
    if (!is_current() && posted_.claim_wake_up() && !canary(Canary::stop_unheard)) {
        wake_.signal();
    }
}

bool LoopCore::run_once(os::duration timeout) {
    enter();
    const bool did_something = round(timeout, false);
    leave();
    return did_something;
}

bool LoopCore::round(os::duration timeout, bool for_run) noexcept {
    const std::size_t count = fetch_events(timeout, for_run);
    posted_.take_all(ready_);
    bool busy = run_ready();
    busy |= run_due_timers();
    busy |= run_handlers(count);
    if (++rounds_ % rounds_per_reading == 0) {
        recent_time_.reset();
    }
    busy_rounds_ += busy ? 1U : 0U;
    return busy;
}

std::size_t LoopCore::fetch_events(os::duration timeout, bool for_run) {
    prepare_to_poll();
    fence_peer_.pass();
    posted_.take_all(ready_);
    if (!ready_.empty() || !moving_.empty() || timer_is_due()) {
        if (descriptors_.empty()) {
            return 0;
        }
        timeout = os::duration::zero();
    }
    if (!os::clock_stands_still && timeout != os::duration::zero() &&
        polling_ > os::duration::zero() && finds_posts(timeout, for_run)) {
        if (descriptors_.empty()) {
            return 0;
        }
        timeout = os::duration::zero();
    }
    if (canary(Canary::never_idle)) {
        timeout = os::duration::zero();
    }
    if (timeout != os::duration::zero()) {
        set_alarm();
        linger();
        // seq_cst load: the consumer's read of RemoteQueue I4, for stop.
        if (!posted_.prepare_sleep() || (for_run && stop_.load(std::memory_order_seq_cst))) {
            posted_.wake_up();
            timeout = os::duration::zero();
        }
    }
    const bool sleeps = timeout != os::duration::zero();
    if (sleeps) {
        recent_time_.reset();
        linger();
        fence_peer_.leave();
    }
    const int found = poller_.wait(events_, timeout);
    if (sleeps && !canary(Canary::wakes_outside)) {
        fence_peer_.enter();
    }
    if (found == 0 && timeout < os::duration::zero() && canary(Canary::interrupted_wait_stops)) {
        stop_.store(true, std::memory_order_relaxed);  // relaxed: this round looks at it itself
    }
    posted_.wake_up();
    const auto count = static_cast<std::size_t>(std::max(found, 0));
    for (const os::ready& event : std::span(events_).first(count)) {
        if (event.cookie == wake_cookie) {
            wake_.clear();
            woke_itself_ = false;
        } else if (event.cookie == alarm_cookie) {
            alarm_.clear();
            alarm_deadline_.reset();
        }
    }
    return count;
}

// Awake, so that whoever posts meanwhile need not wake us.
bool LoopCore::finds_posts(os::duration timeout, bool for_run) {
    constexpr int looks_per_reading = 16;
    recent_time_.reset();
    const os::time_point start = os::now();
    os::time_point end = later(start, polling_);
    if (timeout > os::duration::zero()) {
        end = std::min(end, later(start, timeout));
    }
    if (const std::optional<TimerHeap::Due> first = timers_.first()) {
        end = std::min(end, first->deadline);
    }
    do {
        for (int look = 0; look < looks_per_reading; ++look) {
            // relaxed: a stop that is missed here is seen before sleeping.
            if (!posted_.looks_empty() || (for_run && stop_.load(std::memory_order_relaxed))) {
                return true;
            }
            fence_peer_.pass();
            os::spin_hint();
        }
    } while (os::now() < end);
    return false;
}

bool LoopCore::run_ready() {
    bool busy = move_requests();
    TaskList batch(std::move(ready_));
    while (Task* const task = batch.pop_front()) {
        task->run(*task);
        move_requests();
        busy = true;
    }
    return busy;
}

bool LoopCore::run_due_timers() {
    if (timers_.empty()) {
        return false;
    }
    // The clock stands still meanwhile, and timers started meanwhile wait for the next round.
    const os::time_point now = os::now();
    const std::uint64_t limit = timers_.next_number();
    bool busy = false;
    for (;;) {
        const std::optional<TimerHeap::Due> first = timers_.first();
        if (!first || first->deadline > now || first->number >= limit) {
            return busy;
        }
        timers_.pop()();
        move_requests();
        busy = true;
    }
}

bool LoopCore::run_handlers(std::size_t count) {
    bool busy = false;
    for (std::size_t i = 0; i < count; ++i) {
        const os::ready event = events_[i];
        if (event.cookie >= DescriptorTable::first_cookie &&
            descriptors_.dispatch(event.cookie, event.events)) {
            move_requests();
            busy = true;
        }
    }
    return busy;
}

bool LoopCore::move_requests() {
    bool busy = false;
    for (int moves = 0; moves < moves_per_callback; ++moves) {
        Task* const next = moving_.pop_front();
        if (next == nullptr) {
            break;
        }
        static_cast<Request*>(next)->drive();
        busy = true;
    }
    return busy;
}

bool LoopCore::timer_is_due() const {
    const std::optional<TimerHeap::Due> first = timers_.first();
    return first && first->deadline <= os::now();
}

// Deferred to the moment before sleep, so that timers started and cancelled meanwhile cost nothing.
void LoopCore::set_alarm() {
    const std::optional<TimerHeap::Due> first = timers_.first();
    if (!first) {
        if (alarm_deadline_) {
            alarm_.disarm();
            alarm_deadline_.reset();
        }
    } else if (alarm_deadline_ != first->deadline) {
        alarm_.arm(first->deadline);
        alarm_deadline_ = first->deadline;
    }
}

std::error_code LoopCore::add_fd(int fd, std::uint32_t events, DescriptorTable::Handler handler) {
    const std::uint64_t cookie = descriptors_.add(fd, std::move(handler));
    if (cookie == 0) {
        return std::make_error_code(std::errc::file_exists);
    }
    const std::error_code error = poller_.add(fd, events, cookie);
    if (error) {
        descriptors_.remove(fd);
    }
    return error;
}

void LoopCore::remove_fd(int fd) {
    if (descriptors_.remove(fd)) {
        // A descriptor that was closed has left the poller by itself.
        static_cast<void>(poller_.remove(fd));
    }
}

LoopCore::TimerId LoopCore::start_timer(os::duration delay, std::function<void()> task) {
    const os::duration wait = std::max(delay, os::duration::zero());
    const TimerId id = timers_.add(later(os::now(), wait), std::move(task));
    if (!is_current()) {
        set_alarm();
    }
    return id;
}

bool LoopCore::cancel_timer(TimerId timer) {
    const bool cancelled = timers_.cancel(timer);
    if (cancelled && !is_current()) {
        set_alarm();
    }
    return cancelled;
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
