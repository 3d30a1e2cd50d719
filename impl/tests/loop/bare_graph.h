// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <blkdrain/driver.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/ids.h>
#include <blkdrain/request.h>

// Nodes and requests without a graph and its control plane: what the motion of requests needs.
namespace blkdrain::testing {

class BareNode final : public Node {
public:
    // Does not own the driver.
    BareNode(EventLoop& loop, Driver& driver, std::vector<Node*> children = {})
        : Node(NodeId{1}, "bare", loop, std::unique_ptr<Driver>(&driver)),
          kept_(std::move(children)) {
        children_ = kept_.data();
        children_count_ = static_cast<std::uint32_t>(kept_.size());
    }
    ~BareNode() { static_cast<void>(driver_.release()); }

private:
    std::vector<Node*> kept_;
};

// A request with an owner that only wants to know the result.
class OwnedRequest final : public Request {
public:
    using Done = std::function<void(std::error_code)>;

    void send(EventLoop& loop, const Io& io, Node& node, Done done) {
        done_ = std::move(done);
        set_io(io);
        start(loop, node, [](Request& request, std::error_code result) {
            // Moved out: `done` may send this request again.
            std::exchange(static_cast<OwnedRequest&>(request).done_, nullptr)(result);
        });
    }

private:
    Done done_;
};

// A driver made of a function.
class ScriptedDriver final : public Driver {
public:
    using Submit = std::function<void(Node&, Request&)>;

    explicit ScriptedDriver(Submit submit) : submit_(std::move(submit)) {}

    void submit(Node& node, Request& request) override { submit_(node, request); }

private:
    Submit submit_;
};

}  // namespace blkdrain::testing
