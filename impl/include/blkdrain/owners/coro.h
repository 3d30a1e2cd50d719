// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <blkdrain/coro.h>
#include <blkdrain/owners/guest_device.h>
#include <blkdrain/owners/vm_state.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace coro {

// Awaits a stop of the machine, or the end of an unplug; see there for the errors. A stop that is
// given up by its StopToken ends as by StopWait::abandon; an unplug cannot be given up. Threads: in
// a task, as in coro.h.
inline auto co_stop(
    VmState& machine,
    Options<StopOptions> options = Options<StopOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<Error, StopWait>(
        [&machine, options](EventLoop& loop, auto done) mutable {
            return machine.stop(std::move(options).on(loop), std::move(done));
        },
        std::move(stop));
}

inline auto co_unplug(GuestDevice& device) {
    return detail::operation<Error>(
        [&device](EventLoop& loop, auto done) {
            device.unplug(&loop, std::move(done));
            return Wait();
        },
        StopToken());
}

}  // namespace coro

BLKDRAIN_NAMESPACE_END
