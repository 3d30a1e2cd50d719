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

// What is there beside the backend.
struct Setting {
    bool token = false;
    bool medium = true;
};

// A backend with a request that its disk holds and one that waits if there is a gate.
class InState {
public:
    InState(State state, Setting setting) {
        const NodeId disk = g.leaf("disk");
        backend = g.backend("vda", setting.medium ? std::optional(disk) : std::nullopt);
        send(sent);
        if (setting.token) {
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
        for (HoldingDriver* leaf : g.leaves) {
            leaf->let_go();
        }
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

    // Calls `call` while a request waits at a gate or, without one, in a plugged region.
    void while_one_waits(const std::function<void()>& call) {
        g.on_loop([&] {
            const Plug plug(g.graph);
            if (waiting == RequestId()) {
                const Completion ignore{[](void*, std::error_code) {}, nullptr};
                static_cast<void>(backend.submit(Io::flush(), ignore, &waiting));
            }
            call();
        });
    }

    std::string cancel_one() {
        Error outcome;
        while_one_waits([&] { outcome = backend.cancel(waiting); });
        return answer_of(outcome);
    }

    std::string cancel_waiting() {
        std::size_t count = 0;
        while_one_waits([&] { count = backend.cancel_waiting(); });
        return std::to_string(count);
    }

    std::string insert_medium() {
        g.graph.insert_medium(backend.id(), g.leaf("another"), {}, done.callback());
        g.turn();
        return answer_of(done.error);
    }

    std::string remove_medium() {
        g.graph.remove_medium(backend.id(), {}, done.callback());
        g.turn();
        return answer_of(done.error);
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
    Setting setting{};
};

TEST(States, OfABackend) {
    const std::string closing = text_of(Errc::closing);
    const std::string gone = text_of(Errc::no_such_object);
    const std::string late = text_of(Errc::too_late);
    const std::string full = text_of(Errc::has_medium);
    const std::string empty = text_of(Errc::no_medium);
    const Setting with_token{.token = true};
    const Setting empty_with_token{.token = true, .medium = false};
    const std::vector<Row> table = {
        {"submit", &InState::submit, {"is sent", "waits", closing, gone}},
        {"submit under a token",
         &InState::submit,
         {"is sent", "is sent", closing, gone},
         with_token},
        {"cancel, of what waits", &InState::cancel_one, {"ok", "ok", late, late}},
        {"cancel, of what is sent",
         [](InState& s) { return answer_of(s.backend.cancel(s.sent)); },
         {"ok", "ok", "ok", late}},
        {"cancel_waiting", &InState::cancel_waiting, {"1", "1", "0", "0"}},
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
        {"insert_medium",
         &InState::insert_medium,
         {"waits", "waits", closing, gone},
         empty_with_token},
        {"insert_medium, where there is one", &InState::insert_medium, {full, full, closing, gone}},
        {"remove_medium", &InState::remove_medium, {"waits", "waits", closing, gone}},
        {"remove_medium, where there is none",
         &InState::remove_medium,
         {empty, empty, closing, gone},
         empty_with_token},
        {"join",
         [](InState& s) { return answer_of(s.group.join(s.backend)); },
         {"ok", "ok", closing, gone}},
    };
    in_world(
        [&] {
            for (const Row& row : table) {
                for (std::size_t i = 0; i < states.size(); ++i) {
                    InState state(states[i], row.setting);
                    EXPECT_EQ(row.make(state), row.answers[i])
                        << row.call << " in state " << i << " of open, gated, closing, closed";
                }
            }
        },
        0);
}

// What keeps the begin of a section pending.
enum class Until { never, token_closes, other_ends };

// A disk under two backends, and a section of one kind over `covered`. Its callback comes once.
class WithSection {
public:
    using Begin = std::function<Wait(WithSection&, const WaitOptions&, SectionCallback)>;

    explicit WithSection(Begin begin) : begin_(std::move(begin)) {}

    // The next one.
    void begin(const WaitOptions& options = {}) {
        begun = {};
        told = 0;
        wait = begin_(*this, options, [this](Error outcome, Section section) {
            ++told;
            begun.callback()(std::move(outcome), std::move(section));
        });
        g.turn();
    }

    void keep_pending(Until until) {
        if (until == Until::token_closes) {
            g.graph.open_token({covered.id()}, {}, kept_by_token.callback());
        } else {
            covered.isolate({}, kept_by_section.callback());
        }
        g.turn();
    }

    void release() {
        kept_by_token.token.close();
        kept_by_section.section.end();
        g.turn();
    }

    // Past every deadline of this test.
    void let_time_pass() const {
        pass(std::chrono::milliseconds(5));
        g.turn();
    }

    std::string quiet() {
        Done done;
        Wait asked = g.graph.quiet(wait.id(), {}, done.callback());
        g.turn();
        const std::string answer = answer_of(done.error);
        asked.abandon();
        g.turn();
        return answer;
    }

    [[nodiscard]] bool gated() const {
        Snapshot snapshot;
        g.graph.snapshot(snapshot);
        return snapshot.backends.front().gated;
    }

    SteppedGraph g;
    NodeId disk = g.leaf("disk");
    BlockBackend covered = g.backend("vda", disk);
    BlockBackend holder = g.backend("job", disk);
    Begun begun;
    int told = 0;
    Wait wait;
    Opened kept_by_token;
    Begun kept_by_section;

private:
    const Begin begin_;
};

struct Kind {
    const char* name;
    WithSection::Begin begin;
    Until until = Until::never;
    bool begins_idle = false;  // drained: nothing is left to wait for once it is live
};

const std::string& gone() {
    static const std::string text = text_of(Errc::no_such_object);
    return text;
}

void expect_of_pending(WithSection& s, Until until) {
    WaitOptions in_time;
    in_time.deadline = std::chrono::milliseconds(1);
    s.keep_pending(until);

    s.begin();
    EXPECT_EQ(answer_of(s.begun.error), "waits");
    EXPECT_EQ(s.wait.explain().items.size(), 1U);
    EXPECT_EQ(s.quiet(), gone());
    EXPECT_TRUE(s.wait.abandon());
    s.g.turn();
    EXPECT_EQ(answer_of(s.begun.error), text_of(Errc::cancelled));
    EXPECT_TRUE(s.wait.explain().items.empty());

    s.begin(in_time);
    s.let_time_pass();
    EXPECT_EQ(answer_of(s.begun.error), text_of(Errc::timed_out));
    EXPECT_FALSE(s.begun.section.live());

    s.begin();
    s.release();
    EXPECT_EQ(answer_of(s.begun.error), "ok");
    s.begun.section.end();
    s.g.turn();
    EXPECT_EQ(s.told, 1);
}

void expect_of_live(WithSection& s, bool begins_idle) {
    std::vector<std::error_code> results;
    if (!begins_idle) {
        s.g.send(s.covered, results);
    }
    WaitOptions in_time;
    in_time.deadline = std::chrono::milliseconds(1);
    s.begin(in_time);
    EXPECT_EQ(answer_of(s.begun.error), "ok");
    s.let_time_pass();
    EXPECT_EQ(s.told, 1) << "a deadline";
    EXPECT_TRUE(s.begun.section.live() && s.gated()) << "a deadline";
    EXPECT_FALSE(s.wait.abandon());
    EXPECT_TRUE(s.wait.explain().items.empty());

    EXPECT_EQ(s.quiet(), begins_idle ? "ok" : "waits");
    s.g.leaves[0]->let_go();
    s.g.turn();
    EXPECT_EQ(s.quiet(), "ok");

    SteppedGraph another;
    EXPECT_EQ(another.graph.end(s.begun.section), Errc::foreign_section);
    EXPECT_TRUE(s.begun.section.live() && s.gated());
    EXPECT_EQ(answer_of(s.g.graph.end(s.begun.section)), "ok");
    EXPECT_FALSE(s.gated());
}

// It is the one of expect_of_live; one that ends before its deadline comes after it.
void expect_of_ended(WithSection& s) {
    s.begun.section.end();
    EXPECT_EQ(s.g.graph.end(s.begun.section), Errc::ended);
    EXPECT_FALSE(s.wait.abandon());
    EXPECT_TRUE(s.wait.explain().items.empty());
    EXPECT_EQ(s.quiet(), gone());

    WaitOptions in_time;
    in_time.deadline = std::chrono::milliseconds(1);
    s.begin(in_time);
    s.begun.section.end();
    s.let_time_pass();
    EXPECT_EQ(answer_of(s.begun.error), "ok") << "a deadline";
    EXPECT_EQ(s.told, 1) << "a deadline";
}

TEST(States, OfASection) {
    const std::vector<Kind> kinds = {
        {"isolate",
         [](WithSection& s, const WaitOptions& options, SectionCallback begun) {
             IsolateOptions isolate;
             isolate.deadline = options.deadline;
             return s.holder.isolate(std::move(isolate), std::move(begun));
         },
         Until::other_ends},
        {"drained",
         [](WithSection& s, const WaitOptions& options, SectionCallback begun) {
             return s.g.graph.drained(s.disk, options, std::move(begun));
         },
         Until::token_closes, true},
        {"quiesce_all",
         [](WithSection& s, const WaitOptions& options, SectionCallback begun) {
             return s.g.graph.quiesce_all({}, options, std::move(begun));
         }},
        {"self_quiesce",
         [](WithSection& s, const WaitOptions& options, SectionCallback begun) {
             return s.covered.self_quiesce(options, std::move(begun));
         }},
    };
    in_world([&] {
        for (const Kind& kind : kinds) {
            SCOPED_TRACE(kind.name);
            WithSection s(kind.begin);
            if (kind.until != Until::never) {
                expect_of_pending(s, kind.until);
            }
            expect_of_live(s, kind.begins_idle);
            expect_of_ended(s);
            s.g.close(s.covered);
            s.g.close(s.holder);
        }
    });
}

// Once the call has returned, though the callback is still to come.
TEST(States, OfASectionThatNothingKeepsPending) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        Begun begun;
        Wait wait = b.self_quiesce({}, begun.callback());
        EXPECT_FALSE(wait.abandon());
        Done quiet;
        g.graph.quiet(wait.id(), {}, quiet.callback());
        g.turn();
        EXPECT_EQ(answer_of(begun.error), "ok");
        EXPECT_EQ(answer_of(quiet.error), "ok");
        begun.section.end();
        g.close(b);
    });
}

TEST(States, OfAQuietWhoseSectionEnds) {
    in_world([] {
        SteppedGraph g;
        BlockBackend b = g.backend("vda", g.leaf("disk"));
        std::vector<std::error_code> results;
        g.send(b, results);
        Begun begun;
        Wait wait = b.self_quiesce({}, begun.callback());
        Done quiet;
        g.graph.quiet(wait.id(), {}, quiet.callback());
        g.turn();
        EXPECT_EQ(answer_of(quiet.error), "waits");
        begun.section.end();
        g.turn();
        EXPECT_EQ(answer_of(quiet.error), text_of(Errc::cancelled));
        g.leaves[0]->let_go();
        g.turn();
        g.close(b);
    });
}

}  // namespace
}  // namespace blkdrain::testing
