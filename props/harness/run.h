// SPDX-License-Identifier: Apache-2.0
//
// The interpreter: runs a scenario on an adapter and has it judged.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "harness/adapter.h"
#include "harness/judge.h"
#include "harness/objects.h"
#include "harness/operations.h"
#include "harness/scenario.h"
#include "harness/statistics.h"
#include "harness/violation.h"
#include "harness/witness.h"

namespace blkdrain_props {

// Told what happens, in order; for people.
class TimeLine : public EventListener {
public:
    // `actor`: who performs it for the client, itself or a loop (Actor). `where`: "completion",
    // "notification" or empty.
    virtual void operation(unsigned client, std::uint8_t actor, const Record& record,
                           const char* where, bool skipped) = 0;
    // A wait of the client.
    virtual void outcome(unsigned client, Slot wait, Opcode opcode, Result result) = 0;
    virtual void at_rest(const Judge& judge) = 0;
    virtual void healing() = 0;
    // Everything is at rest, and something that has to happen has not: that, or where the client or
    // loop stands.
    virtual void stuck(std::uint8_t /*actor*/, const std::string& /*what*/) {}
    // A deviation of the schedule has its effect now.
    virtual void deviation(const Deviation& /*deviation*/) {}

protected:
    ~TimeLine() = default;
};

// Who judges: the trace judge with all that asks its model, the black box, or each for itself.
enum class Judges : std::uint8_t { trace, both, black_box };

struct RunOptions {
    Judges judges = Judges::trace;
    bool explain = false;  // compare what pending operations say they wait for, too
    bool date = false;     // say since when something is due that never happens
    bool hash = true;      // what is announced, for Outcome::trace_hash
    bool heal = true;      // at the end release everything; then nothing may be left
    TimeLine* time_line = nullptr;
    std::uint8_t deaf_to = clients_max;  // a canary: the black box hears nothing of this client
    bool whole = false;  // the black box takes the graph at once, not island by island
};

struct Outcome {
    std::optional<Violation> violation;
    std::uint64_t trace_hash = 0;
    std::uint64_t events = 0;
    std::uint32_t operations = 0;
    std::optional<BlackBox::Verdict> black_box{};  // none: it did not judge
};

// Reusable; keeps its buffers from run to run.
class Runner final : Stage {
public:
    explicit Runner(Adapter& adapter) : adapter_(adapter), threaded_(adapter.threaded()) {}

    Outcome run(const Scenario& scenario, const RunOptions& options, SuiteCount& counts);

private:
    struct Context {
        int loop = -1;
        Slot completing = no_slot;
        Slot notified = no_slot;
    };
    struct Left {
        Record record;
        std::uint8_t client;
    };

    // Held over every access to the objects where threads run in parallel.
    class Guard {
    public:
        explicit Guard(Runner& runner) : mutex_(runner.threaded_ ? &runner.mutex_ : nullptr) {
            if (mutex_ != nullptr) {
                mutex_->lock();
            } else {
                runner.adapter_.touched();
            }
        }
        ~Guard() {
            if (mutex_ != nullptr) {
                mutex_->unlock();
            }
        }
        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;

    private:
        std::mutex* mutex_;
    };

    // Stage
    Slot request_exists(const Call& send) override;
    void request_held(Slot request, bool held) override;
    void request_over(Slot request, Result result, unsigned loop) override;
    void wait_over(Slot wait, Result result, bool section) override;
    void notified(Slot backend, bool begin, unsigned loop) override;
    bool node_holds(Slot node) override;
    void settle_held(Slot node, bool held) override;
    void node_gone(Slot node) override;
    Slot wait_of_section(Slot section) override;
    Slot drained_node(Slot section) override;
    [[gnu::cold]] void misbehaved(int rule, const char* code, std::string sentence) override;
    [[gnu::cold]] void restless(const std::string& what) override;
    Judge& judge() override { return judge_; }
    Witness* witness() override { return watched_ ? &witness_ : nullptr; }

    void set_up(const Scenario& scenario, bool known);
    void in_steps(const Scenario& scenario);
    std::size_t step(unsigned client, const Program& program, std::size_t next);
    void freely(const Scenario& scenario);
    void client(unsigned client, const Program& program);
    void perform(unsigned client, const Record& record, const Context& context);
    bool prepare(const Record& record, std::uint8_t client, const Context& context, Call& call);
    bool create(const OperationRow& row, Call& call);
    void leave(std::uint8_t client, const Record& record);
    void run_left(std::vector<std::vector<Left>>& queues, Slot backend, const Context& context);
    void expect(unsigned client, const Record& record);
    bool holds(unsigned client, const Record& record, std::string& found) const;
    void at_rest();
    void take_misbehaviour();
    std::optional<Violation> differing_outcome();
    void verify_outcomes();
    void compare_with_model();
    void nothing_is_due();
    void tell_dues();
    void tell_threads();
    // The wait that would be over.
    [[nodiscard]] std::optional<Slot> ended_by(const blkdrain_ref::Event& event) const;
    void ask_black_box();
    [[nodiscard]] bool alone() const { return options_.judges == Judges::black_box; }
    bool heal_once();
    bool waits_for_limits() const;
    void heal();
    void nothing_is_left();
    bool stopped() const {
        return judge_.failed() || misbehaviour_found_.load(std::memory_order_relaxed);
    }

    Adapter& adapter_;
    const bool threaded_;
    std::mutex mutex_;  // objects_, left_*_, counts of operations, misbehaviour_
    Judge judge_;
    Witness witness_;
    bool watched_ = false;  // the witness is there
    Objects objects_;
    std::vector<std::vector<Left>> left_for_completion_;    // by backend
    std::vector<std::vector<Left>> left_for_notification_;  // by backend
    std::array<Result, clients_max> last_{};  // what the client's last immediate call said
    std::optional<Violation> misbehaviour_;
    std::atomic<bool> misbehaviour_found_{false};
    SuiteCount* counts_ = nullptr;
    RunOptions options_;
    std::uint8_t rule_ = 0;
    std::uint8_t loops_ = 1;
    bool setting_up_ = false;
    bool healing_ = false;
    bool free_ = false;
    bool scheduled_ = false;  // loops are threads: points of the schedule are counted
    std::uint64_t ticks_ = 0;
    std::uint32_t operations_ = 0;
    std::size_t first_unverified_ = 0;
    std::uint64_t calls_ = 0;               // operations that called the adapter
    std::atomic<unsigned> unperformed_{0};  // posted to a loop by a client that runs freely
    std::uint64_t judged_events_ = 0;       // as of the last time everything was compared at rest
    std::uint64_t judged_calls_ = 0;
};

}  // namespace blkdrain_props
