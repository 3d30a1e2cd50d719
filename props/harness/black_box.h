// SPDX-License-Identifier: Apache-2.0
//
// The second judge. It believes nothing that the library announces: it looks for a way in which the
// model could have done what the users of a run have seen. A call takes effect some time between
// its invocation and its return; what the library does by itself (admitting, becoming effective or
// idle, a poll that ends a plug) some time before somebody sees it. Everything is taken as late as
// possible, and when a way ends, others are tried: last choice first, no state twice. Where no way
// is left, nothing explains what was seen, and that is a violation.
//
// Knows the model alone. Used by one thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include <blkdrain_ref/step.h>

#include "harness/scenario.h"
#include "harness/seen.h"
#include "harness/violation.h"

namespace blkdrain_props {

class BlackBox {
public:
    // So many steps of the model are tried for a run; a further one is given up.
    static constexpr std::uint64_t steps_max = 20'000;
    // After so many the search begins again, with calls that take effect when they are made.
    static constexpr std::uint64_t steps_late = 5'000;
    static constexpr std::uint64_t no_deadline = ~std::uint64_t{0};

    enum class Verdict : std::uint8_t { explained, refused, given_up };

    // `settling`: the nodes whose drivers settle; others do without being asked.
    void start(blkdrain_ref::State state, blkdrain_ref::NodeSet settling);
    // A node that is born later, before its call.
    void settles(blkdrain_ref::NodeId node) { settling_.insert(node); }

    void see(const Seen& seen);
    // Whether all that was seen has an explanation. Once refused or given up, it stays so.
    Verdict explain();
    // If refused: what was seen without an explanation, what came before, why each of the last
    // candidates does not lead there.
    [[nodiscard]] Violation violation() const;
    [[nodiscard]] std::uint64_t steps() const { return steps_; }

private:
    static constexpr std::size_t never = ~std::size_t{0};

    // Something that has happened and is to be seen.
    struct Fact {
        Seen::Kind kind;
        std::uint32_t of;
        Result result;
        bool operator==(const Fact&) const = default;
    };
    struct Answer {
        blkdrain_ref::NodeId node;
        blkdrain_ref::Error error;
    };
    struct Candidate {
        blkdrain_ref::State state;
        std::vector<Ticket> open;  // calls that have not taken effect
        std::vector<Fact> unseen;
        std::vector<Answer> answers;                  // of settles that have not ended
        std::array<std::uint8_t, loops_max> plugs{};  // in the plugged region of each loop
        std::uint64_t before = 0, now = 0;            // what the clock may show
        std::size_t at = 0;    // the first in `history_` that is not explained
        bool stirred = false;  // something has happened; what follows by itself was not looked for
    };
    struct Move {
        blkdrain_ref::Event event;
        Ticket call = no_ticket;
        bool in_vain = false;  // the call has no effect, and says `result`
        bool waits = false;    // nothing happens yet
        Result result{};
    };
    struct Choice {
        Candidate from;
        std::vector<Move> moves;
        std::size_t tried = 0;
        bool all_listed = false;
        std::optional<blkdrain_ref::Reason> refusal;  // of the first move
    };
    // What is known of a call from all that was seen.
    struct Known {
        blkdrain_ref::Event event;
        std::vector<blkdrain_ref::Event> others;  // at the same instant
        std::uint64_t deadline = no_deadline;
        // When, in `history_`.
        std::size_t returned = never, over = never, reached = never, answered = never,
                    dispatched = never;
        Result result{}, outcome{}, answer{};
        blkdrain_ref::NodeId root{};             // where it was reached first
        std::vector<blkdrain_ref::Edge> path{};  // from there
        bool may_miss = false;  // an abandon: what it names had not been begun for sure
    };
    struct Refused {
        std::size_t depth;
        int rule;
        std::string code, sentence;
    };

    bool advance();
    bool again();
    std::optional<bool> explains(const Seen& seen);
    bool is_among_unseen(const Seen& seen, std::uint32_t of, bool& fits);
    std::optional<bool> reaches(const Seen& seen);
    std::optional<bool> rests();
    bool choose();
    bool follow_up();
    [[nodiscard]] bool tired() const { return steps_ > limit_; }
    Choice& new_choice();
    bool take();
    bool go_back();
    std::optional<blkdrain_ref::Reason> apply(Move move);
    std::optional<blkdrain_ref::Reason> apply_in_vain(const Move& move);
    std::optional<blkdrain_ref::Reason> apply_call(Move& move);
    std::optional<blkdrain_ref::Reason> happened(const Move& move);
    [[nodiscard]] bool will_be_seen(const Fact& fact) const;
    [[nodiscard]] std::size_t sights_left(Seen::Kind kind, std::uint32_t of) const;
    [[nodiscard]] bool goes_its_way(const blkdrain_ref::Request& request) const;
    [[nodiscard]] blkdrain_ref::Reason never_seen(const blkdrain_ref::Event& event) const;
    [[nodiscard]] std::optional<blkdrain_ref::Reason> sees_too_little() const;
    [[nodiscard]] std::size_t next_rest() const;
    void add_call(std::vector<Move>& moves, Ticket call) const;
    void add_abandons(std::vector<Move>& moves, Ticket of, blkdrain_ref::Error error) const;
    void list_causes(std::vector<Move>& moves, const Seen& seen) const;
    void list_all(Choice& choice);
    void list_settled(std::vector<Move>& moves, const Candidate& candidate) const;
    [[nodiscard]] static std::uint64_t key(const Candidate& candidate);
    [[nodiscard]] bool may_be_done(blkdrain_ref::RequestId request, std::size_t at) const;
    void refuse(int rule, std::string code, std::string sentence);
    void refuse_at(std::size_t depth, int rule, std::string code, std::string sentence);
    void refuse(const blkdrain_ref::Reason& reason);
    Known& known(Ticket ticket);

    std::vector<Seen> history_;
    std::vector<Known> known_;        // by ticket
    std::vector<std::size_t> rests_;  // when
    // By node and by backend: when its driver was asked to settle or destroyed, its owner told.
    std::array<std::vector<std::size_t>, 64> settlings_, closings_, tellings_;
    blkdrain_ref::BackendSet
        closed_;  // somebody closes it: what its owner is owed may come to nothing
    blkdrain_ref::NodeSet settling_;
    Candidate now_, start_;
    std::vector<Choice> choices_;  // the first `depth_` are in force, the others kept for reuse
    std::size_t depth_ = 0;
    std::unordered_set<std::uint64_t> dead_;  // candidates from which every way was tried
    std::vector<blkdrain_ref::Event> due_;
    std::uint64_t steps_ = 0, limit_ = 0;
    bool looks_ahead_ = true;  // what is never seen later is cut off at once
    bool early_ = false;       // calls take effect at once, if they can; else as late as they can
    Verdict verdict_ = Verdict::explained;
    std::size_t furthest_ = 0;
    std::vector<Refused> refused_;  // at the furthest
};

}  // namespace blkdrain_props
