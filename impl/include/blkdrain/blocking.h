// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <blkdrain/block_backend.h>
#include <blkdrain/error.h>
#include <blkdrain/graph.h>
#include <blkdrain/section.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

// The waiting operations for plain threads: each returns when the callback form would have called
// back.
//
// Threads: who may call what, from where
//
//   every call                 any thread that is in no event loop, several at a time; in a loop,
//                              would_block_loop comes at once, nothing has happened (R8), and the
//                              message names the call, its object and the loop
//
// Not inside may_move, vm_stop and vm_start, nor where the caller holds what a loop waits for.
namespace blocking {

struct SectionResult {
    Error error{};
    Section section{};
};
struct TokenResult {
    Error error{};
    OperationToken token{};
};

// Sends a request on `loop`, under a token if it has a value, and returns its outcome, or why it
// was not sent (block_backend.h). The memory is the caller's again then.
BLKDRAIN_EXPORT Error submit(EventLoop& loop, BlockBackend& backend, const Io& io,
                             TokenId token = {});

BLKDRAIN_EXPORT Error drain(BlockBackend& backend, WaitOptions options = {});
BLKDRAIN_EXPORT Error close(BlockBackend& backend, WaitOptions options = {});
BLKDRAIN_EXPORT SectionResult isolate(BlockBackend& backend, IsolateOptions options = {});
BLKDRAIN_EXPORT SectionResult self_quiesce(BlockBackend& backend, WaitOptions options = {});

BLKDRAIN_EXPORT SectionResult drained(Graph& graph, NodeId node, WaitOptions options = {});
BLKDRAIN_EXPORT SectionResult quiesce_all(Graph& graph, std::vector<BackendId> except,
                                          WaitOptions options = {});
BLKDRAIN_EXPORT Error quiet(Graph& graph, OperationId section, WaitOptions options = {});
BLKDRAIN_EXPORT Error settle(Graph& graph, NodeId node, WaitOptions options = {});
BLKDRAIN_EXPORT TokenResult open_token(Graph& graph, const std::vector<BackendId>& backends,
                                       WaitOptions options = {});

BLKDRAIN_EXPORT Error attach(Graph& graph, NodeId parent, std::string role, NodeId child,
                             ChangeOptions options = {});
BLKDRAIN_EXPORT Error detach(Graph& graph, NodeId parent, std::size_t index,
                             ChangeOptions options = {});
BLKDRAIN_EXPORT Error replace(Graph& graph, NodeId old, NodeId now, ChangeOptions options = {});
BLKDRAIN_EXPORT Error insert_filter(Graph& graph, NodeId node, NodeId filter,
                                    ChangeOptions options = {});
BLKDRAIN_EXPORT Error remove_filter(Graph& graph, NodeId filter, ChangeOptions options = {});
BLKDRAIN_EXPORT Error insert_medium(Graph& graph, BackendId backend, NodeId node,
                                    ChangeOptions options = {});
BLKDRAIN_EXPORT Error remove_medium(Graph& graph, BackendId backend, ChangeOptions options = {});
BLKDRAIN_EXPORT Error set_event_loop(Graph& graph, NodeId node, EventLoop& loop,
                                     WaitOptions options = {});
BLKDRAIN_EXPORT Error close(Graph& graph, NodeId node, WaitOptions options = {});

}  // namespace blocking

BLKDRAIN_NAMESPACE_END
