// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
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
// again allocates nothing once warm. Threads: one at a time for one value.
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
        GroupId group;  // 0: in none
    };
    // What is in a bucket, in billionths of a unit; cut at 2^64 - 1.
    struct BucketView {
        std::uint64_t level = 0;
        std::uint64_t peak_level = 0;
    };
    // How many timers are armed: one while a member waits for nothing but the limit. Whose loop it
    // is on; 0: there is none.
    struct TimerView {
        unsigned armed = 0;
        BackendId holder;
    };
    struct GroupView {
        GroupId id;
        std::string name;
        std::chrono::nanoseconds looked_at{};  // when, on the steady clock, the levels were so
        // Of requests: total, reads, writes; of bytes: total, reads, writes.
        std::array<BucketView, 6> buckets;
        std::array<TimerView, 2> timers;  // for reads, for writes
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
    std::vector<GroupView> groups;
};

BLKDRAIN_NAMESPACE_END
