// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include <blkdrain/detail/ref.h>
#include <blkdrain/error.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/export.h>
#include <blkdrain/ids.h>
#include <blkdrain/snapshot.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {
class ControlPlane;
BLKDRAIN_EXPORT void retain(ControlPlane* control) noexcept;
BLKDRAIN_EXPORT void release(ControlPlane* control) noexcept;
}  // namespace detail

// The graph's control plane: it outlives its graph for as long as a handle names it.
using ControlRef = detail::Ref<detail::ControlPlane>;

// A live section, from its begin until end() or destruction (R5). Sections end in any order; ending
// never waits and never fails. Ends before its graph is destroyed, or the process stops.
//
// Threads: who may call what of this header, from where
//
//   Section, OperationToken    any thread; for one handle, one at a time
//   Wait                       any thread, several at a time; an assignment alone
//   callbacks                  come on the loop of WaitOptions
//
// Any thread: as in <blkdrain/graph.h>.
//
// What is answered, and when:
//
//   call                       pending                    live                       ended
//   Wait::abandon              ends it with cancelled     false                      false
//   a deadline                 ends it with timed_out     no effect                  no effect
//   Wait::explain              what it waits for          nothing                    nothing
//   Section::end               there is no Section yet    ends it                    no effect
//   Graph::end                 there is no Section yet    ends it                    ended
//   Graph::quiet               no_such_object             waits until all that it    no_such_object
//                                                         covers is over
//
// A quiesce_all, a self_quiesce, and an isolate that nobody is in the way of are live when the call
// returns, before the callback brings the Section. Graph::end of a section of another graph is
// foreign_section, and leaves it live. A quiet that is pending when its section ends, ends with
// cancelled. A section that was given up while a node settled for it is explained by that until it
// has let go.
class BLKDRAIN_EXPORT Section {
public:
    Section() noexcept = default;
    Section(ControlRef control, OperationId id) noexcept : control_(std::move(control)), id_(id) {}
    Section(Section&& other) noexcept
        : control_(std::move(other.control_)), id_(std::exchange(other.id_, {})) {}
    Section& operator=(Section&& other) noexcept;
    ~Section() { end(); }

    // No effect on an empty or ended section.
    void end();

    [[nodiscard]] bool live() const { return static_cast<bool>(control_); }
    // Stays after the end.
    [[nodiscard]] OperationId id() const { return id_; }

private:
    friend class Graph;
    ControlRef control_;
    OperationId id_;
};

// "One logical operation in progress" of an owner, spanning several requests on a set of backends
// (R4). Closed by close() or destruction; requests sent under it before may still be running then.
class BLKDRAIN_EXPORT OperationToken {
public:
    OperationToken() noexcept = default;
    OperationToken(ControlRef control, TokenId id) noexcept
        : control_(std::move(control)), id_(id) {}
    OperationToken(OperationToken&& other) noexcept
        : control_(std::move(other.control_)), id_(std::exchange(other.id_, {})) {}
    OperationToken& operator=(OperationToken&& other) noexcept;
    ~OperationToken() { close(); }

    void close();

    [[nodiscard]] bool open() const { return static_cast<bool>(control_); }
    [[nodiscard]] TokenId id() const { return id_; }

private:
    ControlRef control_;
    TokenId id_;
};

// What the caller of a waiting operation holds itself. A wait ends with Errc::would_deadlock as
// soon as all that remains could only be released through it (R12).
struct Holding {
    std::vector<OperationId> sections;
    std::vector<TokenId> tokens;
    std::vector<RequestId> requests;
};

// Common to every operation that may wait.
struct WaitOptions {
    // The call shows up in messages and in explain() under the line that made its options (R26):
    // that of the call itself, if they are left out or written `{}` there.
    WaitOptions(  // NOLINT(google-explicit-constructor): `{}` is how they are left out
        std::source_location made_at = std::source_location::current())
        : where(made_at) {}

    Holding holding;

    // Gives up with Errc::timed_out this long after the call (R25), however late the loop gets
    // round to it. None: never.
    std::optional<std::chrono::nanoseconds> deadline;

    // Where the callback runs. Null: the calling thread's loop if it is inside one, else the home
    // loop of the anchor, else the loop that was first added to the graph.
    EventLoop* loop = nullptr;

    std::source_location where;
};

struct IsolateOptions : WaitOptions {
    IsolateOptions(  // NOLINT(google-explicit-constructor)
        std::source_location made_at = std::source_location::current())
        : WaitOptions(made_at) {}

    std::vector<BackendId> also;  // further exempt backends (R6)
    bool only_now = false;        // Errc::conflict instead of queueing behind another isolate (R23)
};

struct ChangeOptions : WaitOptions {
    ChangeOptions(  // NOLINT(google-explicit-constructor)
        std::source_location made_at = std::source_location::current())
        : WaitOptions(made_at) {}

    // The caller's open tokens: they count as closed for changes, and their requests wait until
    // this one ends (R24).
    std::vector<TokenId> tokens;
};

// Callbacks of control operations run exactly once, on the loop of WaitOptions, never inside the
// call. With a null one nobody is told; a section or token that it would have got ends at once.
using DoneCallback = std::function<void(Error)>;

// With a section that lives unless `error` says there is none. A drained section whose settle
// failed comes with both: the graph is quiet, though dirty (R21).
using SectionCallback = std::function<void(Error, Section)>;

using TokenCallback = std::function<void(Error, OperationToken)>;

// One thing a pending operation waits for (R26).
struct WaitItem {
    enum class Kind { request, token, settling, internal, section };
    Kind kind = Kind::request;
    std::uint32_t id = 0;  // of the request, token, node or section
    // Of a request. The node is the root of its backend, where it enters the graph; 0: no medium.
    BackendId backend;
    NodeId node;
    RequestState state = RequestState::done;
    std::uint8_t blockers = 0;       // while it waits: a set of Blocker
    std::chrono::nanoseconds age{};  // since it was sent, give or take some rounds of its loop
    // One line for people: "request r7 of b2 'vda' on n1 'disk': WAITING, sent 3 ms ago, GATE of
    // isolated section s3 of b1 'job' begun at mirror.cpp:214, ORDER behind r5".
    std::string text;

    friend bool operator==(const WaitItem& a, const WaitItem& b) {
        return a.kind == b.kind && a.id == b.id;
    }
};

struct Explanation {
    // A pending operation, by its id or that of the token which it opens.
    struct Other {
        OperationId operation;
        TokenId token;
        std::string subject;
    };

    std::string subject;  // "drain s5 of b1 'vda' begun at job.cpp:31"
    std::vector<WaitItem> items;
    // The pending operations that wait for each other in a circle, this one among them, in the
    // order of their calls: each waits for something that the caller of the next one holds, by its
    // own word (Holding). Empty: it is in no such circle.
    std::vector<Other> cycle;

    [[nodiscard]] std::string text() const;
};

// Told of a pending operation that has come to wait in a circle (R26).
using CycleCallback = std::function<void(const Explanation&)>;

// Names a pending operation for those who may want to give it up or ask why it waits. A value:
// copies name the same operation; nothing happens when it goes.
class BLKDRAIN_EXPORT Wait {
public:
    Wait() noexcept = default;
    Wait(ControlRef control, OperationId id) noexcept : control_(std::move(control)), id_(id) {}
    Wait(ControlRef control, TokenId id) noexcept : control_(std::move(control)), token_(id) {}

    // Gives the operation up: its callback gets Errc::cancelled. False if its outcome was decided
    // already (R25).
    bool abandon();

    // What it waits for now; no items once it is over (see Section).
    [[nodiscard]] Explanation explain() const;

    [[nodiscard]] OperationId id() const { return id_; }
    [[nodiscard]] TokenId token() const { return token_; }

private:
    ControlRef control_;
    OperationId id_;
    TokenId token_;
};

BLKDRAIN_NAMESPACE_END
