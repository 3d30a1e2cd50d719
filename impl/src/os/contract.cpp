// SPDX-License-Identifier: Apache-2.0
#include "os/contract.h"

#include "os/backend.h"

// Compiled once per world: this world keeps the contract, as far as a compiler can tell.

namespace blkdrain::os {

namespace {

enum class sample_enum : std::uint8_t {};
struct sample_tag;

}  // namespace

static_assert(contract::atomic_integer<atomic<std::uint64_t>, std::uint64_t>);
static_assert(contract::atomic_integer<atomic<int>, int>);
static_assert(contract::atomic_value<atomic<bool>, bool>);
static_assert(contract::atomic_value<atomic<sample_enum>, sample_enum>);
static_assert(contract::atomic_value<atomic<sample_tag*>, sample_tag*>);
static_assert(contract::fences<decltype(&fence_full), decltype(&fence_light),
                               decltype(static_cast<void (*)()>(&fence_process))>);
static_assert(contract::bringable<fence_peer>);
static_assert(contract::lockable<mutex>);
static_assert(contract::scoped_lock<mutex_lock, mutex>);
static_assert(contract::waitable<condition, mutex_lock>);
static_assert(contract::joinable_thread<thread>);
static_assert(contract::pointer_slot<thread_slot<sample_tag, int>, int>);
static_assert(contract::monotonic_clock<decltype(&now)>);
static_assert(contract::event_poller<poller>);
static_assert(contract::wakeable<wake_handle>);
static_assert(contract::expirable<timer_handle>);
static_assert(contract::counted<ref_count>);
static_assert(contract::hint<decltype(&spin_hint)>);

}  // namespace blkdrain::os
