// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include <blkdrain/detail/check.h>
#include <blkdrain/detail/task.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// First in, first out, linked through Task::next. Owns nothing, allocates nothing, not
// synchronised.
class TaskList {
public:
    TaskList() noexcept = default;
    TaskList(TaskList&& other) noexcept
        : first_(std::exchange(other.first_, nullptr)),
          last_(std::exchange(other.last_, nullptr)) {}
    TaskList& operator=(TaskList&&) = delete;
    ~TaskList() { BLKDRAIN_CHECK(empty(), "no task is dropped"); }

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

    void push_back(Task& task) noexcept {
        BLKDRAIN_CHECK(task.next == &task, "a task is queued once at a time");
        task.next = nullptr;
        (last_ == nullptr ? first_ : last_->next) = &task;
        last_ = &task;
    }

    // Null when empty.
    [[nodiscard]] Task* pop_front() noexcept {
        Task* task = first_;
        if (task != nullptr) {
            first_ = task->next;
            if (first_ == nullptr) {
                last_ = nullptr;
            }
            task->next = task;
        }
        return task;
    }

    // Appends a chain linked through Task::next, given by both ends.
    void append(Task& first, Task& last) noexcept {
        last.next = nullptr;
        (last_ == nullptr ? first_ : last_->next) = &first;
        last_ = &last;
    }

private:
    Task* first_ = nullptr;
    Task* last_ = nullptr;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
