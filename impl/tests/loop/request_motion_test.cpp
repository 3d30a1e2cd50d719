// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <gtest/gtest.h>

#include <blkdrain/driver.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/request.h>

#include "bare_graph.h"
#include "in_world.h"
#include "os/backend.h"
#include "small_stack.h"

namespace blkdrain {
namespace {

using testing::BareNode;
using testing::in_world;
using testing::OwnedRequest;
using testing::ScriptedDriver;

constexpr std::chrono::nanoseconds for_ever{-1};

const std::error_code failure = std::make_error_code(std::errc::io_error);

std::unique_ptr<EventLoop> make_loop(const char* name = "loop") {
    std::error_code error;
    std::unique_ptr<EventLoop> loop = EventLoop::create(name, error);
    EXPECT_FALSE(error) << error.message();
    return loop;
}

// Posts `body` and runs the loop until `over`.
void run(EventLoop& loop, std::function<void()> body, const bool& over) {
    loop.post(std::move(body));
    while (!over) {
        loop.run_once(for_ever);
    }
}

ScriptedDriver answering(std::error_code result) {
    return ScriptedDriver([result](Node&, Request& request) { request.complete(result); });
}

TEST(RequestMotion, NothingRunsInsideStartCompleteAndForward) {
    in_world([] {
        const auto loop = make_loop();
        bool inside = false;
        bool over = false;
        ScriptedDriver leaf([&](Node&, Request& request) {
            EXPECT_FALSE(inside);
            inside = true;
            request.complete(failure);
            inside = false;
        });
        BareNode bottom(*loop, leaf);
        ScriptedDriver filter([&](Node& node, Request& request) {
            EXPECT_FALSE(inside);
            inside = true;
            request.forward(*node.children()[0]);
            inside = false;
        });
        BareNode top(*loop, filter, {&bottom});
        OwnedRequest request;
        run(
            *loop,
            [&] {
                inside = true;
                request.send(*loop, Io::flush(), top, [&](std::error_code result) {
                    EXPECT_FALSE(inside);
                    EXPECT_EQ(result, failure);
                    over = true;
                });
                inside = false;
            },
            over);
    });
}

TEST(RequestMotion, CarriesWhatWasAskedFor) {
    in_world([] {
        const auto loop = make_loop();
        bool over = false;
        std::array<std::byte, 7> buffer{};
        ScriptedDriver leaf([&](Node&, Request& request) {
            EXPECT_EQ(request.io().type, IoType::read);
            EXPECT_EQ(request.io().offset, 21U);
            EXPECT_EQ(request.io().length, buffer.size());
            EXPECT_EQ(request.io().buffer, buffer.data());
            EXPECT_EQ(&request.loop(), loop.get());
            request.complete({});
        });
        BareNode node(*loop, leaf);
        OwnedRequest request;
        const auto send = [&] {
            request.send(*loop, Io::read(21, buffer), node, [&](std::error_code) { over = true; });
        };
        run(*loop, send, over);
    });
}

// Continuations run from the inside out, each sees what the one below made of the result, and one
// may send the request down again.
TEST(RequestMotion, ContinuationsRunFromTheInsideOut) {
    in_world([] {
        const auto loop = make_loop();
        bool over = false;
        int attempts = 0;
        std::string order;
        ScriptedDriver leaf([&](Node&, Request& request) {
            order += 'd';
            request.complete(++attempts < 3 ? failure : std::error_code());
        });
        BareNode bottom(*loop, leaf);

        struct Retry : Continuation {
            Retry() : Continuation(step) {}
            static void step(Continuation& self, Request& request, std::error_code result) {
                auto& retry = static_cast<Retry&>(self);
                *retry.order += 'r';
                if (result) {
                    request.forward(*retry.child, retry);
                } else {
                    request.complete({});
                }
            }
            std::string* order = nullptr;
            Node* child = nullptr;
        } retry;
        retry.order = &order;
        retry.child = &bottom;
        ScriptedDriver retrying(
            [&](Node& node, Request& request) { request.forward(*node.children()[0], retry); });
        BareNode middle(*loop, retrying, {&bottom});

        struct Blame : Continuation {
            Blame() : Continuation(step) {}
            static void step(Continuation& self, Request& request, std::error_code result) {
                EXPECT_FALSE(result);
                *static_cast<Blame&>(self).order += 'b';
                request.complete(failure);
            }
            std::string* order = nullptr;
        } blame;
        blame.order = &order;
        ScriptedDriver blaming(
            [&](Node& node, Request& request) { request.forward(*node.children()[0], blame); });
        BareNode top(*loop, blaming, {&middle});

        OwnedRequest request;
        const auto send = [&] {
            request.send(*loop, Io::flush(), top, [&](std::error_code result) {
                EXPECT_EQ(result, failure);
                over = true;
            });
        };
        run(*loop, send, over);
        EXPECT_EQ(order, "drdrdrb");
    });
}

TEST(RequestMotion, OwnerMayFreeOrReuseTheRequestWhenItFinishes) {
    in_world([] {
        const auto loop = make_loop();
        bool over = false;
        ScriptedDriver leaf = answering({});
        BareNode node(*loop, leaf);
        auto request = std::make_unique<OwnedRequest>();
        int sent = 0;
        std::function<void()> send = [&] {
            ++sent;
            request->send(*loop, Io::flush(), node, [&](std::error_code) {
                if (sent < 5) {
                    send();
                } else {
                    request.reset();
                    over = true;
                }
            });
        };
        run(*loop, send, over);
        EXPECT_EQ(sent, 5);
    });
}

TEST(RequestMotion, RequestsLeaveInTheOrderOfSending) {
    in_world([] {
        const auto loop = make_loop();
        std::vector<std::uint64_t> served;
        bool over = false;
        ScriptedDriver leaf([&](Node&, Request& request) {
            served.push_back(request.io().offset);
            request.complete({});
        });
        BareNode node(*loop, leaf);
        std::array<OwnedRequest, 4> requests;
        const auto send = [&] {
            for (std::size_t i = 0; i < requests.size(); ++i) {
                requests[i].send(*loop, Io::discard(i, 1), node,
                                 [&, i](std::error_code) { over = i + 1 == requests.size(); });
            }
            EXPECT_TRUE(served.empty());
        };
        run(*loop, send, over);
        EXPECT_EQ(served, (std::vector<std::uint64_t>{0, 1, 2, 3}));
    });
}

// Owners whose completions send the next request, which completes at once, for ever.
TEST(RequestMotion, EndlessRequestsStarveNeitherTimersNorStop) {
    in_world(
        [] {
            const auto loop = make_loop();
            ScriptedDriver leaf = answering({});
            BareNode node(*loop, leaf);
            std::array<OwnedRequest, 2> requests;
            bool stopped = false;
            int in_flight = 0;
            std::function<void(std::size_t)> send = [&](std::size_t i) {
                ++in_flight;
                requests[i].send(*loop, Io::flush(), node, [&, i](std::error_code) {
                    --in_flight;
                    if (!stopped) {
                        send(i);
                    }
                });
            };
            loop->post([&] {
                send(0);
                send(1);
            });
            loop->start_timer(std::chrono::nanoseconds(0), [&] { loop->stop(); });
            loop->run();
            EXPECT_EQ(in_flight, 2);
            stopped = true;
            while (in_flight != 0) {
                loop->run_once(std::chrono::nanoseconds(0));
            }
        },
        5);
}

// More requests than move after one callback: the rest keeps the loop's descriptor readable.
TEST(RequestMotion, RequestsLeftInMotionAreMovedInTheNextRound) {
    in_world(
        [] {
            const auto loop = make_loop();
            ScriptedDriver leaf = answering({});
            BareNode node(*loop, leaf);
            std::vector<OwnedRequest> requests(1'000);
            std::size_t finished = 0;
            // A timer starts them: nothing was posted, so that nothing else makes it readable.
            loop->start_timer(std::chrono::milliseconds(1), [&] {
                for (OwnedRequest& request : requests) {
                    request.send(*loop, Io::flush(), node, [&](std::error_code) { ++finished; });
                }
            });
            while (finished == 0) {
                loop->run_once(for_ever);
            }
            EXPECT_LT(finished, requests.size());
            os::poller foreign;
            ASSERT_FALSE(foreign.open());
            ASSERT_FALSE(foreign.add(loop->fd(), os::event_in, 0));
            std::array<os::ready, 1> ready{};
            while (finished < requests.size()) {
                foreign.wait(ready, os::duration(-1));
                loop->run_once(std::chrono::nanoseconds(0));
            }
        },
        5);
}

// A driver that has its answers given by a thread of its own.
class Workshop {
public:
    Workshop() : thread_("workshop", [this] { work(); }) {}
    ~Workshop() {
        hand_in(nullptr);
        thread_.join();
    }

    void hand_in(Request* request) {
        const os::mutex_lock lock(mutex_);
        queue_.push_back(request);
        filled_.notify_one();
    }

private:
    void work() {
        for (;;) {
            os::mutex_lock lock(mutex_);
            while (queue_.empty()) {
                filled_.wait(lock);
            }
            Request* const request = queue_.front();
            queue_.pop_front();
            lock.unlock();
            if (request == nullptr) {
                return;
            }
            request->complete(failure);
        }
    }

    os::mutex mutex_;
    os::condition filled_;
    std::deque<Request*> queue_;
    os::thread thread_;
};

// The completion may come before the submit has returned, and with it the next submit.
TEST(RequestMotion, CompletionOnAnotherThreadArrivesOnTheRequestsLoop) {
    in_world([] {
#if defined(BLKDRAIN_WORLD_SIM)
        constexpr int rounds = 4;
#else
        constexpr int rounds = 3'000;
#endif
        const auto loop = make_loop();
        Workshop workshop;
        int passed = 0;
        ScriptedDriver leaf([&](Node&, Request& request) { workshop.hand_in(&request); });
        BareNode bottom(*loop, leaf);
        struct Step : Continuation {
            explicit Step(int& count) : Continuation(pass), passed(count) {}
            static void pass(Continuation& self, Request& request, std::error_code result) {
                ++static_cast<Step&>(self).passed;
                request.complete(result);
                delete &static_cast<Step&>(self);
            }
            int& passed;
        };
        ScriptedDriver filter([&](Node& node, Request& request) {
            request.forward(*node.children()[0], *new Step(passed));
        });
        BareNode top(*loop, filter, {&bottom});

        std::array<OwnedRequest, 3> requests;
        int finished = 0;
        std::function<void(std::size_t)> send = [&](std::size_t i) {
            requests[i].send(*loop, Io::flush(), top, [&, i](std::error_code result) {
                EXPECT_TRUE(loop->is_current());
                EXPECT_EQ(result, failure);
                if (++finished <= rounds - static_cast<int>(requests.size())) {
                    send(i);
                }
            });
        };
        loop->post([&] {
            for (std::size_t i = 0; i < requests.size(); ++i) {
                send(i);
            }
        });
        while (finished < rounds) {
            loop->run_once(for_ever);
        }
        EXPECT_EQ(passed, rounds);
    });
}

TEST(RequestMotion, AnotherLoopsThreadIsAnotherThread) {
    in_world([] {
        const auto loop = make_loop("sender");
        const auto device = make_loop("device");
        os::thread runner("device", [&] { device->run(); });
        bool over = false;
        ScriptedDriver leaf(
            [&](Node&, Request& request) { device->post([&request] { request.complete({}); }); });
        BareNode node(*loop, leaf);
        OwnedRequest request;
        const auto send = [&] {
            request.send(*loop, Io::flush(), node, [&](std::error_code) {
                EXPECT_TRUE(loop->is_current());
                over = true;
            });
        };
        run(*loop, send, over);
        device->stop();
        runner.join();
    });
}

constexpr std::size_t long_chain = 100'000;

// One request down a chain of `length` nodes of `driver`, on a small stack.
void send_down_a_chain(std::size_t length, Driver& driver) {
    testing::on_small_stack([&] {
        const auto loop = make_loop();
        ScriptedDriver leaf = answering(failure);
        std::deque<BareNode> nodes;
        nodes.emplace_back(*loop, leaf);
        for (std::size_t i = 0; i < length; ++i) {
            Node& below = nodes.back();
            nodes.emplace_back(*loop, driver, std::vector<Node*>{&below});
        }
        bool over = false;
        OwnedRequest request;
        const auto send = [&] {
            request.send(*loop, Io::flush(), nodes.back(), [&](std::error_code result) {
                EXPECT_EQ(result, failure);
                over = true;
            });
        };
        run(*loop, send, over);
    });
}

TEST(RequestMotion, LongChainOfForwardsNeedsNoStack) {
    in_world(
        [] {
            std::size_t forwards = 0;
            ScriptedDriver passing([&](Node& node, Request& request) {
                ++forwards;
                request.forward(*node.children()[0]);
            });
            send_down_a_chain(long_chain, passing);
            EXPECT_EQ(forwards, long_chain);
        },
        0);
}

TEST(RequestMotion, LongChainOfContinuationsNeedsNoStack) {
    in_world(
        [] {
            std::size_t continued = 0;
            struct Step : Continuation {
                explicit Step(std::size_t& c) : Continuation(pass), count(c) {}
                static void pass(Continuation& self, Request& request, std::error_code result) {
                    const std::unique_ptr<Step> step(&static_cast<Step&>(self));
                    ++step->count;
                    request.complete(result);
                }
                std::size_t& count;
            };
            ScriptedDriver filter([&](Node& node, Request& request) {
                request.forward(*node.children()[0], *std::make_unique<Step>(continued).release());
            });
            send_down_a_chain(long_chain, filter);
            EXPECT_EQ(continued, long_chain);
        },
        0);
}

TEST(RequestMotion, DeeplyNestedInnerRequestsNeedNoStack) {
    in_world(
        [] {
            std::size_t inner_requests = 0;
            struct Inner : InnerRequest {
                Request* outer = nullptr;
            };
            ScriptedDriver delegating([&](Node& node, Request& request) {
                ++inner_requests;
                auto inner = std::make_unique<Inner>();
                inner->outer = &request;
                inner.release()->send(
                    request.loop(), request.io(), *node.children()[0],
                    [](InnerRequest& done, std::error_code result) {
                        const std::unique_ptr<Inner> self(&static_cast<Inner&>(done));
                        self->outer->complete(result);
                    });
            });
            send_down_a_chain(long_chain, delegating);
            EXPECT_EQ(inner_requests, long_chain);
        },
        0);
}

#if !defined(BLKDRAIN_WORLD_SIM)
// One request to a driver that misbehaves.
void send_to(const ScriptedDriver::Submit& submit) {
    OwnedRequest request;  // outlives the loop, which meets late answers
    const auto loop = make_loop();
    ScriptedDriver driver(submit);
    BareNode bottom(*loop, driver);
    BareNode node(*loop, driver, {&bottom});
    bool over = false;
    const auto send = [&] {
        request.send(*loop, Io::flush(), node, [&](std::error_code) { over = true; });
    };
    run(*loop, send, over);
}

TEST(RequestMotionDeathTest, SecondAnswerStopsTheProcess) {
    EXPECT_DEATH(send_to([](Node&, Request& request) {
                     request.complete({});
                     request.complete({});
                 }),
                 "a submit is answered once");
    EXPECT_DEATH(send_to([](Node& node, Request& request) {
                     request.complete({});
                     request.forward(*node.children()[0]);
                 }),
                 "a submit is answered once");
    EXPECT_DEATH(send_to([](Node&, Request& request) {
                     os::thread("elsewhere", [&] { request.complete({}); }).join();
                     request.complete({});
                 }),
                 "a submit is answered once");
    EXPECT_DEATH(send_to([](Node&, Request& request) {
                     const auto complete = [&] { request.complete({}); };
                     os::thread("first", complete).join();
                     os::thread("second", complete).join();
                 }),
                 "a task is posted once at a time");
}

TEST(RequestMotionDeathTest, RequestOnItsWayIsNotSentAgain) {
    const auto send_twice = [] {
        const auto loop = make_loop();
        ScriptedDriver leaf = answering({});
        BareNode node(*loop, leaf);
        OwnedRequest request;
        loop->post([&] {
            request.send(*loop, Io::flush(), node, [](std::error_code) {});
            request.send(*loop, Io::flush(), node, [](std::error_code) {});
        });
        loop->run_once(for_ever);
    };
    EXPECT_DEATH(send_twice(), "a request is started again only after it finished");
}

TEST(RequestMotionDeathTest, RequestIsSentInsideItsLoop) {
    const auto send_outside = [] {
        const auto loop = make_loop();
        ScriptedDriver leaf = answering({});
        BareNode node(*loop, leaf);
        OwnedRequest request;
        request.send(*loop, Io::flush(), node, [](std::error_code) {});
    };
    EXPECT_DEATH(send_outside(), "requests move inside their loop");
}
#endif

}  // namespace
}  // namespace blkdrain
