// SPDX-License-Identifier: Apache-2.0
#include "sim/descriptors.h"

#include <algorithm>
#include <cerrno>

#include "sim/machine.h"

namespace blkdrain::sim {

namespace {

constexpr std::uint32_t always_reported = os::event_error | os::event_hangup;
constexpr std::uint32_t conditions = os::event_in | os::event_out | always_reported;

std::error_code error(int number) {
    return {number, std::system_category()};
}

}  // namespace

void DescriptorTable::refuse_closed() {
    misuse("use of a descriptor that is not open");
}

int DescriptorTable::open(Kind kind) {
    while (lowest_free_ < used_ && entries_[lowest_free_].kind != Kind::none) {
        ++lowest_free_;
    }
    if (lowest_free_ == used_) {
        ++used_;
        if (used_ > entries_.size()) {
            entries_.resize(used_);
        }
    }
    entries_[lowest_free_].kind = kind;
    return first_descriptor + static_cast<int>(lowest_free_);
}

void DescriptorTable::close(int fd) {
    Entry& entry = at(fd);
    if (entry.waiters != 0) {
        if (this_fiber != nullptr) {
            misuse("a poller was destroyed while a thread waits in it");
        }
        machine_.strand_pollers(fd);
        entry.waiters = 0;
    }
    for (const int watcher : entry.watchers) {
        std::erase_if(at(watcher).interests, [fd](const Interest& i) { return i.fd == fd; });
    }
    for (const Interest& interest : entry.interests) {
        std::erase(at(interest.fd).watchers, fd);
    }
    if (entry.armed) {
        --armed_;
    }
    // The vectors keep their memory for the next descriptor of this number.
    entry.kind = Kind::none;
    entry.armed = false;
    entry.count = 0;
    entry.interests.clear();
    std::vector<int> watchers;
    watchers.swap(entry.watchers);
    lowest_free_ = std::min(lowest_free_, static_cast<std::size_t>(fd - first_descriptor));
    for (const int watcher : watchers) {
        machine_.poller_changed(watcher);
        changed(watcher);
    }
    watchers.clear();
    entry.watchers.swap(watchers);
}

void DescriptorTable::reset() {
    for (std::size_t i = 0; i < used_; ++i) {
        Entry& entry = entries_[i];
        entry.kind = Kind::none;
        entry.armed = false;
        entry.waiters = 0;
        entry.count = 0;
        entry.interests.clear();
        entry.watchers.clear();
    }
    lowest_free_ = 0;
    used_ = 0;
    armed_ = 0;
}

DescriptorTable::Interest* DescriptorTable::find_interest(Entry& poller, int fd) {
    for (Interest& interest : poller.interests) {
        if (interest.fd == fd) {
            return &interest;
        }
    }
    return nullptr;
}

std::uint32_t DescriptorTable::readiness(const Entry& entry) const {
    switch (entry.kind) {
        case Kind::wake:
            return os::event_out | (entry.count != 0 ? os::event_in : 0);
        case Kind::timer:
            return entry.count != 0 ? os::event_in : 0;
        case Kind::poller:
            for (const Interest& interest : entry.interests) {
                if (reportable(interest) != 0) {
                    return os::event_in;
                }
            }
            return 0;
        case Kind::none:
            break;
    }
    return 0;
}

std::uint32_t DescriptorTable::reportable(const Interest& interest) const {
    if (!interest.active || ((interest.events & os::event_edge) != 0 && !interest.occurred)) {
        return 0;
    }
    return readiness(at(interest.fd)) & (interest.events | always_reported);
}

// Whether following interests from one poller leads to another.
bool DescriptorTable::reaches(int from, int to) const {
    const Entry& entry = at(from);
    return from == to || std::ranges::any_of(entry.interests, [this, to](const Interest& interest) {
               return at(interest.fd).kind == Kind::poller && reaches(interest.fd, to);
           });
}

void DescriptorTable::occurred(int fd, std::uint32_t events) {
    for (const int watcher : at(fd).watchers) {
        Interest& interest = *find_interest(at(watcher), fd);
        if (interest.active && (interest.events & conditions & events) != 0) {
            interest.occurred = true;
            machine_.poller_changed(watcher);
            changed(watcher);
        }
    }
}

void DescriptorTable::changed(int fd) {
    for (const int watcher : at(fd).watchers) {
        machine_.poller_changed(watcher);
        changed(watcher);
    }
}

void DescriptorTable::refuse_edges_of_pollers(const Entry& target, std::uint32_t events) {
    if (target.kind == Kind::poller && (events & os::event_edge) != 0) {
        misuse("event_edge on the descriptor of a poller");
    }
}

std::error_code DescriptorTable::add(int poller, int fd, std::uint32_t events,
                                     std::uint64_t cookie) {
    Entry* const entry = find(poller);
    Entry* const target = find(fd);
    if (entry == nullptr || target == nullptr) {
        return error(EBADF);
    }
    if (entry->kind != Kind::poller || poller == fd) {
        return error(EINVAL);
    }
    if (find_interest(*entry, fd) != nullptr) {
        return error(EEXIST);
    }
    refuse_edges_of_pollers(*target, events);
    if (target->kind == Kind::poller && reaches(fd, poller)) {
        return error(ELOOP);
    }
    entry->interests.push_back(Interest{fd, events, cookie, true, true});
    target->watchers.push_back(poller);
    Interest& interest = entry->interests.back();
    interest.occurred = reportable(interest) != 0;
    machine_.poller_changed(poller);
    changed(poller);
    return {};
}

std::error_code DescriptorTable::modify(int poller, int fd, std::uint32_t events,
                                        std::uint64_t cookie) {
    Entry* const entry = find(poller);
    const Entry* const target = find(fd);
    if (entry == nullptr || target == nullptr) {
        return error(EBADF);
    }
    if (entry->kind != Kind::poller || poller == fd) {
        return error(EINVAL);
    }
    Interest* const interest = find_interest(*entry, fd);
    if (interest == nullptr) {
        return error(ENOENT);
    }
    refuse_edges_of_pollers(*target, events);
    interest->events = events;
    interest->cookie = cookie;
    interest->active = true;
    interest->occurred = true;
    interest->occurred = reportable(*interest) != 0;
    machine_.poller_changed(poller);
    changed(poller);
    return {};
}

std::error_code DescriptorTable::remove(int poller, int fd) {
    Entry* const entry = find(poller);
    Entry* const target = find(fd);
    if (entry == nullptr || target == nullptr) {
        return error(EBADF);
    }
    if (entry->kind != Kind::poller || poller == fd) {
        return error(EINVAL);
    }
    if (find_interest(*entry, fd) == nullptr) {
        return error(ENOENT);
    }
    std::erase_if(entry->interests, [fd](const Interest& i) { return i.fd == fd; });
    std::erase(target->watchers, poller);
    machine_.poller_changed(poller);
    changed(poller);
    return {};
}

bool DescriptorTable::has_events(int poller) const {
    return readiness(at(poller)) != 0;
}

void DescriptorTable::list_events(int poller, std::vector<Reportable>& out) const {
    const Entry& entry = at(poller);
    for (std::size_t i = 0; i < entry.interests.size(); ++i) {
        const std::uint32_t events = reportable(entry.interests[i]);
        if (events != 0) {
            out.push_back(Reportable{i, os::ready{entry.interests[i].cookie, events}});
        }
    }
}

void DescriptorTable::consume(int poller, const Reportable& reported) {
    Interest& interest = at(poller).interests[reported.interest];
    interest.occurred = false;
    if ((interest.events & os::event_oneshot) != 0) {
        interest.active = false;
    }
}

void DescriptorTable::count_waiter(int poller, int change) {
    at(poller).waiters += static_cast<std::uint32_t>(change);
}

bool DescriptorTable::is_waited_on(int poller) const {
    return at(poller).waiters != 0;
}

void DescriptorTable::signal(int fd) {
    Entry& entry = at(fd);
    ++entry.count;
    occurred(fd, os::event_in);
}

bool DescriptorTable::clear_wake(int fd) {
    Entry& entry = at(fd);
    if (entry.count == 0) {
        return false;
    }
    entry.count = 0;
    changed(fd);
    // Reading makes room: an occurrence for who waits to write.
    occurred(fd, os::event_out);
    return true;
}

void DescriptorTable::arm(int fd, os::time_point deadline) {
    Entry& entry = at(fd);
    disarm(fd);
    if (deadline <= machine_.clock()) {
        entry.count = 1;
        occurred(fd, os::event_in);
        return;
    }
    entry.armed = true;
    entry.deadline = deadline;
    ++armed_;
}

void DescriptorTable::disarm(int fd) {
    Entry& entry = at(fd);
    if (entry.armed) {
        entry.armed = false;
        --armed_;
    }
    if (entry.count != 0) {
        entry.count = 0;
        changed(fd);
    }
}

bool DescriptorTable::clear_timer(int fd) {
    Entry& entry = at(fd);
    if (entry.count == 0) {
        return false;
    }
    entry.count = 0;
    changed(fd);
    return true;
}

std::optional<DescriptorTable::Due> DescriptorTable::earliest() const {
    std::optional<Due> due;
    if (armed_ == 0) {
        return due;
    }
    for (std::size_t i = 0; i < used_; ++i) {
        const Entry& entry = entries_[i];
        if (entry.armed && (!due || entry.deadline < due->deadline)) {
            due = Due{first_descriptor + static_cast<int>(i), entry.deadline};
        }
    }
    return due;
}

void DescriptorTable::expire(int fd) {
    Entry& entry = at(fd);
    entry.armed = false;
    --armed_;
    entry.count = 1;
    occurred(fd, os::event_in);
}

}  // namespace blkdrain::sim
