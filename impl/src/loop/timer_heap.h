// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <blkdrain/world.h>

#include "os/types.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// Deadlines in order; equal ones in the order of their adding. Any timer can be cancelled by its
// id, in logarithmic time. Not synchronised; runs nothing itself.
class TimerHeap {
public:
    using Id = std::uint64_t;
    using Task = std::function<void()>;

    struct Due {
        std::uint64_t number;  // counts the timers added, from 0
        os::time_point deadline;
    };

    // The id is never 0 and never given again.
    Id add(os::time_point deadline, Task task);

    // False: the timer ran, was cancelled or never was.
    bool cancel(Id id);

    [[nodiscard]] bool empty() const { return heap_.empty(); }
    [[nodiscard]] std::size_t size() const { return heap_.size(); }

    // The number the next timer will have.
    [[nodiscard]] std::uint64_t next_number() const { return next_number_; }

    // The first to come.
    [[nodiscard]] std::optional<Due> first() const {
        return heap_.empty() ? std::nullopt
                             : std::optional(Due{heap_.front().number, heap_.front().deadline});
    }

    // Takes out the first to come; there must be one.
    [[nodiscard]] Task pop();

private:
    struct Entry {
        os::time_point deadline;
        std::uint64_t number;
        std::uint32_t slot;
    };
    // What an id leads to: the lower half of the id is the slot, the upper half its generation.
    struct Slot {
        std::size_t position = 0;  // in heap_, while used
        std::uint32_t generation = 1;
        bool used = false;
        Task task;
    };

    static bool before(const Entry& a, const Entry& b);
    void put(std::size_t position, const Entry& entry);
    void sift_up(std::size_t position);
    void sift_down(std::size_t position);
    Task remove(std::size_t position);

    std::vector<Entry> heap_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_slots_;
    std::uint64_t next_number_ = 0;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
