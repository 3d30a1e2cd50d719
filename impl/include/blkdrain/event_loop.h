// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <system_error>

#include <blkdrain/detail/task.h>
#include <blkdrain/export.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {
class LoopCore;
}

// One epoll loop, run by one thread at a time (QEMU's AioContext).
//
// Threads: who may call what, while the loop runs (is inside run or run_once) and while it does not
//
//   call                       before, between, after       in what it runs     other threads then
//   run, run_once              one thread, in no loop       stops the process   stop the process
//   set_polling, fd, add_fd,   one thread                   ok                  not allowed
//     remove_fd, start_timer,
//     cancel_timer, busy_rounds
//   post, stop                 any thread                   ok                  ok
//   name, is_current, current  any thread                   ok                  ok
//   destruction                one thread, last of all      stops the process   not allowed
//
// The one thread need not be the same each time. Loops do not nest (R8): run and run_once inside
// what another loop runs stop the process, too. "Not allowed" is not noticed.
//
// Order: posted tasks run in the order posted by each thread; a task posted while tasks run is run
// in the next round, so timers and descriptors are never starved.
class BLKDRAIN_EXPORT EventLoop {
public:
    // `name` appears in messages. Fails when the kernel refuses a descriptor: then `error` is set
    // and the result null.
    static std::unique_ptr<EventLoop> create(std::string name, std::error_code& error);

    // Nothing may be posted any more. What was posted and has not run is run now, on the calling
    // thread; timers and handlers are not.
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    // Runs until stop. A stop that came before the call ends it after one round.
    void run();
    void stop();

    // Before it sleeps, the loop looks for what is posted for so long, or until its next timer
    // (QEMU's poll-max-ns; 0, as at first, or less: it sleeps at once). What comes meanwhile is not
    // delayed by a wake-up, 2 to 50 us; the processor is busy for that long before each sleep, and
    // descriptors wait.
    void set_polling(std::chrono::nanoseconds time);

    // One round: waits at most `timeout` for something to do (negative: for ever, zero: not at
    // all), does it, says whether there was anything. For owners with a loop of their own, which
    // polls fd().
    bool run_once(std::chrono::nanoseconds timeout);

    // Readable whenever run_once(0) would find something to do; to be polled by a foreign loop.
    // Never read or written.
    [[nodiscard]] int fd() const;

    // Runs `task` on the loop's thread, never inside the call.
    void post(std::function<void()> task);
    void post(detail::Task& task);

    // `handler` runs on the loop when `fd` is ready for `events` (EPOLLIN, EPOLLOUT), until
    // remove_fd, as level-triggered epoll does. After remove_fd returned the handler does not run
    // any more. The descriptor stays the caller's.
    std::error_code add_fd(int fd, std::uint32_t events,
                           std::function<void(std::uint32_t)> handler);
    void remove_fd(int fd);

    // Runs `task` once, `delay` from now, unless cancel_timer comes first (which says whether it
    // did). Ids are not reused.
    using TimerId = std::uint64_t;
    TimerId start_timer(std::chrono::nanoseconds delay, std::function<void()> task);
    bool cancel_timer(TimerId timer);

    [[nodiscard]] const std::string& name() const;

    // True on the thread that is inside run, run_once or the destruction of this loop.
    [[nodiscard]] bool is_current() const;

    // The loop of which that is true on the calling thread; null on other threads.
    [[nodiscard]] static EventLoop* current();

    // Rounds in which something was done, for tests and statistics.
    [[nodiscard]] std::uint64_t busy_rounds() const;

    [[nodiscard]] detail::LoopCore& core() const { return *core_; }

private:
    explicit EventLoop(std::unique_ptr<detail::LoopCore> core);

    std::unique_ptr<detail::LoopCore> core_;
};

BLKDRAIN_NAMESPACE_END
