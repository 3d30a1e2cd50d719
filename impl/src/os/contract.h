// SPDX-License-Identifier: Apache-2.0
#pragma once

// What every world owes the library, name by name: prose for people, concepts for the compiler.
// os/contract.cpp asserts the concepts in each world, and one conformance suite (impl/tests/os/)
// checks the sentences on each.
//
// Common to all:
//  - No exception leaves any of these operations. What the system refuses is a std::error_code of
//    the system category; what only a wrong program can cause (see "Misuse") stops the process with
//    a message.
//  - Objects are neither copied nor moved (except thread) and are destroyed when no thread uses
//    them any more.
//  - "Visible" below: in the simulated world the operation is a point where another thread may be
//    scheduled.

#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <span>
#include <system_error>
#include <type_traits>
#include <utility>

#include "os/types.h"

namespace blkdrain::os::contract {

// atomic<T>: T is trivially copyable and at most 8 bytes: an integer, enumeration, bool or pointer.
//  - Every access names its memory order; the orders mean what they mean for std::atomic. A failed
//    compare-exchange reads with the order named minus its release part.
//  - compare_exchange_weak may fail although the values agree; compare_exchange_strong may not.
//    Pointers have the weak form alone: in the simulated world it fails where only an address has
//    come back, since a run must not depend on the allocator.
//  - Visible: every access. Thread-safe: all of it, except construction and destruction.
template <class A, class T>
concept atomic_value = requires(A a, const A c, T value, T& expected, std::memory_order order) {
    requires std::constructible_from<A, T>;
    requires !std::copy_constructible<A>;
    { c.load(order) } -> std::same_as<T>;
    { a.store(value, order) } -> std::same_as<void>;
    { a.exchange(value, order) } -> std::same_as<T>;
    requires std::is_pointer_v<T> || requires {
        { a.compare_exchange_strong(expected, value, order) } -> std::same_as<bool>;
    };
    { a.compare_exchange_weak(expected, value, order) } -> std::same_as<bool>;
};

// Integers have arithmetic besides; it wraps around and returns the value before.
template <class A, class T>
concept atomic_integer = atomic_value<A, T> && requires(A a, T value, std::memory_order order) {
    { a.fetch_add(value, order) } -> std::same_as<T>;
    { a.fetch_sub(value, order) } -> std::same_as<T>;
    { a.fetch_or(value, order) } -> std::same_as<T>;
    { a.fetch_and(value, order) } -> std::same_as<T>;
};

// Fences.
//  - fence_full(): no memory access of the caller moves across it.
//  - fence_light() on the hot side and fence_process() on the rare side form one handshake: if
//    thread A stores x, runs fence_light() and loads y, while thread B stores y, runs
//    fence_process() and loads x, then at least one of the two loads sees the other thread's store
//    (all four accesses atomic, relaxed suffices). fence_light() against fence_light() promises
//    nothing.
//  - store_in_effect() orders nothing. It stands between a store that is a commit point and its
//    announcement: where announcements are judged in the order in which they are made (the
//    simulated world), the store does not take effect after its announcement.
//  - fence_light() costs one predicted branch where the system offers process-wide barriers and a
//    full fence where it does not; fence_process() interrupts every running thread of the process,
//    microseconds.
//  - Visible: fence_process().
template <class Full, class Light, class Process>
concept fences = std::is_invocable_r_v<void, Full> && std::is_invocable_r_v<void, Light> &&
                 std::is_invocable_r_v<void, Process>;

// fence_peer: where a thread that runs light fences meets those who run fence_process(peers).
//  - fence_process(peers) keeps the promise of fence_process() towards light fences that run
//  between
//    enter() and leave() of one of `peers`, and towards no others. It waits some microseconds for
//    each peer that is inside to pass or to leave, and interrupts all running threads only then.
//  - The store and the load of one handshake lie between two calls on the peer.
//  - enter(), pass(), leave() are one thread's at a time, handed on with what orders threads. The
//    caller of fence_process(peers) may be inside a peer that is not among them, and should leave
//    its own: peers that wait for one another wait in vain.
//  - inside(), of the thread itself: between the two.
//  - enter() costs a full fence, pass() and inside() a load, leave() a store.
//  - Visible: fence_process().
template <class P>
concept bringable = std::default_initializable<P> && requires(P p, std::span<P* const> peers) {
    { p.enter() } -> std::same_as<void>;
    { p.pass() } -> std::same_as<void>;
    { p.leave() } -> std::same_as<void>;
    { std::as_const(p).inside() } -> std::same_as<bool>;
    { fence_process(peers) } -> std::same_as<void>;
};

// mutex: not recursive, not fair.
//  - What a holder did before unlock() is visible to every later holder.
//  - try_lock() may fail although nobody holds the mutex.
//  - Visible: lock, try_lock, unlock. Thread-safe.
//  - Misuse: lock() by the holder; unlock() by anybody but the holder (the simulated world stops,
//    naming the thread).
template <class M>
concept lockable = std::default_initializable<M> && !std::copy_constructible<M> && requires(M m) {
    { m.lock() } -> std::same_as<void>;
    { m.unlock() } -> std::same_as<void>;
    { m.try_lock() } -> std::same_as<bool>;
};

// mutex_lock: holds a mutex for its lifetime, with a gap between unlock() and lock(). Used by one
// thread.
template <class L, class M>
concept scoped_lock =
    std::constructible_from<L, M&> && !std::copy_constructible<L> && requires(L l) {
        { l.lock() } -> std::same_as<void>;
        { l.unlock() } -> std::same_as<void>;
    };

// condition: wait() and wait_until() release the mutex and begin to wait in one step, and hold it
// again when they return.
//  - A notify that follows the start of a wait ends at least one such wait (notify_one) or all of
//    them (notify_all). Which one, nobody may rely on.
//  - Waits may end for no reason: callers loop.
//  - wait_until() returns false once the deadline has passed, true when it ended before that; a
//    notification that arrives together with the deadline may yield either.
//  - A notify with no waiter has no effect. The mutex need not be held to notify. All waiters use
//    the same mutex.
//  - Visible: all of it. Thread-safe.
template <class C, class L>
concept waitable = std::default_initializable<C> && !std::copy_constructible<C> &&
                   requires(C c, L& lock, time_point deadline) {
                       { c.wait(lock) } -> std::same_as<void>;
                       { c.wait_until(lock, deadline) } -> std::same_as<bool>;
                       { c.notify_one() } -> std::same_as<void>;
                       { c.notify_all() } -> std::same_as<void>;
                   };

// thread: runs `body` from construction on; the name (the first 15 bytes of it) shows in debuggers
// and reports.
//  - What happened before construction is visible to the body; what the body did is visible after
//    join().
//  - join() returns when the body has returned. Movable; a default-made or moved-from object is not
//    joinable.
//  - The body lets no exception out. A system without threads left stops the process.
//  - Visible: construction, join. One thread at a time uses the object.
//  - Misuse: destroying or overwriting a joinable object; join() of one that is not joinable;
//    join() by itself.
template <class Th>
concept joinable_thread =
    std::default_initializable<Th> && std::movable<Th> && !std::copy_constructible<Th> &&
    std::constructible_from<Th, const char*, std::function<void()>> && requires(Th t, const Th c) {
        { t.join() } -> std::same_as<void>;
        { c.joinable() } -> std::same_as<bool>;
    };

// thread_slot<Tag, T>: one pointer per thread and Tag, null in a new thread; each thread sees only
// its own. The slot owns nothing. Not visible.
template <class S, class T>
concept pointer_slot = requires(T* pointer) {
    { S::get() } -> std::same_as<T*>;
    { S::set(pointer) } -> std::same_as<void>;
};

// now(): monotonic, nanoseconds; never goes back, also across threads. Visible.
// clock_stands_still: while a thread can run, so that who looks at the clock until it is late
// enough never ends.
template <class F>
concept monotonic_clock = std::is_invocable_r_v<time_point, F>;

// poller: waits for many descriptors at once (epoll).
//  - open() once, before anything else; fails when the system has no descriptor left. The
//    destructor closes.
//  - add(fd, events, cookie): from now on wait() reports fd, with that cookie, while one of
//    `events` holds (level), or once per occurrence with event_edge, or once until the next
//    modify() with event_oneshot. A descriptor that is ready already counts as an occurrence, and
//    so does modify() of a ready one. Errors: fd added already (EEXIST), no such descriptor
//    (EBADF), the poller itself (EINVAL), pollers in a ring (ELOOP).
//  - modify() and remove(): ENOENT when fd was not added. Closing a descriptor removes it.
//  - add, modify and remove take effect on waits that are under way in other threads.
//  - wait(out, timeout): reports between 1 and out.size() ready descriptors, any of them, in any
//    order, or 0 when the timeout passed or a signal came. timeout < 0: for ever; 0: does not
//    block; otherwise at least that long, unless something becomes ready or a signal comes, and
//    possibly up to a millisecond and scheduling delays longer: what must be on time uses a timer.
//    out is not empty.
//  - After remove() returned, no wait() that begins later reports fd; one that runs meanwhile may.
//  - fd() is a descriptor that other pollers (also foreign ones, in the real world) can wait on: it
//    has event_in while wait() would report something.
//  - Visible: everything except fd(). Thread-safe, except open and destruction.
//  - Misuse: wait() before open() succeeded; event_edge on the descriptor of a poller, as kernels
//    differ in what counts as an occurrence there (the simulated world stops).
template <class P>
concept event_poller = std::default_initializable<P> && !std::copy_constructible<P> &&
                       requires(P p, const P c, int fd, std::uint32_t events, std::uint64_t cookie,
                                std::span<ready> out, duration timeout) {
                           { p.open() } -> std::same_as<std::error_code>;
                           { p.add(fd, events, cookie) } -> std::same_as<std::error_code>;
                           { p.modify(fd, events, cookie) } -> std::same_as<std::error_code>;
                           { p.remove(fd) } -> std::same_as<std::error_code>;
                           { p.wait(out, timeout) } -> std::same_as<int>;
                           { c.fd() } -> std::same_as<int>;
                       };

// wake_handle: a descriptor that is readable (event_in) from signal() until clear() (eventfd).
//  - Any number of signals before a clear() are one. Each signal() is an occurrence for event_edge.
//  - clear() says whether there was a signal to clear; what a thread did before signal() is visible
//    after the clear() that returned true.
//  - Visible: all but fd(). Thread-safe, except open and destruction.
//  - Misuse: signal() or clear() before open() succeeded.
template <class W>
concept wakeable =
    std::default_initializable<W> && !std::copy_constructible<W> && requires(W w, const W c) {
        { w.open() } -> std::same_as<std::error_code>;
        { w.signal() } -> std::same_as<void>;
        { w.clear() } -> std::same_as<bool>;
        { c.fd() } -> std::same_as<int>;
    };

// timer_handle: a descriptor that becomes readable (event_in) at a deadline (timerfd).
//  - arm(deadline) replaces an earlier deadline and forgets an expiry not yet cleared. It becomes
//    readable when now() reached the deadline, soon after the call if that has passed already;
//    never before. Once per arm().
//  - disarm() forgets both. clear() says whether there was an expiry to clear.
//  - Visible: all but fd(). Thread-safe, except open and destruction.
//  - Misuse: use before open() succeeded.
template <class T>
concept expirable = std::default_initializable<T> && !std::copy_constructible<T> &&
                    requires(T t, const T c, time_point deadline) {
                        { t.open() } -> std::same_as<std::error_code>;
                        { t.arm(deadline) } -> std::same_as<void>;
                        { t.disarm() } -> std::same_as<void>;
                        { t.clear() } -> std::same_as<bool>;
                        { c.fd() } -> std::same_as<int>;
                    };

// ref_count: starts at one; release() says whether it gave back the last reference (see
// os/ref_count.h).
template <class R>
concept counted = std::default_initializable<R> && !std::copy_constructible<R> && requires(R r) {
    { r.retain() } -> std::same_as<void>;
    { r.release() } -> std::same_as<bool>;
};

// spin_hint(): the caller re-reads something until another thread has changed it. In the simulated
// world it does not run again before another thread changed something. Visible.
template <class F>
concept hint = std::is_invocable_r_v<void, F>;

}  // namespace blkdrain::os::contract
