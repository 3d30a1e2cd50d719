// SPDX-License-Identifier: Apache-2.0
#include "graph/node.h"

#include <algorithm>
#include <utility>

#include "graph/backend.h"

BLKDRAIN_NAMESPACE_BEGIN

Node::Node(NodeId id, std::string name, EventLoop& loop, Driver& driver)
    : id_(id), name_(std::move(name)), loop_(&loop), driver_(&driver) {}

namespace detail {

NodeBody::NodeBody(ControlPlane& plane, NodeId id, std::string name, EventLoop& loop,
                   std::unique_ptr<Driver> driver)
    : Node(id, std::move(name), loop, *driver), control(plane), owned_driver_(std::move(driver)) {}

NodeBody::~NodeBody() = default;

void NodeBody::publish_children(const Links& edges) {
    auto children = std::make_unique<Node*[]>(edges.size());
    std::transform(edges.begin(), edges.end(), children.get(),
                   [](const NodeState* child) { return child->body.get(); });
    published_ = std::move(children);
    children_ = published_.get();
    children_count_ = edges.size();
}

void NodeState::seat(Backend& backend) {
    body->backends.add(backend);
    has_backends = true;
}

void NodeState::unseat(Backend& backend) {
    body->backends.remove(backend);
    has_backends = !body->backends.empty();
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
