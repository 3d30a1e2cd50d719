// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
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

class ControlPlane;

// A node as the control plane sees it. Two pictures of the edges are kept on purpose: `edges` and
// `parents` belong to the control plane, which may try a change on them; the driver's picture
// (Node::children) follows at the switch, when nothing crosses the edges (R24).
//
// All fields are guarded by the control plane's lock; the base class says what drivers may read
// without it.
class NodeState final : public Node {
public:
    enum class Settle : std::uint8_t { no, running, done };

    // `settling`: what the driver's settles() says.
    NodeState(ControlPlane& plane, NodeId id, std::string name, EventLoop& loop,
              std::unique_ptr<Driver> driver, bool settling);
    ~NodeState();

    // Shows the driver the edges as they are now.
    void publish_children();
    void move_to(EventLoop& loop) { loop_ = &loop; }

    [[nodiscard]] bool stopped() const { return !covers.empty(); }

    ControlPlane& control;
    std::vector<std::string> roles;  // of the edges; they follow at the switch, too

    // What walks and sections look at of every node, side by side: 64 bytes, one cache line.
    alignas(64) std::uint64_t mark = 0;  // stamp of the last walk that came by
    Links edges;                         // to children, in the order of attachment
    Links parents;                       // one entry an edge
    CoverChain covers;
    BackendList backends;
    unsigned internal_requests = 0;  // R22
    const bool settles;              // the driver's answer, which does not change
    Settle settle = Settle::no;

    std::uint32_t missing_parents = 0;  // scratch of sort_topologically
    OperationId closing;                // the pending close that has taken the node on
    std::error_code settle_error;       // none if the driver does not settle

private:
    std::unique_ptr<Driver> owned_driver_;
    std::unique_ptr<Node*[]> published_;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
