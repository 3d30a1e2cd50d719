// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <blkdrain/block_backend.h>
#include <blkdrain/drivers/passthrough.h>
#include <blkdrain/graph.h>

#include "../loop/in_world.h"
#include "os/backend.h"

namespace blkdrain::testing {

// A leaf that keeps every request until it is let go. Used by one loop.
class HoldingDriver : public Driver {
public:
    void submit(Node& /*node*/, Request& request) override {
        held.push_back(&request);
        if (submitted) {
            submitted();
        }
    }

    void let_go(std::error_code result = {}) {
        std::vector<Request*> going;
        going.swap(held);
        for (Request* request : going) {
            request->complete(result);
        }
    }

    std::vector<Request*> held;
    std::function<void()> submitted;  // told of each
};

// Keeps its settle, too, and knows its node once that has begun.
class SettlingDriver final : public HoldingDriver {
public:
    [[nodiscard]] bool settles() const override { return true; }
    void settle(Node& settled, Settlement& answer) override {
        node = &settled;
        settlement = &answer;
    }

    Node* node = nullptr;
    Settlement* settlement = nullptr;
};

// Stays where it is.
class PinnedDriver final : public HoldingDriver {
public:
    [[nodiscard]] bool may_move(const Node& /*node*/, const EventLoop& /*loop*/) const override {
        return false;
    }
};

// Lets time pass on the calling thread.
inline void pass(std::chrono::nanoseconds time) {
    os::mutex mutex;
    os::condition never;
    os::mutex_lock lock(mutex);
    const os::time_point until = os::now() + time;
    while (os::now() < until) {
        never.wait_until(lock, until);
    }
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// One graph on one loop that the test steps itself: what happens, happens in turn().
class SteppedGraph {
public:
    SteppedGraph() : loop(make_loop("loop0")) { EXPECT_FALSE(graph.add_loop(*loop)); }

    static std::unique_ptr<EventLoop> make_loop(const char* name) {
        std::error_code error;
        std::unique_ptr<EventLoop> made = EventLoop::create(name, error);
        EXPECT_FALSE(error) << error.message();
        return made;
    }

    // Runs the loop until it has nothing to do.
    void turn() const {
        while (loop->run_once(std::chrono::nanoseconds(0))) {
        }
    }

    // Runs `task` on the loop's thread, and what follows from it.
    void on_loop(std::function<void()> task) const {
        loop->post(std::move(task));
        turn();
    }

    NodeId leaf(const std::string& name) {
        auto driver = std::make_unique<HoldingDriver>();
        leaves.push_back(driver.get());
        return graph.add_node(name, std::move(driver), *loop);
    }

    template <class Leaf>
    NodeId leaf(const std::string& name, Leaf*& driver) {
        auto made = std::make_unique<Leaf>();
        driver = made.get();
        return graph.add_node(name, std::move(made), *loop);
    }

    NodeId filter(const std::string& name) {
        return graph.add_node(name, std::make_unique<PassthroughDriver>(), *loop);
    }

    BlockBackend backend(const std::string& name, std::optional<NodeId> root = {}) {
        BlockBackend made(graph, name, *loop);
        if (root) {
            Error outcome(Errc::cancelled, "never called");
            graph.insert_medium(made.id(), *root, {},
                                [&](Error error) { outcome = std::move(error); });
            turn();
            EXPECT_FALSE(outcome) << outcome.message;
        }
        return made;
    }

    // Sends a write; `results` gets its result.
    void send(BlockBackend& backend, std::vector<std::error_code>& results) {
        on_loop([&] {
            const Completion completion{
                [](void* context, std::error_code result) {
                    static_cast<std::vector<std::error_code>*>(context)->push_back(result);
                },
                &results};
            EXPECT_FALSE(backend.submit(Io::flush(), completion));
        });
    }

    // Each gets the outcome of one operation.
    struct Done {
        std::optional<Error> error;
        DoneCallback callback() {
            return [this](Error outcome) { error = std::move(outcome); };
        }
    };
    struct Begun {
        std::optional<Error> error;
        Section section;
        SectionCallback callback() {
            return [this](Error outcome, Section begun) {
                error = std::move(outcome);
                section = std::move(begun);
            };
        }
    };
    struct Opened {
        std::optional<Error> error;
        OperationToken token;
        TokenCallback callback() {
            return [this](Error outcome, OperationToken opened) {
                error = std::move(outcome);
                token = std::move(opened);
            };
        }
    };

    void close(BlockBackend& backend) {
        Done done;
        backend.close({}, done.callback());
        turn();
        ASSERT_TRUE(done.error.has_value());
        EXPECT_FALSE(*done.error) << done.error->message;
    }

    std::unique_ptr<EventLoop> loop;
    Graph graph;
    std::vector<HoldingDriver*> leaves;
};

inline void attach(SteppedGraph& g, NodeId parent, NodeId child) {
    SteppedGraph::Done done;
    g.graph.attach(parent, "file", child, {}, done.callback());
    g.turn();
    ASSERT_TRUE(done.error.has_value());
    ASSERT_FALSE(*done.error) << done.error->message;
}

}  // namespace blkdrain::testing
