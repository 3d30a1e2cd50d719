// SPDX-License-Identifier: Apache-2.0
#pragma once

// The callback API as awaitables, for owners that are easier to read as a sequence. Everything here
// is in this header; the library itself contains no coroutine. One that writes until it is refused:
//
//     coro::Task<void> keep_writing(Owner& owner) {
//         std::array<std::byte, 512> block{};
//         while (!co_await coro::co_write(owner.disk, 0, block)) {
//             ++owner.writes;
//         }
//     }
//
// and its start:
//
//     coro::spawn(jobs->loop(), keep_writing(mirror));
//
// Where it runs. A coroutine belongs to the loop it was spawned on: it starts there and every await
// continues there, from a callback of that loop. Nothing is ever resumed on another thread, nor
// before its await has suspended it.
//
// Threads: who may call what, from where
//
//   spawn                      any thread
//   making and moving a task,  any thread, one at a time
//     destroying one that was never awaited
//   co_await                   in a task, on its loop
//   request_stop, of the       any thread, as in <blkdrain/graph.h>; not in vm_stop and vm_start
//     source of a StopToken    either
//
// Dispatch (R3). A request's completion dispatch lasts until the coroutine that it resumed, and
// those that end or start with it, have all suspended or ended.
//
// Stack. A task that starts or ends another one hands it to the runner below it on the stack
// instead of resuming it there, so that neither loops over awaits nor long chains of tasks need
// stack, with every compiler and optimisation level.
//
// Compilers. Works with clang from 19 and with g++ from 12. g++ 12 miscompiles awaits whose
// operands contain an aggregate temporary (a double free); so
//  - options are passed as named objects; a temporary does not compile, see Options below;
//  - what is passed otherwise are named objects or objects of classes with constructors;
//    `co_open_token(graph, {a, b})` is not: name the vector.
// The mode of g++ 12 known to be good is -O2 without sanitizers; for sanitizers use clang.
//
// Errors are values. An exception that leaves a task is thrown again in the task that awaits it;
// one that leaves a spawned task ends the process.

#include <chrono>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>
#include <version>

#if defined(__cpp_lib_jthread)
#include <stop_token>
#endif

#include <blkdrain/block_backend.h>
#include <blkdrain/detail/check.h>
#include <blkdrain/error.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/graph.h>
#include <blkdrain/ids.h>
#include <blkdrain/request.h>
#include <blkdrain/section.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace coro {

template <class T>
class Task;

namespace detail {

class PromiseBase;

// Resumes one coroutine after the other, each after the one before it has suspended.
class Runner {
public:
    static void run(PromiseBase& first);

    void set_next(PromiseBase& promise) noexcept { next_ = &promise; }

private:
    PromiseBase* next_ = nullptr;
};

class PromiseBase {
public:
    PromiseBase() noexcept = default;
    PromiseBase(const PromiseBase&) = delete;
    PromiseBase& operator=(const PromiseBase&) = delete;

    // Runs next, as soon as the coroutine that says so has suspended.
    void run_after(PromiseBase& current) noexcept { current.runner_->set_next(*this); }

    // Who waits for this one to end.
    void set_awaiter(PromiseBase& awaiter) noexcept { awaiter_ = &awaiter; }
    [[nodiscard]] PromiseBase* awaiter() const noexcept { return awaiter_; }

protected:
    ~PromiseBase() = default;

    template <class Promise>
    void know_handle(Promise& promise) noexcept {
        handle_ = std::coroutine_handle<Promise>::from_promise(promise);
    }

private:
    friend class Runner;

    std::coroutine_handle<> handle_;
    Runner* runner_ = nullptr;  // while it runs
    PromiseBase* awaiter_ = nullptr;
};

inline void Runner::run(PromiseBase& first) {
    Runner runner;
    runner.next_ = &first;
    while (runner.next_ != nullptr) {
        PromiseBase& promise = *std::exchange(runner.next_, nullptr);
        promise.runner_ = &runner;
        promise.handle_.resume();
    }
}

class TaskPromiseBase : public PromiseBase {
public:
    struct FinalAwaiter {
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
            Promise& promise = ended.promise();
            promise.awaiter()->run_after(promise);
        }
        void await_resume() const noexcept {}
    };

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }
};

template <class T>
class TaskPromise final : public TaskPromiseBase {
public:
    TaskPromise() noexcept { know_handle(*this); }

    Task<T> get_return_object() noexcept;

    template <class U>
        requires std::constructible_from<T, U&&>
    void return_value(U&& value) {
        result_.template emplace<1>(std::forward<U>(value));
    }
    // NOLINTNEXTLINE(bugprone-exception-escape): an exception_ptr is moved without throwing
    void unhandled_exception() noexcept { result_.template emplace<2>(std::current_exception()); }

    T take() {
        if (result_.index() == 2) {
            std::rethrow_exception(std::get<2>(std::move(result_)));
        }
        return std::get<1>(std::move(result_));
    }

private:
    std::variant<std::monostate, T, std::exception_ptr> result_;
};

template <>
class TaskPromise<void> final : public TaskPromiseBase {
public:
    TaskPromise() noexcept { know_handle(*this); }

    Task<void> get_return_object() noexcept;

    void return_void() const noexcept {}
    void unhandled_exception() noexcept { exception_ = std::current_exception(); }

    void take() const {
        if (exception_) {
            std::rethrow_exception(exception_);
        }
    }

private:
    std::exception_ptr exception_;
};

// A coroutine of ours: one whose promise the runner can resume.
template <class Promise>
concept OwnPromise = std::derived_from<Promise, PromiseBase>;

}  // namespace detail

// A coroutine that starts when it is awaited, once, and gives its T to who awaits it. Awaited only
// by other tasks. Owns its frame: a task that is never awaited is freed without having run.
template <class T>
class [[nodiscard]] Task {
public:
    using promise_type = detail::TaskPromise<T>;

    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            destroy();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    ~Task() { destroy(); }

    class Awaiter {
    public:
        explicit Awaiter(std::coroutine_handle<promise_type> task) noexcept : task_(task) {}

        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <detail::OwnPromise Promise>
        void await_suspend(std::coroutine_handle<Promise> awaiting) const noexcept {
            task_.promise().set_awaiter(awaiting.promise());
            task_.promise().run_after(awaiting.promise());
        }
        T await_resume() const { return task_.promise().take(); }

    private:
        std::coroutine_handle<promise_type> task_;
    };

    // The task outlives the await.
    Awaiter operator co_await() const noexcept {
        BLKDRAIN_CHECK(handle_ && !handle_.promise().awaiter(), "a task is awaited once");
        return Awaiter(handle_);
    }

private:
    friend promise_type;
    explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

    void destroy() noexcept {
        if (handle_) {
            handle_.destroy();
        }
    }

    std::coroutine_handle<promise_type> handle_;
};

namespace detail {

template <class T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
    return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

inline Task<void> TaskPromise<void>::get_return_object() noexcept {
    return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

// The bottom of a spawned task: owns itself and frees itself at its end.
class Root {
public:
    class promise_type final : public PromiseBase {
    public:
        promise_type() noexcept { know_handle(*this); }

        Root get_return_object() noexcept { return Root(*this); }
        [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
        [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    };

    static Root make(Task<void> task) { co_await task; }

    [[nodiscard]] PromiseBase& promise() const noexcept { return *promise_; }

private:
    explicit Root(PromiseBase& promise) noexcept : promise_(&promise) {}

    PromiseBase* promise_;
};

}  // namespace detail

// Starts `task` on `loop`, never inside the call, and lets it go. The loop must run until the task
// has ended.
inline void spawn(EventLoop& loop, Task<void> task) {
    detail::PromiseBase& promise = detail::Root::make(std::move(task)).promise();
    loop.post([&promise] { detail::Runner::run(promise); });
}

// How options are passed to the operations below: as a named object, which is copied. A temporary
// is refused because g++ 12 frees it twice when it is written inside a co_await. `loop` is of no
// effect: the operation reports to the loop the coroutine is on.
template <class T>
class Options {
public:
    Options(const T& options) : value_(options) {}  // NOLINT(google-explicit-constructor)
    Options(T&&) = delete;
    Options(const T&&) = delete;

    // None: the defaults, and `where` as the line that explain() shows (R26).
    explicit Options(std::source_location where) : value_(where) {}

    [[nodiscard]] T on(EventLoop& loop) && {
        value_.loop = &loop;
        return std::move(value_);
    }

private:
    T value_;
};

// Gives up from outside what is awaited: when stop is requested an operation ends with
// Errc::cancelled unless its outcome was decided before (R25); see co_read for requests, co_sleep
// for a pause. If stop was requested before, nothing is begun or sent. Empty without <stop_token>.
class StopToken {
public:
    StopToken() noexcept = default;
#if defined(__cpp_lib_jthread)
    StopToken(std::stop_token token) noexcept  // NOLINT(google-explicit-constructor)
        : token_(std::move(token)) {}

private:
    template <class GiveUp>
    friend class StopWatch;
    std::stop_token token_;
#endif
};

// The results of operations that begin something. Error first; see SectionCallback for a section
// that comes with an error.
struct SectionResult {
    explicit SectionResult(Error e) : error(std::move(e)) {}
    SectionResult(Error e, Section s) : error(std::move(e)), section(std::move(s)) {}
    Error error;
    Section section;
};
struct TokenResult {
    explicit TokenResult(Error e) : error(std::move(e)) {}
    TokenResult(Error e, OperationToken t) : error(std::move(e)), token(std::move(t)) {}
    Error error;
    OperationToken token;
};

// While something is awaited: calls `GiveUp` when stop is requested, on the thread that does so.
template <class GiveUp>
class StopWatch {
public:
    explicit StopWatch(StopToken stop) noexcept : stop_(std::move(stop)) {}

    [[nodiscard]] bool stopped() const noexcept {
#if defined(__cpp_lib_jthread)
        return stop_.token_.stop_requested();
#else
        return false;
#endif
    }
    void begin([[maybe_unused]] GiveUp give_up) {
#if defined(__cpp_lib_jthread)
        if (stop_.token_.stop_possible()) {
            callback_.emplace(stop_.token_, std::move(give_up));
        }
#endif
    }
    // No request is passed on any more, nor being passed on, when it returns.
    void end() noexcept {
#if defined(__cpp_lib_jthread)
        callback_.reset();
#endif
    }

private:
    StopToken stop_;
#if defined(__cpp_lib_jthread)
    std::optional<std::stop_callback<GiveUp>> callback_;
#endif
};

// Awaits one operation of the control plane. `Begin` is called with the loop and a callback, and
// returns the operation's Waiting: a Wait, or what has an abandon() like that.
template <class Result, class Begin, class Waiting>
class [[nodiscard]] Operation {
public:
    Operation(Begin begin, StopToken stop) : begin_(std::move(begin)), watch_(std::move(stop)) {}
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

    // A stop that was requested before: nothing is begun.
    [[nodiscard]] bool await_ready() {
        if (watch_.stopped()) {
            result_.emplace(Error(Errc::cancelled, "stop was requested before the call"));
            return true;
        }
        return false;
    }

    template <detail::OwnPromise Promise>
    void await_suspend(std::coroutine_handle<Promise> awaiting) {
        EventLoop* const loop = EventLoop::current();
        BLKDRAIN_CHECK(loop != nullptr, "a task runs on its loop");
        awaiting_ = &awaiting.promise();
        // The callback comes on this very loop and never inside the call, so it cannot overtake
        // what is left to do here.
        watch_.begin({begin_(*loop, [this](auto&&... outcome) {
            result_.emplace(std::forward<decltype(outcome)>(outcome)...);
            detail::Runner::run(*awaiting_);
        })});
    }

    Result await_resume() {
        watch_.end();
        return std::move(*result_);
    }

private:
    struct Abandon {
        Waiting wait;
        void operator()() noexcept { wait.abandon(); }
    };

    Begin begin_;
    StopWatch<Abandon> watch_;
    detail::PromiseBase* awaiting_ = nullptr;
    std::optional<Result> result_;
};

namespace detail {

template <class Result, class Waiting = Wait, class Begin>
Operation<Result, Begin, Waiting> operation(Begin begin, StopToken stop) {
    return Operation<Result, Begin, Waiting>(std::move(begin), std::move(stop));
}

}  // namespace detail

// Awaits one request.
class [[nodiscard]] IoOperation {
public:
    IoOperation(BlockBackend& backend, const Io& io, TokenId token, StopToken stop) noexcept
        : backend_(backend), io_(io), token_(token), watch_(std::move(stop)) {}
    IoOperation(const IoOperation&) = delete;
    IoOperation& operator=(const IoOperation&) = delete;

    // A stop that was requested before: nothing is sent.
    [[nodiscard]] bool await_ready() noexcept {
        if (watch_.stopped()) {
            result_ = Errc::cancelled;
            return true;
        }
        return false;
    }

    // A request that is refused has no completion: the coroutine goes on at once.
    template <detail::OwnPromise Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) {
        awaiting_ = &awaiting.promise();
        const Completion completion{completed, this};
        RequestId id;
        result_ = token_ == TokenId{} ? backend_.submit(io_, completion, &id)
                                      : backend_.submit(io_, completion, token_, &id);
        if (result_) {
            return false;
        }
        // The completion comes on this very loop and never inside the call.
        watch_.begin({&backend_, id});
        return true;
    }

    [[nodiscard]] std::error_code await_resume() noexcept {
        watch_.end();
        return result_;
    }

private:
    struct Cancel {
        BlockBackend* backend;
        RequestId request;
        // What is over by then is too late to cancel, which is nobody's error.
        void operator()() const noexcept { static_cast<void>(backend->cancel(request)); }
    };

    static void completed(void* context, std::error_code result) {
        auto& self = *static_cast<IoOperation*>(context);
        self.result_ = result;
        detail::Runner::run(*self.awaiting_);
    }

    BlockBackend& backend_;
    const Io io_;
    const TokenId token_;
    StopWatch<Cancel> watch_;
    detail::PromiseBase* awaiting_ = nullptr;
    std::error_code result_;
};

// Requests. The result is the completion's, or the error with which submit refused. With a token,
// the request is part of that operation (R4). When stop is requested, it is cancelled as by
// BlockBackend::cancel (R29): what waits ends with Errc::cancelled, what is on its way as its
// driver says. Until then the memory stays in use, and the backend where it is.
inline IoOperation co_read(BlockBackend& backend, std::uint64_t offset, std::span<std::byte> into,
                           TokenId token = TokenId(), StopToken stop = StopToken()) {
    return IoOperation(backend, Io::read(offset, into), token, std::move(stop));
}
inline IoOperation co_read(BlockBackend& backend, std::uint64_t offset, std::span<const iovec> into,
                           TokenId token = TokenId(), StopToken stop = StopToken()) {
    return IoOperation(backend, Io::read(offset, into), token, std::move(stop));
}
inline IoOperation co_write(BlockBackend& backend, std::uint64_t offset,
                            std::span<const std::byte> from, TokenId token = TokenId(),
                            StopToken stop = StopToken()) {
    return IoOperation(backend, Io::write(offset, from), token, std::move(stop));
}
inline IoOperation co_write(BlockBackend& backend, std::uint64_t offset,
                            std::span<const iovec> from, TokenId token = TokenId(),
                            StopToken stop = StopToken()) {
    return IoOperation(backend, Io::write(offset, from), token, std::move(stop));
}
inline IoOperation co_discard(BlockBackend& backend, std::uint64_t offset, std::uint64_t length,
                              TokenId token = TokenId(), StopToken stop = StopToken()) {
    return IoOperation(backend, Io::discard(offset, length), token, std::move(stop));
}
inline IoOperation co_flush(BlockBackend& backend, TokenId token = TokenId(),
                            StopToken stop = StopToken()) {
    return IoOperation(backend, Io::flush(), token, std::move(stop));
}

// Lets the loop do something else: continues in its next round. That comes soon enough for whoever
// wants to stop, so there is nothing to be given up.
class [[nodiscard]] NextRound {
public:
    NextRound() noexcept = default;
    NextRound(const NextRound&) = delete;
    NextRound& operator=(const NextRound&) = delete;

    [[nodiscard]] bool await_ready() const noexcept { return false; }

    template <detail::OwnPromise Promise>
    void await_suspend(std::coroutine_handle<Promise> awaiting) const {
        EventLoop* const loop = EventLoop::current();
        BLKDRAIN_CHECK(loop != nullptr, "a task runs on its loop");
        loop->post([promise = &awaiting.promise()] { detail::Runner::run(*promise); });
    }

    void await_resume() const noexcept {}
};

// Waits for a timer of the loop.
class [[nodiscard]] Sleep {
public:
    Sleep(std::chrono::nanoseconds delay, StopToken stop) noexcept
        : delay_(delay), watch_(std::move(stop)) {}
    Sleep(const Sleep&) = delete;
    Sleep& operator=(const Sleep&) = delete;

    // A stop that was requested before: no timer is started.
    [[nodiscard]] bool await_ready() noexcept {
        if (watch_.stopped()) {
            result_ = Errc::cancelled;
            return true;
        }
        return false;
    }

    template <detail::OwnPromise Promise>
    void await_suspend(std::coroutine_handle<Promise> awaiting) {
        EventLoop* const loop = EventLoop::current();
        BLKDRAIN_CHECK(loop != nullptr, "a task runs on its loop");
        awaiting_ = &awaiting.promise();
        const EventLoop::TimerId timer =
            loop->start_timer(delay_, [this] { detail::Runner::run(*awaiting_); });
        watch_.begin({this, loop, timer});
    }

    std::error_code await_resume() noexcept {
        watch_.end();
        return result_;
    }

private:
    // The timer belongs to the loop's thread. If it has run by then, the sleeper is gone.
    struct WakeUp {
        Sleep* sleep;
        EventLoop* loop;
        EventLoop::TimerId timer;
        void operator()() const noexcept {
            loop->post([*this] {
                if (loop->cancel_timer(timer)) {
                    sleep->result_ = Errc::cancelled;
                    detail::Runner::run(*sleep->awaiting_);
                }
            });
        }
    };

    const std::chrono::nanoseconds delay_;
    StopWatch<WakeUp> watch_;
    detail::PromiseBase* awaiting_ = nullptr;
    std::error_code result_;
};

inline NextRound co_next_round() {
    return {};
}
// Continues when `delay` is over, with success; or, with Errc::cancelled, soon after stop is
// requested.
inline Sleep co_sleep(std::chrono::nanoseconds delay, StopToken stop = StopToken()) {
    return {delay, std::move(stop)};
}

// The operations of BlockBackend and Graph under the same names; their headers say what they do.
// The backend or graph outlives the await; ids and options are copied by the call.

inline auto co_drain(
    BlockBackend& backend,
    Options<WaitOptions> options = Options<WaitOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<Error>(
        [&backend, options = std::move(options)](EventLoop& loop, auto done) mutable {
            return backend.drain(std::move(options).on(loop), std::move(done));
        },
        std::move(stop));
}

inline auto co_isolate(
    BlockBackend& backend,
    Options<IsolateOptions> options = Options<IsolateOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<SectionResult>(
        [&backend, options = std::move(options)](EventLoop& loop, auto done) mutable {
            return backend.isolate(std::move(options).on(loop), std::move(done));
        },
        std::move(stop));
}

inline auto co_self_quiesce(
    BlockBackend& backend,
    Options<WaitOptions> options = Options<WaitOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<SectionResult>(
        [&backend, options = std::move(options)](EventLoop& loop, auto done) mutable {
            return backend.self_quiesce(std::move(options).on(loop), std::move(done));
        },
        std::move(stop));
}

inline auto co_close(
    BlockBackend& backend,
    Options<WaitOptions> options = Options<WaitOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<Error>(
        [&backend, options = std::move(options)](EventLoop& loop, auto done) mutable {
            return backend.close(std::move(options).on(loop), std::move(done));
        },
        std::move(stop));
}

inline auto co_drained(
    Graph& graph, NodeId node,
    Options<WaitOptions> options = Options<WaitOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<SectionResult>(
        [&graph, node, options = std::move(options)](EventLoop& loop, auto done) mutable {
            return graph.drained(node, std::move(options).on(loop), std::move(done));
        },
        std::move(stop));
}

inline auto co_quiesce_all(
    Graph& graph, std::vector<BackendId> except,
    Options<WaitOptions> options = Options<WaitOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<SectionResult>(
        [&graph, except = std::move(except), options = std::move(options)](EventLoop& loop,
                                                                           auto done) mutable {
            return graph.quiesce_all(std::move(except), std::move(options).on(loop),
                                     std::move(done));
        },
        std::move(stop));
}

inline auto co_quiet(
    Graph& graph, OperationId section,
    Options<WaitOptions> options = Options<WaitOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<Error>(
        [&graph, section, options = std::move(options)](EventLoop& loop, auto done) mutable {
            return graph.quiet(section, std::move(options).on(loop), std::move(done));
        },
        std::move(stop));
}

inline auto co_settle(
    Graph& graph, NodeId node,
    Options<WaitOptions> options = Options<WaitOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<Error>(
        [&graph, node, options = std::move(options)](EventLoop& loop, auto done) mutable {
            return graph.settle(node, std::move(options).on(loop), std::move(done));
        },
        std::move(stop));
}

inline auto co_open_token(
    Graph& graph, std::vector<BackendId> backends,
    Options<WaitOptions> options = Options<WaitOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<TokenResult>(
        [&graph, backends = std::move(backends), options = std::move(options)](EventLoop& loop,
                                                                               auto done) mutable {
            return graph.open_token(backends, std::move(options).on(loop), std::move(done));
        },
        std::move(stop));
}

inline auto co_attach(
    Graph& graph, NodeId parent, std::string role, NodeId child,
    Options<ChangeOptions> options = Options<ChangeOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<Error>(
        [&graph, parent, role = std::move(role), child, options = std::move(options)](
            EventLoop& loop, auto done) mutable {
            return graph.attach(parent, std::move(role), child, std::move(options).on(loop),
                                std::move(done));
        },
        std::move(stop));
}

inline auto co_detach(
    Graph& graph, NodeId parent, std::size_t index,
    Options<ChangeOptions> options = Options<ChangeOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<Error>(
        [&graph, parent, index, options = std::move(options)](EventLoop& loop, auto done) mutable {
            return graph.detach(parent, index, std::move(options).on(loop), std::move(done));
        },
        std::move(stop));
}

inline auto co_replace(
    Graph& graph, NodeId old, NodeId now,
    Options<ChangeOptions> options = Options<ChangeOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<Error>(
        [&graph, old, now, options = std::move(options)](EventLoop& loop, auto done) mutable {
            return graph.replace(old, now, std::move(options).on(loop), std::move(done));
        },
        std::move(stop));
}

inline auto co_insert_filter(
    Graph& graph, NodeId node, NodeId filter,
    Options<ChangeOptions> options = Options<ChangeOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<Error>(
        [&graph, node, filter, options = std::move(options)](EventLoop& loop, auto done) mutable {
            return graph.insert_filter(node, filter, std::move(options).on(loop), std::move(done));
        },
        std::move(stop));
}

inline auto co_remove_filter(
    Graph& graph, NodeId filter,
    Options<ChangeOptions> options = Options<ChangeOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<Error>(
        [&graph, filter, options = std::move(options)](EventLoop& loop, auto done) mutable {
            return graph.remove_filter(filter, std::move(options).on(loop), std::move(done));
        },
        std::move(stop));
}

inline auto co_insert_medium(
    Graph& graph, BackendId backend, NodeId node,
    Options<ChangeOptions> options = Options<ChangeOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<Error>(
        [&graph, backend, node, options = std::move(options)](EventLoop& loop, auto done) mutable {
            return graph.insert_medium(backend, node, std::move(options).on(loop), std::move(done));
        },
        std::move(stop));
}

inline auto co_remove_medium(
    Graph& graph, BackendId backend,
    Options<ChangeOptions> options = Options<ChangeOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<Error>(
        [&graph, backend, options = std::move(options)](EventLoop& loop, auto done) mutable {
            return graph.remove_medium(backend, std::move(options).on(loop), std::move(done));
        },
        std::move(stop));
}

inline auto co_set_event_loop(
    Graph& graph, NodeId node, EventLoop& target,
    Options<WaitOptions> options = Options<WaitOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<Error>(
        [&graph, node, &target, options = std::move(options)](EventLoop& loop, auto done) mutable {
            return graph.set_event_loop(node, target, std::move(options).on(loop), std::move(done));
        },
        std::move(stop));
}

inline auto co_close(
    Graph& graph, NodeId node,
    Options<WaitOptions> options = Options<WaitOptions>(std::source_location::current()),
    StopToken stop = StopToken()) {
    return detail::operation<Error>(
        [&graph, node, options = std::move(options)](EventLoop& loop, auto done) mutable {
            return graph.close(node, std::move(options).on(loop), std::move(done));
        },
        std::move(stop));
}

}  // namespace coro

BLKDRAIN_NAMESPACE_END
