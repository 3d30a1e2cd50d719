// SPDX-License-Identifier: Apache-2.0
#include "os/real/poller.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <limits>

#include <sys/epoll.h>

#include <blkdrain/detail/check.h>

BLKDRAIN_OS_BEGIN

static_assert(event_in == EPOLLIN && event_out == EPOLLOUT && event_error == EPOLLERR &&
              event_hangup == EPOLLHUP && event_oneshot == EPOLLONESHOT && event_edge == EPOLLET);

namespace {

// One system call hands out at most so many events; the rest stays ready for the next one.
constexpr std::size_t batch_max = 64;

std::error_code last_error() {
    return {errno, std::system_category()};
}

// epoll counts milliseconds: rounded up, so that a wait never ends before its time.
int milliseconds(duration timeout) {
    if (timeout < duration::zero()) {
        return -1;
    }
    const auto count = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
    return static_cast<int>(std::min<decltype(count)>(count, std::numeric_limits<int>::max()));
}

}  // namespace

std::error_code poller::open() {
    BLKDRAIN_CHECK(fd() < 0, "poller opened twice");
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) {
        return last_error();
    }
    descriptor_.reset(fd);
    return {};
}

std::error_code poller::control(int operation, int fd, std::uint32_t events, std::uint64_t cookie) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = cookie;
    return ::epoll_ctl(descriptor_.get(), operation, fd, &event) == 0 ? std::error_code{}
                                                                      : last_error();
}

std::error_code poller::add(int fd, std::uint32_t events, std::uint64_t cookie) {
    return control(EPOLL_CTL_ADD, fd, events, cookie);
}

std::error_code poller::modify(int fd, std::uint32_t events, std::uint64_t cookie) {
    return control(EPOLL_CTL_MOD, fd, events, cookie);
}

std::error_code poller::remove(int fd) {
    return control(EPOLL_CTL_DEL, fd, 0, 0);
}

int poller::wait(std::span<ready> out, duration timeout) {
    BLKDRAIN_CHECK(!out.empty(), "poller: no room for events");
    std::array<epoll_event, batch_max> events;
    const int room = static_cast<int>(std::min(out.size(), events.size()));
    const int count = ::epoll_wait(fd(), events.data(), room, milliseconds(timeout));
    if (count < 0) {
        BLKDRAIN_CHECK(errno == EINTR, "poller: wait failed, it is not open");
        return 0;
    }
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        out[static_cast<std::size_t>(i)] = ready{event.data.u64, event.events};
    }
    return count;
}

BLKDRAIN_OS_END
