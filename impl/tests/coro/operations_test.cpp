// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <blkdrain/block_backend.h>
#include <blkdrain/coro.h>
#include <blkdrain/drivers/memory.h>
#include <blkdrain/drivers/null.h>
#include <blkdrain/drivers/passthrough.h>
#include <blkdrain/graph.h>

#include "../loop/in_world.h"
#include "../loop/small_stack.h"
#include "coro_fixture.h"
#include "os/backend.h"

#if defined(__cpp_lib_jthread)
#include <stop_token>
#endif

namespace blkdrain::testing {
namespace {

using coro::Task;
using std::chrono::milliseconds;

constexpr std::size_t disk_size = 4096;

// One loop; a disk of bytes and one that takes its time, each with a backend.
struct Machine {
    Machine() {
        EXPECT_FALSE(graph.add_loop(*loop));
        memory_node = graph.add_node("memory", std::make_unique<MemoryDriver>(disk_size), *loop);
        NullOptions slow_options;
        slow_options.latency = milliseconds(10);
        slow_node = graph.add_node("slow", std::make_unique<NullDriver>(slow_options), *loop);
        memory = BlockBackend(graph, "memory", *loop);
        slow = BlockBackend(graph, "slow", *loop);
        const auto insert = [this]() -> Task<void> {
            const Error first = co_await coro::co_insert_medium(graph, memory.id(), memory_node);
            EXPECT_FALSE(first) << first.message;
            const Error second = co_await coro::co_insert_medium(graph, slow.id(), slow_node);
            EXPECT_FALSE(second) << second.message;
        };
        run(*loop, insert());
    }

    ~Machine() {
        const auto close = [this]() -> Task<void> {
            static_cast<void>(co_await coro::co_close(memory));
            static_cast<void>(co_await coro::co_close(slow));
        };
        run(*loop, close());
    }

    const std::unique_ptr<EventLoop> loop = make_loop();
    Ledger ledger;
    Graph graph;
    NodeId memory_node;
    NodeId slow_node;
    BlockBackend memory;
    BlockBackend slow;
};

// Starts `task` beside the one that runs.
void start(Machine& machine, Task<void> task) {
    coro::spawn(*machine.loop, std::move(task));
}

std::vector<std::byte> filled(std::size_t size, int value) {
    return std::vector<std::byte>(size, static_cast<std::byte>(value));
}

TEST(CoroRequests, CarryData) {
    in_world([] {
        Machine machine;
        const auto body = [&](Ledger::Entry) -> Task<void> {
            const std::vector<std::byte> out = filled(100, 7);
            std::vector<std::byte> in = filled(100, 0);
            std::error_code error = co_await coro::co_write(machine.memory, 50, out);
            EXPECT_FALSE(error);
            error = co_await coro::co_discard(machine.memory, 60, 10);
            EXPECT_FALSE(error);
            error = co_await coro::co_flush(machine.memory);
            EXPECT_FALSE(error);
            error = co_await coro::co_read(machine.memory, 50, in);
            EXPECT_FALSE(error);
            EXPECT_EQ(in[9], std::byte{7});
            EXPECT_EQ(in[10], std::byte{0});
            EXPECT_EQ(in[20], std::byte{7});
            error = co_await coro::co_read(machine.memory, disk_size, in);
            EXPECT_EQ(error, std::errc::invalid_argument);
        };
        run(*machine.loop, body(machine.ledger.entry()));
    });
}

TEST(CoroRequests, CarryDataInPieces) {
    in_world([] {
        Machine machine;
        const auto body = [&](Ledger::Entry) -> Task<void> {
            std::vector<std::byte> head = filled(10, 1);
            std::vector<std::byte> tail = filled(20, 2);
            const std::array<iovec, 2> out{iovec{head.data(), 10}, iovec{tail.data(), 20}};
            std::error_code error = co_await coro::co_write(machine.memory, 50, out);
            EXPECT_FALSE(error);
            std::vector<std::byte> in = filled(30, 0);
            error = co_await coro::co_read(machine.memory, 50, in);
            EXPECT_FALSE(error);
            EXPECT_EQ(in[9], std::byte{1});
            EXPECT_EQ(in[10], std::byte{2});
            const std::array<iovec, 2> swapped{iovec{tail.data(), 20}, iovec{head.data(), 10}};
            error = co_await coro::co_read(machine.memory, 50, swapped);
            EXPECT_FALSE(error);
            EXPECT_EQ(tail[9], std::byte{1});
            EXPECT_EQ(tail[10], std::byte{2});
            EXPECT_EQ(head, filled(10, 2));
        };
        run(*machine.loop, body(machine.ledger.entry()));
    });
}

// A refused request has no completion: the await goes on at once, however often.
#if defined(BLKDRAIN_WORLD_SIM)
constexpr int refusals = 5'000;  // a run has a limit of steps
#else
constexpr int refusals = 100'000;
#endif

TEST(CoroRequests, RefusalsNeedNoStack) {
    in_world(
        [] {
            on_small_stack([] {
                Machine machine;
                const auto body = [&](Ledger::Entry) -> Task<void> {
                    const Error closed = co_await coro::co_close(machine.memory);
                    EXPECT_FALSE(closed) << closed.message;
                    for (int i = 0; i < refusals; ++i) {
                        const std::error_code error = co_await coro::co_flush(machine.memory);
                        EXPECT_TRUE(error);
                    }
                };
                run(*machine.loop, body(machine.ledger.entry()));
            });
        },
        0);
}

TEST(CoroRequests, LongLoopsNeedNoStack) {
    in_world(
        [] {
            on_small_stack([] {
                Machine machine;
                const auto body = [&](Ledger::Entry) -> Task<void> {
                    for (int i = 0; i < 20'000; ++i) {
                        const std::error_code error = co_await coro::co_flush(machine.memory);
                        EXPECT_FALSE(error);
                    }
                };
                run(*machine.loop, body(machine.ledger.entry()));
            });
        },
        0);
}

// R3, R10: what a coroutine sends before it suspends again is sent in the dispatch of the request
// that resumed it, so that a drain waits for the whole sequence.
TEST(CoroDrain, CoversWhatTheResumedCoroutineSends) {
    in_world([] {
        Machine machine;
        int done = 0;
        const auto inner = [&](Ledger::Entry) -> Task<std::error_code> {
            co_return co_await coro::co_flush(machine.slow);
        };
        const auto writer = [&](Ledger::Entry) -> Task<void> {
            for (int i = 0; i < 3; ++i) {
                static_cast<void>(co_await inner(machine.ledger.entry()));
                ++done;
            }
        };
        const auto body = [&](Ledger::Entry) -> Task<void> {
            start(machine, writer(machine.ledger.entry()));
            co_await coro::co_next_round();
            EXPECT_EQ(done, 0);
            const Error error = co_await coro::co_drain(machine.slow);
            EXPECT_FALSE(error) << error.message;
            EXPECT_EQ(done, 3);
        };
        run(*machine.loop, body(machine.ledger.entry()));
    });
}

// R3: the request is COMPLETING while the coroutine that it resumed runs, and DONE when that
// suspends; so a coroutine may drain what it has just awaited.
TEST(CoroDrain, WaitsForTheDispatchThatResumedTheCoroutineAndNoLonger) {
    in_world([] {
        Machine machine;
        const auto states = [&] {
            Snapshot snapshot;
            machine.graph.snapshot(snapshot);
            std::vector<RequestState> result;
            for (const auto& request : snapshot.requests) {
                result.push_back(request.state);
            }
            return result;
        };
        const auto body = [&](Ledger::Entry) -> Task<void> {
            const std::error_code flushed = co_await coro::co_flush(machine.memory);
            EXPECT_FALSE(flushed);
            EXPECT_EQ(states(), std::vector(1, RequestState::completing));
            bool drained = false;
            machine.memory.drain({}, [&](const Error& error) {
                EXPECT_FALSE(error) << error.message;
                drained = true;
                EXPECT_TRUE(states().empty());
            });
            EXPECT_FALSE(drained);
            const Error error = co_await coro::co_drain(machine.memory);
            EXPECT_FALSE(error) << error.message;
            EXPECT_TRUE(drained);
            EXPECT_TRUE(states().empty());
        };
        run(*machine.loop, body(machine.ledger.entry()));
    });
}

TEST(CoroDrain, ReturnsWithNothingToWaitFor) {
    in_world([] {
        Machine machine;
        const auto body = [&](Ledger::Entry) -> Task<void> {
            const Error error = co_await coro::co_drain(machine.memory);
            EXPECT_FALSE(error) << error.message;
        };
        run(*machine.loop, body(machine.ledger.entry()));
    });
}

// A gated request waits until the section ends.
template <class Begin>
void expect_section_gates(Begin begin) {
    Machine machine;
    const auto body = [&](Ledger::Entry) -> Task<void> {
        bool flushed = false;
        const auto sender = [&](Ledger::Entry) -> Task<void> {
            const std::error_code error = co_await coro::co_flush(machine.memory);
            EXPECT_FALSE(error);
            flushed = true;
        };
        coro::SectionResult begun = co_await begin(machine);
        EXPECT_FALSE(begun.error) << begun.error.message;
        EXPECT_TRUE(begun.section.live());
        start(machine, sender(machine.ledger.entry()));
        co_await coro::co_sleep(milliseconds(1));
        EXPECT_FALSE(flushed);
        const Error quiet = co_await coro::co_quiet(machine.graph, begun.section.id());
        EXPECT_FALSE(quiet) << quiet.message;
        begun.section.end();
        co_await coro::co_sleep(milliseconds(1));
        EXPECT_TRUE(flushed);
    };
    run(*machine.loop, body(machine.ledger.entry()));
}

TEST(CoroSections, SelfQuiesceGates) {
    in_world(
        [] { expect_section_gates([](Machine& m) { return coro::co_self_quiesce(m.memory); }); });
}

TEST(CoroSections, DrainedGates) {
    in_world([] {
        expect_section_gates([](Machine& m) { return coro::co_drained(m.graph, m.memory_node); });
    });
}

TEST(CoroSections, QuiesceAllGates) {
    in_world([] {
        expect_section_gates(
            [](Machine& m) { return coro::co_quiesce_all(m.graph, std::vector<BackendId>()); });
    });
}

TEST(CoroSections, IsolateGatesTheOthersOnly) {
    in_world([] {
        Machine machine;
        BlockBackend second(machine.graph, "second", *machine.loop);
        const auto body = [&](Ledger::Entry) -> Task<void> {
            const Error inserted =
                co_await coro::co_insert_medium(machine.graph, second.id(), machine.memory_node);
            EXPECT_FALSE(inserted) << inserted.message;
            coro::SectionResult begun = co_await coro::co_isolate(second);
            EXPECT_FALSE(begun.error) << begun.error.message;
            IsolateOptions at_once;
            at_once.only_now = true;
            const coro::SectionResult refused = co_await coro::co_isolate(machine.memory, at_once);
            EXPECT_EQ(refused.error, Errc::conflict);
            EXPECT_FALSE(refused.section.live());
            const std::error_code error = co_await coro::co_flush(second);
            EXPECT_FALSE(error);
            begun.section.end();
            const Error closed = co_await coro::co_close(second);
            EXPECT_FALSE(closed) << closed.message;
        };
        run(*machine.loop, body(machine.ledger.entry()));
    });
}

TEST(CoroTokens, RequestsUnderATokenPassAGate) {
    in_world([] {
        Machine machine;
        const auto body = [&](Ledger::Entry) -> Task<void> {
            const std::vector<BackendId> backends(1, machine.memory.id());
            coro::TokenResult opened = co_await coro::co_open_token(machine.graph, backends);
            EXPECT_FALSE(opened.error) << opened.error.message;
            coro::SectionResult begun = co_await coro::co_self_quiesce(machine.memory);
            EXPECT_FALSE(begun.error) << begun.error.message;
            const std::error_code error =
                co_await coro::co_flush(machine.memory, opened.token.id());
            EXPECT_FALSE(error);
            opened.token.close();
        };
        run(*machine.loop, body(machine.ledger.entry()));
    });
}

TEST(CoroChanges, EditTheGraph) {
    in_world([] {
        const auto second_loop = make_loop("second");
        Machine machine;
        Graph& graph = machine.graph;
        EXPECT_FALSE(graph.add_loop(*second_loop));
        const auto add_filter = [&](const char* name) {
            return graph.add_node(name, std::make_unique<PassthroughDriver>(), *machine.loop);
        };
        const NodeId filter = add_filter("filter");
        const NodeId parent = add_filter("parent");
        const auto body = [&](Ledger::Entry) -> Task<void> {
            Error error = co_await coro::co_insert_filter(graph, machine.memory_node, filter);
            EXPECT_FALSE(error) << error.message;
            const std::error_code flushed = co_await coro::co_flush(machine.memory);
            EXPECT_FALSE(flushed);
            error = co_await coro::co_attach(graph, parent, std::string("file"), filter);
            EXPECT_FALSE(error) << error.message;
            error =
                co_await coro::co_attach(graph, machine.memory_node, std::string("file"), parent);
            EXPECT_EQ(error, Errc::cycle);
            error = co_await coro::co_detach(graph, parent, 0);
            EXPECT_FALSE(error) << error.message;
            error = co_await coro::co_remove_filter(graph, filter);
            EXPECT_FALSE(error) << error.message;
            error = co_await coro::co_replace(graph, machine.memory_node, parent);
            EXPECT_FALSE(error) << error.message;
            error = co_await coro::co_remove_medium(graph, machine.memory.id());
            EXPECT_FALSE(error) << error.message;
            error = co_await coro::co_set_event_loop(graph, parent, *second_loop);
            EXPECT_FALSE(error) << error.message;
            error = co_await coro::co_settle(graph, parent);
            EXPECT_FALSE(error) << error.message;
            error = co_await coro::co_close(graph, parent);
            EXPECT_FALSE(error) << error.message;
        };
        // Moving a node asks the loops concerned.
        bool over = false;
        coro::spawn(*machine.loop, mark_end(body(machine.ledger.entry()), over));
        while (!over) {
            machine.loop->run_once(milliseconds(1));
            second_loop->run_once(std::chrono::nanoseconds(0));
        }
    });
}

TEST(CoroWaits, OptionsArePassedOn) {
    in_world([] {
        Machine machine;
        const auto slow_flush = [&](Ledger::Entry) -> Task<void> {
            static_cast<void>(co_await coro::co_flush(machine.slow));
        };
        const auto body = [&](Ledger::Entry) -> Task<void> {
            start(machine, slow_flush(machine.ledger.entry()));
            co_await coro::co_next_round();
            WaitOptions impatient;
            impatient.deadline = milliseconds(1);
            Error error = co_await coro::co_drain(machine.slow, impatient);
            EXPECT_EQ(error, Errc::timed_out);
            coro::SectionResult begun = co_await coro::co_self_quiesce(machine.memory);
            start(machine, [](Machine& m, Ledger::Entry) -> Task<void> {
                static_cast<void>(co_await coro::co_flush(m.memory));
            }(machine, machine.ledger.entry()));
            co_await coro::co_next_round();
            WaitOptions holding;
            holding.holding.sections.push_back(begun.section.id());
            error = co_await coro::co_drain(machine.memory, holding);
            EXPECT_EQ(error, Errc::would_deadlock);
            begun.section.end();
            error = co_await coro::co_drain(machine.slow);
            EXPECT_FALSE(error) << error.message;
        };
        run(*machine.loop, body(machine.ledger.entry()));
    });
}

TEST(CoroWaits, ExplainNamesTheLineOfTheAwait) {
    in_world([] {
        Machine machine;
        const auto slow_flush = [&](Ledger::Entry) -> Task<void> {
            static_cast<void>(co_await coro::co_flush(machine.slow));
        };
        const int drain_line = __LINE__ + 2;
        const auto drain = [&](Ledger::Entry) -> Task<void> {
            static_cast<void>(co_await coro::co_drain(machine.slow));
        };
        const auto body = [&](Ledger::Entry) -> Task<void> {
            start(machine, slow_flush(machine.ledger.entry()));
            start(machine, drain(machine.ledger.entry()));
            co_await coro::co_sleep(milliseconds(1));
            const std::vector<Explanation> pending = machine.graph.explain_all();
            EXPECT_EQ(pending.size(), 1U);
            if (!pending.empty()) {
                EXPECT_NE(pending.front().subject.find("operations_test.cpp:" +
                                                       std::to_string(drain_line)),
                          std::string::npos)
                    << pending.front().subject;
            }
            static_cast<void>(co_await coro::co_drain(machine.slow));
        };
        run(*machine.loop, body(machine.ledger.entry()));
    });
}

// The line of the await, or that of the options which it is given.
TEST(CoroWaits, BeginIsKnownByItsLine) {
    in_world([] {
        Machine machine;
        const auto body = [&](Ledger::Entry) -> Task<void> {
            const auto held_from = [&](int line) -> Task<void> {
                const Error error = co_await coro::co_close(machine.memory);
                EXPECT_EQ(error, Errc::busy);
                const std::string place = "operations_test.cpp:" + std::to_string(line);
                EXPECT_NE(error.message.find(place), std::string::npos) << error.message;
            };
            {
                const int line = __LINE__ + 1;
                const coro::SectionResult held = co_await coro::co_self_quiesce(machine.memory);
                co_await held_from(line);
            }
            {
                const int line = __LINE__ + 1;
                const IsolateOptions options;
                const coro::SectionResult held = co_await coro::co_isolate(machine.memory, options);
                co_await held_from(line);
            }
        };
        run(*machine.loop, body(machine.ledger.entry()));
    });
}

#if defined(__cpp_lib_jthread)
// Of one that waits at the gate, and of one that a driver has (R29).
TEST(CoroRequests, StopRequestCancels) {
    in_world([] {
        Machine machine;
        NullOptions never;
        never.latency = std::chrono::hours(1);
        BlockBackend disk(machine.graph, "disk", *machine.loop);
        const NodeId node =
            machine.graph.add_node("disk", std::make_unique<NullDriver>(never), *machine.loop);
        const auto flush = [&](Ledger::Entry, const std::stop_source& stop,
                               std::optional<std::error_code>& outcome) -> Task<void> {
            outcome = co_await coro::co_flush(disk, TokenId(), stop.get_token());
        };
        const auto body = [&](Ledger::Entry) -> Task<void> {
            const Error inserted = co_await coro::co_insert_medium(machine.graph, disk.id(), node);
            EXPECT_FALSE(inserted) << inserted.message;
            for (const bool gated : {true, false}) {
                coro::SectionResult gate = co_await coro::co_self_quiesce(disk);
                if (!gated) {
                    gate.section.end();
                }
                std::stop_source stop;
                std::optional<std::error_code> outcome;
                start(machine, flush(machine.ledger.entry(), stop, outcome));
                co_await coro::co_next_round();
                EXPECT_FALSE(outcome.has_value());
                stop.request_stop();
                EXPECT_FALSE(outcome.has_value()) << "nothing runs inside request_stop";
                while (!outcome) {
                    co_await coro::co_next_round();
                }
                EXPECT_EQ(outcome, make_error_code(Errc::cancelled));
            }
            const Error closed = co_await coro::co_close(disk);
            EXPECT_FALSE(closed) << closed.message;
        };
        run(*machine.loop, body(machine.ledger.entry()));
    });
}

TEST(CoroWaits, StopRequestedBeforeBeginsNothing) {
    in_world([] {
        Machine machine;
        const auto body = [&](Ledger::Entry) -> Task<void> {
            std::stop_source stop;
            stop.request_stop();
            std::vector<std::byte> bytes = filled(10, 7);
            const std::error_code stopped =
                co_await coro::co_write(machine.memory, 0, bytes, TokenId(), stop.get_token());
            EXPECT_EQ(stopped, Errc::cancelled);
            const std::error_code error = co_await coro::co_read(machine.memory, 0, bytes);
            EXPECT_FALSE(error);
            EXPECT_EQ(bytes, filled(10, 0));
            const IsolateOptions options;
            const coro::SectionResult begun =
                co_await coro::co_isolate(machine.memory, options, stop.get_token());
            EXPECT_EQ(begun.error, Errc::cancelled) << begun.error.message;
            EXPECT_FALSE(begun.section.live());
        };
        run(*machine.loop, body(machine.ledger.entry()));
    });
}

TEST(CoroWaits, StopRequestGivesTheOperationUp) {
    in_world([] {
        Machine machine;
        std::stop_source stop;
        std::optional<Errc> outcome;
        const auto slow_flush = [&](Ledger::Entry) -> Task<void> {
            static_cast<void>(co_await coro::co_flush(machine.slow));
        };
        const auto drain = [&](Ledger::Entry) -> Task<void> {
            const WaitOptions options;
            const Error error = co_await coro::co_drain(machine.slow, options, stop.get_token());
            outcome = static_cast<Errc>(error.code.value());
        };
        const auto body = [&](Ledger::Entry) -> Task<void> {
            start(machine, slow_flush(machine.ledger.entry()));
            co_await coro::co_next_round();
            start(machine, drain(machine.ledger.entry()));
            co_await coro::co_next_round();
            EXPECT_FALSE(outcome.has_value());
            stop.request_stop();
            EXPECT_FALSE(outcome.has_value()) << "nothing runs inside request_stop";
            co_await coro::co_sleep(milliseconds(1));
            EXPECT_EQ(outcome, Errc::cancelled);

            outcome.reset();
            start(machine, drain(machine.ledger.entry()));
            co_await coro::co_sleep(milliseconds(1));
            EXPECT_EQ(outcome, Errc::cancelled) << "stop was requested before";
            static_cast<void>(co_await coro::co_drain(machine.slow));
        };
        run(*machine.loop, body(machine.ledger.entry()));
    });
}

// A stop request ends each kind of operation, and nothing of it is left.
TEST(CoroWaits, StopRequestLeavesNothingBehind) {
    in_world([] {
        Machine machine;
        // Each waits for a token that is open, or for a section that gates the backend.
        using Start = std::function<Task<Error>(coro::StopToken)>;
        struct Case {
            const char* name;
            bool gated;
            Start start;
        };
        const WaitOptions plain;
        const IsolateOptions isolating;
        const ChangeOptions changing;
        const std::vector<BackendId> backends(1, machine.slow.id());
        const std::vector<Case> cases = {
            {"drained", false,
             [&](coro::StopToken stop) -> Task<Error> {
                 coro::SectionResult begun =
                     co_await coro::co_drained(machine.graph, machine.slow_node, plain, stop);
                 EXPECT_FALSE(begun.section.live());
                 co_return std::move(begun.error);
             }},
            {"open_token", true,
             [&](coro::StopToken stop) -> Task<Error> {
                 coro::TokenResult opened =
                     co_await coro::co_open_token(machine.graph, backends, plain, stop);
                 EXPECT_FALSE(opened.token.open());
                 co_return std::move(opened.error);
             }},
            {"remove_medium", false,
             [&](coro::StopToken stop) -> Task<Error> {
                 co_return co_await coro::co_remove_medium(machine.graph, machine.slow.id(),
                                                           changing, stop);
             }},
            {"set_event_loop", false,
             [&](coro::StopToken stop) -> Task<Error> {
                 co_return co_await coro::co_set_event_loop(machine.graph, machine.slow_node,
                                                            *machine.loop, plain, stop);
             }},
            {"close", false,
             [&](coro::StopToken stop) -> Task<Error> {
                 co_return co_await coro::co_close(machine.slow, plain, stop);
             }},
        };
        const auto starter = [&](Ledger::Entry, const Case& c, coro::StopToken stop,
                                 Error& outcome) -> Task<void> {
            outcome = co_await c.start(stop);
        };
        const auto body = [&](Ledger::Entry) -> Task<void> {
            for (const Case& c : cases) {
                for (const bool before : {false, true}) {
                    Section section;
                    OperationToken token;
                    if (c.gated) {
                        coro::SectionResult begun = co_await coro::co_self_quiesce(machine.slow);
                        section = std::move(begun.section);
                    } else {
                        coro::TokenResult opened =
                            co_await coro::co_open_token(machine.graph, backends);
                        token = std::move(opened.token);
                    }
                    std::stop_source stop;
                    if (before) {
                        stop.request_stop();
                    }
                    Error outcome;
                    start(machine, starter(machine.ledger.entry(), c, stop.get_token(), outcome));
                    co_await coro::co_next_round();
                    stop.request_stop();
                    co_await coro::co_sleep(milliseconds(1));
                    EXPECT_EQ(outcome, Errc::cancelled) << c.name << ": " << outcome.message;
                    section.end();
                    token.close();
                    Snapshot snapshot;
                    machine.graph.snapshot(snapshot);
                    EXPECT_TRUE(snapshot.operations.empty()) << c.name;
                    EXPECT_TRUE(snapshot.tokens.empty()) << c.name;
                    for (const auto& backend : snapshot.backends) {
                        EXPECT_FALSE(backend.gated) << c.name;
                        EXPECT_FALSE(backend.closing) << c.name;
                    }
                    const Error drained = co_await coro::co_drain(machine.slow);
                    EXPECT_FALSE(drained) << drained.message;
                }
            }
        };
        run(*machine.loop, body(machine.ledger.entry()));
    });
}

// Whichever comes first, once.
TEST(CoroWaits, StopAndDeadlineMeet) {
    in_world([] {
        Machine machine;
        const std::vector<BackendId> backends(1, machine.slow.id());
        int outcomes = 0;
        const auto drain = [&](Ledger::Entry, const std::stop_source& stop, Errc expected,
                               milliseconds deadline) -> Task<void> {
            WaitOptions options;
            options.deadline = deadline;
            const Error error = co_await coro::co_drain(machine.slow, options, stop.get_token());
            EXPECT_EQ(error, expected) << error.message;
            ++outcomes;
        };
        const auto body = [&](Ledger::Entry) -> Task<void> {
            coro::TokenResult opened = co_await coro::co_open_token(machine.graph, backends);
            std::stop_source first;
            std::stop_source late;
            start(machine,
                  drain(machine.ledger.entry(), first, Errc::cancelled, std::chrono::hours(1)));
            start(machine, drain(machine.ledger.entry(), late, Errc::timed_out, milliseconds(1)));
            co_await coro::co_next_round();
            first.request_stop();
            while (outcomes < 2) {
                co_await coro::co_sleep(milliseconds(1));
            }
            late.request_stop();
            opened.token.close();
            static_cast<void>(co_await coro::co_drain(machine.slow));
            EXPECT_EQ(outcomes, 2);
        };
        run(*machine.loop, body(machine.ledger.entry()));
    });
}

#if !defined(BLKDRAIN_WORLD_SIM)
// In the real world only: std::stop_callback does not know simulated threads.
// Success and stop race to exactly one outcome, on whatever thread the stop is requested.
TEST(CoroWaits, StopRequestFromAnotherThreadRaces) {
    in_world([] {
        Machine machine;
        std::stop_source stop;
        const auto slow_flush = [&](Ledger::Entry) -> Task<void> {
            static_cast<void>(co_await coro::co_flush(machine.slow));
        };
        const auto body = [&](Ledger::Entry) -> Task<void> {
            start(machine, slow_flush(machine.ledger.entry()));
            co_await coro::co_next_round();
            const WaitOptions options;
            const Error error = co_await coro::co_drain(machine.slow, options, stop.get_token());
            EXPECT_TRUE(!error || error == Errc::cancelled) << error.message;
            static_cast<void>(co_await coro::co_drain(machine.slow));
        };
        os::thread stopper("stopper", [&] {
            os::mutex mutex;
            os::condition never;
            os::mutex_lock lock(mutex);
            never.wait_until(lock, os::now() + milliseconds(10));
            stop.request_stop();
        });
        run(*machine.loop, body(machine.ledger.entry()));
        stopper.join();
    });
}

TEST(CoroRequests, StopRequestFromAnotherThreadRaces) {
    in_world([] {
        Machine machine;
        std::array<std::stop_source, 200> stops;
        os::atomic<std::size_t> sent{0};
        const auto body = [&](Ledger::Entry) -> Task<void> {
            for (const std::stop_source& stop : stops) {
                // relaxed, both: only the time matters.
                sent.fetch_add(1, std::memory_order_relaxed);
                const std::error_code error =
                    co_await coro::co_flush(machine.memory, TokenId(), stop.get_token());
                EXPECT_TRUE(!error || error == Errc::cancelled) << error.message();
            }
        };
        os::thread stopper("stopper", [&] {
            for (std::size_t i = 0; i < stops.size(); ++i) {
                while (sent.load(std::memory_order_relaxed) <= i) {
                    std::this_thread::yield();
                }
                stops[i].request_stop();
            }
        });
        run(*machine.loop, body(machine.ledger.entry()));
        stopper.join();
    });
}
#endif
#endif

}  // namespace
}  // namespace blkdrain::testing
