// SPDX-License-Identifier: Apache-2.0
//
// Event loops alone: two of them in the fuzzer's own thread, on real epoll and a clock of their
// own. Each byte of the input is something done to a loop, from outside or inside a callback;
// callbacks come when event_loop.h says so.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <blkdrain/event_loop.h>

#include "canary_of_environment.h"
#include "harness/adapters/own_clock.h"
#include "loop_duties.h"
#include "target.h"

namespace blkdrain_fuzz {

const Target target{"loop_fuzzer", nullptr, nullptr, nullptr};

namespace {

using blkdrain::EventLoop;
using std::chrono::milliseconds;

constexpr std::size_t loop_count = 2;

// Can be read while it was signalled and not cleared since.
class Source {
public:
    Source() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
        if (fd_ < 0) {
            std::perror("eventfd");
            std::exit(2);
        }
    }
    ~Source() { close(fd_); }
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] bool readable() const { return readable_; }
    void signal() { readable_ = eventfd_write(fd_, 1) == 0; }
    void clear() {
        eventfd_t ignored = 0;
        readable_ = eventfd_read(fd_, &ignored) != 0 && readable_;
    }

private:
    int fd_;
    bool readable_ = false;
};

// One loop, those who use it, and what they may expect.
struct Used {
    std::unique_ptr<EventLoop> owner;
    EventLoop* loop = nullptr;  // until it is gone
    LoopDuties duties;
    std::array<Source, LoopDuties::sources> sources;
    std::vector<EventLoop::TimerId> timers;

    Used() {
        std::error_code error;
        owner = EventLoop::create("loop", error);
        loop = owner.get();
        if (loop == nullptr) {
            std::fprintf(stderr, "no event loop: %s\n", error.message().c_str());
            std::exit(2);
        }
    }
    [[nodiscard]] LoopDuties::Readable readable() const {
        LoopDuties::Readable readable{};
        for (std::size_t i = 0; i < readable.size(); ++i) {
            readable[i] = sources[i].readable();
        }
        return readable;
    }
};

class Play {
public:
    explicit Play(std::span<const std::uint8_t> input) : input_(input) {}

    void run() {
        while (!input_.empty()) {
            act();
        }
        for (Used& used : used_) {
            used.duties.loop_is_destroyed();
            used.owner.reset();
            used.loop = nullptr;
            used.duties.loop_is_gone();
        }
    }

private:
    std::uint8_t next() {
        if (input_.empty()) {
            return 0;
        }
        const std::uint8_t byte = input_.front();
        input_ = input_.subspan(1);
        return byte;
    }

    // One byte: 0-3 what, 4-6 with what, 7 to which loop.
    void act() {
        const std::uint8_t byte = next();
        Used& used = used_[byte >> 7U];
        const std::size_t operand = byte >> 4U & 7U;
        if (used.loop == nullptr) {
            return;
        }
        const std::size_t source = operand % LoopDuties::sources;
        switch (byte & 15U) {
            case 0:
            case 1:
                post(used);
                break;
            case 2:
                start_timer(used, milliseconds(static_cast<int>(operand) - 1));
                break;
            case 3:
                cancel_timer(used, operand);
                break;
            case 4:
                watch(used, source);
                break;
            case 5:
                unwatch(used, source);
                break;
            case 6:
                used.sources[source].signal();
                break;
            case 7:
                used.sources[source].clear();
                used.duties.source_cleared(source);
                break;
            case 8:
                blkdrain_props::advance_own_clock(milliseconds(operand));
                break;
            case 9:
                used.loop->stop();
                break;
            case 10:
                watch_nothing(used);
                break;
            default:
                if (!inside_) {
                    round(used, operand);
                }
                break;
        }
    }

    void post(Used& used) {
        const std::size_t number = used.duties.task_posted();
        used.loop->post([this, &used, number] {
            used.duties.task_runs(number);
            called_back(used);
        });
    }

    void start_timer(Used& used, milliseconds delay) {
        const auto deadline =
            std::chrono::steady_clock::now() + std::max(delay, milliseconds::zero());
        const std::size_t number = used.duties.timer_started(deadline);
        used.timers.push_back(used.loop->start_timer(delay, [this, &used, number] {
            used.duties.timer_runs(number, std::chrono::steady_clock::now());
            called_back(used);
        }));
    }

    static void cancel_timer(Used& used, std::size_t operand) {
        if (used.timers.empty()) {
            return;
        }
        const std::size_t number = operand % used.timers.size();
        const bool in_time = used.duties.timer_cancelled(number);
        demand(used.loop->cancel_timer(used.timers[number]) == in_time, "cancel",
               "cancel_timer says something else than what happened");
    }

    void watch(Used& used, std::size_t source) {
        if (used.duties.watches(source)) {
            demand(static_cast<bool>(used.loop->add_fd(used.sources[source].fd(), EPOLLIN, {})),
                   "watched_twice", "add_fd takes a descriptor that it has");
            return;
        }
        const std::size_t number = used.duties.source_watched(source);
        const std::error_code error = used.loop->add_fd(
            used.sources[source].fd(), EPOLLIN,
            [this, &used, source, number](std::uint32_t events) {
                used.duties.source_is_ready(source, number);
                demand(events == EPOLLIN, "events", "a handler is told of what it did not ask for");
                called_back(used);
            });
        demand(!error, "watch_refused", "add_fd refuses a descriptor");
    }

    static void unwatch(Used& used, std::size_t source) {
        used.loop->remove_fd(used.sources[source].fd());
        used.duties.source_unwatched(source);
    }

    static void watch_nothing(Used& used) {
        demand(static_cast<bool>(used.loop->add_fd(-1, EPOLLIN, {})), "watches_nothing",
               "add_fd takes what is no descriptor");
    }

    // From inside a callback of the loop.
    void called_back(Used& used) {
        demand(used.loop->is_current() && EventLoop::current() == used.loop, "current",
               "a callback runs in another loop");
        inside_ = true;
        for (unsigned left = next() & 3U; left > 0; --left) {
            act();
        }
        inside_ = false;
    }

    static void round(Used& used, std::size_t operand) {
        const auto now = std::chrono::steady_clock::now();
        const bool has_work =
            used.duties.has_tasks() || used.duties.has_ready_sources(used.readable());
        // The kernel's clock is another one: timers are not seen from outside.
        demand(!has_work || can_be_polled(*used.loop), "unseen",
               "a loop that polls another one does not see that it has something to do");
        const bool must_return = has_work || used.duties.has_due_timers(now);
        used.duties.round_begins(now, used.readable());
        const std::uint64_t rounds = used.duties.busy_rounds();
        bool busy = false;
        if (operand == 0) {
            used.loop->stop();
            used.loop->run();
            busy = used.loop->busy_rounds() != rounds;
        } else {
            busy = used.loop->run_once(milliseconds(must_return && operand == 1 ? -1 : 0));
        }
        used.duties.round_ends(busy);
        demand(used.loop->busy_rounds() == used.duties.busy_rounds(), "busy_rounds",
               "a loop has miscounted its rounds");
        demand(!used.loop->is_current() && EventLoop::current() == nullptr, "current",
               "a loop is still current after a round");
    }

    static bool can_be_polled(const EventLoop& loop) {
        pollfd polled{loop.fd(), POLLIN, 0};
        return poll(&polled, 1, 0) == 1;
    }

    std::span<const std::uint8_t> input_;
    std::array<Used, loop_count> used_;
    bool inside_ = false;  // a callback
};

}  // namespace
}  // namespace blkdrain_fuzz

// NOLINTNEXTLINE(readability-identifier-naming): the name every engine looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    blkdrain_fuzz::canary_of_environment();
    blkdrain_props::reset_own_clock();
    blkdrain_fuzz::Play({data, size}).run();
    return 0;
}
