// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include <blkdrain/error.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// What the test builds announce: the instant at which each operation takes effect. In the simulated
// world the order of announcements is the order of effects; in the traced one, events of the
// request path carry the interval in which they took effect (`since` until the call of announce).
enum class Announced : std::uint8_t {
    node_new,
    backend_new,
    listen,
    group_new,
    limit,
    join,
    leave,
    clock,
    plug,
    unplug,
    send,
    cancel,
    cancel_waiting,
    admit,
    complete,
    done,
    token_request,
    token_open,
    token_fail,
    token_close,
    begin,
    effective,
    idle,
    end,
    release,
    abandon,
    cycle,
    drain,
    drain_done,
    quiet_wait,
    quiet_done,
    notify,
    internal_start,
    internal_end,
    settle_start,
    settle_done,
    settle,
    change,
    context,
    finish,
    close_backend,
    close_node,
    node_closed,
};

enum class SectionKind : std::uint8_t { isolate, drained, quiesce_all, self_quiesce };
enum class ChangeKind : std::uint8_t {
    attach,
    detach,
    replace,
    insert_medium,
    remove_medium,
    insert_filter,
    remove_filter,
};

// At most `room` ids; the library's tests never hold more at once.
struct IdList {
    static constexpr std::size_t room = 6;
    std::array<std::uint32_t, room> ids{};
    std::uint8_t size = 0;

    void add(std::uint32_t id) {
        if (size < room) {
            ids[size++] = id;
        }
    }
};

// Field use by kind: `id` is the object that acts (request, section, node born, ...), `a`, `b`, `c`
// the operands in the order in which the public call names them, `set` backends (also, except, of a
// token), `loop` the number of the loop in its graph.
struct Announcement {
    Announced kind{};
    std::uint32_t id = 0;
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    std::uint32_t c = 0;
    std::uint32_t loop = 0;
    Errc error = Errc::ok;
    SectionKind section{};
    ChangeKind change{};
    bool flag = false;   // pinned; direction is write; notification is begin; begin only_now; in a
                         // notification; abandon, cycle: of a token
    bool flush = false;  // send
    std::uint32_t bytes = 0;              // send
    std::uint64_t time = 0;               // clock: nanoseconds of the steady clock
    std::array<std::uint64_t, 4> rate{};  // limit, of bucket `a`: the fields of RateLimit; `b`:
                                          // iops_size
    std::uint64_t set = 0;                // bit i: backend i
    IdList sections;                      // holding
    IdList tokens;                        // holding
    IdList named;                         // change: the tokens it names
    IdList requests;                      // holding
    std::uint64_t since =
        0;  // traced world: stamp taken before the effect; 0: the effect is at the announcement
};

class AnnouncementSink {
public:
    virtual void announce(const Announcement& announcement) = 0;
    virtual std::uint64_t stamp() = 0;

protected:
    ~AnnouncementSink() = default;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
