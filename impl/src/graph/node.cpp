// SPDX-License-Identifier: Apache-2.0
#include "graph/node.h"

#include <algorithm>
#include <utility>

#include "graph/backend.h"

BLKDRAIN_NAMESPACE_BEGIN

Node::Node(NodeId id, std::string name, EventLoop& loop, std::unique_ptr<Driver> driver)
    : id_(id), name_(std::move(name)), loop_(&loop), driver_(std::move(driver)) {}

Node::~Node() = default;

namespace detail {

NodeBody::NodeBody(ControlPlane& plane, NodeId id, std::string name, EventLoop& loop,
                   std::unique_ptr<Driver> driver)
    : Node(id, std::move(name), loop, std::move(driver)), control(plane) {}

void NodeBody::publish_children(const Links& edges) {
    Node** const children = edges.size() > 1 ? new Node*[edges.size()] : &only_child_;
    forget_children();
    std::transform(edges.begin(), edges.end(), children,
                   [](const NodeState* child) { return child->body.get(); });
    children_ = children;
    children_count_ = static_cast<std::uint32_t>(edges.size());
}

void NodeBody::forget_children() {
    if (children_count_ > 1) {
        delete[] children_;
    }
    children_count_ = 0;
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
