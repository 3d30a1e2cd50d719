// SPDX-License-Identifier: Apache-2.0
//
// A scenario: everything a run depends on, as a plain value. What people read and write is its text
// form (text.h), what fuzzers mutate its byte form (bytes.h); both are lossless images of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace blkdrain_props {

// A vector with its storage inside. push_back beyond the room is refused, never undefined.
template <class T, std::size_t Room>
class Bounded {
public:
    static constexpr std::size_t room = Room;

    [[nodiscard]] constexpr std::size_t size() const { return size_; }
    [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
    [[nodiscard]] constexpr bool full() const { return size_ == Room; }

    constexpr bool push_back(const T& value) {
        if (full()) {
            return false;
        }
        items_[size_++] = value;
        return true;
    }
    constexpr void pop_back() { erase(size_ - 1); }
    constexpr void clear() { size_ = 0; }

    // index < size()
    constexpr void erase(std::size_t index) {
        for (std::size_t i = index; i + 1 < size_; ++i) {
            items_[i] = items_[i + 1];
        }
        --size_;
    }
    // index <= size(), !full()
    constexpr void insert(std::size_t index, const T& value) {
        for (std::size_t i = size_; i > index; --i) {
            items_[i] = items_[i - 1];
        }
        items_[index] = value;
        ++size_;
    }

    constexpr T& operator[](std::size_t index) { return items_[index]; }
    constexpr const T& operator[](std::size_t index) const { return items_[index]; }
    constexpr T& back() { return items_[size_ - 1]; }
    constexpr const T& back() const { return items_[size_ - 1]; }

    constexpr T* begin() { return items_.data(); }
    constexpr T* end() { return items_.data() + size_; }
    constexpr const T* begin() const { return items_.data(); }
    constexpr const T* end() const { return items_.data() + size_; }

    // Items past the end do not count.
    friend constexpr bool operator==(const Bounded& a, const Bounded& b) {
        if (a.size_ != b.size_) {
            return false;
        }
        for (std::size_t i = 0; i < a.size_; ++i) {
            if (!(a.items_[i] == b.items_[i])) {
                return false;
            }
        }
        return true;
    }

private:
    std::array<T, Room> items_{};
    std::size_t size_ = 0;
};

// 2 added the strategies after `random`, memory and deviations; 3 cancelling, plugs, limits, what
// requests ask for beside read and write, and later faults and calls that block. Files of earlier
// versions can be read.
inline constexpr std::uint8_t scenario_version = 3;
inline constexpr std::uint8_t loops_max = 4;
inline constexpr std::size_t nodes_max = 12;
inline constexpr std::size_t children_max = 4;
inline constexpr std::size_t backends_max = 8;
inline constexpr std::size_t clients_max = 4;
inline constexpr std::size_t operations_max = 64;
inline constexpr std::uint8_t last_rule = 31;

// ---- Header

// Who runs next where the world leaves it open.
// What a strategy draws it draws from the seed; impl/sim/strategies has one file for each.
enum class Strategy : std::uint8_t {
    default_order,   // run on; then the first that is ready
    random,          // anybody, at one of four rates
    pct,             // by priorities that change `depth` - 1 times
    delays,          // the default order, but for `depth` delays
    preemptions,     // each runs until it blocks, but for `depth` preemptions
    weighted_walk,   // anybody, weighted by what each has still to do
    partial_orders,  // by priorities of operations, drawn anew where they race
};
inline constexpr std::size_t strategy_count = 7;

// Whether `depth` and `horizon` mean something.
constexpr bool has_depth(Strategy strategy) {
    return strategy == Strategy::pct || strategy == Strategy::delays ||
           strategy == Strategy::preemptions;
}
inline constexpr std::uint8_t depth_max = 8;

// When a store is seen by the other threads; simulated world only (impl/sim/options.h).
enum class Memory : std::uint8_t {
    sequential,
    tso,  // total store order: stores may wait
};

// What the world does to threads that nobody asked for; simulated world only, and not where loops
// run on the host's stack (impl/sim/options.h).
enum class Faults : std::uint8_t {
    none,
    spurious,  // exchanges fail, conditions and pollers wake for no reason
    time,      // threads are so slow that deadlines are reached although they can run
    all,
};
constexpr bool has_spurious(Faults faults) {
    return faults == Faults::spurious || faults == Faults::all;
}
constexpr bool has_time(Faults faults) {
    return faults == Faults::time || faults == Faults::all;
}

// When a client goes on to its next operation.
enum class Pace : std::uint8_t {
    step,  // when the world has come to rest: nothing can move without another operation. Clients
           // take turns. The next operation of the same client that carries `at_once` belongs to
           // the same step: no loop runs in between.
    free,  // as the strategy has it: every client is a thread of its own.
};

struct Header {
    std::uint8_t loops = 1;  // 1..loops_max
    Strategy strategy = Strategy::default_order;
    Memory memory = Memory::sequential;
    Faults faults = Faults::none;
    Pace pace = Pace::step;
    std::uint8_t rule = 0;  // the rule the file is about, R<rule>; 0: none. For people and reports.
    std::uint8_t depth = 0;     // 1..depth_max where has_depth(), else 0
    std::uint16_t horizon = 0;  // the first so many thread choices of the run are those that the
                                // depth is spread over; at least 1 where has_depth(), else 0
    std::uint64_t seed = 0;     // of all strategies but the default order
    std::uint64_t swarm = 0;    // bit i: the generator was allowed to use Opcode i. For statistics;
                                // the runner ignores it.

    friend constexpr bool operator==(const Header&, const Header&) = default;
};

// ---- Graph at the start

// Drivers that settle hold each settle until the scenario says settle_done, or end it at once after
// `hold` off.
enum class SettleKind : std::uint8_t {
    none,   // nothing to write back: the driver says settles() == false
    works,  // success, unless settle_done says error
    fails,  // always io_error
};

enum class Role : std::uint8_t { file, backing, data, journal };

struct ChildSpec {
    Role role = Role::file;
    std::uint8_t node = 0;  // an earlier node: the graph has no cycle by construction

    friend constexpr bool operator==(const ChildSpec&, const ChildSpec&) = default;
};

struct NodeSpec {
    std::uint8_t loop = 0;  // < Header::loops; that of its children
    bool pinned = false;    // refuses every move to another loop
    SettleKind settle = SettleKind::none;
    // May name the same node twice. Empty for node 0. A node without children is a leaf: its driver
    // holds each request until the scenario completes it, or answers at once after `hold` off. A
    // node with children forwards each request: a read to its first child, a write to its last.
    Bounded<ChildSpec, children_max> children;

    friend constexpr bool operator==(const NodeSpec&, const NodeSpec&) = default;
};

inline constexpr std::uint8_t no_node = 0xff;

struct BackendSpec {
    std::uint8_t loop = 0;        // < Header::loops; that of its root
    bool pinned = false;          // refuses every move to another loop
    bool listens = false;         // has a section listener from the start
    std::uint8_t root = no_node;  // a node, or no_node: no medium

    friend constexpr bool operator==(const BackendSpec&, const BackendSpec&) = default;
};

struct GraphSpec {
    Bounded<NodeSpec, nodes_max> nodes;
    Bounded<BackendSpec, backends_max> backends;

    friend constexpr bool operator==(const GraphSpec&, const GraphSpec&) = default;
};

// ---- Programs

enum class Opcode : std::uint8_t;  // operations.h

// What the caller of a waiting operation says it holds (R12).
enum class Holds : std::uint8_t {
    nothing,
    section,  // the newest section this client has begun and not ended
    token,    // the newest token this client has open
    request,  // the request whose completion runs the operation (Where::completion); otherwise
              // nothing
};

// Where an operation runs.
enum class Where : std::uint8_t {
    client,      // at once, by the client
    completion,  // inside the completion callback of the next request of backend `where_backend` to
                 // complete
    notification,  // inside the next section notification of backend `where_backend`
    // The client goes on without waiting. All that was left for one callback runs in it, in the
    // order of the program.
};

// One operation. Operands mean what the table in operations.h says; an operand that names an object
// is an Ordinal. Every field an opcode does not use is zero (canonical() sees to it).
struct Record {
    Opcode opcode{};
    std::uint8_t a = 0;
    std::uint8_t b = 0;
    std::uint8_t c = 0;
    std::uint8_t d = 0;
    Holds holds = Holds::nothing;
    Where where = Where::client;
    bool at_once = false;  // Pace::step: see there
    // Of an operation that waits, in a client of Pace::free: the client goes on when it is over, or
    // given up because nothing else moves any more. Where clients are threads the call is that of
    // <blkdrain/blocking.h>. On a loop that call comes first, and is to be refused (R8).
    bool blocking = false;
    bool variant = false;  // the operation's own switch: error, only_now, pinned, listening
    bool extra = false;    // the operation's optional operand is present
    std::uint8_t where_backend = 0;  // an Ordinal
    std::uint8_t deadline = 0;       // in ticks, from the call; 0: none

    friend constexpr bool operator==(const Record&, const Record&) = default;
};

// One tick of virtual time (operation `advance`, deadlines).
inline constexpr std::uint64_t tick_ns = 1'000'000;

// How an operand names an object. The objects of each kind are counted from 0 in order of creation:
// the nodes and backends of the graph first; requests that exist (a refused send makes none);
// tokens by open_token; sections by isolate, drained, quiesce_all, self_quiesce; waits by every
// operation that may wait. An operation that was skipped creates nothing.
//
//   relative: number modulo the count of the objects of the kind that are live now, among those, in
//   order of creation.
//             Always names something if anything is live: what generators and fuzzers write.
//   absolute: the object with that number. What people write. If it does not exist or is not live,
//   the operation is
//             skipped; in an expectation, objects that are over can still be named.
//
// Live is: node, backend: born, not closed. Request: not done (operand of `complete`: held by a
// leaf). Token: open. Section: begun, not ended: its handle is in the clients' hands. Wait:
// pending. Moreover the operand of settle_done is a node whose driver holds a settle, that of
// internal_end a node with an internal request.
struct Ordinal {
    static constexpr std::uint8_t absolute_bit = 0x80;
    static constexpr std::uint8_t number_max = 0x7f;

    std::uint8_t byte = 0;

    [[nodiscard]] constexpr bool is_absolute() const { return (byte & absolute_bit) != 0; }
    [[nodiscard]] constexpr std::uint8_t number() const {
        return static_cast<std::uint8_t>(byte & number_max);
    }
    static constexpr Ordinal absolute(std::uint8_t number) {
        return {static_cast<std::uint8_t>((number & number_max) | absolute_bit)};
    }
    static constexpr Ordinal relative(std::uint8_t number) {
        return {static_cast<std::uint8_t>(number & number_max)};
    }
};

using Program = Bounded<Record, operations_max>;

// ---- Schedule

// Who takes part in a schedule, by name: the loops, the clients, and the world outside of them,
// which lets them begin. As the one to run next also the stores of a loop or client that wait to
// reach memory.
struct Actor {
    static constexpr std::uint8_t client_first = loops_max;
    static constexpr std::uint8_t world = loops_max + clients_max;
    static constexpr std::uint8_t stores_first = world + 1;
    static constexpr std::uint8_t count = stores_first + world;
};

// What is asked at a point of a run; the values are those of sim::ChoiceKind.
enum class Question : std::uint8_t {
    run,       // who runs next: an Actor
    waiter,    // which waiter is notified
    taken,     // how many events a poller hands out; 0: all
    event,     // which comes next
    spurious,  // 1: the operation fails for no reason
    time,      // 1: the next deadline is reached first
};
inline constexpr std::size_t question_count = 6;

// One answer that differs from that of the strategy, at a point named so that it is found again
// when other operations come and go. A point that does not occur, and an answer that is not offered
// there, have no effect; replay says so.
struct Deviation {
    static constexpr std::uint8_t at_start = clients_max;    // before any operation
    static constexpr std::uint8_t at_end = clients_max + 1;  // when all programs are over

    // Since when points are counted: since the client began with this operation of its program. For
    // an actor that is not a client, since the last one that any client began with.
    std::uint8_t client = at_start;
    std::uint8_t operation = 0;
    std::uint8_t actor = 0;  // who comes to the point; <= Actor::world
    Question question = Question::run;
    std::uint16_t point = 0;  // visible operations and questions of the actor since then
    std::uint8_t answer = 0;

    friend constexpr bool operator==(const Deviation&, const Deviation&) = default;
};
inline constexpr std::size_t deviations_max = 512;

struct Scenario {
    Header header;
    GraphSpec graph;
    Bounded<Program, clients_max> programs;  // one per client, at least one
    // By client (start first, end last), operation, actor, point, question; none for one point
    // twice (canonical() sees to it).
    Bounded<Deviation, deviations_max> deviations;

    friend constexpr bool operator==(const Scenario&, const Scenario&) = default;
};

}  // namespace blkdrain_props
