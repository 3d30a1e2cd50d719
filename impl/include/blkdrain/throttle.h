// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <blkdrain/block_backend.h>
#include <blkdrain/error.h>
#include <blkdrain/export.h>
#include <blkdrain/graph.h>
#include <blkdrain/ids.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

// A leaky bucket, in whole units a second (R13). A request passes while what is in the bucket is
// less than `burst`, and is charged in full; the bucket drains at `rate`, and no further than
// empty. With a `peak`, a second bucket of `peak_burst` units that drains at `peak` has to let it
// pass as well: that is how fast a long burst may go. All values are at most RateLimit::max.
struct RateLimit {
    static constexpr std::uint64_t max = 1'000'000'000'000'000;

    std::uint64_t rate = 0;  // 0: no limit, whatever the other values
    std::uint64_t burst = 0;
    std::uint64_t peak = 0;  // 0: bursts may go as fast as they can
    std::uint64_t peak_burst = 0;

    bool operator==(const RateLimit&) const = default;
};

// The limits of a group: of requests, and of bytes. A read meets the buckets `total` and `read`; a
// write or discard `total` and `write`; a flush none.
struct ThrottleLimits {
    RateLimit iops_total;
    RateLimit iops_read;
    RateLimit iops_write;
    RateLimit bps_total;
    RateLimit bps_read;
    RateLimit bps_write;
    std::uint32_t iops_size = 0;  // a larger request counts as one for each such piece; 0: as one

    bool operator==(const ThrottleLimits&) const = default;
};

// Reads limits as QEMU's users write them: "iops-total=500,iops-total-max=2000,
// iops-total-max-length=10,bps-write=64M,iops-size=4096". X-max is the rate of a burst (default: a
// tenth of a second's worth at once), X-max-length how many seconds it may last (default 1); sizes
// may end in K, M, G or T. Refused, with the option named: what is unknown, given twice or no
// number; a total beside a read or write limit of the same kind; X-max without X or below it;
// X-max-length without X-max, or 0; iops-size without an iops limit. `into` is changed on success
// alone.
BLKDRAIN_EXPORT Error parse_throttle(std::string_view text, ThrottleLimits& into);

// Backends that share limits (QEMU's throttle group), served in turn per direction (R30). Draining
// and sections do not know of it: a drain waits for requests at their own pace, a gated member's
// requests are neither admitted nor charged, and hold up nobody. Who has to wait is admitted up to
// 50 us after he might be, as long as that loses nothing of the rate: a fast limit lets batches
// pass.
//
// Threads: who may call what, from where
//
//   every call                 any thread, as in <blkdrain/graph.h>
//   moving, destruction        one thread, while no call runs
//
// Life: ends before its graph; its members leave then. A backend that is closed leaves by itself.
// Movable; one owner.
class BLKDRAIN_EXPORT ThrottleGroup {
public:
    ThrottleGroup() noexcept = default;
    // Without limits and members.
    ThrottleGroup(Graph& graph, std::string name);
    ThrottleGroup(ThrottleGroup&& other) noexcept;
    ThrottleGroup& operator=(ThrottleGroup&& other) noexcept;
    ~ThrottleGroup();

    [[nodiscard]] GroupId id() const { return id_; }

    // The limits from now on. What is in a bucket stays, unless its limit goes. Who need not wait
    // any longer is admitted. bad_option: a value above RateLimit::max, or a burst of 0 with a
    // rate.
    Error configure(const ThrottleLimits& limits);

    // `backend` joins at the end of the round. busy: it is in a group already; closing;
    // no_such_object: closed.
    Error join(BlockBackend& backend);
    // By its id: of an owner that keeps its backend to itself, as a GuestDevice does.
    Error join(BackendId backend);

    // `backend` leaves; its waiting requests no longer wait for this. no_such_object: not a member.
    Error leave(BlockBackend& backend);
    Error leave(BackendId backend);

private:
    ControlRef control_;
    GroupId id_;
};

BLKDRAIN_NAMESPACE_END
