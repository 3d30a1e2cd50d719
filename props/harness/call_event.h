// SPDX-License-Identifier: Apache-2.0
//
// A call of the harness in the words of the model: what it does at the instant at which it takes
// effect, its result left open. Nodes and backends are numbered by their slots, from 1.
#pragma once

#include <array>
#include <cstdint>

#include <blkdrain_ref/step.h>

#include "harness/adapter.h"

namespace blkdrain_props {

// What the caller calls the other objects.
class CallNames {
public:
    [[nodiscard]] virtual std::uint32_t request_named(Slot request) const = 0;
    [[nodiscard]] virtual std::uint32_t token_named(Slot token) const = 0;
    // By its begin.
    [[nodiscard]] virtual std::uint32_t section_named(Slot section) const = 0;

protected:
    ~CallNames() = default;
};

inline std::uint32_t name_of_slot(Slot node_or_backend) {
    return node_or_backend + 1;
}

inline Result result_of(blkdrain_ref::Error error) {
    return static_cast<Result>(error);
}
// Not of refused_by_api.
inline blkdrain_ref::Error error_of(Result result) {
    return static_cast<blkdrain_ref::Error>(result);
}

// The parent of a send is left open, too. `own`: the id of what the call makes: a request, a token,
// a section or a wait. Not for limit, abandon, and what drivers are told to do (complete,
// settle_done).
blkdrain_ref::Event event_of(const Call& call, const CallNames& names, std::uint32_t own);

// Of limit: one for each bucket. `tick`: how many nanoseconds one lasts.
std::array<blkdrain_ref::Event, 6> events_of_limit(const Call& call, std::uint64_t tick);

// Names in `event`, an abandon, what the call with this event and id has started.
void name_pending(blkdrain_ref::Event& event, blkdrain_ref::Event::Kind call, std::uint32_t id);
// What it names.
inline std::uint32_t pending_named(const blkdrain_ref::Event& event) {
    return event.token ? event.token.value : event.wait ? event.wait.value : event.section.value;
}

}  // namespace blkdrain_props
