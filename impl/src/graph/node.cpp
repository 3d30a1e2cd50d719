// SPDX-License-Identifier: Apache-2.0
#include "graph/node.h"

#include <algorithm>
#include <utility>

#include "graph/backend.h"

BLKDRAIN_NAMESPACE_BEGIN

Node::Node(NodeId id, std::string name, EventLoop& loop, Driver& driver)
    : id_(id), name_(std::move(name)), loop_(&loop), driver_(&driver) {}

namespace detail {

NodeState::NodeState(ControlPlane& plane, NodeId id, std::string name, EventLoop& loop,
                     std::unique_ptr<Driver> driver, bool settling)
    : Node(id, std::move(name), loop, *driver),
      control(plane),
      settles(settling),
      owned_driver_(std::move(driver)) {}

NodeState::~NodeState() = default;

void NodeState::publish_children() {
    auto children = std::make_unique<Node*[]>(edges.size());
    std::copy(edges.begin(), edges.end(), children.get());
    published_ = std::move(children);
    children_ = published_.get();
    children_count_ = edges.size();
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
