// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
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
#include "../section/graph_fixture.h"
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

// A node "top" over "bottom", with two backends on it; a backend and a node that stand alone; and a
// node that takes its time to settle.
struct WideMachine : Machine {
    WideMachine() {
        NullOptions settling;
        settling.settles = true;
        settling.latency = milliseconds(10);
        bottom = graph.add_node("bottom", std::make_unique<NullDriver>(), *loop);
        top = graph.add_node("top", std::make_unique<PassthroughDriver>(), *loop);
        spare = graph.add_node("spare", std::make_unique<PassthroughDriver>(), *loop);
        dirty = graph.add_node("dirty", std::make_unique<NullDriver>(settling), *loop);
        const auto connect = [this]() -> Task<void> {
            Error error = co_await coro::co_attach(graph, top, std::string("file"), bottom);
            EXPECT_FALSE(error) << error.message;
            error = co_await coro::co_insert_medium(graph, busy.id(), top);
            EXPECT_FALSE(error) << error.message;
            error = co_await coro::co_insert_medium(graph, rival.id(), top);
            EXPECT_FALSE(error) << error.message;
        };
        run(*loop, connect());
    }

    ~WideMachine() {
        const auto close = [this]() -> Task<void> {
            static_cast<void>(co_await coro::co_close(busy));
            static_cast<void>(co_await coro::co_close(rival));
            static_cast<void>(co_await coro::co_close(bare));
        };
        run(*loop, close());
    }

    // Who stands on whom.
    [[nodiscard]] std::string shape() const {
        Snapshot snapshot;
        graph.snapshot(snapshot);
        std::string text;
        for (const auto& node : snapshot.nodes) {
            text += node.name + ":";
            for (const auto& edge : node.children) {
                text += " n" + std::to_string(edge.child.value);
            }
            text += "; ";
        }
        for (const auto& backend : snapshot.backends) {
            text += backend.name + ": n" + std::to_string(backend.root.value) + "; ";
        }
        return text;
    }

    NodeId bottom;
    NodeId top;
    NodeId spare;
    NodeId dirty;
    BlockBackend busy{graph, "busy", *loop};
    BlockBackend rival{graph, "rival", *loop};
    BlockBackend bare{graph, "bare", *loop};
};

// What is in the way of an operation.
enum class Obstacle {
    nothing,  // it is over at once
    itself,   // it takes its time
    token,    // on `busy` and `bare`
    gate,     // of `busy`
    rival,    // which holds an isolated section
};

struct Operation {
    const char* name;
    Obstacle obstacle;
    std::function<Task<Error>(coro::StopToken)> make;
};

Error error_of(coro::SectionResult begun) {
    EXPECT_NE(begun.section.live(), static_cast<bool>(begun.error));
    return std::move(begun.error);
}

Error error_of(coro::TokenResult opened) {
    EXPECT_NE(opened.token.open(), static_cast<bool>(opened.error));
    return std::move(opened.error);
}

std::vector<Operation> operations_on(WideMachine& m) {
    using Stop = coro::StopToken;
    static const WaitOptions plain;
    static const IsolateOptions isolating;
    static const ChangeOptions changing;
    return {
        {"drain", Obstacle::token,
         [&](Stop stop) -> Task<Error> { co_return co_await coro::co_drain(m.busy, plain, stop); }},
        {"isolate", Obstacle::rival,
         [&](Stop stop) -> Task<Error> {
             co_return error_of(co_await coro::co_isolate(m.busy, isolating, stop));
         }},
        {"self_quiesce", Obstacle::nothing,
         [&](Stop stop) -> Task<Error> {
             co_return error_of(co_await coro::co_self_quiesce(m.busy, plain, stop));
         }},
        {"quiesce_all", Obstacle::nothing,
         [&](Stop stop) -> Task<Error> {
             const std::vector<BackendId> nobody;
             co_return error_of(co_await coro::co_quiesce_all(m.graph, nobody, plain, stop));
         }},
        {"drained", Obstacle::token,
         [&](Stop stop) -> Task<Error> {
             co_return error_of(co_await coro::co_drained(m.graph, m.bottom, plain, stop));
         }},
        {"quiet", Obstacle::token,
         [&](Stop stop) -> Task<Error> {
             const coro::SectionResult held = co_await coro::co_self_quiesce(m.busy);
             EXPECT_FALSE(held.error) << held.error.message;
             co_return co_await coro::co_quiet(m.graph, held.section.id(), plain, stop);
         }},
        {"settle", Obstacle::itself,
         [&](Stop stop) -> Task<Error> {
             co_return co_await coro::co_settle(m.graph, m.dirty, plain, stop);
         }},
        {"open_token", Obstacle::gate,
         [&](Stop stop) -> Task<Error> {
             const std::vector<BackendId> backends(1, m.busy.id());
             co_return error_of(co_await coro::co_open_token(m.graph, backends, plain, stop));
         }},
        {"attach", Obstacle::token,
         [&](Stop stop) -> Task<Error> {
             co_return co_await coro::co_attach(m.graph, m.top, std::string("more"), m.spare,
                                                changing, stop);
         }},
        {"detach", Obstacle::token,
         [&](Stop stop) -> Task<Error> {
             co_return co_await coro::co_detach(m.graph, m.top, 0, changing, stop);
         }},
        {"replace", Obstacle::token,
         [&](Stop stop) -> Task<Error> {
             co_return co_await coro::co_replace(m.graph, m.bottom, m.spare, changing, stop);
         }},
        {"insert_filter", Obstacle::token,
         [&](Stop stop) -> Task<Error> {
             co_return co_await coro::co_insert_filter(m.graph, m.bottom, m.spare, changing, stop);
         }},
        {"remove_filter", Obstacle::token,
         [&](Stop stop) -> Task<Error> {
             co_return co_await coro::co_remove_filter(m.graph, m.top, changing, stop);
         }},
        {"insert_medium", Obstacle::token,
         [&](Stop stop) -> Task<Error> {
             co_return co_await coro::co_insert_medium(m.graph, m.bare.id(), m.spare, changing,
                                                       stop);
         }},
        {"remove_medium", Obstacle::token,
         [&](Stop stop) -> Task<Error> {
             co_return co_await coro::co_remove_medium(m.graph, m.busy.id(), changing, stop);
         }},
        {"set_event_loop", Obstacle::token,
         [&](Stop stop) -> Task<Error> {
             co_return co_await coro::co_set_event_loop(m.graph, m.top, *m.loop, plain, stop);
         }},
        {"close of a backend", Obstacle::token,
         [&](Stop stop) -> Task<Error> { co_return co_await coro::co_close(m.busy, plain, stop); }},
        {"close of a node", Obstacle::itself,
         [&](Stop stop) -> Task<Error> {
             co_return co_await coro::co_close(m.graph, m.dirty, plain, stop);
         }},
    };
}

// Nobody is gated or being closed, nothing is open or pending.
void expect_nothing_left(const WideMachine& machine) {
    Snapshot snapshot;
    machine.graph.snapshot(snapshot);
    EXPECT_TRUE(snapshot.operations.empty());
    EXPECT_TRUE(snapshot.tokens.empty());
    for (const auto& backend : snapshot.backends) {
        EXPECT_FALSE(backend.gated);
        EXPECT_FALSE(backend.closing);
    }
    for (const auto& node : snapshot.nodes) {
        EXPECT_FALSE(node.stopped);
        EXPECT_FALSE(node.closing);
    }
}

// A stop request ends each kind of operation, and nothing of it is left; one that comes when the
// operation has begun already is too late.
TEST(CoroWaits, StopRequestLeavesNothingBehind) {
    in_world(
        [] {
            WideMachine machine;
            const std::string shape = machine.shape();
            const std::vector<BackendId> backends = {machine.busy.id(), machine.bare.id()};
            const auto starter = [&](Ledger::Entry, const Operation& operation,
                                     coro::StopToken stop,
                                     std::optional<Error>& outcome) -> Task<void> {
                outcome = co_await operation.make(std::move(stop));
            };
            const auto stop_one = [&](Ledger::Entry, const Operation& operation,
                                      bool before) -> Task<void> {
                Section section;
                OperationToken token;
                if (operation.obstacle == Obstacle::token) {
                    coro::TokenResult opened =
                        co_await coro::co_open_token(machine.graph, backends);
                    token = std::move(opened.token);
                } else if (operation.obstacle == Obstacle::gate) {
                    coro::SectionResult begun = co_await coro::co_self_quiesce(machine.busy);
                    section = std::move(begun.section);
                } else if (operation.obstacle == Obstacle::rival) {
                    coro::SectionResult begun = co_await coro::co_isolate(machine.rival);
                    section = std::move(begun.section);
                }
                std::stop_source stop;
                if (before) {
                    stop.request_stop();
                }
                std::optional<Error> outcome;
                start(machine,
                      starter(machine.ledger.entry(), operation, stop.get_token(), outcome));
                while (!outcome && machine.graph.explain_all().empty()) {
                    co_await coro::co_next_round();
                }
                const bool too_late = !before && operation.obstacle == Obstacle::nothing;
                EXPECT_EQ(outcome.has_value(), before || too_late);
                stop.request_stop();
                while (!outcome) {
                    co_await coro::co_next_round();
                }
                EXPECT_TRUE(too_late ? !*outcome : *outcome == Errc::cancelled) << outcome->message;
                section.end();
                token.close();
                if (!before && operation.obstacle == Obstacle::itself) {
                    // The settle that runs cannot be called back (R25).
                    static_cast<void>(co_await coro::co_sleep(milliseconds(20)));
                }
            };
            for (const Operation& operation : operations_on(machine)) {
                for (const bool before : {false, true}) {
                    SCOPED_TRACE(operation.name);
                    run(*machine.loop, stop_one(machine.ledger.entry(), operation, before));
                    expect_nothing_left(machine);
                    EXPECT_EQ(machine.shape(), shape);
                }
            }
        },
        10);
}

// What waits at a gate, and what was not sent at all.
TEST(CoroRequests, StopRequestCancelsEachKind) {
    in_world([] {
        Machine machine;
        const TokenId no_token;
        std::vector<std::byte> bytes = filled(16, 7);
        const std::array<iovec, 2> pieces{iovec{bytes.data(), 8}, iovec{bytes.data() + 8, 8}};
        const std::span<const iovec> in_pieces(pieces);
        using Stop = coro::StopToken;
        const std::vector<std::function<Task<std::error_code>(Stop)>> kinds = {
            [&](Stop stop) -> Task<std::error_code> {
                co_return co_await coro::co_read(machine.memory, 0, bytes, no_token, stop);
            },
            [&](Stop stop) -> Task<std::error_code> {
                co_return co_await coro::co_read(machine.memory, 0, in_pieces, no_token, stop);
            },
            [&](Stop stop) -> Task<std::error_code> {
                co_return co_await coro::co_write(machine.memory, 0, bytes, no_token, stop);
            },
            [&](Stop stop) -> Task<std::error_code> {
                co_return co_await coro::co_write(machine.memory, 0, in_pieces, no_token, stop);
            },
            [&](Stop stop) -> Task<std::error_code> {
                co_return co_await coro::co_discard(machine.memory, 32, 16, no_token, stop);
            },
            [&](Stop stop) -> Task<std::error_code> {
                co_return co_await coro::co_flush(machine.memory, no_token, stop);
            },
        };
        const auto starter = [&](Ledger::Entry, std::size_t kind, Stop stop,
                                 std::optional<std::error_code>& outcome) -> Task<void> {
            outcome = co_await kinds[kind](std::move(stop));
        };
        const auto body = [&](Ledger::Entry) -> Task<void> {
            const std::vector<std::byte> kept = filled(16, 9);
            const std::error_code written = co_await coro::co_write(machine.memory, 32, kept);
            EXPECT_FALSE(written);
            coro::SectionResult gate = co_await coro::co_self_quiesce(machine.memory);
            for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
                for (const bool before : {false, true}) {
                    std::stop_source stop;
                    if (before) {
                        stop.request_stop();
                    }
                    std::optional<std::error_code> outcome;
                    start(machine,
                          starter(machine.ledger.entry(), kind, stop.get_token(), outcome));
                    co_await coro::co_next_round();
                    EXPECT_EQ(outcome.has_value(), before) << kind;
                    stop.request_stop();
                    while (!outcome) {
                        co_await coro::co_next_round();
                    }
                    EXPECT_EQ(outcome, make_error_code(Errc::cancelled)) << kind;
                    Snapshot snapshot;
                    machine.graph.snapshot(snapshot);
                    EXPECT_TRUE(snapshot.requests.empty()) << kind;
                }
            }
            gate.section.end();
            EXPECT_EQ(bytes, filled(16, 7)) << "nothing was read";
            std::vector<std::byte> on_disk = filled(16, 1);
            std::error_code read = co_await coro::co_read(machine.memory, 0, on_disk);
            EXPECT_FALSE(read);
            EXPECT_EQ(on_disk, filled(16, 0)) << "nothing was written";
            read = co_await coro::co_read(machine.memory, 32, on_disk);
            EXPECT_FALSE(read);
            EXPECT_EQ(on_disk, kept) << "nothing was discarded";
        };
        run(*machine.loop, body(machine.ledger.entry()));
    });
}

// Before it, meanwhile, and when it is over.
TEST(CoroSleep, EndsWhenStopIsRequested) {
    in_world([] {
        Machine machine;
        const auto sleep = [&](Ledger::Entry, std::chrono::nanoseconds delay, coro::StopToken stop,
                               std::optional<std::error_code>& outcome) -> Task<void> {
            outcome = co_await coro::co_sleep(delay, std::move(stop));
        };
        const auto body = [&](Ledger::Entry) -> Task<void> {
            for (const bool before : {false, true}) {
                std::stop_source stop;
                if (before) {
                    stop.request_stop();
                }
                std::optional<std::error_code> outcome;
                start(machine, sleep(machine.ledger.entry(), std::chrono::hours(1),
                                     stop.get_token(), outcome));
                co_await coro::co_next_round();
                EXPECT_EQ(outcome.has_value(), before);
                if (!before) {
                    stop.request_stop();
                    EXPECT_FALSE(outcome.has_value()) << "nothing runs inside request_stop";
                    co_await coro::co_next_round();
                    co_await coro::co_next_round();
                }
                EXPECT_EQ(outcome, make_error_code(Errc::cancelled));
            }
            std::stop_source late;
            const os::time_point start = os::now();
            const std::error_code whole =
                co_await coro::co_sleep(milliseconds(1), late.get_token());
            EXPECT_FALSE(whole) << whole.message();
            EXPECT_GE(os::now() - start, milliseconds(1));
            late.request_stop();
            co_await coro::co_next_round();
        };
        run(*machine.loop, body(machine.ledger.entry()));
    });
}

// In one round stop is requested and the sleep is over: the request comes to a loop on which nobody
// sleeps any more.
TEST(CoroSleep, EndsOnceIfStopIsRequestedInItsLastRound) {
    in_world([] {
        Machine machine;
        int ended = 0;
        std::stop_source stop;
        const auto sleep = [&](Ledger::Entry) -> Task<void> {
            const std::error_code error =
                co_await coro::co_sleep(milliseconds(1), stop.get_token());
            EXPECT_TRUE(stop.stop_requested());
            EXPECT_FALSE(error) << error.message();
            ++ended;
        };
        const auto body = [&](Ledger::Entry) -> Task<void> {
            machine.loop->start_timer(milliseconds(1), [&] { stop.request_stop(); });
            start(machine, sleep(machine.ledger.entry()));
            co_await coro::co_next_round();
            pass(milliseconds(5));
            for (int round = 0; round < 3; ++round) {
                co_await coro::co_next_round();
            }
            EXPECT_EQ(ended, 1);
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

TEST(CoroSleep, StopRequestFromAnotherThreadRaces) {
    in_world([] {
        Machine machine;
        std::array<std::stop_source, 500> stops;
        os::atomic<std::size_t> asleep{0};
        std::size_t slept = 0;
        const auto body = [&](Ledger::Entry) -> Task<void> {
            for (const std::stop_source& stop : stops) {
                // relaxed, both: only the time matters.
                asleep.fetch_add(1, std::memory_order_relaxed);
                const std::error_code error =
                    co_await coro::co_sleep(std::chrono::microseconds(1), stop.get_token());
                EXPECT_TRUE(!error || error == Errc::cancelled) << error.message();
                ++slept;
            }
        };
        os::thread stopper("stopper", [&] {
            for (std::size_t i = 0; i < stops.size(); ++i) {
                while (asleep.load(std::memory_order_relaxed) <= i) {
                    std::this_thread::yield();
                }
                stops[i].request_stop();
            }
        });
        run(*machine.loop, body(machine.ledger.entry()));
        stopper.join();
        EXPECT_EQ(slept, stops.size());
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
