// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include <blkdrain/detail/check.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

template <class T, class Tag>
class IntrusiveQueue;

// Base class that lets an object be an element of one IntrusiveQueue with the same tag; derive
// once per queue the object may be in at the same time. An unlinked hook points at itself, the
// last one of a queue at nothing.
template <class Tag = void>
class QueueHook {
public:
    QueueHook() noexcept = default;
    QueueHook(const QueueHook&) = delete;
    QueueHook& operator=(const QueueHook&) = delete;

    // Destroying a queued object is a broken invariant.
    ~QueueHook() {
        BLKDRAIN_CHECK(!is_linked(), "an object leaves its queue before it is destroyed");
    }

    [[nodiscard]] bool is_linked() const noexcept { return next_ != this; }

private:
    template <class T, class U>
    friend class IntrusiveQueue;

    QueueHook* next_ = this;
};

// First in, first out, of objects that derive from QueueHook<Tag>; one pointer per element, where
// IntrusiveList takes two and can drop an element from the middle. Never allocates, owns nothing:
// the queue is empty when it dies. Not synchronised.
template <class T, class Tag = void>
class IntrusiveQueue {
    using Hook = QueueHook<Tag>;

public:
    IntrusiveQueue() noexcept = default;
    IntrusiveQueue(const IntrusiveQueue&) = delete;
    IntrusiveQueue& operator=(const IntrusiveQueue&) = delete;

    // Takes all elements; `other` is empty afterwards.
    IntrusiveQueue(IntrusiveQueue&& other) noexcept
        : first_(std::exchange(other.first_, nullptr)),
          last_(std::exchange(other.last_, nullptr)) {}

    ~IntrusiveQueue() { BLKDRAIN_CHECK(empty(), "a queue is empty before it is destroyed"); }

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

    // The oldest element, null when empty.
    [[nodiscard]] T* front() noexcept { return static_cast<T*>(first_); }

    // The element must be in no queue of this tag.
    void push_back(T& element) noexcept {
        Hook& hook = element;
        BLKDRAIN_CHECK(!hook.is_linked(), "an object is in one queue of a tag at a time");
        hook.next_ = nullptr;
        (empty() ? first_ : last_->next_) = &hook;
        last_ = &hook;
    }

    // Takes out and returns the oldest element, null when empty.
    T* pop_front() noexcept {
        if (empty()) {
            return nullptr;
        }
        Hook* hook = first_;
        first_ = hook->next_;
        if (first_ == nullptr) {
            last_ = nullptr;
        }
        hook->next_ = hook;
        return static_cast<T*>(hook);
    }

    // Moves all elements of `other` to the end of this queue, in their order, in constant time.
    void splice_back(IntrusiveQueue& other) noexcept {
        BLKDRAIN_CHECK(this != &other, "a queue is not spliced into itself");
        if (other.empty()) {
            return;
        }
        (empty() ? first_ : last_->next_) = std::exchange(other.first_, nullptr);
        last_ = std::exchange(other.last_, nullptr);
    }

private:
    Hook* first_ = nullptr;
    Hook* last_ = nullptr;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
