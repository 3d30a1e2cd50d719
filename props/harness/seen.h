// SPDX-License-Identifier: Apache-2.0
//
// What anybody outside can see of a run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <blkdrain_ref/step.h>

#include "harness/objects.h"

namespace blkdrain_props {

// The number of a call, from 1, given in the order of invocation. It is the id of what the call
// makes: request, token, section or wait.
using Ticket = std::uint32_t;
inline constexpr Ticket no_ticket = 0;

// Something that a user, a driver or an owner sees.
struct Seen {
    enum class Kind : std::uint8_t {
        called,  // ticket: a call is made, which does `events` at once; may give up from `time` on
        returned,    // ticket: the call has returned, with `result`
        outcome,     // ticket: what the call began has called back, with `result`
        reached,     // ticket: the driver of `node` is given the request, by the driver of `from`
        answered,    // ticket: a driver is about to complete the request, with `result`
        completed,   // ticket: the request's completion is called, with `result`
        dispatched,  // ticket: that has returned
        settling,    // the driver of `node` is asked to settle
        settled,     // it is about to say that it has, with `result`
        closed,      // the driver of `node` is destroyed
        told_begin,  // the owner of `backend` is told
        told_end,
        time,  // the clock may show `time` from now on
        rest   // nothing moves without a further call
    };
    Kind kind{};
    Result result{};
    Ticket ticket = no_ticket;
    blkdrain_ref::NodeId node{}, from{};
    blkdrain_ref::BackendId backend{};
    std::uint64_t time = 0;
    std::vector<blkdrain_ref::Event> events{};
};
std::string to_string(const Seen& seen);

}  // namespace blkdrain_props
