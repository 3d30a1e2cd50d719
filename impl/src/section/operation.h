// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <system_error>
#include <vector>

#include <blkdrain/detail/announcement.h>
#include <blkdrain/detail/intrusive_list.h>
#include <blkdrain/detail/ref.h>
#include <blkdrain/error.h>
#include <blkdrain/ids.h>
#include <blkdrain/section.h>
#include <blkdrain/snapshot.h>
#include <blkdrain/world.h>

#include "graph/backend.h"
#include "graph/cover.h"
#include "graph/node.h"
#include "graph/walk.h"
#include "section/report.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

enum class OperationKind : std::uint8_t {
    isolate,
    drained,
    quiesce_all,
    self_quiesce,  // sections: they stand after their begin
    settle,
    change,
    context,
    close_backend,
    close_node,  // momentary sections: they end themselves
    drain,
    quiet,
    token,  // waits
};

// The place of what no call of the owner's began.
inline constexpr std::source_location no_line{};

// Something a caller asked for and that may have to wait. All fields are guarded by the control
// plane's lock. Pending operations are linked in the order of their calls; an operation is over
// when it has reported.
struct Operation : ListHook<> {
    using Phase = Snapshot::Phase;

    explicit Operation(OperationKind operation_kind) : kind(operation_kind) {}
    virtual ~Operation() = default;

    const OperationKind kind;
    OperationId id;
    Phase phase = Phase::pending;
    Holding holding;
    std::source_location where;
    EventLoop* loop = nullptr;       // where it is reported
    std::unique_ptr<Report> report;  // posted once, by ControlPlane::report
    Deadline* deadline = nullptr;
    bool cycle_told = false;  // R26
};

struct DrainOperation final : Operation {
    DrainOperation() : Operation(OperationKind::drain) {}

    Ref<Backend> backend;
    std::uint64_t serial = 0;  // the youngest bank it covers
};

struct QuietOperation final : Operation {
    QuietOperation() : Operation(OperationKind::quiet) {}

    OperationId section;
};

struct TokenOperation final : Operation {
    TokenOperation() : Operation(OperationKind::token) {}

    TokenId token;
    std::vector<Ref<Backend>> backends;
    std::vector<std::uint64_t> serials;  // while open: the bank of each backend that counts it
    bool open = false;
};

inline constexpr std::size_t no_index = static_cast<std::size_t>(-1);

// What a graph change is to do, in the caller's terms.
struct ChangePlan {
    ChangeKind kind = ChangeKind::attach;
    NodeState* x = nullptr;  // parent, old, node or filter
    NodeState* y = nullptr;  // child, now, filter or medium
    Ref<Backend> backend;    // insert_medium, remove_medium
    std::size_t index = 0;   // detach; no_index: the edge went meanwhile
    std::string role;        // attach, insert_filter: of the edge that comes
    std::vector<TokenId> tokens;
    std::uint64_t acyclic_at = 0;  // the last generation of the graph in which it made no cycle
};

struct SectionOperation final : Operation {
    using Operation::Operation;

    NodeState* node = nullptr;      // anchor
    Ref<Backend> backend;           // anchor
    std::vector<BackendId> exempt;  // also, except (R6)
    ChangePlan plan;                // change
    EventLoop* target = nullptr;    // context
    Nodes to_close;                 // close_node: taken on, not closed yet

    CoverList covers;
    std::size_t busy_members = 0;  // covers with busy set: not quiet before it is zero
    bool quiet_reported = false;

    // The settle pass (R20), from quiet until all of `order` is settled.
    bool in_pass = false;
    Nodes order;
    std::uint64_t ordered_at = 0;  // the generation of the graph that `order` belongs to
    std::size_t next_to_settle = 0;
    std::error_code settle_failure;  // the first in `order`, of those before next_to_settle
    NodeState* settling =
        nullptr;  // the node whose settle it has started and that has not answered

    bool given_up = false;  // abandoned while settling: released when that returns (R25)
};

// A member of a section's scope, with what is asked of it.
struct Member {
    explicit Member(NodeState& of, Demand asked = Demand::quiet, bool enters = false)
        : node(&of), demand(asked), entering(enters) {}
    explicit Member(Backend& of, Demand asked = Demand::quiet, bool enters = false)
        : backend(&of), demand(asked), entering(enters) {}

    NodeState* node = nullptr;
    Backend* backend = nullptr;
    Demand demand;
    bool entering;  // see Cover
};
using Scope = std::vector<Member>;

}  // namespace detail

BLKDRAIN_NAMESPACE_END
