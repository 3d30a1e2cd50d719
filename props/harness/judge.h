// SPDX-License-Identifier: Apache-2.0
//
// The judge: the reference follows what is announced; what it refuses, what it says is due and did
// not happen, and where the observed state differs is a violation. Keeps the first violation of a
// run. Used by one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <blkdrain_ref/step.h>

#include "harness/objects.h"
#include "harness/observed.h"
#include "harness/scenario.h"
#include "harness/statistics.h"
#include "harness/violation.h"

namespace blkdrain_props {

// Told of every event the judge accepts, and of the one it refuses; for time lines.
class EventListener {
public:
    // `before`: the state that the event meets. `actor`: the loop or client that it happened on
    // (Actor); Actor::world: on neither, or it is not known.
    virtual void event(const blkdrain_ref::Event& event, const blkdrain_ref::State& before,
                       std::uint8_t actor) = 0;
    // The event, told before, or what is due and did not happen, violates a rule. `state`: the one
    // that it meets.
    virtual void refused(const blkdrain_ref::Reason& /*reason*/,
                         const blkdrain_ref::State& /*state*/) {}

protected:
    ~EventListener() = default;
};

// What is due in the model, and what it has been due since, without a break.
struct Due {
    blkdrain_ref::Event event;
    std::uint64_t since;        // the number of an event; 0: the start
    blkdrain_ref::Event after;  // that one
};

// The end of a control operation or a token's wait.
struct EndOfWait {
    bool token;
    std::uint32_t id;
    blkdrain_ref::Error error;
};

class Judge {
public:
    void reset();
    void listen(EventListener* listener) { listener_ = listener; }
    [[nodiscard]] bool has_listener() const { return listener_ != nullptr; }

    // The next event, in the order of effects. Nothing is judged after a violation. `actor`: for
    // the listener.
    void announce(const blkdrain_ref::Event& event, std::uint8_t actor = Actor::world);

    [[nodiscard]] const blkdrain_ref::State& model() const { return model_; }
    // What follows from it, worked out once for all that is asked between two events.
    [[nodiscard]] const blkdrain_ref::View& view() const;
    [[nodiscard]] std::uint64_t events() const { return events_; }
    // FNV-1a over all events since the reset, if wanted: equal for equal traces.
    void hash_events(bool wanted) { hashes_ = wanted; }
    [[nodiscard]] std::uint64_t trace_hash() const { return hash_; }

    // The limiters' clocks stand where they stood when this was observed (R13).
    void look_at_clocks(const Observed& observed);
    // At rest nothing is due any more (liveness, R8).
    void nothing_is_due();
    // For reports: "drain_done s2 b1 is due since done r1 (event 4 of 5), and 2 more", or "nothing
    // is due"; since when if dated.
    [[nodiscard]] std::string what_is_due();
    // From the next reset on; costs as much as judging. Not for orders that are searched for.
    void date_dues(bool wanted) { dates_ = wanted; }
    // If dated.
    [[nodiscard]] const std::vector<Due>& dues() const { return dues_; }
    // "since finish s2 (event 6 of 7)"
    [[nodiscard]] std::string since(const Due& due) const;
    // None: it ends none.
    [[nodiscard]] std::optional<EndOfWait> end_of_wait(const blkdrain_ref::Event& event) const;
    // At rest the implementation looks like the model.
    void same_state(const Observed& observed);

    // The outcome announced for a control operation (section, change, drain, ...) or token; none:
    // still open, or unknown.
    [[nodiscard]] std::optional<Result> outcome_of_operation(std::uint32_t id) const {
        return read(operations_, id);
    }
    [[nodiscard]] std::optional<Result> outcome_of_token(std::uint32_t id) const {
        return read(tokens_, id);
    }

    // Nothing may be active in the node: it is in Down of a drained section that is idle (R20); of
    // this one, if `only` is not 0.
    [[nodiscard]] const blkdrain_ref::Section* idle_above(std::uint32_t node,
                                                          std::uint32_t only = 0) const;

    // What scripted drivers see, judged with the sections and the graph of the model alone.
    void node_entered(std::uint32_t node);

    // What ends a run is out of the way of what does not.
    [[gnu::cold]] void violation(const char* detector, int rule, const char* code,
                                 std::string sentence);
    [[nodiscard]] bool failed() const { return violation_.has_value(); }
    [[nodiscard]] const std::optional<Violation>& found() const { return violation_; }
    void take_step() { ++step_; }
    // What kept requests that waited, since the reset.
    [[nodiscard]] const KeptCount& kept() const { return kept_; }

    // While the graph at the start is built, which is the same for every scenario, events are not
    // judged one by one: the model starts with what they must have led to, and is compared with it.
    void mute(bool muted) { muted_ = muted; }
    [[nodiscard]] bool muted() const { return muted_; }
    void start_with(blkdrain_ref::State model) {
        model_ = std::move(model);
        model_changed();
        date({});
    }

    // For the search of an order in real runs: the model is replaced by one that accepted the
    // events in some order.
    void adopt(const blkdrain_ref::State& model, const std::vector<blkdrain_ref::Event>& accepted);
    // `more`: to be said behind the reason.
    [[gnu::cold]] void refuse(const blkdrain_ref::Reason& reason, const char* detector = "trace",
                              const std::string& more = "");

private:
    static constexpr std::uint8_t open = 0xff;

    static std::optional<Result> read(const std::vector<std::uint8_t>& table, std::uint32_t id) {
        if (id >= table.size() || table[id] == open) {
            return std::nullopt;
        }
        return static_cast<Result>(table[id]);
    }
    static void write(std::vector<std::uint8_t>& table, std::uint32_t id,
                      blkdrain_ref::Error error);
    void model_changed() { view_.reset(); }
    void count_and_hash(const blkdrain_ref::Event& event);
    void note(const blkdrain_ref::Event& event);
    void date(const blkdrain_ref::Event& last);
    void count(Kept what) { ++kept_[static_cast<std::size_t>(what)]; }
    void count_kept(const blkdrain_ref::Blockers& blockers);
    [[gnu::cold]] void differs(int rule, const char* code, std::string sentence);
    void same_items(const Observed& observed);
    void same_groups(const Observed& observed, blkdrain_ref::BackendSet gated);

    blkdrain_ref::State model_;
    mutable std::optional<blkdrain_ref::View> view_;
    std::vector<std::uint8_t> operations_;
    std::vector<std::uint8_t> tokens_;
    std::vector<blkdrain_ref::Event> due_;
    std::vector<Due> dues_;
    bool dates_ = false;
    std::optional<Violation> violation_;
    EventListener* listener_ = nullptr;
    std::uint64_t events_ = 0;
    std::uint64_t hash_ = 0;
    bool hashes_ = true;
    std::uint32_t step_ = 0;
    KeptCount kept_{};
    bool muted_ = false;
};

// Events that end the wait of a section: begin's report for user sections.
bool reports_begin(const blkdrain_ref::State& after, const blkdrain_ref::Event& event);

}  // namespace blkdrain_props
