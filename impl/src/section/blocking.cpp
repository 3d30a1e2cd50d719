// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include <blkdrain/blocking.h>

#include "os/backend.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace blocking {

namespace {

// One result, handed from a loop to the thread that waits for it.
template <class Result>
class Handover {
public:
    void put(Result result) {
        // Notified under the lock: the waiter destroys this as soon as it gets the lock back.
        const os::mutex_lock lock(mutex_);
        result_.emplace(std::move(result));
        arrived_.notify_one();
    }

    Result take() {
        os::mutex_lock lock(mutex_);
        while (!result_) {
            arrived_.wait(lock);
        }
        return std::move(*result_);
    }

private:
    os::mutex mutex_;  // guards result_
    os::condition arrived_;
    std::optional<Result> result_;
};

Error on_loop() {
    return {Errc::would_block_loop,
            "a blocking call on the thread of event loop '" + EventLoop::current()->name() + "'"};
}

template <class Result, class Start>
Result wait_for(Start start) {
    if (EventLoop::current() != nullptr) {
        return Result{on_loop()};
    }
    Handover<Result> handover;
    start(handover);
    return handover.take();
}

template <class Start>
Error wait_done(Start start) {
    return wait_for<Error>([&](Handover<Error>& handover) {
        start([&handover](Error error) { handover.put(std::move(error)); });
    });
}

template <class Start>
SectionResult wait_section(Start start) {
    return wait_for<SectionResult>([&](Handover<SectionResult>& handover) {
        start([&handover](Error error, Section section) {
            handover.put({std::move(error), std::move(section)});
        });
    });
}

}  // namespace

Error drain(BlockBackend& backend, WaitOptions options) {
    return wait_done(
        [&](DoneCallback done) { backend.drain(std::move(options), std::move(done)); });
}

Error close(BlockBackend& backend, WaitOptions options) {
    return wait_done(
        [&](DoneCallback done) { backend.close(std::move(options), std::move(done)); });
}

SectionResult isolate(BlockBackend& backend, IsolateOptions options) {
    return wait_section(
        [&](SectionCallback begun) { backend.isolate(std::move(options), std::move(begun)); });
}

SectionResult self_quiesce(BlockBackend& backend, WaitOptions options) {
    return wait_section(
        [&](SectionCallback begun) { backend.self_quiesce(std::move(options), std::move(begun)); });
}

SectionResult drained(Graph& graph, NodeId node, WaitOptions options) {
    return wait_section(
        [&](SectionCallback begun) { graph.drained(node, std::move(options), std::move(begun)); });
}

SectionResult quiesce_all(Graph& graph, std::vector<BackendId> except, WaitOptions options) {
    return wait_section([&](SectionCallback begun) {
        graph.quiesce_all(std::move(except), std::move(options), std::move(begun));
    });
}

Error quiet(Graph& graph, OperationId section, WaitOptions options) {
    return wait_done(
        [&](DoneCallback done) { graph.quiet(section, std::move(options), std::move(done)); });
}

Error settle(Graph& graph, NodeId node, WaitOptions options) {
    return wait_done(
        [&](DoneCallback done) { graph.settle(node, std::move(options), std::move(done)); });
}

TokenResult open_token(Graph& graph, const std::vector<BackendId>& backends, WaitOptions options) {
    return wait_for<TokenResult>([&](Handover<TokenResult>& handover) {
        graph.open_token(backends, std::move(options),
                         [&handover](Error error, OperationToken token) {
                             handover.put({std::move(error), std::move(token)});
                         });
    });
}

Error attach(Graph& graph, NodeId parent, std::string role, NodeId child, ChangeOptions options) {
    return wait_done([&](DoneCallback done) {
        graph.attach(parent, std::move(role), child, std::move(options), std::move(done));
    });
}

Error detach(Graph& graph, NodeId parent, std::size_t index, ChangeOptions options) {
    return wait_done([&](DoneCallback done) {
        graph.detach(parent, index, std::move(options), std::move(done));
    });
}

Error replace(Graph& graph, NodeId old, NodeId now, ChangeOptions options) {
    return wait_done(
        [&](DoneCallback done) { graph.replace(old, now, std::move(options), std::move(done)); });
}

Error insert_filter(Graph& graph, NodeId node, NodeId filter, ChangeOptions options) {
    return wait_done([&](DoneCallback done) {
        graph.insert_filter(node, filter, std::move(options), std::move(done));
    });
}

Error remove_filter(Graph& graph, NodeId filter, ChangeOptions options) {
    return wait_done([&](DoneCallback done) {
        graph.remove_filter(filter, std::move(options), std::move(done));
    });
}

Error insert_medium(Graph& graph, BackendId backend, NodeId node, ChangeOptions options) {
    return wait_done([&](DoneCallback done) {
        graph.insert_medium(backend, node, std::move(options), std::move(done));
    });
}

Error remove_medium(Graph& graph, BackendId backend, ChangeOptions options) {
    return wait_done([&](DoneCallback done) {
        graph.remove_medium(backend, std::move(options), std::move(done));
    });
}

Error set_event_loop(Graph& graph, NodeId node, EventLoop& loop, WaitOptions options) {
    return wait_done([&](DoneCallback done) {
        graph.set_event_loop(node, loop, std::move(options), std::move(done));
    });
}

Error close(Graph& graph, NodeId node, WaitOptions options) {
    return wait_done(
        [&](DoneCallback done) { graph.close(node, std::move(options), std::move(done)); });
}

}  // namespace blocking

BLKDRAIN_NAMESPACE_END
