// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <blkdrain/block_backend.h>
#include <blkdrain/detail/intrusive_list.h>
#include <blkdrain/detail/task.h>
#include <blkdrain/ids.h>
#include <blkdrain/world.h>

#include "graph/banks.h"
#include "graph/cover.h"
#include "graph/node.h"
#include "os/backend.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

class Group;
class OuterRequest;

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
class alignas(64) Backend final {
public:
    Backend(BackendId backend_id, std::string backend_name, EventLoop& loop)
        : id(backend_id), name(std::move(backend_name)), home(&loop) {}

    [[nodiscard]] bool gated() const { return !covers.empty(); }
    // Who waits is counted in not_admitted from before he is in the list until after he has left
    // it.
    [[nodiscard]] bool somebody_waits() const { return not_admitted != 0 && !waiting.empty(); }

    // Whom its owner wants told (R9); null: nobody.
    [[nodiscard]] SectionListener* listener() const { return alone ? nullptr : listener_; }
    void set_listener(SectionListener* listener) {
        listener_ = listener;
        alone = listener_ == nullptr && group_ == nullptr;
    }
    // Whose limits its requests meet (R30); null: none.
    [[nodiscard]] Group* group() const { return alone ? nullptr : group_; }
    void set_group(Group* group) {
        group_ = group;
        alone = listener_ == nullptr && group_ == nullptr;
    }

    // Read by every submit, written under the control plane's lock.
    os::atomic<std::uint64_t> word{0};
    // The root node as the request path sees it; changes only while the backend is gated and quiet.
    os::atomic<Node*> medium{nullptr};

    // From here on: guarded by the control plane's lock. What a section looks at of every backend
    // is in the line that has begun above, if nobody drains it.
    CoverChain covers;
    unsigned not_admitted = 0;  // requests counted in a bank that were never admitted: those that
                                // wait, and those plugged
    bool watched = false;       // completions take the slow path: somebody waits for them
    bool closing = false;       // a close is pending, or over
    bool closed = false;
    bool alone = true;  // has neither a listener nor a group
    Banks banks;

    IntrusiveList<OuterRequest> waiting;  // in the order sent
    std::vector<TokenId> open_tokens;
    std::uint64_t mark = 0;  // stamp of the last scope that contained it

    const BackendId id;
    const std::string name;
    EventLoop* home;
    NodeState* root = nullptr;
    std::size_t place_on_root = 0;  // of its list of backends

    // Notifications owed to the listener, oldest first (true: begin), delivered by one task at a
    // time (R9).
    std::vector<bool> owed;
    bool told_gated = false;  // as of the last of them
    bool delivering = false;

    os::ref_count owners;

private:
    SectionListener* listener_ = nullptr;
    Group* group_ = nullptr;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
