// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <blkdrain/block_backend.h>
#include <blkdrain/detail/intrusive_list.h>
#include <blkdrain/detail/task.h>
#include <blkdrain/ids.h>
#include <blkdrain/world.h>

#include "graph/cover.h"
#include "graph/node.h"
#include "os/backend.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

class Group;
class OuterRequest;

// A generation of requests of one backend: those sent between two drains, with the chains and
// tokens that began there. A drain closes the current bank and waits until it and all older ones
// are empty (R10). The numbers are in the lanes (see request/lane.h) under `counter`.
struct Bank {
    std::uint32_t counter;
    std::uint64_t serial;
    unsigned open_tokens = 0;
};

// The gate word of a backend, all that the request path reads of it: the counter of the current
// bank, and whether a request has to take the slow path (gated, closing, or somebody waits
// already).
struct GateWord {
    static constexpr std::uint64_t slow = 1;
    static std::uint64_t pack(std::uint32_t counter, bool is_slow) {
        return (std::uint64_t{counter} << 1U) | (is_slow ? slow : 0);
    }
    static std::uint32_t counter(std::uint64_t word) {
        return static_cast<std::uint32_t>(word >> 1U);
    }
};

// A BlockBackend as the library sees it. Kept by its handle and by the control plane until closed;
// whoever is last frees it.
class Backend final : public ListHook<OnNode> {
public:
    Backend(BackendId backend_id, std::string backend_name, EventLoop& loop)
        : id(backend_id), name(std::move(backend_name)), home(&loop) {}

    [[nodiscard]] bool gated() const { return !covers.empty(); }

    const BackendId id;
    const std::string name;

    // Read by every submit, written under the control plane's lock.
    os::atomic<std::uint64_t> word{0};
    // The root node as the request path sees it; changes only while the backend is gated and quiet.
    os::atomic<NodeState*> medium{nullptr};

    // From here on: guarded by the control plane's lock.
    EventLoop* home;
    NodeState* root = nullptr;
    CoverChain covers;
    OperationId closing;  // the pending or finished close
    bool closed = false;
    std::vector<Bank> banks;  // oldest first; the last is the current one
    std::uint64_t next_serial = 1;
    bool watched = false;                 // completions take the slow path: somebody waits for them
    IntrusiveList<OuterRequest> waiting;  // in the order sent
    unsigned not_admitted = 0;            // requests counted in a bank that were never admitted
    std::vector<TokenId> open_tokens;
    Group* group = nullptr;  // whose limits its requests meet (R30)
    std::uint64_t mark = 0;  // stamp of the last scope that contained it

    // Notifications owed to the listener, oldest first (true: begin), delivered by one task at a
    // time (R9).
    SectionListener* listener = nullptr;
    std::vector<bool> owed;
    bool told_gated = false;  // state after the last one appended
    bool delivering = false;

    os::ref_count owners;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
