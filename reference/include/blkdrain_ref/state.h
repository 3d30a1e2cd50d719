// SPDX-License-Identifier: Apache-2.0
//
// The whole state of the model, one plain value, and the events that change it. Nothing derived is
// stored: who is gated or stopped is computed from the sections and the graph each time. Objects
// that are over are erased.
//
// `fields` hands an object's fields to whoever prints or hashes them, in the order of print.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <blkdrain_ref/limits.h>

namespace blkdrain_ref {

// Names of objects and sets of them. An id is given by the event that creates the object; the
// reference only checks that it is fresh.

// A number that names an object of one sort; the default names nothing.
template <char Letter>
struct Id {
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    // Nodes and backends come in sets of at most 64.
    static constexpr std::uint32_t limit = Letter == 'n' || Letter == 'b' ? 64 : none;
    std::uint32_t value = none;

    explicit constexpr operator bool() const { return value != none; }
    friend constexpr auto operator<=>(const Id&, const Id&) = default;
    friend std::string to_string(Id id) { return id ? Letter + std::to_string(id.value) : "none"; }
};

using NodeId = Id<'n'>;
using BackendId = Id<'b'>;
using RequestId = Id<'r'>;
using TokenId = Id<'t'>;
using SectionId = Id<'s'>;
using LoopId = Id<'l'>;
using GroupId = Id<'g'>;

// A set of nodes or backends: one bit each.
template <class I>
class IdSet {
public:
    constexpr IdSet() = default;
    constexpr IdSet(std::initializer_list<I> ids) {
        for (const I id : ids)
            insert(id);
    }
    static constexpr IdSet of(std::uint64_t bits) {
        IdSet set;
        set.bits_ = bits;
        return set;
    }
    static constexpr IdSet all() { return of(~std::uint64_t{0}); }
    constexpr void insert(I id) { bits_ |= bit(id); }
    constexpr void erase(I id) { bits_ &= ~bit(id); }
    constexpr bool contains(I id) const { return (bits_ & bit(id)) != 0; }
    constexpr bool empty() const { return bits_ == 0; }
    constexpr bool meets(IdSet other) const { return (bits_ & other.bits_) != 0; }
    constexpr std::uint64_t bits() const { return bits_; }
    constexpr IdSet& operator|=(IdSet other) { return bits_ |= other.bits_, *this; }
    friend constexpr IdSet operator|(IdSet a, IdSet b) { return a |= b; }
    friend constexpr IdSet operator-(IdSet a, IdSet b) { return a.bits_ &= ~b.bits_, a; }
    friend constexpr IdSet operator&(IdSet a, IdSet b) { return a.bits_ &= b.bits_, a; }
    friend constexpr bool operator==(const IdSet&, const IdSet&) = default;

    struct Iterator {  // in the order of the numbers
        using iterator_category = std::forward_iterator_tag;
        using difference_type = std::ptrdiff_t;
        using value_type = I;
        using pointer = const I*;
        using reference = I;
        std::uint64_t rest = 0;
        constexpr I operator*() const {
            return {static_cast<std::uint32_t>(std::countr_zero(rest))};
        }
        constexpr Iterator& operator++() { return rest &= rest - 1, *this; }
        constexpr Iterator operator++(int) { return {std::exchange(rest, rest & (rest - 1))}; }
        friend constexpr bool operator==(const Iterator&, const Iterator&) = default;
    };
    constexpr Iterator begin() const { return {bits_}; }
    constexpr Iterator end() const { return {}; }

private:
    static constexpr std::uint64_t bit(I id) {
        return id.value < I::limit ? std::uint64_t{1} << id.value : 0;
    }
    std::uint64_t bits_ = 0;
};

using NodeSet = IdSet<NodeId>;
using BackendSet = IdSet<BackendId>;

bool contains(const auto& ids, auto id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// The few tokens or sections that a call names, in its order; copied often and for nothing.
template <class I>
class Few {
public:
    void push_back(I id) { ids_.at(size_++) = id; }
    bool empty() const { return size_ == 0; }
    const I* begin() const { return ids_.data(); }
    const I* end() const { return ids_.data() + size_; }
    bool operator==(const Few&) const = default;

private:
    std::array<I, 6> ids_{};
    std::size_t size_ = 0;
};

// An enumeration and the names of its values.
#define BLKDRAIN_REF_WORDS(Enum, ...)                           \
    enum class Enum : std::uint8_t { __VA_ARGS__ };             \
    inline std::string name(Enum value) {                       \
        return nth_word(#__VA_ARGS__, static_cast<int>(value)); \
    }

std::string nth_word(std::string_view words, int n);

BLKDRAIN_REF_WORDS(Error, ok, busy, conflict, cycle, context, closing, no_medium, has_medium,
                   not_filter, no_such_edge, not_quiesced, would_deadlock, cancelled, timed_out,
                   io_error, bad_token, stopped, too_late)
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
    Few<SectionId> sections{};
    Few<TokenId> tokens{};
    RequestId request{};  // being served: its completion dispatch runs
    bool told = false;    // R26: that it waits in a circle

    bool empty() const { return sections.empty() && tokens.empty() && !request; }
    void fields(auto& f) const {
        f(Flag{"holding", !empty()}, sections, tokens, request, Flag{"told", told});
    }
    bool operator==(const Holding&) const = default;
};

// A commit point: a call with its result, or an internal step. Flat: each kind uses the fields
// named beside it in the list and leaves the others as they are.
struct Event {
    enum class Kind : std::uint8_t {
#define BLKDRAIN_REF_EVENT(kind, rule, objects, function) kind,
#include <blkdrain_ref/events.inc>
#undef BLKDRAIN_REF_EVENT
        count
    };
    static constexpr int kinds = static_cast<int>(Kind::count);

    Kind kind = Kind::node_new;
    Error error = Error::ok;
    Direction direction = Direction::read;
    SectionKind section_kind = SectionKind::isolate;
    ChangeOp op = ChangeOp::attach;
    Notice notice = Notice::begin;
    bool pinned = false;
    bool attempt = false;  // try: do not queue
    bool in_notification = false;
    bool flush = false;
    std::uint8_t bucket = 0;
    std::uint32_t edge = 0;
    std::uint32_t bytes = 0;
    std::uint32_t iops_size = 0;
    NodeId node{};   // n; x of a change
    NodeId other{};  // y of a change
    BackendId backend{};
    RequestId request{};
    RequestId parent{};  // the request of the same backend whose completion dispatch sends this one
    TokenId token{};
    SectionId section{};
    SectionId wait{};  // a drain or a wait for quiet, of the section if there is one
    LoopId loop{};
    GroupId group{};
    std::uint64_t time = 0;  // in nanoseconds since the start
    Rate rate{};
    BackendSet set{};
    Few<TokenId> tokens{};  // named by a change
    Holding holding{};

    bool operator==(const Event&) const = default;
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
    bool operator==(const Node&) const = default;
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
    bool operator==(const Backend&) const = default;
};

struct Request {
    RequestId id{};
    BackendId backend{};
    Direction direction = Direction::read;
    TokenId token{};
    LoopId loop{};
    std::uint32_t bytes = 0;
    bool flush = false;
    RequestState state = RequestState::waiting;
    bool cancelled = false;  // out of line, owed a completion with `cancelled`
    bool plugged = false;    // not in line yet (R16)
    bool off = false;        // its plug: it is to line up
    bool asked = false;      // admitted, and its owner has asked to cancel it (R29)

    bool waits() const { return state == RequestState::waiting && !cancelled; }
    // Waiting for its admission.
    bool in_line() const { return waits() && !plugged; }
    // One that is cancelled completes without.
    bool ever_admitted() const { return state != RequestState::waiting && !cancelled; }
    void fields(auto& f) const {
        f(id, backend, direction, token, loop, state, Flag{"cancelled", cancelled});
        f(Flag{"plugged", plugged}, Flag{"off", off}, Flag{"asked", asked}, bytes);
        f(Flag{"flush", flush});
    }
    bool operator==(const Request&) const = default;
};

struct Token {
    TokenId id{};
    BackendSet backends{};
    bool open = false;
    Holding holding{};

    void fields(auto& f) const { f(id, backends, Flag{"open", open}, holding); }
    bool operator==(const Token&) const = default;
};

// R30: backends that share limits, in the order joined, which is that of the round.
struct Group {
    GroupId id{};
    std::uint32_t iops_size = 0;  // bytes that count as one request; 0: any number
    std::uint64_t now = 0;        // of the last look at the clock (R13)
    Buckets buckets{};
    std::vector<BackendId> members{};
    std::array<BackendId, 2> turn{};  // by direction: with whom the round goes on; none: the first

    bool contains(BackendId b) const { return std::ranges::find(members, b) != members.end(); }
    BackendId after(BackendId b) const {
        const auto next = std::ranges::find(members, b) + 1;
        return next == members.end() ? members.front() : *next;
    }
    void fields(auto& f) const { f(id, iops_size, now, buckets, members, turn); }
    bool operator==(const Group&) const = default;
};

// A section, or something else that is pending: the call that has started it, and how far it is.
struct Section : Event {
    SectionId id{};
    SectionKind kind = SectionKind::isolate;  // of the section
    Phase phase = Phase::closed;
    bool abandoned = false;
    NodeSet closing{};                  // of close_node: still to close
    std::vector<RequestId> requests{};  // what is left of the cover set of a drain
    std::vector<TokenId> open_tokens{};

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
        f(id, kind, section, backend, node, op, other, edge, loop, set, closing, tokens, requests);
        f(open_tokens, phase, Flag{"abandoned", abandoned}, holding);
    }
    bool operator==(const Section&) const = default;
};

struct State {
    std::vector<Node> nodes{};  // by id
    std::vector<Edge> edges{};  // by parent, its edges in order; the same child may occur twice
    std::vector<Backend> backends{};  // by id
    std::vector<Request> requests{};  // in the order sent: the order of every queue (R18)
    std::vector<Token> tokens{};      // by id
    std::vector<Section> sections{};  // in the order begun: the order of the queued isolates (R23)
    std::vector<Group> groups{};      // by id
    std::uint64_t plugged = 0;        // loops, one bit each (R16)

    // The objects of the sort that the id names.
    static auto& all(auto& state, NodeId) { return state.nodes; }
    static auto& all(auto& state, BackendId) { return state.backends; }
    static auto& all(auto& state, RequestId) { return state.requests; }
    static auto& all(auto& state, TokenId) { return state.tokens; }
    static auto& all(auto& state, SectionId) { return state.sections; }
    static auto& all(auto& state, GroupId) { return state.groups; }
    void fields(auto& f) const {
        f(nodes, edges, backends, requests, tokens, sections, groups, plugged);
    }
    bool operator==(const State&) const = default;
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

std::string name(Event::Kind kind);
std::string to_string(const Event& event);  // "send r1 b0 read t2 l0 -> closing"

}  // namespace blkdrain_ref
