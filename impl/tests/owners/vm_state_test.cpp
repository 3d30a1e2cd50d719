// SPDX-License-Identifier: Apache-2.0
//
// The machine and its listeners, without a graph.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <blkdrain/owners/coro.h>

#if defined(__cpp_lib_jthread)
#include <stop_token>
#endif

#include "machine_fixture.h"

namespace blkdrain::testing {
namespace {

// Notes what it hears in a log shared with others.
class Listener final : public RunStateListener {
public:
    Listener(std::string name, std::vector<std::string>& log,
             StopProgress progress = StopProgress::quiet)
        : name_(std::move(name)), log_(log), progress_(progress) {}

    StopProgress vm_stop(StopTicket given) override {
        log_.push_back(name_ + " stops");
        ticket = std::move(given);
        return progress_;
    }
    void vm_start() override { log_.push_back(name_ + " starts"); }
    [[nodiscard]] Explanation explain_stop() const override {
        return {name_ + "'s last request", {}, {}};
    }

    StopTicket ticket;

private:
    const std::string name_;
    std::vector<std::string>& log_;
    const StopProgress progress_;
};

using Log = std::vector<std::string>;

class Machine {
public:
    void turn() const {
        while (loop->run_once(std::chrono::nanoseconds(0))) {
        }
    }
    [[nodiscard]] RunState state() const { return vm.status().state; }

    std::unique_ptr<EventLoop> loop = SteppedGraph::make_loop("main");
    VmState vm{"vm0", *loop};
    Log log;
};

TEST(VmState, StopsByPriorityAndStartsInReverse) {
    in_world([] {
        Machine m;
        Listener a("a", m.log);
        Listener b("b", m.log);
        Listener c("c", m.log);
        const RunStateRegistration late = m.vm.add("b", 5, b);
        const RunStateRegistration first = m.vm.add("a", -1, a);
        const RunStateRegistration last = m.vm.add("c", 5, c);
        Done done;
        m.vm.stop({}, done.callback());
        EXPECT_EQ(m.log, (Log{"a stops", "b stops", "c stops"}));
        EXPECT_EQ(m.state(), RunState::stopped);
        EXPECT_FALSE(done.error.has_value());
        m.turn();
        ASSERT_TRUE(done.error.has_value());
        EXPECT_FALSE(*done.error);
        m.log.clear();
        m.vm.cont();
        EXPECT_EQ(m.log, (Log{"c starts", "b starts", "a starts"}));
        EXPECT_EQ(m.state(), RunState::running);
        m.vm.cont();
        EXPECT_EQ(m.log.size(), 3U);
    });
}

TEST(VmState, StopWaitsForEveryListenerAndSaysForWhom) {
    in_world([] {
        Machine m;
        Listener a("a", m.log, StopProgress::pending);
        Listener b("b", m.log, StopProgress::pending);
        const RunStateRegistration first = m.vm.add("vda", 0, a);
        const RunStateRegistration second = m.vm.add("vdb", 0, b);
        Done done;
        const StopWait wait = m.vm.stop({}, done.callback());
        a.ticket.quiet();
        m.turn();
        EXPECT_FALSE(done.error.has_value());
        EXPECT_EQ(m.state(), RunState::stopping);
        const StopExplanation explanation = wait.explain();
        ASSERT_EQ(explanation.listeners.size(), 1U);
        EXPECT_EQ(explanation.listeners[0].name, "vdb");
        EXPECT_TRUE(contains(explanation.text(), "stop of 'vm0' begun at vm_state_test.cpp:"))
            << explanation.text();
        EXPECT_TRUE(contains(explanation.text(), "waits for 'vdb': b's last request"))
            << explanation.text();
        b.ticket.quiet();
        m.turn();
        ASSERT_TRUE(done.error.has_value());
        EXPECT_FALSE(*done.error);
        EXPECT_TRUE(wait.explain().listeners.empty());
        EXPECT_EQ(wait.explain().text(), "");
    });
}

TEST(VmState, StopDuringAStopJoinsIt) {
    in_world([] {
        Machine m;
        Listener a("a", m.log, StopProgress::pending);
        const RunStateRegistration first = m.vm.add("vda", 0, a);
        Done one;
        Done two;
        Done three;
        m.vm.stop({}, one.callback());
        m.vm.stop({}, two.callback());
        EXPECT_EQ(m.log, Log{"a stops"});
        m.turn();
        EXPECT_FALSE(one.error || two.error);
        a.ticket.quiet();
        m.turn();
        EXPECT_TRUE(one.error && !*one.error);
        EXPECT_TRUE(two.error && !*two.error);
        m.vm.stop({}, three.callback());
        EXPECT_FALSE(three.error.has_value());
        m.turn();
        EXPECT_TRUE(three.error && !*three.error);
        EXPECT_EQ(m.log, Log{"a stops"});
        m.vm.cont();
    });
}

TEST(VmState, ContEndsAPendingStop) {
    in_world([] {
        Machine m;
        Listener a("a", m.log, StopProgress::pending);
        const RunStateRegistration first = m.vm.add("vda", 0, a);
        Done done;
        StopWait wait = m.vm.stop({}, done.callback());
        m.vm.cont();
        EXPECT_EQ(m.log, (Log{"a stops", "a starts"}));
        EXPECT_FALSE(wait.abandon());
        m.turn();
        ASSERT_TRUE(done.error.has_value());
        EXPECT_TRUE(*done.error == Errc::cancelled);
        EXPECT_TRUE(contains(done.error->message, "stop of 'vm0'")) << done.error->message;
    });
}

TEST(VmState, TicketOfAnEarlierStopDoesNotCount) {
    in_world([] {
        Machine m;
        Listener a("a", m.log, StopProgress::pending);
        const RunStateRegistration first = m.vm.add("vda", 0, a);
        Done one;
        Done two;
        m.vm.stop({}, one.callback());
        const StopTicket old = a.ticket;
        m.vm.cont();
        old.quiet();
        EXPECT_EQ(m.state(), RunState::running);
        m.vm.stop({}, two.callback());
        old.quiet();
        m.turn();
        EXPECT_TRUE(one.error && *one.error == Errc::cancelled);
        EXPECT_FALSE(two.error.has_value());
        a.ticket.quiet();
        m.turn();
        EXPECT_TRUE(two.error && !*two.error);
        m.vm.cont();
    });
}

TEST(VmState, StopThatIsGivenUpLetsTheMachineGoOn) {
    in_world([] {
        Machine m;
        Listener a("a", m.log, StopProgress::pending);
        const RunStateRegistration first = m.vm.add("vda", 0, a);
        Done one;
        Done two;
        StopWait wait = m.vm.stop({}, one.callback());
        StopWait other = m.vm.stop({}, two.callback());
        EXPECT_TRUE(wait.abandon());
        EXPECT_FALSE(wait.abandon());
        EXPECT_EQ(m.state(), RunState::stopping);
        EXPECT_TRUE(other.abandon());
        EXPECT_EQ(m.state(), RunState::running);
        EXPECT_EQ(m.log, (Log{"a stops", "a starts"}));
        m.turn();
        EXPECT_TRUE(one.error && *one.error == Errc::cancelled);
        EXPECT_TRUE(two.error && *two.error == Errc::cancelled);
    });
}

TEST(VmState, DeadlineEndsAStop) {
    in_world([] {
        Machine m;
        Listener a("a", m.log, StopProgress::pending);
        const RunStateRegistration first = m.vm.add("vda", 0, a);
        Done done;
        StopOptions options;
        options.deadline = std::chrono::milliseconds(2);
        m.vm.stop(options, done.callback());
        while (!done.error) {
            m.loop->run_once(std::chrono::nanoseconds(-1));
        }
        EXPECT_TRUE(*done.error == Errc::timed_out);
        EXPECT_EQ(m.state(), RunState::running);
        EXPECT_EQ(m.log, (Log{"a stops", "a starts"}));
    });
}

TEST(VmState, WhoComesWhileStoppedIsStopped) {
    in_world([] {
        Machine m;
        Listener a("a", m.log, StopProgress::pending);
        Listener b("b", m.log, StopProgress::pending);
        Listener c("c", m.log, StopProgress::pending);
        const RunStateRegistration first = m.vm.add("vda", 0, a);
        Done done;
        m.vm.stop({}, done.callback());
        const RunStateRegistration second = m.vm.add("vdb", -1, b);
        a.ticket.quiet();
        EXPECT_EQ(m.state(), RunState::stopping);
        b.ticket.quiet();
        EXPECT_EQ(m.state(), RunState::stopped);
        const RunStateRegistration third = m.vm.add("vdc", 0, c);
        EXPECT_EQ(m.state(), RunState::stopped);
        EXPECT_EQ(m.log, (Log{"a stops", "b stops", "c stops"}));
        m.turn();
        EXPECT_TRUE(done.error && !*done.error);
        m.log.clear();
        m.vm.cont();
        EXPECT_EQ(m.log, (Log{"c starts", "a starts", "b starts"}));
    });
}

TEST(VmState, WhoLeavesIsNotWaitedFor) {
    in_world([] {
        Machine m;
        Listener a("a", m.log, StopProgress::pending);
        RunStateRegistration first = m.vm.add("vda", 0, a);
        Done done;
        m.vm.stop({}, done.callback());
        first.reset();
        m.turn();
        EXPECT_TRUE(done.error && !*done.error);
        a.ticket.quiet();
        m.vm.cont();
        EXPECT_EQ(m.log, Log{"a stops"});
    });
}

TEST(VmState, ErrorDisplacesARequestAndIsNotGivenUp) {
    in_world([] {
        Machine m;
        Listener a("a", m.log, StopProgress::pending);
        const RunStateRegistration first = m.vm.add("vda", 0, a);
        std::vector<std::string> heard;
        m.vm.on_change([&](const RunStatus& status) {
            heard.push_back(std::to_string(static_cast<int>(status.state)) + status.reason);
        });
        Done done;
        StopWait wait = m.vm.stop({}, done.callback());
        m.vm.stop_for_error("vda failed");
        m.vm.stop_for_error("vdb failed");
        EXPECT_TRUE(wait.abandon());
        EXPECT_EQ(m.state(), RunState::stopping);
        EXPECT_EQ(m.vm.status().cause, StopCause::io_error);
        EXPECT_EQ(m.vm.status().reason, "vda failed");
        a.ticket.quiet();
        EXPECT_EQ(m.state(), RunState::stopped);
        m.vm.cont();
        EXPECT_EQ(m.vm.status().reason, "");
        m.turn();
        EXPECT_EQ(heard, (Log{"1", "1vda failed", "2vda failed", "0"}));
    });
}

TEST(VmState, BlockingStopWaitsOnAPlainThreadAndIsRefusedOnALoop) {
    in_world([] {
        std::error_code error;
        const auto thread = IoThread::start("io", error);
        ASSERT_FALSE(error);
        VmState vm("vm0", thread->loop());
        Log log;
        Listener a("a", log, StopProgress::pending);
        const RunStateRegistration first = vm.add("vda", 0, a);
        Error refused;
        os::mutex mutex;
        os::condition called;
        bool over = false;
        thread->loop().post([&] {
            refused = blocking::stop(vm);
            const os::mutex_lock lock(mutex);
            over = true;
            called.notify_all();
        });
        {
            os::mutex_lock lock(mutex);
            while (!over) {
                called.wait(lock);
            }
        }
        EXPECT_TRUE(refused == Errc::would_block_loop);
        EXPECT_EQ(vm.status().state, RunState::running);
        vm.on_change([&](const RunStatus& status) {
            if (status.state == RunState::stopping) {
                a.ticket.quiet();
            }
        });
        const Error stopped = blocking::stop(vm);
        EXPECT_FALSE(stopped) << stopped.message;
        EXPECT_EQ(vm.status().state, RunState::stopped);
        vm.on_change({});
        vm.cont();
    });
}

coro::Task<void> stop_and_note(VmState& vm, std::optional<Error>& outcome) {
    outcome = co_await coro::co_stop(vm);
}

TEST(VmState, StopCanBeAwaited) {
    in_world([] {
        Machine m;
        Listener a("a", m.log, StopProgress::pending);
        const RunStateRegistration first = m.vm.add("vda", 0, a);
        std::optional<Error> outcome;
        coro::spawn(*m.loop, stop_and_note(m.vm, outcome));
        m.turn();
        EXPECT_FALSE(outcome.has_value());
        a.ticket.quiet();
        m.turn();
        ASSERT_TRUE(outcome.has_value());
        EXPECT_FALSE(*outcome);
        m.vm.cont();
    });
}

#if defined(__cpp_lib_jthread)
coro::Task<void> stop_unless_told(VmState& vm, std::stop_token told,
                                  std::optional<Error>& outcome) {
    const StopOptions options;
    outcome = co_await coro::co_stop(vm, options, told);
}

TEST(VmState, AwaitedStopIsGivenUpByItsToken) {
    in_world([] {
        Machine m;
        Listener a("a", m.log, StopProgress::pending);
        const RunStateRegistration first = m.vm.add("vda", 0, a);
        std::optional<Error> outcome;
        std::stop_source source;
        coro::spawn(*m.loop, stop_unless_told(m.vm, source.get_token(), outcome));
        m.turn();
        EXPECT_EQ(m.vm.status().state, RunState::stopping);
        source.request_stop();
        m.turn();
        ASSERT_TRUE(outcome.has_value());
        EXPECT_EQ(*outcome, Errc::cancelled) << outcome->message;
        EXPECT_EQ(m.vm.status().state, RunState::running);
    });
}
#endif

}  // namespace
}  // namespace blkdrain::testing
