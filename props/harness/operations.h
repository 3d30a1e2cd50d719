// SPDX-License-Identifier: Apache-2.0
//
// The table of operations: one row each. Text form, byte form, generator, statistics and minimiser
// read it; the runner adds one function per row. The order of the rows is the order of Opcode and
// of the byte form: append only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "harness/scenario.h"

namespace blkdrain_props {

enum class Opcode : std::uint8_t {
    // requests and tokens
    send,      // a backend, b direction, c loop it is sent on, [d token]
    complete,  // a request held by a leaf; variant: with io_error
    hold,  // a node, b on/off: whether it holds the requests (leaf) and settles that reach it from
           // now on
    open_token,   // a backend, [b second backend]
    close_token,  // a token
    // waits and sections
    drain,         // a backend
    isolate,       // a backend, [b also exempt]; variant: only_now
    drained,       // a node
    quiesce_all,   // [a exempt backend]
    self_quiesce,  // a backend
    end,           // a section
    quiet,         // a section
    abandon,       // a wait
    await,  // a wait: in free pace the client goes on when it is over or nothing moves any more;
            // else nothing
    // graph changes; extra: names the newest open token of the client (R24)
    attach,         // a parent, b child, c role
    detach,         // a parent, b edge index, as it is: may be out of range
    replace,        // a old node, b new node
    insert_medium,  // a backend, b node
    remove_medium,  // a backend
    insert_filter,  // a node, b filter
    remove_filter,  // a filter
    // loops and lifetime
    set_loop,       // a node, b loop
    close_backend,  // a backend
    close_node,     // a node
    new_node,       // a loop, b settle kind; variant: pinned
    new_backend,  // a loop, [b node: followed at once by insert_medium, which is a wait]; variant:
                  // with a listener
    listen,       // a backend: registers its listener, once
    // nodes on their own account
    settle,          // a node (bdrv_drain, R19)
    settle_done,     // a node being settled; variant: with io_error
    internal_start,  // a node
    internal_end,    // a node with an internal request
    advance,         // a ticks: virtual time passes
    // expectations, in files written by hand; the objects are named absolutely and may be over
    expect_request,  // a request, b RequestWord
    expect_wait,     // a wait, b WaitWord
    expect_backend,  // a backend, b BackendWord
    expect_node,     // a node, b NodeWord
    expect_token,    // a token, b TokenWord
    expect_section,  // a section, b SectionWord
    expect_awaits,   // a wait, b AwaitedKind, c the object it waits for: explain() lists it (R26)
    expect_last,  // a ErrorWord: what the last call of this client that answers at once said (send,
                  // internal_start)
    expect_root,  // a backend, b node it stands on
    expect_child,  // a node, b edge index, c child
    // cancelling, plugs, limits
    cancel,          // a request; variant: if a leaf holds it, its driver obliges
    cancel_waiting,  // a backend
    plug,            // c loop
    unplug,          // c loop
    join,            // a backend, b group
    leave,           // a backend, b group
    limit,           // a group, b limits
};
inline constexpr std::size_t opcode_count = static_cast<std::size_t>(Opcode::limit) + 1;
static_assert(opcode_count <= 64, "the swarm mask has 64 bits");

// The errors a scenario can expect; same names as in the model and the library.
enum class ErrorWord : std::uint8_t {
    ok,
    busy,
    conflict,
    cycle,
    context,
    closing,
    no_medium,
    has_medium,
    not_filter,
    no_such_edge,
    not_quiesced,
    would_deadlock,
    cancelled,
    timed_out,
    io_error,
    bad_token,
    stopped,
    too_late,
};
inline constexpr std::array<std::string_view, 18> error_words{
    "ok",        "busy",       "conflict",   "cycle",        "context",      "closing",
    "no_medium", "has_medium", "not_filter", "no_such_edge", "not_quiesced", "would_deadlock",
    "cancelled", "timed_out",  "io_error",   "bad_token",    "stopped",      "too_late",
};

// done: its completion was called, whatever the result. ok .. no_medium: called with this result.
enum class RequestWord : std::uint8_t {
    waiting,
    admitted,
    done,
    ok,
    io_error,
    cancelled,
    no_medium
};
inline constexpr std::array<std::string_view, 7> request_words{
    "waiting", "admitted", "done", "ok", "io_error", "cancelled", "no_medium",
};

// pending, or over with the error WaitWord - 1.
inline constexpr std::uint8_t wait_word_pending = 0;
inline constexpr std::array<std::string_view, error_words.size() + 1> wait_words = [] {
    std::array<std::string_view, error_words.size() + 1> words{"pending"};
    for (std::size_t i = 0; i < error_words.size(); ++i) {
        words[i + 1] = error_words[i];
    }
    return words;
}();

// told_*: which notification the listener was given last.
enum class BackendWord : std::uint8_t {
    open,
    gated,
    told_nothing,
    told_begin,
    told_end,
    empty,
    has_medium,
    gone,
    loop_0,
    loop_1,
    loop_2,
};
inline constexpr std::array<std::string_view, 11> backend_words{
    "open",       "gated", "told_nothing", "told_begin", "told_end", "empty",
    "has_medium", "gone",  "loop_0",       "loop_1",     "loop_2",
};

// running: not stopped. stopped: by some section. settling, settled (successfully or not):
// moreover.
enum class NodeWord : std::uint8_t {
    running,
    stopped,
    settling,
    settled,
    unsettled,
    gone,
    loop_0,
    loop_1,
    loop_2
};
inline constexpr std::array<std::string_view, 9> node_words{
    "running", "stopped", "settling", "settled", "unsettled", "gone", "loop_0", "loop_1", "loop_2",
};

enum class TokenWord : std::uint8_t { waiting, open, gone };
inline constexpr std::array<std::string_view, 3> token_words{"waiting", "open", "gone"};

// live: its gates are closed, begin has not reported. begun: it has. gone: ended or given up.
enum class SectionWord : std::uint8_t { queued, live, begun, gone };
inline constexpr std::array<std::string_view, 4> section_words{"queued", "live", "begun", "gone"};

enum class AwaitedKind : std::uint8_t { request, token, section, settling, internal };
inline constexpr std::array<std::string_view, 5> awaited_words{
    "request", "token", "section", "settling", "internal",
};

// What a request asks for: read, write, discard and flush; long ones are of four pieces.
enum class IoWord : std::uint8_t { read, write, discard, flush, long_read, long_write };
inline constexpr std::array<std::string_view, 6> direction_words{
    "read", "write", "discard", "flush", "long_read", "long_write"};
inline constexpr std::uint32_t piece_bytes = 1024;
constexpr std::uint32_t bytes_of(IoWord io) {
    return io == IoWord::flush ? 0 : io < IoWord::long_read ? piece_bytes : 4 * piece_bytes;
}
constexpr bool reads(IoWord io) {
    return io == IoWord::read || io == IoWord::long_read;
}

inline constexpr std::array<std::string_view, 10> limit_words{
    "off", "one", "two", "slow", "reads", "writes", "bytes", "counted", "peaked", "mixed"};

// Throttle groups, made when they are first used.
inline constexpr std::size_t groups_max = 2;
inline constexpr std::array<std::string_view, groups_max> group_words{"g0", "g1"};
inline constexpr std::array<std::string_view, 2> switch_words{"off", "on"};
inline constexpr std::array<std::string_view, 3> settle_words{"plain", "settles", "fails"};
inline constexpr std::array<std::string_view, 2> memory_words{"sequential", "tso"};
inline constexpr std::array<std::string_view, question_count> question_words{
    "run", "wake", "take", "event", "spurious", "time"};
inline constexpr std::array<std::string_view, 4> fault_words{"none", "spurious", "time", "all"};
inline constexpr std::array<std::string_view, strategy_count> strategy_words{
    "default", "random", "pct", "delays", "preemptions", "walk", "orders"};
inline constexpr std::array<std::string_view, 4> role_words{"file", "backing", "data", "journal"};

// What an operand byte means.
enum class OperandKind : std::uint8_t {
    none,
    // objects: an Ordinal
    node,
    backend,
    request,
    token,
    section,
    wait,
    awaited,  // an Ordinal, of the kind that operand b (AwaitedKind) names
    // numbers
    loop,   // 0..loops_max-1; the runner takes it modulo Header::loops
    index,  // 0..7
    ticks,  // 1..255
    // words: an index into the array of that name above
    group,
    limits,  // throttling.h
    direction,
    on_off,
    settle_kind,
    role,
    error_word,
    request_word,
    wait_word,
    backend_word,
    node_word,
    token_word,
    section_word,
    awaited_kind,
};

struct OperationRow {
    Opcode opcode;
    std::string_view
        name;  // its text is its first word, except for expectations, which all begin with "expect"

    // The text after prefixes and before `holding` and `deadline`: $a..$d operands; [..] is there
    // if Record::extra; {..} is there if Record::variant.
    std::string_view text;
    std::array<OperandKind, 4> operands;
    std::uint8_t weight;  // how often the generator picks it, relative to others
    bool waits;           // makes a wait: may block, takes `holding` and a deadline
    bool in_callbacks;    // may run in a completion or a notification
    bool begins_section;  // the wait is the begin of a section with a handle
    bool changes_graph;   // a graph change of R24, or the context change: `busy` in a notification

    [[nodiscard]] constexpr bool has_extra() const {
        return text.find('[') != std::string_view::npos;
    }
    [[nodiscard]] constexpr bool has_variant() const {
        return text.find('{') != std::string_view::npos;
    }
    [[nodiscard]] constexpr bool is_expectation() const {
        return opcode >= Opcode::expect_request && opcode <= Opcode::expect_child;
    }
};

// clang-format off
inline constexpr std::array<OperationRow, opcode_count> operation_table = [] {
    using enum OperandKind;
    constexpr bool w = true;   // waits
    constexpr bool c = true;   // in callbacks
    constexpr bool s = true;   // begins a section
    constexpr bool g = true;   // changes the graph
    constexpr bool x = false;
    return std::array<OperationRow, opcode_count>{{
        // opcode                 name              text                                       a         b             c       d        weight waits cb sect change
        {Opcode::send,           "send",           "send $a $b[ under $d] loop $c",           {backend,  direction,    loop,   token},  30, x, c, x, x},
        {Opcode::complete,       "complete",       "complete $a{ error}",                     {request,  none,         none,   none},   16, x, c, x, x},
        {Opcode::hold,           "hold",           "hold $a $b",                              {node,     on_off,       none,   none},    2, x, c, x, x},
        {Opcode::open_token,     "open_token",     "open_token $a[ $b]",                      {backend,  backend,      none,   none},    5, w, c, x, x},
        {Opcode::close_token,    "close_token",    "close_token $a",                          {token,    none,         none,   none},    4, x, c, x, x},
        {Opcode::drain,          "drain",          "drain $a",                                {backend,  none,         none,   none},    9, w, c, x, x},
        {Opcode::isolate,        "isolate",        "isolate $a[ also $b]{ only_now}",         {backend,  backend,      none,   none},    8, w, c, s, x},
        {Opcode::drained,        "drained",        "drained $a",                              {node,     none,         none,   none},    7, w, c, s, x},
        {Opcode::quiesce_all,    "quiesce_all",    "quiesce_all[ except $a]",                 {backend,  none,         none,   none},    4, w, c, s, x},
        {Opcode::self_quiesce,   "self_quiesce",   "self_quiesce $a",                         {backend,  none,         none,   none},    5, w, c, s, x},
        {Opcode::end,            "end",            "end $a",                                  {section,  none,         none,   none},   12, x, c, x, x},
        {Opcode::quiet,          "quiet",          "quiet $a",                                {section,  none,         none,   none},    5, w, c, x, x},
        {Opcode::abandon,        "abandon",        "abandon $a",                              {wait,     none,         none,   none},    3, x, c, x, x},
        {Opcode::await,          "await",          "await $a",                                {wait,     none,         none,   none},    4, x, x, x, x},
        {Opcode::attach,         "attach",         "attach $a $b as $c[ naming token]",       {node,     node,         role,   none},    4, w, c, x, g},
        {Opcode::detach,         "detach",         "detach $a child $b[ naming token]",       {node,     index,        none,   none},    3, w, c, x, g},
        {Opcode::replace,        "replace",        "replace $a $b[ naming token]",            {node,     node,         none,   none},    4, w, c, x, g},
        {Opcode::insert_medium,  "insert_medium",  "insert_medium $a $b[ naming token]",      {backend,  node,         none,   none},    3, w, c, x, g},
        {Opcode::remove_medium,  "remove_medium",  "remove_medium $a[ naming token]",         {backend,  none,         none,   none},    3, w, c, x, g},
        {Opcode::insert_filter,  "insert_filter",  "insert_filter $a $b[ naming token]",      {node,     node,         none,   none},    3, w, c, x, g},
        {Opcode::remove_filter,  "remove_filter",  "remove_filter $a[ naming token]",         {node,     none,         none,   none},    2, w, c, x, g},
        {Opcode::set_loop,       "set_loop",       "set_loop $a loop $b",                     {node,     loop,         none,   none},    3, w, c, x, g},
        {Opcode::close_backend,  "close_backend",  "close_backend $a",                        {backend,  none,         none,   none},    2, w, c, x, x},
        {Opcode::close_node,     "close_node",     "close_node $a",                           {node,     none,         none,   none},    3, w, c, x, x},
        {Opcode::new_node,       "new_node",       "new_node loop $a $b{ pinned}",            {loop,     settle_kind,  none,   none},    3, x, c, x, x},
        {Opcode::new_backend,    "new_backend",    "new_backend loop $a[ on $b]{ listening}", {loop,     node,         none,   none},    3, x, c, x, x},
        {Opcode::listen,         "listen",         "listen $a",                               {backend,  none,         none,   none},    1, x, c, x, x},
        {Opcode::settle,         "settle",         "settle $a",                               {node,     none,         none,   none},    2, w, c, x, x},
        {Opcode::settle_done,    "settle_done",    "settle_done $a{ error}",                  {node,     none,         none,   none},    6, x, c, x, x},
        {Opcode::internal_start, "internal_start", "internal_start $a",                       {node,     none,         none,   none},    4, x, c, x, x},
        {Opcode::internal_end,   "internal_end",   "internal_end $a",                         {node,     none,         none,   none},    4, x, c, x, x},
        {Opcode::advance,        "advance",        "advance $a",                              {ticks,    none,         none,   none},    2, x, x, x, x},
        {Opcode::expect_request, "expect_request", "expect $a $b",                            {request,  request_word, none,   none},    0, x, c, x, x},
        {Opcode::expect_wait,    "expect_wait",    "expect $a $b",                            {wait,     wait_word,    none,   none},    0, x, c, x, x},
        {Opcode::expect_backend, "expect_backend", "expect $a $b",                            {backend,  backend_word, none,   none},    0, x, c, x, x},
        {Opcode::expect_node,    "expect_node",    "expect $a $b",                            {node,     node_word,    none,   none},    0, x, c, x, x},
        {Opcode::expect_token,   "expect_token",   "expect $a $b",                            {token,    token_word,   none,   none},    0, x, c, x, x},
        {Opcode::expect_section, "expect_section", "expect $a $b",                            {section,  section_word, none,   none},    0, x, c, x, x},
        {Opcode::expect_awaits,  "expect_awaits",  "expect $a awaits $b $c",                  {wait,     awaited_kind, awaited, none},   0, x, c, x, x},
        {Opcode::expect_last,    "expect_last",    "expect last $a",                          {error_word, none,       none,   none},    0, x, c, x, x},
        {Opcode::expect_root,    "expect_root",    "expect $a on $b",                         {backend,  node,         none,   none},    0, x, c, x, x},
        {Opcode::expect_child,   "expect_child",   "expect $a child $b is $c",                {node,     index,        node,   none},    0, x, c, x, x},
        {Opcode::cancel,         "cancel",         "cancel $a{ obliged}",                     {request,  none,         none,   none},    4, x, c, x, x},
        {Opcode::cancel_waiting, "cancel_waiting", "cancel_waiting $a",                       {backend,  none,         none,   none},    2, x, c, x, x},
        {Opcode::plug,           "plug",           "plug loop $c",                            {none,     none,         loop,   none},    3, x, c, x, x},
        {Opcode::unplug,         "unplug",         "unplug loop $c",                          {none,     none,         loop,   none},    2, x, c, x, x},
        {Opcode::join,           "join",           "join $a to $b",                           {backend,  group,        none,   none},    4, x, c, x, x},
        {Opcode::leave,          "leave",          "leave $a from $b",                        {backend,  group,        none,   none},    9, x, c, x, x},
        {Opcode::limit,          "limit",          "limit $a by $b",                          {group,    limits,       none,   none},    3, x, c, x, x},
    }};
}();
// clang-format on

static_assert(
    [] {
        for (std::size_t i = 0; i < opcode_count; ++i) {
            if (static_cast<std::size_t>(operation_table[i].opcode) != i) {
                return false;
            }
        }
        return true;
    }(),
    "the rows stand in the order of Opcode");

constexpr const OperationRow& row_of(Opcode opcode) {
    return operation_table[static_cast<std::size_t>(opcode)];
}

constexpr bool is_object(OperandKind kind) {
    return kind >= OperandKind::node && kind <= OperandKind::awaited;
}

// OperandKind::index goes from 0 to index_count - 1.
inline constexpr std::size_t index_count = 8;

// The words of a kind of operand; empty for objects and numbers.
std::span<const std::string_view> words_of(OperandKind kind);

// The kind of object that an AwaitedKind is followed by.
OperandKind awaited_object(AwaitedKind kind);

// The record that means the same with every unused field zero and every used one in range. Any bits
// will do as input, except that the opcode must be one of the table.
Record canonical(const Record& record);

// The whole scenario in range and without anything unused. What canonical() returns is a fixpoint
// of it; text and byte form are lossless on such scenarios, and generate, parse and decode make no
// others.
Scenario canonical(const Scenario& scenario);

}  // namespace blkdrain_props
