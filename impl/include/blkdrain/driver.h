// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <system_error>

#include <blkdrain/event_loop.h>
#include <blkdrain/export.h>
#include <blkdrain/ids.h>
#include <blkdrain/request.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

class Driver;

// A node's settle in progress; answered once.
class BLKDRAIN_EXPORT Settlement {
public:
    virtual void complete(std::error_code result) = 0;

protected:
    ~Settlement() = default;
};

// What a driver knows of the node it serves (QEMU's BlockDriverState). Owned by the graph, alive
// until the node is closed.
class BLKDRAIN_EXPORT Node {
public:
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    [[nodiscard]] NodeId id() const { return id_; }
    [[nodiscard]] const std::string& name() const { return name_; }

    // The children in the order of attachment. Stable while a request or a settle of this node is
    // served: a change waits until nothing crosses the edge (R24).
    [[nodiscard]] std::span<Node* const> children() const { return {children_, children_count_}; }

    // The node's home loop. A context change moves it while the node is settled and stopped (R28).
    [[nodiscard]] EventLoop& loop() const { return *loop_; }

    [[nodiscard]] Driver& driver() const { return *driver_; }

    // Work on the node's own account: metadata write-back, a timer (R22). Errc::stopped while a
    // section stops the node (R21), Errc::closing while it is closed: try again later. Each
    // successful begin is followed by one end.
    [[nodiscard]] std::error_code begin_internal();
    void end_internal();

protected:
    Node(NodeId id, std::string name, EventLoop& loop, std::unique_ptr<Driver> driver);
    ~Node();

    NodeId id_;
    std::uint32_t children_count_ = 0;
    std::string name_;
    EventLoop* loop_;
    std::unique_ptr<Driver> driver_;
    Node* const* children_ = nullptr;
};

// The code behind a node, destroyed on the home loop after its node was closed, or with the graph.
//
// Threads: who calls what, and where
//
//   submit, submit_batch       the request's loop; at the same time for requests of other loops
//   continuations, Done of     the request's loop
//     inner requests, Cancel
//   settle                     the node's home loop
//   destruction                the node's home loop; the thread that destroys the graph, if the
//                              node was not closed before
//   settles                    the thread that adds the node
//   may_move                   any thread, with the graph's lock held: answer, call nothing
//
// and who may be called, from where (Request and InnerRequest: see there)
//
//   Settlement::complete,      any thread, but not inside may_move
//     Node::begin_internal, end_internal, Graph, BlockBackend
//
// So a driver that serves requests of several loops guards what they share.
class BLKDRAIN_EXPORT Driver {
public:
    Driver() = default;
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;
    virtual ~Driver() = default;

    // Serve `request`, on the request's loop. See Request for the answer that is owed.
    virtual void submit(Node& node, Request& request) = 0;

    // Serve requests that left a plugged region together (R16), as if each had been submitted, in
    // their order. At least one.
    virtual void submit_batch(Node& node, std::span<Request* const> batch) {
        for (Request* request : batch) {
            submit(node, *request);
        }
    }

    // Whether settle has anything to do. Must not change while the node is in a graph.
    [[nodiscard]] virtual bool settles() const { return false; }

    // Write dirty metadata to the children (QEMU's .bdrv_drain and .bdrv_inactivate merged, R21),
    // on the node's home loop, with inner requests; nothing else is active in the node then. Dirty
    // again at first use: there is no "unsettle".
    virtual void settle(Node& node, Settlement& settlement) {
        static_cast<void>(node);
        settlement.complete({});
    }

    // Whether the node may move to `loop` (R28). Called with the graph's lock held: answer, call
    // nothing.
    [[nodiscard]] virtual bool may_move(const Node& node, const EventLoop& loop) const {
        static_cast<void>(node);
        static_cast<void>(loop);
        return true;
    }
};

BLKDRAIN_NAMESPACE_END
