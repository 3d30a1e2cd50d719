// SPDX-License-Identifier: Apache-2.0
//
// The whole state of the model: one plain value. Nothing derived is stored: who is gated or stopped
// is computed from the sections and the graph each time. Objects that are over are erased.
//
// `fields` hands an object's fields to whoever prints or hashes them, in the order of print.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <blkdrain_ref/ids.h>

namespace blkdrain_ref {

// An enumeration and the names of its values.
#define BLKDRAIN_REF_WORDS(Enum, ...)                           \
    enum class Enum : std::uint8_t { __VA_ARGS__ };             \
    inline std::string name(Enum value) {                       \
        return nth_word(#__VA_ARGS__, static_cast<int>(value)); \
    }

std::string nth_word(std::string_view words, int n);

BLKDRAIN_REF_WORDS(Error, ok, busy, conflict, cycle, context, closing, no_medium, has_medium,
                   not_filter, no_such_edge, not_quiesced, would_deadlock, cancelled, timed_out,
                   io_error, bad_token, stopped)
BLKDRAIN_REF_WORDS(Direction, read, write)  // write, discard and flush are one (R18)
BLKDRAIN_REF_WORDS(Notice, begin, end)      // what an owner is told (R9)
BLKDRAIN_REF_WORDS(RequestState, waiting, admitted, completing)
BLKDRAIN_REF_WORDS(Settle, none, running, done, failed)  // failed: quiet though dirty (R21)

// The first four are begun and ended by the user, the others are momentary: they end themselves.
// The last two only wait: for a backend (R10), for another section (R7).
BLKDRAIN_REF_WORDS(SectionKind, isolate, drained, quiesce_all, self_quiesce, settle, change,
                   context, close_backend, close_node, drain, quiet_wait)

// attach: parent x gets child y, as its last edge. detach: parent x loses the edge with this index.
// replace: what pointed to x points to y. insert_medium: backend x gets the root y. remove_medium:
// backend x loses its root. insert_filter: what pointed to x points to y, y gets the child x.
// remove_filter: what pointed to x points to its child, x loses it.
BLKDRAIN_REF_WORDS(ChangeOp, attach, detach, replace, insert_medium, remove_medium, insert_filter,
                   remove_filter)

// How far a section is: waiting for its turn; gates closed, not yet reported; then the milestone it
// has reached.
BLKDRAIN_REF_WORDS(Phase, queued, closed, effective, quiet, idle)

// A word that stands if it is true.
struct Flag {
    const char* word;
    bool value;
};

// What the caller of a wait holds (R12).
struct Holding {
    std::vector<SectionId> sections{};
    std::vector<TokenId> tokens{};
    RequestId request{};  // being served: its completion dispatch runs
    bool told = false;    // R26: that it waits in a circle

    bool empty() const { return sections.empty() && tokens.empty() && !request; }
    void fields(auto& f) const {
        f(Flag{"holding", !empty()}, sections, tokens, request, Flag{"told", told});
    }
    bool operator==(const Holding&) const = default;
};

struct Node {
    NodeId id{};
    LoopId loop{};
    bool pinned = false;
    Settle settle = Settle::none;
    SectionId settler{};         // whose settle is running
    std::uint32_t internal = 0;  // internal requests (R22)

    bool settled() const { return settle == Settle::done || settle == Settle::failed; }
    void fields(auto& f) const { f(id, loop, Flag{"pinned", pinned}, settle, settler, internal); }
};

struct Edge {
    NodeId parent{}, child{};

    void fields(auto& f) const { f(parent, Flag{"->", true}, child); }
    bool operator==(const Edge&) const = default;
};

struct Backend {
    BackendId id{};
    LoopId loop{};
    bool pinned = false;
    bool listening = false;
    NodeId root{};              // none: no medium
    Notice told = Notice::end;  // its owner: the last notification delivered
    std::uint32_t owed = 0;     // notifications posted and not delivered; they alternate

    Notice next_told() const { return told == Notice::end ? Notice::begin : Notice::end; }
    // What its owner knows once all is delivered.
    Notice posted() const { return owed % 2 == 0 ? told : next_told(); }
    void fields(auto& f) const {
        f(id, loop, Flag{"pinned", pinned}, Flag{"listening", listening}, root);
        f(Flag{"told", told == Notice::begin}, owed);
    }
};

struct Request {
    RequestId id{};
    BackendId backend{};
    Direction direction = Direction::read;
    TokenId token{};
    LoopId loop{};
    RequestState state = RequestState::waiting;
    bool ever_admitted = false;
    bool cancelled = false;  // out of line, owed a completion with `cancelled`

    // Waiting for its admission.
    bool in_line() const { return state == RequestState::waiting && !cancelled; }
    void fields(auto& f) const {
        f(id, backend, direction, token, loop, state, Flag{"once_admitted", ever_admitted});
        f(Flag{"cancelled", cancelled});
    }
};

struct Token {
    TokenId id{};
    BackendSet backends{};
    bool open = false;
    Holding holding{};

    void fields(auto& f) const { f(id, backends, Flag{"open", open}, holding); }
};

// A section, or something else that is pending.
struct Section {
    SectionId id{};
    SectionKind kind = SectionKind::isolate;
    Phase phase = Phase::closed;
    bool abandoned = false;
    NodeId node{};  // anchor, or x of a change
    BackendId backend{};
    BackendSet set{};  // also, except
    ChangeOp op = ChangeOp::attach;
    NodeId other{};                     // y of a change
    std::uint32_t edge = 0;             // of a detach; follows its edge
    LoopId loop{};                      // of a context change
    NodeSet closing{};                  // of close_node: still to close
    std::vector<TokenId> tokens{};      // named by a change; left of the cover set of a drain
    std::vector<RequestId> requests{};  // left of the cover set of a drain
    SectionId awaited{};                // of a wait for quiet; none once that has ended
    Holding holding{};

    bool live() const { return phase != Phase::queued; }
    bool momentary() const { return kind >= SectionKind::settle; }
    bool waits() const { return kind >= SectionKind::drain; }
    bool live_isolate() const { return kind == SectionKind::isolate && live(); }
    bool settles() const {
        return kind == SectionKind::drained || kind == SectionKind::settle ||
               kind == SectionKind::context || kind == SectionKind::close_node;
    }
    // The graph decides whom it covers.
    bool follows_graph() const {
        return kind == SectionKind::isolate || (settles() && kind != SectionKind::close_node);
    }
    // It joins x or the backend with y.
    bool joins() const {
        return op != ChangeOp::detach && op != ChangeOp::remove_medium &&
               op != ChangeOp::remove_filter;
    }
    bool moves() const { return kind == SectionKind::change || kind == SectionKind::context; }
    bool names(TokenId token) const {
        return kind == SectionKind::change && contains(tokens, token);
    }
    bool closes(NodeId n) const { return closing.contains(n); }
    bool closes(BackendId b) const { return kind == SectionKind::close_backend && backend == b; }
    // R27: it holds or anchors it, or is to change it.
    bool uses(NodeId n) const {
        return kind < SectionKind::close_backend && (node == n || other == n);
    }
    bool uses(BackendId b) const { return kind < SectionKind::close_backend && backend == b; }
    // Begin has returned: the user may end it.
    bool begun() const {
        return !momentary() &&
               phase >= (kind == SectionKind::drained ? Phase::idle : Phase::effective);
    }
    void fields(auto& f) const {
        f(id, kind, backend, node, op, other, edge, loop, set, closing, tokens, requests, awaited);
        f(phase, Flag{"abandoned", abandoned}, holding);
    }
};

struct State {
    std::vector<Node> nodes{};  // by id
    std::vector<Edge> edges{};  // by parent, its edges in order; the same child may occur twice
    std::vector<Backend> backends{};  // by id
    std::vector<Request> requests{};  // in the order sent: the order of every queue (R18)
    std::vector<Token> tokens{};      // by id
    std::vector<Section> sections{};  // in the order begun: the order of the queued isolates (R23)

    // The objects of the sort that the id names.
    static auto& all(auto& state, NodeId) { return state.nodes; }
    static auto& all(auto& state, BackendId) { return state.backends; }
    static auto& all(auto& state, RequestId) { return state.requests; }
    static auto& all(auto& state, TokenId) { return state.tokens; }
    static auto& all(auto& state, SectionId) { return state.sections; }
    void fields(auto& f) const { f(nodes, edges, backends, requests, tokens, sections); }
};

std::size_t hash(const State& state);
std::string to_string(const State& state);

// The object with this id; null.
auto* find(auto& state, auto id) {
    auto& objects = State::all(state, id);
    if (id)
        for (auto& object : objects)
            if (object.id == id)
                return &object;
    return decltype(&objects.front()){};
}

// The edges of one parent, in their order.
inline auto edges_of(auto& edges, NodeId parent) {
    return std::ranges::equal_range(edges, parent, {}, &Edge::parent);
}

inline void add_edge(State& state, Edge edge) {
    state.edges.insert(edges_of(state.edges, edge.parent).end(), edge);
}

}  // namespace blkdrain_ref
