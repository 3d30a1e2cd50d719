// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <blkdrain/driver.h>
#include <blkdrain/error.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/export.h>
#include <blkdrain/ids.h>
#include <blkdrain/section.h>
#include <blkdrain/snapshot.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {
class AnnouncementSink;
}

// The block graph and its control plane: nodes, named child edges, sections, changes. The control
// plane is serialised by one lock, held only while marking; I/O runs beside it, on the loops.
//
// No call waits. Operations that may have to wait take a callback and return a Wait; refusals come
// through the callback as well. Blocking forms are in <blkdrain/blocking.h>, awaitable ones in
// <blkdrain/coro.h>.
//
// Threads: who may call what, from where
//
//   changes, set_event_loop    any thread; busy on one that serves a section notification of this
//                              graph (R9)
//   every other call           any thread
//   destruction                one thread, as the last call
//   callbacks                  come on the loop of WaitOptions
//
// Any thread: also in completions, callbacks, notifications and the calls of drivers. Not inside
// may_move: the lock is held there, and the call would not return.
//
// Life: backends and sections end before the graph; their loops outlive it and still run until its
// last callback. Misuse: an id of something that is gone or never was, 0 among them, is
// Errc::no_such_object. It stops the process to make something whose home loop was not added; to
// ask a graph without loops for something and not say where it calls back; and to destroy the graph
// while a request is in flight, as one is in its completion, a token open, a section live or an
// operation pending.
class BLKDRAIN_EXPORT Graph {
public:
    static constexpr std::size_t loops_max = 64;

    Graph();

    // Closes what is left; see above for what may not be.
    ~Graph();
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;

    // Requests can be sent on `loop` and nodes and backends can live there. Before its first use by
    // this graph, once.
    Error add_loop(EventLoop& loop);

    // A node without parents and children. `home` was added before.
    NodeId add_node(std::string name, std::unique_ptr<Driver> driver, EventLoop& home);

    // Graph changes (R24). Each is atomic for every section, waits until nothing crosses the edges
    // concerned, and changes nothing when it fails. Errors: busy, closing, bad_token, cycle,
    // context, conflict, those named below, and those of every wait (cancelled, timed_out,
    // would_deadlock).
    Wait attach(NodeId parent, std::string role, NodeId child, ChangeOptions options,
                DoneCallback done);
    // The child number `index` of `parent`. no_such_edge.
    Wait detach(NodeId parent, std::size_t index, ChangeOptions options, DoneCallback done);
    // Every parent of `old` but `now` itself, and every backend on it, gets `now` instead.
    Wait replace(NodeId old, NodeId now, ChangeOptions options, DoneCallback done);
    // Puts `filter`, which has no parents, backends and children, between `node` and everything
    // above it. not_filter.
    Wait insert_filter(NodeId node, NodeId filter, ChangeOptions options, DoneCallback done);
    // Takes `filter`, which has exactly one child, out again. not_filter.
    Wait remove_filter(NodeId filter, ChangeOptions options, DoneCallback done);
    // A root for a backend that has none. has_medium.
    Wait insert_medium(BackendId backend, NodeId node, ChangeOptions options, DoneCallback done);
    // no_medium.
    Wait remove_medium(BackendId backend, ChangeOptions options, DoneCallback done);

    // Moves the component of `node` to `loop`, all or nothing (R28): context lists every refuser.
    // no_such_object if `loop` was not added.
    Wait set_event_loop(NodeId node, EventLoop& loop, WaitOptions options, DoneCallback done);

    // Closes a node without parents, and those below it that lose their last parent (R27). busy
    // lists the parents.
    Wait close(NodeId node, WaitOptions options, DoneCallback done);

    // bdrv_drain: settles everything around `node`; not_quiesced unless all that can reach it is
    // gated and quiet (R19).
    Wait settle(NodeId node, WaitOptions options, DoneCallback done);

    // Sections (R20, R23). drained is live when idle, quiesce_all when effective.
    Wait drained(NodeId node, WaitOptions options, SectionCallback begun);
    Wait quiesce_all(std::vector<BackendId> except, WaitOptions options, SectionCallback begun);

    // Waits until nothing that `section`, a live one, covers is active any more.
    Wait quiet(OperationId section, WaitOptions options, DoneCallback done);

    // Ends a section of this graph. Errors: foreign_section, ended.
    Error end(Section& section);

    // Opens on all `backends` at once, waiting while any is gated (R4).
    Wait open_token(const std::vector<BackendId>& backends, WaitOptions options,
                    TokenCallback opened);

    // What a pending operation waits for (R26).
    [[nodiscard]] Explanation explain(OperationId operation) const;
    [[nodiscard]] Explanation explain(TokenId token) const;
    // Every pending operation: what an engineer looks at when something hangs.
    [[nodiscard]] std::vector<Explanation> explain_all() const;

    // `told` is called once for each operation that comes to wait in a circle (R26), on the loop of
    // its callback: nobody in the circle gets on before one of its callers gives up or releases
    // something. Replaces the one before; empty: nobody is told.
    void on_cycle(CycleCallback told);

    // The whole observable state, for tests and tools. Exact while the loops are at rest.
    void snapshot(Snapshot& into, Snapshot::Names names = Snapshot::Names::included) const;

    // Test builds only: where commit points are announced. Before the graph is used.
    void announce_to(detail::AnnouncementSink* sink);

    [[nodiscard]] const ControlRef& control() const { return control_; }

private:
    ControlRef control_;
};

BLKDRAIN_NAMESPACE_END
