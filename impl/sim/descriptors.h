// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>
#include <vector>

#include "os/types.h"

namespace blkdrain::sim {

class Machine;

// The virtual descriptors of one run: pollers (epoll), wake handles (eventfd), timers (timerfd).
// Numbers are reused as the kernel reuses them, lowest free first, so that stale registrations meet
// their successor.
//
// Nothing here is a choice point: sim/machine.h decides who runs, then these functions perform.
class DescriptorTable {
public:
    enum class Kind : std::uint8_t { none, poller, wake, timer };

    static constexpr int first_descriptor = 3;

    explicit DescriptorTable(Machine& machine) : machine_(machine) {}
    DescriptorTable(const DescriptorTable&) = delete;
    DescriptorTable& operator=(const DescriptorTable&) = delete;

    int open(Kind kind);
    // Also removes it from every poller.
    void close(int fd);
    void reset();

    // --- pollers
    std::error_code add(int poller, int fd, std::uint32_t events, std::uint64_t cookie);
    std::error_code modify(int poller, int fd, std::uint32_t events, std::uint64_t cookie);
    std::error_code remove(int poller, int fd);
    bool has_events(int poller) const;
    // What a wait may report, by order of registration, appended to `out`.
    struct Reportable {
        std::size_t interest;
        os::ready event;
    };
    void list_events(int poller, std::vector<Reportable>& out) const;
    // A wait reported that one: uses up edges and one-shots.
    void consume(int poller, const Reportable& reported);
    void count_waiter(int poller, int change);
    bool is_waited_on(int poller) const;

    // --- wake handles
    void signal(int fd);
    bool clear_wake(int fd);

    // --- timers
    void arm(int fd, os::time_point deadline);
    void disarm(int fd);
    bool clear_timer(int fd);
    // The earliest armed timer; the lowest descriptor among equals.
    struct Due {
        int fd;
        os::time_point deadline;
    };
    std::optional<Due> earliest() const;
    void expire(int fd);

private:
    struct Interest {
        int fd = -1;
        std::uint32_t events = 0;
        std::uint64_t cookie = 0;
        bool occurred = false;  // something happened since the last report (edge)
        bool active = true;     // false: a one-shot that was used up
    };
    struct Entry {
        Kind kind = Kind::none;
        bool armed = false;
        std::uint32_t waiters = 0;  // fibers in a wait on this poller
        std::uint64_t count = 0;    // signals or expirations not cleared
        os::time_point deadline;
        std::vector<Interest> interests;  // poller: by order of registration
        std::vector<int> watchers;        // pollers that have this descriptor
    };

    Entry* find(int fd) {
        // What is below the first descriptor wraps around.
        const auto index = static_cast<std::size_t>(fd) - first_descriptor;
        return index < used_ && entries_[index].kind != Kind::none ? &entries_[index] : nullptr;
    }
    Entry& at(int fd) {
        Entry* const entry = find(fd);
        if (entry == nullptr) [[unlikely]] {
            refuse_closed();
        }
        return *entry;
    }
    const Entry& at(int fd) const { return const_cast<DescriptorTable*>(this)->at(fd); }
    [[noreturn, gnu::cold]] static void refuse_closed();
    Interest* find_interest(Entry& poller, int fd);
    std::uint32_t readiness(const Entry& entry) const;
    std::uint32_t reportable(const Interest& interest) const;
    bool reaches(int from, int to) const;
    static void refuse_edges_of_pollers(const Entry& target, std::uint32_t events);
    // Something happened at fd: an occurrence for every poller that has it.
    void occurred(int fd, std::uint32_t events);
    // The readiness of fd changed without an occurrence.
    void changed(int fd);

    Machine& machine_;
    std::vector<Entry> entries_;
    std::size_t lowest_free_ = 0;
    std::size_t used_ = 0;  // entries touched since reset
    std::uint32_t armed_ = 0;
};

}  // namespace blkdrain::sim
