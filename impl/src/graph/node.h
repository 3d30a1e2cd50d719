// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <blkdrain/driver.h>
#include <blkdrain/ids.h>
#include <blkdrain/world.h>

#include "graph/backend_list.h"
#include "graph/cover.h"
#include "graph/links.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

class Backend;
class ControlPlane;

// A node as its driver and the request path see it, and what sections seldom look at. Two pictures
// of the edges are kept on purpose: NodeState::edges and parents belong to the control plane, which
// may try a change on them; the driver's (Node::children) follows at the switch, when nothing
// crosses the edges (R24).
//
// All fields are guarded by the control plane's lock; the base class says what drivers may read
// without it.
class NodeBody final : public Node {
    // What children_ leads to, which requests follow: hence right behind it. Unless they are many:
    // those are memory of our own.
    Node* only_child_ = nullptr;

public:
    NodeBody(ControlPlane& plane, NodeId id, std::string name, EventLoop& loop,
             std::unique_ptr<Driver> driver);
    ~NodeBody() {
        forget_children();  // they may be gone
        driver_.reset();    // which may still call its node
    }

    // Shows the driver the edges as they are now.
    void publish_children(const Links& edges);
    void move_to(EventLoop& loop) { loop_ = &loop; }

    ControlPlane& control;
    std::vector<std::string> roles;  // of the edges; they follow at the switch, too
    BackendList backends;            // NodeState::seat and unseat change it
    OperationId closing;             // the pending close that has taken the node on
    std::error_code settle_error;    // none if the driver does not settle

private:
    void forget_children();
};

// What walks and sections look at of every node: one cache line each, side by side (NodeTable),
// and edges lead from line to line. Guarded by the control plane's lock.
class alignas(64) NodeState final {
public:
    enum class Settle : std::uint8_t { no, running, done };

    // `settling`: what the driver's settles() says.
    NodeState(std::unique_ptr<NodeBody> node, bool settling)
        : settles(settling), body(std::move(node)) {}
    NodeState(const NodeState&) = delete;
    NodeState& operator=(const NodeState&) = delete;
    ~NodeState() = default;

    [[nodiscard]] NodeId id() const { return body->id(); }
    [[nodiscard]] EventLoop& loop() const { return body->loop(); }
    [[nodiscard]] bool stopped() const { return !covers.empty(); }

    // `backend` is in no list; in the list of this node.
    void seat(Backend& backend);
    void unseat(Backend& backend);
    // In the order in which they came. `visit` seats and unseats none.
    template <class Visit>
    void for_each_backend(Visit visit) const {
        if (has_backends) {
            body->backends.for_each(visit);
        }
    }

    std::uint64_t mark = 0;  // stamp of the last walk that came by
    Links edges;             // to children, in the order of attachment
    Links parents;           // one entry an edge
    CoverChain covers;
    unsigned internal_requests = 0;  // R22
    const bool settles;              // the driver's answer, which does not change
    Settle settle = Settle::no;
    bool has_backends = false;  // which are in the body
    std::unique_ptr<NodeBody> body;
};
static_assert(sizeof(NodeState) == 64);

}  // namespace detail

BLKDRAIN_NAMESPACE_END
