// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <blkdrain/block_backend.h>
#include <blkdrain/drivers/null.h>
#include <blkdrain/drivers/passthrough.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/graph.h>

namespace blkdrain::bench {

inline void require(const Error& error) {
    if (error) {
        std::fprintf(stderr, "%s: %s\n", error.code.message().c_str(), error.message.c_str());
        std::abort();
    }
}

inline std::unique_ptr<EventLoop> make_loop(const char* name = "bench") {
    std::error_code error;
    std::unique_ptr<EventLoop> loop = EventLoop::create(name, error);
    require(Error(error, "no loop"));
    return loop;
}

// A graph on one loop that this thread runs by hand.
class BenchGraph {
public:
    BenchGraph() { require(graph.add_loop(*loop)); }

    template <class Options = WaitOptions>
    [[nodiscard]] Options options() const {
        Options made;
        made.loop = loop.get();
        return made;
    }

    NodeId add_filter() {
        return graph.add_node("filter", std::make_unique<PassthroughDriver>(), *loop);
    }
    NodeId add_disk() {
        NullOptions null;
        null.zero_reads = false;
        return graph.add_node("disk", std::make_unique<NullDriver>(null), *loop);
    }

    // Calls begin(callback) and runs the loop until the callback has been called with success.
    template <class Begin>
    void complete(Begin begin) {
        bool over = false;
        begin([&](const Error& error) {
            require(error);
            over = true;
        });
        while (!over) {
            loop->run_once(std::chrono::nanoseconds(-1));
        }
    }
    template <class Begin>
    Section begin_section(Begin begin) {
        Section section;
        bool over = false;
        begin([&](const Error& error, Section begun) {
            require(error);
            section = std::move(begun);
            over = true;
        });
        while (!over) {
            loop->run_once(std::chrono::nanoseconds(-1));
        }
        return section;
    }

    void attach(NodeId parent, NodeId child) {
        complete([&](DoneCallback done) {
            graph.attach(parent, "file", child, options<ChangeOptions>(), std::move(done));
        });
    }

    // The backend's owner keeps the result and closes it with close().
    BlockBackend add_backend(NodeId root) {
        BlockBackend backend(graph, "backend", *loop);
        complete([&](DoneCallback done) {
            graph.insert_medium(backend.id(), root, options<ChangeOptions>(), std::move(done));
        });
        return backend;
    }
    void close(BlockBackend& backend) {
        complete([&](DoneCallback done) { backend.close(options(), std::move(done)); });
    }

    // `filters` filters above a disk. Returns the nodes from the top to the disk. Halves are
    // joined, since the cost of a change grows with what is above the parent and below the child.
    std::vector<NodeId> add_chain(std::size_t filters) {
        std::vector<NodeId> nodes;
        for (std::size_t i = 0; i < filters; ++i) {
            nodes.push_back(add_filter());
        }
        nodes.push_back(add_disk());
        for (std::size_t width = 1; width < nodes.size(); width *= 2) {
            for (std::size_t middle = width; middle < nodes.size(); middle += 2 * width) {
                attach(nodes[middle - 1], nodes[middle]);
            }
        }
        return nodes;
    }

    const std::unique_ptr<EventLoop> loop = make_loop();
    Graph graph;
};

}  // namespace blkdrain::bench
