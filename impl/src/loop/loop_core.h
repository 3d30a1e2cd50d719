// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <blkdrain/detail/task.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/request.h>
#include <blkdrain/world.h>

#include "loop/descriptor_table.h"
#include "loop/own_line.h"
#include "loop/remote_queue.h"
#include "loop/task_list.h"
#include "loop/timer_heap.h"
#include "os/backend.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// What is behind an EventLoop.
//
// A round: fetch the events that are there (waiting for them only if there is nothing else to do);
// take over what was posted; run the tasks that were ready then, the timers that are due, the
// handlers of the events fetched. After every one of these callbacks the requests in motion move.
// What callbacks add is left for the next round.
//
// Invariants
//  L1  ready_, moving_, timers_, descriptors_ and the alarm belong to the thread inside a round;
//      between rounds to the thread that owns the loop.
//  L2  Nothing runs inside a call: post, post_local, set_in_motion and what uses them only queue.
//      Tasks, timers, handlers and requests are called from the round, one level deep (R8).
//  L3  Between runs, once somebody has asked for it, the poller's descriptor is readable whenever a
//      round would do something: posted_ is asleep then (RemoteQueue I2), what is left on the lists
//      is signalled by hand, and the alarm is set to the first deadline. Until then nobody is told.
//  L4  A loop with nothing to do sleeps: a round that waits has found nothing ready, nothing
//      moving, nothing posted and no timer due, and a wake-up is only signalled once per sleep.
class alignas(own_line) LoopCore {
public:
    using TimerId = EventLoop::TimerId;

    explicit LoopCore(std::string name);
    LoopCore(const LoopCore&) = delete;
    LoopCore& operator=(const LoopCore&) = delete;
    ~LoopCore() = default;

    // Once, before anything else.
    std::error_code open(EventLoop& owner);

    // Once, after everything else: runs what was posted and has not run.
    void finish();

    [[nodiscard]] EventLoop& owner() const { return *owner_; }
    [[nodiscard]] const std::string& name() const { return name_; }

    // True on the thread inside a round of this loop.
    [[nodiscard]] bool is_current() const { return current() == this; }
    // The loop whose round the calling thread is in.
    [[nodiscard]] static LoopCore* current() { return CurrentSlot::get(); }

    // Any thread. The tasks of one thread run in the order of their posting.
    void post(Task& task);

    // Inside a round: as post, cheaper. The task runs in the next round.
    void post_local(Task& task);

    // Inside a round: the request has somewhere to go; it moves when the current callback is over.
    void set_in_motion(Request& request);

    void run();
    void stop();
    bool run_once(os::duration timeout);

    // On the owning thread, inside a round or not.
    void set_polling(os::duration time) { polling_ = time; }

    // Inside a round: `task` runs before the loop looks for events again, or leaves the round.
    void run_before_polling(Task& task);

    // On the owning thread, inside a round or not.
    [[nodiscard]] int fd();

    // On the owning thread, inside a round or not.
    std::error_code add_fd(int fd, std::uint32_t events, DescriptorTable::Handler handler);
    void remove_fd(int fd);
    TimerId start_timer(os::duration delay, std::function<void()> task);
    bool cancel_timer(TimerId timer);

    // A time of little cost and no great accuracy: read when somebody first asks after the loop has
    // slept, and every few rounds if it never does.
    [[nodiscard]] os::time_point recent_time() {
        if (!recent_time_) {
            recent_time_ = os::now();
        }
        return *recent_time_;
    }

    // Of all rounds, those in which something was done. Exact on the loop's thread.
    [[nodiscard]] std::uint64_t rounds() const { return rounds_; }
    [[nodiscard]] std::uint64_t busy_rounds() const { return busy_rounds_; }

    // Where who fences processes meets the thread inside a round.
    [[nodiscard]] os::fence_peer& fence_peer() { return fence_peer_; }

    // Lives while the calling thread does nothing that a light fence orders, so that nobody waits
    // for it. Not nested.
    class Aside {
    public:
        Aside() : core_(current()) {
            if (core_ != nullptr) {
                core_->fence_peer_.leave();
            }
        }
        Aside(const Aside&) = delete;
        Aside& operator=(const Aside&) = delete;
        ~Aside() {
            if (core_ != nullptr) {
                core_->fence_peer_.enter();
            }
        }

    private:
        LoopCore* const core_;
    };

    // Scratch of Request::drive_batch.
    std::vector<Request*> batch_scratch;
    std::vector<Request*> together_scratch;

private:
    struct CurrentTag {};
    using CurrentSlot = os::thread_slot<CurrentTag, LoopCore>;

    static constexpr std::uint64_t wake_cookie = 0;
    static constexpr std::uint64_t alarm_cookie = 1;
    static constexpr std::size_t events_per_round = 64;

    // Requests moved after one callback, at most: requests whose completions send the next one
    // must not starve timers and descriptors.
    static constexpr int moves_per_callback = 256;

    void enter();
    void leave();
    void show_work();
    // `for_run`: a pending stop keeps it from waiting. Says whether anything was done.
    bool round(os::duration timeout, bool for_run) noexcept;
    std::size_t fetch_events(os::duration timeout, bool for_run);
    [[nodiscard]] bool finds_posts(os::duration timeout, bool for_run);
    bool run_ready();
    bool run_due_timers();
    bool run_handlers(std::size_t count);
    bool move_requests();
    void prepare_to_poll();
    [[nodiscard]] bool timer_is_due() const;
    void set_alarm();

    // never changes after open
    const std::string name_;
    EventLoop* owner_ = nullptr;

    // self-synchronised
    os::poller poller_;
    os::wake_handle wake_;
    RemoteQueue posted_;
    os::atomic<bool> stop_{false};
    os::atomic<bool> entered_{false};  // guards L1: one thread at a time
    os::fence_peer fence_peer_;        // inside: in a round, but for its sleep and Asides

    // the owning thread's (L1)
    TaskList ready_;
    TaskList moving_;  // of Request
    TaskList before_polling_;
    TimerHeap timers_;
    os::timer_handle alarm_;
    std::optional<os::time_point> alarm_deadline_;  // what alarm_ is armed for
    DescriptorTable descriptors_;
    std::array<os::ready, events_per_round> events_{};
    os::duration polling_{};
    bool shown_ = false;        // somebody has the descriptor (L3)
    bool woke_itself_ = false;  // wake_ is signalled, by show_work, and not cleared since
    static constexpr std::uint64_t rounds_per_reading = 32;
    std::optional<os::time_point> recent_time_;
    std::uint64_t rounds_ = 0;
    std::uint64_t busy_rounds_ = 0;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
