// SPDX-License-Identifier: Apache-2.0
//
// The tables of block_backend.h and section.h: what each call answers in each state.
#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <blkdrain/plug.h>
#include <blkdrain/throttle.h>

#include "graph_fixture.h"

namespace blkdrain::testing {
namespace {

using Done = SteppedGraph::Done;
using Begun = SteppedGraph::Begun;
using Opened = SteppedGraph::Opened;

class DeafListener final : public SectionListener {
public:
    void section_begin() override {}
    void section_end() override {}
};

enum class State { open, gated, closing, closed };
constexpr std::array states = {State::open, State::gated, State::closing, State::closed};

std::string answer_of(const std::optional<Error>& outcome) {
    if (!outcome) {
        return "waits";
    }
    return *outcome ? outcome->code.message() : "ok";
}

std::string text_of(Errc code) {
    return make_error_code(code).message();
}

// A backend with a request that its disk holds and one that waits if there is a gate, and a token.
class InState {
public:
    InState(State state, bool with_token) : backend(g.backend("vda", g.leaf("disk"))) {
        send(sent);
        if (with_token) {
            g.graph.open_token({backend.id()}, {}, opened.callback());
            g.turn();
            token = opened.token.id();
        }
        if (state == State::gated || state == State::closing) {
            g.graph.quiesce_all({}, {}, gate.callback());
            g.turn();
            send(waiting);
        }
        if (state == State::closing) {
            backend.close({}, closed.callback());
            g.turn();
        } else if (state == State::closed) {
            g.leaves[0]->let_go();
            opened.token.close();
            backend.close({}, closed.callback());
            g.turn();
            EXPECT_EQ(answer_of(closed.error), "ok");
        }
    }

    ~InState() {
        opened.token.close();
        another.token.close();
        gate.section.end();
        begun.section.end();
        g.turn();
        g.leaves[0]->let_go();
        g.turn();
    }

    // How many requests the disk has.
    [[nodiscard]] std::size_t held() const { return g.leaves[0]->held.size(); }

    std::string submit() {
        const std::size_t before = held();
        std::error_code refused;
        g.on_loop([&] {
            const Completion ignore{[](void*, std::error_code) {}, nullptr};
            refused = backend.submit(Io::flush(), ignore, token);
        });
        return refused ? refused.message() : held() > before ? "is sent" : "waits";
    }

    // What waits at a gate or, without one, in a plugged region.
    std::string cancel_waiting() {
        Error outcome;
        g.on_loop([&] {
            const Plug plug(g.graph);
            if (waiting == RequestId()) {
                const Completion ignore{[](void*, std::error_code) {}, nullptr};
                static_cast<void>(backend.submit(Io::flush(), ignore, &waiting));
            }
            outcome = backend.cancel(waiting);
        });
        return answer_of(outcome);
    }

    SteppedGraph g;
    DeafListener listener;
    ThrottleGroup group{g.graph, "group"};
    Opened opened;
    TokenId token;  // its; 0: none
    Begun gate;
    Done closed;
    RequestId sent;
    RequestId waiting;
    Done done;
    Begun begun;
    Opened another;
    BlockBackend backend;

private:
    void send(RequestId& id) {
        g.on_loop([&] {
            const Completion ignore{[](void*, std::error_code) {}, nullptr};
            EXPECT_FALSE(backend.submit(Io::flush(), ignore, &id));
        });
    }
};

struct Row {
    const char* call;
    std::function<std::string(InState&)> make;
    std::array<std::string, 4> answers;  // open, gated, being closed, closed
    bool with_token = false;
};

TEST(States, OfABackend) {
    const std::string closing = text_of(Errc::closing);
    const std::string gone = text_of(Errc::no_such_object);
    const std::string late = text_of(Errc::too_late);
    const std::vector<Row> table = {
        {"submit", &InState::submit, {"is sent", "waits", closing, gone}},
        {"submit under a token", &InState::submit, {"is sent", "is sent", closing, gone}, true},
        {"cancel, of what waits",
         [](InState& s) { return s.cancel_waiting(); },
         {"ok", "ok", late, late}},
        {"cancel, of what is sent",
         [](InState& s) { return answer_of(s.backend.cancel(s.sent)); },
         {"ok", "ok", "ok", late}},
        {"drain",
         [](InState& s) {
             s.backend.drain({}, s.done.callback());
             s.g.turn();
             return answer_of(s.done.error);
         },
         {"waits", "waits", "waits", gone}},
        {"isolate",
         [](InState& s) {
             s.backend.isolate({}, s.begun.callback());
             s.g.turn();
             return answer_of(s.begun.error);
         },
         {"ok", "ok", closing, gone}},
        {"self_quiesce",
         [](InState& s) {
             s.backend.self_quiesce({}, s.begun.callback());
             s.g.turn();
             return answer_of(s.begun.error);
         },
         {"ok", "ok", closing, gone}},
        {"close",
         [](InState& s) {
             s.backend.close({}, s.done.callback());
             s.g.turn();
             return answer_of(s.done.error);
         },
         {"waits", "waits", closing, gone}},
        {"set_listener",
         [](InState& s) {
             const Error outcome = s.backend.set_listener(&s.listener);
             s.backend.set_listener(nullptr);
             return answer_of(outcome);
         },
         {"ok", "ok", "ok", gone}},
        {"open_token",
         [](InState& s) {
             s.g.graph.open_token({s.backend.id()}, {}, s.another.callback());
             s.g.turn();
             return answer_of(s.another.error);
         },
         {"ok", "waits", closing, gone}},
        {"join",
         [](InState& s) { return answer_of(s.group.join(s.backend)); },
         {"ok", "ok", closing, gone}},
    };
    in_world(
        [&] {
            for (const Row& row : table) {
                for (std::size_t i = 0; i < states.size(); ++i) {
                    InState state(states[i], row.with_token);
                    EXPECT_EQ(row.make(state), row.answers[i])
                        << row.call << " in state " << i << " of open, gated, closing, closed";
                }
            }
        },
        0);
}

TEST(States, OfASection) {
    in_world([] {
        SteppedGraph g;
        const NodeId disk = g.leaf("disk");
        BlockBackend b = g.backend("vda", disk);
        Opened opened;
        g.graph.open_token({b.id()}, {}, opened.callback());
        g.turn();
        Begun begun;
        Wait wait = g.graph.drained(disk, {}, begun.callback());
        Done quiet;
        g.graph.quiet(wait.id(), {}, quiet.callback());
        g.turn();
        EXPECT_EQ(answer_of(begun.error), "waits");
        EXPECT_EQ(answer_of(quiet.error), text_of(Errc::no_such_object));
        EXPECT_EQ(wait.explain().items.size(), 1U);

        opened.token.close();
        g.turn();
        EXPECT_EQ(answer_of(begun.error), "ok");
        g.graph.quiet(wait.id(), {}, quiet.callback());
        g.turn();
        EXPECT_EQ(answer_of(quiet.error), "ok");
        EXPECT_FALSE(wait.abandon());
        EXPECT_TRUE(wait.explain().items.empty());

        SteppedGraph other;
        EXPECT_EQ(other.graph.end(begun.section), Errc::foreign_section);
        EXPECT_TRUE(begun.section.live());
        EXPECT_EQ(answer_of(g.graph.end(begun.section)), "ok");
        begun.section.end();
        EXPECT_EQ(g.graph.end(begun.section), Errc::ended);
        EXPECT_FALSE(wait.abandon());
        Done late;
        g.graph.quiet(wait.id(), {}, late.callback());
        g.turn();
        EXPECT_EQ(answer_of(late.error), text_of(Errc::no_such_object));

        g.graph.open_token({b.id()}, {}, opened.callback());
        g.turn();
        Begun given_up;
        Wait pending = g.graph.drained(disk, {}, given_up.callback());
        EXPECT_TRUE(pending.abandon());
        g.turn();
        EXPECT_EQ(answer_of(given_up.error), text_of(Errc::cancelled));
        EXPECT_TRUE(pending.explain().items.empty());
        WaitOptions in_time;
        in_time.deadline = std::chrono::milliseconds(1);
        Begun late_one;
        g.graph.drained(disk, in_time, late_one.callback());
        while (!late_one.error) {
            g.loop->run_once(std::chrono::milliseconds(10));
        }
        EXPECT_EQ(answer_of(late_one.error), text_of(Errc::timed_out));
        opened.token.close();
        g.close(b);
    });
}

}  // namespace
}  // namespace blkdrain::testing
