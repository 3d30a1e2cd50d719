// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include <blkdrain/blocking.h>

#include "section/control_plane.h"
#include "section/handover.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace blocking {

using detail::ChangeKind;
using detail::Handover;

namespace {

// `subject` says what is called on what; asked for only if that is refused.
template <class Result, class Subject, class Start>
Result wait_for(Subject subject, Start start) {
    if (const EventLoop* loop = EventLoop::current();
        loop != nullptr && !detail::canary(detail::Canary::loop_blocked)) {
        const std::string named =
            detail::canary(detail::Canary::loop_unnamed) ? "" : " '" + loop->name() + "'";
        return Result{Error{Errc::would_block_loop, subject() + ": it would block event loop" +
                                                        named + ", on whose thread it is called"}};
    }
    Handover<Result> handover;
    start(handover);
    return handover.take();
}

template <class Subject, class Start>
Error wait_done(Subject subject, Start start) {
    return wait_for<Error>(subject, [&](Handover<Error>& handover) {
        start([&handover](Error error) { handover.put(std::move(error)); });
    });
}

template <class Subject, class Start>
SectionResult wait_section(Subject subject, Start start) {
    return wait_for<SectionResult>(subject, [&](Handover<SectionResult>& handover) {
        start([&handover](Error error, Section section) {
            handover.put({std::move(error), std::move(section)});
        });
    });
}

auto on(const char* call, const BlockBackend& backend) {
    return [call, &backend] {
        return std::string(call) + " of b" + std::to_string(backend.id().value) + " '" +
               backend.name() + "'";
    };
}

auto on(const char* call, const Graph& graph, NodeId node) {
    return [=, &graph] { return std::string(call) + " of " + graph.control()->name(node); };
}

// `start` gets the callback of the change that `call` describes.
template <class Start>
Error change(const Graph& graph, const detail::ControlPlane::ChangeCall& call, Start start) {
    return wait_done([&] { return graph.control()->subject(call); }, start);
}

}  // namespace

Error submit(EventLoop& loop, BlockBackend& backend, const Io& io, TokenId token) {
    const auto subject = on("request", backend);
    Error error = wait_for<Error>(subject, [&](Handover<Error>& handover) {
        loop.post([&backend, &io, token, &handover] {
            const Completion completion{
                [](void* waiting, std::error_code outcome) {
                    static_cast<Handover<Error>*>(waiting)->put({outcome, ""});
                },
                &handover};
            if (const std::error_code refused = backend.submit(io, completion, token)) {
                handover.put({refused, ""});
            }
        });
    });
    if (error && error.message.empty()) {
        error.message = subject() + ": " + error.code.message();
    }
    return error;
}

Error drain(BlockBackend& backend, WaitOptions options) {
    return wait_done(on("drain", backend), [&](DoneCallback done) {
        backend.drain(std::move(options), std::move(done));
    });
}

Error close(BlockBackend& backend, WaitOptions options) {
    return wait_done(on("close", backend), [&](DoneCallback done) {
        backend.close(std::move(options), std::move(done));
    });
}

SectionResult isolate(BlockBackend& backend, IsolateOptions options) {
    return wait_section(on("isolate", backend), [&](SectionCallback begun) {
        backend.isolate(std::move(options), std::move(begun));
    });
}

SectionResult self_quiesce(BlockBackend& backend, WaitOptions options) {
    return wait_section(on("self_quiesce", backend), [&](SectionCallback begun) {
        backend.self_quiesce(std::move(options), std::move(begun));
    });
}

SectionResult drained(Graph& graph, NodeId node, WaitOptions options) {
    return wait_section(on("drained section", graph, node), [&](SectionCallback begun) {
        graph.drained(node, std::move(options), std::move(begun));
    });
}

SectionResult quiesce_all(Graph& graph, std::vector<BackendId> except, WaitOptions options) {
    return wait_section([] { return std::string("quiesce_all"); },
                        [&](SectionCallback begun) {
                            graph.quiesce_all(std::move(except), std::move(options),
                                              std::move(begun));
                        });
}

Error quiet(Graph& graph, OperationId section, WaitOptions options) {
    return wait_done(
        [&] { return "wait for quiet of s" + std::to_string(section.value); },
        [&](DoneCallback done) { graph.quiet(section, std::move(options), std::move(done)); });
}

Error settle(Graph& graph, NodeId node, WaitOptions options) {
    return wait_done(on("settle", graph, node), [&](DoneCallback done) {
        graph.settle(node, std::move(options), std::move(done));
    });
}

TokenResult open_token(Graph& graph, const std::vector<BackendId>& backends, WaitOptions options) {
    const auto subject = [&] {
        std::string text = "opening of a token";
        const char* separator = " on ";
        for (const BackendId backend : backends) {
            text += separator + graph.control()->name(backend);
            separator = ", ";
        }
        return text;
    };
    return wait_for<TokenResult>(subject, [&](Handover<TokenResult>& handover) {
        graph.open_token(backends, std::move(options),
                         [&handover](Error error, OperationToken token) {
                             handover.put({std::move(error), std::move(token)});
                         });
    });
}

Error attach(Graph& graph, NodeId parent, std::string role, NodeId child, ChangeOptions options) {
    return change(graph, {ChangeKind::attach, parent, child, {}, 0, {}}, [&](DoneCallback done) {
        graph.attach(parent, std::move(role), child, std::move(options), std::move(done));
    });
}

Error detach(Graph& graph, NodeId parent, std::size_t index, ChangeOptions options) {
    return change(graph, {ChangeKind::detach, parent, {}, {}, index, {}}, [&](DoneCallback done) {
        graph.detach(parent, index, std::move(options), std::move(done));
    });
}

Error replace(Graph& graph, NodeId old, NodeId now, ChangeOptions options) {
    return change(graph, {ChangeKind::replace, old, now, {}, 0, {}}, [&](DoneCallback done) {
        graph.replace(old, now, std::move(options), std::move(done));
    });
}

Error insert_filter(Graph& graph, NodeId node, NodeId filter, ChangeOptions options) {
    return change(graph, {ChangeKind::insert_filter, node, filter, {}, 0, {}},
                  [&](DoneCallback done) {
                      graph.insert_filter(node, filter, std::move(options), std::move(done));
                  });
}

Error remove_filter(Graph& graph, NodeId filter, ChangeOptions options) {
    return change(graph, {ChangeKind::remove_filter, filter, {}, {}, 0, {}},
                  [&](DoneCallback done) {
                      graph.remove_filter(filter, std::move(options), std::move(done));
                  });
}

Error insert_medium(Graph& graph, BackendId backend, NodeId node, ChangeOptions options) {
    return change(graph, {ChangeKind::insert_medium, {}, node, backend, 0, {}},
                  [&](DoneCallback done) {
                      graph.insert_medium(backend, node, std::move(options), std::move(done));
                  });
}

Error remove_medium(Graph& graph, BackendId backend, ChangeOptions options) {
    return change(graph, {ChangeKind::remove_medium, {}, {}, backend, 0, {}},
                  [&](DoneCallback done) {
                      graph.remove_medium(backend, std::move(options), std::move(done));
                  });
}

Error set_event_loop(Graph& graph, NodeId node, EventLoop& loop, WaitOptions options) {
    return wait_done(on("set_event_loop", graph, node), [&](DoneCallback done) {
        graph.set_event_loop(node, loop, std::move(options), std::move(done));
    });
}

Error close(Graph& graph, NodeId node, WaitOptions options) {
    return wait_done(on("close", graph, node), [&](DoneCallback done) {
        graph.close(node, std::move(options), std::move(done));
    });
}

}  // namespace blocking

BLKDRAIN_NAMESPACE_END
