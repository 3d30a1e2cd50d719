// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <iterator>
#include <type_traits>

#include <blkdrain/detail/check.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

template <class T, class Tag>
class IntrusiveList;

// Base class that lets an object be an element of one IntrusiveList with the same tag; derive once
// per list the object may be in at the same time. An unlinked hook points at itself.
template <class Tag = void>
class ListHook {
public:
    ListHook() noexcept = default;
    ListHook(const ListHook&) = delete;
    ListHook& operator=(const ListHook&) = delete;

    // Destroying a linked object is a broken invariant.
    ~ListHook() { BLKDRAIN_CHECK(!is_linked(), "an object is unlinked before it is destroyed"); }

    [[nodiscard]] bool is_linked() const noexcept { return next_ != this; }

    // Takes the object out of whatever list it is in, in constant time. It must be linked.
    void unlink() noexcept {
        BLKDRAIN_CHECK(is_linked(), "only a linked object is unlinked");
        previous_->next_ = next_;
        next_->previous_ = previous_;
        previous_ = this;
        next_ = this;
    }

private:
    template <class T, class U>
    friend class IntrusiveList;

    ListHook* previous_ = this;
    ListHook* next_ = this;
};

// Doubly linked list of objects that derive from ListHook<Tag>. Never allocates, owns nothing: the
// elements live elsewhere and are unlinked before they die, and the list is empty when it dies.
// Not synchronised. There is no size(): an element leaves without the list being told.
//
// Iteration: linking and unlinking other elements is allowed; unlink the current one only after
// advancing past it.
template <class T, class Tag = void>
class IntrusiveList {
    using Hook = ListHook<Tag>;

    template <class Value, class HookPointer>
    class BasicIterator {
    public:
        using iterator_category = std::bidirectional_iterator_tag;
        using value_type = std::remove_const_t<Value>;
        using difference_type = std::ptrdiff_t;
        using pointer = Value*;
        using reference = Value&;

        BasicIterator() = default;
        explicit BasicIterator(HookPointer at) noexcept : at_(at) {}

        reference operator*() const noexcept { return *static_cast<Value*>(at_); }
        pointer operator->() const noexcept { return static_cast<Value*>(at_); }
        BasicIterator& operator++() noexcept {
            at_ = IntrusiveList::next(at_);
            return *this;
        }
        BasicIterator operator++(int) noexcept {
            BasicIterator before = *this;
            ++*this;
            return before;
        }
        BasicIterator& operator--() noexcept {
            at_ = IntrusiveList::previous(at_);
            return *this;
        }
        BasicIterator operator--(int) noexcept {
            BasicIterator before = *this;
            --*this;
            return before;
        }
        friend bool operator==(const BasicIterator&, const BasicIterator&) = default;

    private:
        HookPointer at_ = nullptr;
    };

public:
    using iterator = BasicIterator<T, Hook*>;
    using const_iterator = BasicIterator<const T, const Hook*>;

    IntrusiveList() noexcept = default;
    IntrusiveList(const IntrusiveList&) = delete;
    IntrusiveList& operator=(const IntrusiveList&) = delete;
    ~IntrusiveList() { BLKDRAIN_CHECK(empty(), "a list is empty before it is destroyed"); }

    [[nodiscard]] bool empty() const noexcept { return !ends_.is_linked(); }

    // First and last element, null when empty.
    [[nodiscard]] T* front() noexcept { return empty() ? nullptr : static_cast<T*>(ends_.next_); }
    [[nodiscard]] T* back() noexcept {
        return empty() ? nullptr : static_cast<T*>(ends_.previous_);
    }

    // The element must be in no list of this tag.
    void push_front(T& element) noexcept { link(element, *ends_.next_); }
    void push_back(T& element) noexcept { link(element, ends_); }

    // Puts `element` directly before `position`, which is an element of this list.
    void insert_before(T& position, T& element) noexcept {
        link(element, static_cast<Hook&>(position));
    }

    // Unlinks and returns the first element, null when empty.
    T* pop_front() noexcept {
        T* first = front();
        if (first != nullptr) {
            static_cast<Hook*>(first)->unlink();
        }
        return first;
    }

    // Moves all elements of `other` to the end of this list, in their order, in constant time.
    void splice_back(IntrusiveList& other) noexcept {
        BLKDRAIN_CHECK(this != &other, "a list is not spliced into itself");
        if (other.empty()) {
            return;
        }
        Hook* first = other.ends_.next_;
        Hook* last = other.ends_.previous_;
        other.ends_.next_ = &other.ends_;
        other.ends_.previous_ = &other.ends_;
        first->previous_ = ends_.previous_;
        ends_.previous_->next_ = first;
        last->next_ = &ends_;
        ends_.previous_ = last;
    }

    iterator begin() noexcept { return iterator(ends_.next_); }
    iterator end() noexcept { return iterator(&ends_); }
    const_iterator begin() const noexcept { return const_iterator(ends_.next_); }
    const_iterator end() const noexcept { return const_iterator(&ends_); }

private:
    template <class HookPointer>
    static HookPointer next(HookPointer at) noexcept {
        return at->next_;
    }
    template <class HookPointer>
    static HookPointer previous(HookPointer at) noexcept {
        return at->previous_;
    }

    static void link(Hook& hook, Hook& before) noexcept {
        BLKDRAIN_CHECK(!hook.is_linked(), "an object is in one list of a tag at a time");
        hook.previous_ = before.previous_;
        hook.next_ = &before;
        before.previous_->next_ = &hook;
        before.previous_ = &hook;
    }

    Hook ends_;  // the list is a ring through this hook
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
