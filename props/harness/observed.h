// SPDX-License-Identifier: Apache-2.0
//
// The observable state of an implementation as plain numbers (ids as in its announcements), in the
// order of ids.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace blkdrain_props {

struct Observed {
    struct Node {
        std::uint32_t id = 0;
        std::uint32_t loop = 0;
        std::uint32_t internal = 0;
        std::uint32_t first_child = 0;  // in `children`
        std::uint32_t child_count = 0;
        bool stopped = false, settling = false, settled = false, settle_failed = false,
             closing = false;
    };
    struct Backend {
        std::uint32_t id = 0;
        std::uint32_t loop = 0;
        std::uint32_t root = 0;  // 0: no medium
        bool gated = false, closing = false;
    };
    enum class State : std::uint8_t { waiting, admitted, completing, done };
    struct Request {
        std::uint32_t id = 0;
        std::uint32_t backend = 0;
        std::uint32_t token = 0;  // 0: none
        State state = State::waiting;
        bool gate = false, order = false, rate = false, plug = false;
    };
    struct Token {
        std::uint32_t id = 0;
        bool open = false;
    };
    enum class Phase : std::uint8_t { queued, live, begun, pending };
    struct Operation {
        std::uint32_t id = 0;
        Phase phase = Phase::pending;
    };
    // One line of explain() of a pending operation or waiting token; or one of those with which it
    // waits in a circle.
    enum class Awaited : std::uint8_t {
        request,
        token,
        settling,
        internal,
        section,
        operation_in_circle,
        token_in_circle
    };
    struct Item {
        bool of_token = false;
        std::uint32_t of = 0;
        Awaited kind = Awaited::request;
        std::uint32_t id = 0;
        State state = State::done;  // of a request
        bool gate = false, order = false, rate = false, plug = false;
    };
    struct Group {
        std::uint32_t id = 0;
        std::uint64_t looked_at = 0;  // as the times announced
        std::array<std::uint64_t, 6> levels{};
        std::array<std::uint64_t, 6> peak_levels{};
        std::array<std::uint32_t, 2> armed{};   // timers, by direction
        std::array<std::uint32_t, 2> holder{};  // whose loop it is on; 0: there is none
    };

    std::vector<Node> nodes;
    std::vector<std::uint32_t> children;
    std::vector<Backend> backends;
    std::vector<Request> requests;
    std::vector<Token> tokens;
    std::vector<Operation> operations;
    std::vector<Group> groups;
    bool explained = false;  // items were asked for
    std::vector<Item> items;

    void clear() {
        nodes.clear();
        children.clear();
        backends.clear();
        requests.clear();
        tokens.clear();
        operations.clear();
        groups.clear();
        explained = false;
        items.clear();
    }
};

}  // namespace blkdrain_props
