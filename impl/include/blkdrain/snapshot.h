// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <blkdrain/event_loop.h>
#include <blkdrain/ids.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

enum class RequestState : std::uint8_t {
    waiting,
    admitted,
    completing,
    done
};  // done: also "not sent yet"

// Why a waiting request waits (a set of bits).
enum class Blocker : std::uint8_t { none = 0, gate = 1, order = 2, rate = 4, plug = 8 };

// The observable state of a graph as plain values, in the order of ids. One that is taken again and
// again allocates nothing once warm.
struct Snapshot {
    // Whether names and roles are filled in; else they are empty.
    enum class Names : bool { left_out, included };

    struct Edge {
        std::string role;
        NodeId child;
    };
    struct NodeView {
        NodeId id;
        std::string name;
        EventLoop* loop = nullptr;
        std::vector<Edge> children;
        unsigned internal_requests = 0;
        bool stopped = false;
        bool settling = false;
        bool settled = false;
        bool settle_failed = false;
        bool closing = false;
    };
    struct BackendView {
        BackendId id;
        std::string name;
        EventLoop* loop = nullptr;
        NodeId root;  // 0: no medium
        bool gated = false;
        bool closing = false;
    };
    struct RequestView {
        RequestId id;
        BackendId backend;
        TokenId token;
        RequestState state = RequestState::waiting;
        std::uint8_t blockers = 0;
    };
    struct TokenView {
        TokenId id;
        bool open = false;
    };
    enum class Phase : std::uint8_t {
        queued,   // an isolate behind another one
        live,     // gates closed, begin not over
        begun,    // begin has reported
        pending,  // a drain, a wait for quiet, a change, a close
    };
    struct OperationView {
        OperationId id;
        Phase phase = Phase::pending;
    };

    std::vector<NodeView> nodes;
    std::vector<BackendView> backends;
    std::vector<RequestView> requests;
    std::vector<TokenView> tokens;
    std::vector<OperationView> operations;
};

BLKDRAIN_NAMESPACE_END
