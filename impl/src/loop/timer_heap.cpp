// SPDX-License-Identifier: Apache-2.0
#include "loop/timer_heap.h"

#include <limits>
#include <utility>

#include <blkdrain/detail/check.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

bool TimerHeap::before(const Entry& a, const Entry& b) {
    return a.deadline != b.deadline ? a.deadline < b.deadline : a.number < b.number;
}

void TimerHeap::put(std::size_t position, const Entry& entry) {
    heap_[position] = entry;
    slots_[entry.slot].position = position;
}

void TimerHeap::sift_up(std::size_t position) {
    const Entry entry = heap_[position];
    while (position > 0) {
        const std::size_t parent = (position - 1) / 2;
        if (!before(entry, heap_[parent])) {
            break;
        }
        put(position, heap_[parent]);
        position = parent;
    }
    put(position, entry);
}

void TimerHeap::sift_down(std::size_t position) {
    const Entry entry = heap_[position];
    for (;;) {
        std::size_t child = 2 * position + 1;
        if (child >= heap_.size()) {
            break;
        }
        if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) {
            ++child;
        }
        if (!before(heap_[child], entry)) {
            break;
        }
        put(position, heap_[child]);
        position = child;
    }
    put(position, entry);
}

TimerHeap::Id TimerHeap::add(os::time_point deadline, Task task) {
    std::uint32_t slot = 0;
    if (free_slots_.empty()) {
        BLKDRAIN_CHECK(slots_.size() < std::numeric_limits<std::uint32_t>::max(),
                       "there are fewer than 2^32 timers");
        slot = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        slot = free_slots_.back();
        free_slots_.pop_back();
    }
    Slot& entry = slots_[slot];
    entry.used = true;
    entry.task = std::move(task);
    heap_.push_back({deadline, next_number_++, slot});
    sift_up(heap_.size() - 1);
    return (static_cast<Id>(entry.generation) << 32U) | slot;
}

bool TimerHeap::cancel(Id id) {
    const auto slot = static_cast<std::uint32_t>(id);
    const auto generation = static_cast<std::uint32_t>(id >> 32U);
    if (slot >= slots_.size() || !slots_[slot].used || slots_[slot].generation != generation) {
        return false;
    }
    static_cast<void>(remove(slots_[slot].position));
    return true;
}

TimerHeap::Task TimerHeap::pop() {
    BLKDRAIN_CHECK(!heap_.empty(), "only a timer that exists is taken");
    return remove(0);
}

TimerHeap::Task TimerHeap::remove(std::size_t position) {
    const std::uint32_t index = heap_[position].slot;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (position < heap_.size()) {
        put(position, last);
        sift_up(position);
        sift_down(slots_[last.slot].position);
    }
    Slot& slot = slots_[index];
    slot.used = false;
    // A slot whose generations are used up is left alone for ever: no id comes twice.
    if (slot.generation != std::numeric_limits<std::uint32_t>::max()) {
        ++slot.generation;
        free_slots_.push_back(index);
    }
    return std::exchange(slot.task, nullptr);
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
