// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

#include <sys/uio.h>  // of POSIX, for iovec: the one header here that is not of C++ or ours

#include <blkdrain/detail/check.h>
#include <blkdrain/detail/task.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/export.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

class Node;

enum class IoType : std::uint8_t { read, write, discard, flush };

// What a request asks for. Offset and length in bytes. The memory of a read or write is `buffer`
// or, where that is null, `pieces`, of any number and length: written by a read, only read by a
// write. It is the owner's and lives until the completion; so does the array of pieces. Memory of
// another length than `length` is misuse: a driver gets less than it expects.
struct Io {
    IoType type = IoType::flush;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::byte* buffer = nullptr;
    std::span<const iovec> pieces{};

    static Io read(std::uint64_t offset, std::span<std::byte> into) {
        return {IoType::read, offset, into.size(), into.data()};
    }
    static Io read(std::uint64_t offset, std::span<const iovec> into) {
        return {IoType::read, offset, total(into), nullptr, into};
    }
    static Io write(std::uint64_t offset, std::span<const std::byte> from) {
        // No driver writes through the buffer of a write; one field serves both directions.
        return {IoType::write, offset, from.size(), const_cast<std::byte*>(from.data())};
    }
    static Io write(std::uint64_t offset, std::span<const iovec> from) {
        return {IoType::write, offset, total(from), nullptr, from};
    }
    static Io discard(std::uint64_t offset, std::uint64_t length) {
        return {IoType::discard, offset, length};
    }
    static Io flush() { return {}; }

    // For drivers: calls use(std::span<std::byte>) with the memory of the `count` bytes behind the
    // first `from`, which are within the length, piece by piece in their order.
    template <class Use>
    void for_each_piece(std::uint64_t from, std::uint64_t count, Use use) const {
        if (buffer != nullptr) {
            use(std::span(buffer + from, count));
            return;
        }
        for (const iovec& piece : pieces) {
            const std::uint64_t skipped = std::min<std::uint64_t>(from, piece.iov_len);
            const std::uint64_t part = std::min(count, piece.iov_len - skipped);
            from -= skipped;
            count -= part;
            if (part != 0) {
                use(std::span(static_cast<std::byte*>(piece.iov_base) + skipped, part));
            }
        }
    }
    template <class Use>
    void for_each_piece(Use use) const {
        for_each_piece(0, length, std::move(use));
    }

private:
    static std::uint64_t total(std::span<const iovec> pieces) {
        std::uint64_t sum = 0;
        for (const iovec& piece : pieces) {
            sum += piece.iov_len;
        }
        return sum;
    }
};

class Request;

// A filter's step on the way back: put under a request by forward, run once on the request's loop
// when the child has completed. It ends by completing or forwarding the request again. Storage is
// the driver's; it may free itself in `run`.
struct Continuation {
    using Run = void (*)(Continuation&, Request&, std::error_code child_result);

    explicit Continuation(Run function) noexcept : run(function) {}

    Run run;
    Continuation* below = nullptr;
};

// One request on its way through the graph, as drivers see it. It belongs to the loop it was sent
// on. Each submit of a driver, and each run of a continuation, is answered by exactly one complete
// or forward, at once or later. Neither runs other drivers or owners inside itself: a chain of any
// length needs no stack (R8).
//
// Threads: who may call what, while the answer is owed and after it
//
//   call                       owed                         answered
//   complete                   any thread                   stops the process if it is noticed
//   forward                    the request's loop           stops the process if it is noticed
//   on_cancel                  the request's loop           not allowed
//   io, loop                   any thread                   not allowed
//
// It is noticed unless the request has been freed, or somebody owes an answer again.
class BLKDRAIN_EXPORT Request : public detail::Task {
public:
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    [[nodiscard]] const Io& io() const { return io_; }
    [[nodiscard]] EventLoop& loop() const { return *loop_; }

    void complete(std::error_code result);

    // `cancel` is called on the request's loop, once and never inside this call, if the owner asks
    // to cancel the request while the answer is owed (R29). The driver may answer early then, with
    // Errc::cancelled or whatever has become of it, or take no notice. `context` and `handle` are
    // the driver's: who it is, say, and by what timer. An answer ends it. For drivers that answer
    // on the request's loop.
    using Cancel = void (*)(Request& request, void* context, std::uint64_t handle);
    void on_cancel(Cancel cancel, void* context, std::uint64_t handle = 0) {
        cancel_ = cancel;
        cancel_context_ = context;
        cancel_handle_ = handle;
    }

    // Hands the request on. The child's completion is then the request's; with `continuation` it
    // goes there instead.
    void forward(Node& child) {
        take_answer();
        target_ = &child;
        if (!driving_) {
            set_in_motion();
        }
    }
    void forward(Node& child, Continuation& continuation) {
        continuation.below = continuations_;
        continuations_ = &continuation;
        forward(child);
    }

protected:
    using Finish = void (*)(Request&, std::error_code);

    Request() noexcept;
    ~Request() = default;

    // What it asks for, before start.
    void set_io(const Io& io) { io_ = io; }

    // Sets out: the request goes to `node` on `loop`, which must be the calling thread's, once the
    // callback that the loop runs now is over: neither a driver nor `finish` runs inside the call.
    // `finish` gets the result on that loop, once, when nothing of the graph holds the request any
    // more; it may free the request or start it again.
    void start(EventLoop& loop, Node& node, Finish finish);

    // As start, in two steps, for several on one loop (at least one): those with the same node
    // reach its driver together, as long as they are forwarded together (R16).
    void prepare(EventLoop& loop, Node& node, Finish finish);
    static void start_batch(std::span<Request* const> batch);

    // On its loop, while it is on its way: passes the owner's wish on to who has it.
    void ask_to_cancel();

private:
    friend class detail::LoopCore;
    void drive();
    void drive_batch();
    void set_in_motion();
    void take_answer() {
        BLKDRAIN_CHECK(answer_owed_,
                       "a submit is answered once, on the request's loop if forwarded");
        answer_owed_ = false;
        cancel_ = nullptr;
    }
    static void completed_elsewhere(detail::Task& task);

    Io io_;
    EventLoop* loop_ = nullptr;
    Finish finish_ = nullptr;                // null: not started, or finished
    Continuation* continuations_ = nullptr;  // the innermost first
    Node* target_ = nullptr;                 // forwarded there, not submitted yet
    Request* next_in_batch_ = nullptr;
    Cancel cancel_ = nullptr;  // null: who has it does not want to know
    void* cancel_context_ = nullptr;
    std::uint64_t cancel_handle_ = 0;
    std::error_code result_;
    bool driving_ = false;      // drive() is on the stack and will act on target_ and completed_
    bool completed_ = false;    // answered with result_, nobody told yet
    bool answer_owed_ = false;  // a driver has it
};

// A request a driver makes to serve another one, or for its settle (inner: it never meets a gate,
// R4).
//
// Threads: who may call what, before it is sent or from `done` on, and in between
//
//   call                       fresh or done                under way
//   send                       in a callback of `loop`;     stops the process
//                              else it stops the process
//   destruction                any thread                   not allowed
class BLKDRAIN_EXPORT InnerRequest : public Request {
public:
    using Done = void (*)(InnerRequest&, std::error_code);

    InnerRequest() noexcept = default;

    // `done` runs on `loop`, never inside the call; it may send again, or destroy the request.
    void send(EventLoop& loop, const Io& io, Node& node, Done done);

private:
    Done done_ = nullptr;
};

BLKDRAIN_NAMESPACE_END
