// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <blkdrain/graph.h>
#include <blkdrain/throttle.h>
#include <blkdrain/world.h>

#include "graph/edit.h"
#include "graph/node_table.h"
#include "graph/walk.h"
#include "os/backend.h"
#include "os/canary.h"
#include "request/gatekeeper.h"
#include "request/lane.h"
#include "request/outer_request.h"
#include "section/id_table.h"
#include "section/operation.h"
#include "throttle/group.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// The serialised side of a graph: sections, changes, waits. One lock, held only while marking;
// nothing of a driver or an owner is called under it but may_move.
//
//  1. `gated` and `stopped` are the covers of live sections (graph/cover.h); nothing is counted
//  beside them.
//  2. A gate word says slow whenever its backend is gated, closing, or has waiting requests; it is
//  opened last, after who
//     waited has been admitted, so nobody overtakes (R18).
//  3. A begin closes all its gates, then one process-wide fence, then it is announced: one
//  consistent cut (R2).
//  4. Every entry that changes something ends in progress(), which runs until nothing more can
//  happen: first whoever is due
//     is admitted, then queued isolates are activated, then pending operations get on, in the order
//     of their calls; at last the notifications are posted (R18) and circles reported (R26).
//  5. A backend with a cover or a pending drain is watched: its completions come back here
//  (released).
//  6. Callbacks, notifications, settles and the destruction of closed nodes are posted to loops.
class ControlPlane final : public Gatekeeper {
public:
    ControlPlane();
    ~ControlPlane();
    ControlPlane(const ControlPlane&) = delete;
    ControlPlane& operator=(const ControlPlane&) = delete;

    // What Graph, BlockBackend, Section, OperationToken and Wait offer; see there. `backend`
    // handles name live objects.
    Error add_loop(EventLoop& loop);
    NodeId add_node(std::string name, std::unique_ptr<Driver> driver, EventLoop& home);
    Ref<Backend> add_backend(std::string name, EventLoop& home);
    Error set_listener(Backend& backend, SectionListener* listener);
    Lane* current_lane();

    Wait isolate(Backend& backend, IsolateOptions&& options, SectionCallback&& begun);
    Wait self_quiesce(Backend& backend, WaitOptions&& options, SectionCallback&& begun);
    Wait drained(NodeId node, WaitOptions&& options, SectionCallback&& begun);
    Wait quiesce_all(std::vector<BackendId>&& except, WaitOptions&& options,
                     SectionCallback&& begun);
    Wait settle(NodeId node, WaitOptions&& options, DoneCallback&& done);
    Wait quiet(OperationId section, WaitOptions&& options, DoneCallback&& done);
    Wait drain(Backend& backend, WaitOptions&& options, DoneCallback&& done);
    Wait open_token(const std::vector<BackendId>& backends, WaitOptions&& options,
                    TokenCallback&& opened);
    // Ids instead of pointers in the plan: operands are looked up under the lock. `x`, `y` as in
    // ChangePlan.
    struct ChangeCall {
        ChangeKind kind;
        NodeId x;
        NodeId y;
        BackendId backend;
        std::size_t index = 0;
        std::string role;
    };
    Wait change(ChangeCall&& call, ChangeOptions&& options, DoneCallback&& done);
    // What messages call them: "attach of n2 'disk' under n3 'filter'", "b1 'vda'", "n7" if there
    // is none.
    std::string subject(const ChangeCall& call);
    std::string name(NodeId id);
    std::string name(BackendId id);
    Wait set_event_loop(NodeId node, EventLoop& loop, WaitOptions&& options, DoneCallback&& done);
    Wait close(NodeId node, WaitOptions&& options, DoneCallback&& done);
    Wait close(Backend& backend, WaitOptions&& options, DoneCallback&& done);

    // The handle goes: what close does, in the background, as soon as it can (R27).
    void abandon_handle(Backend& backend);
    void end(OperationId section);
    void close_token(TokenId token);
    bool abandon(OperationId operation, Errc why);
    bool abandon(TokenId token, Errc why);

    // ThrottleGroup: `id` names a group that exists.
    GroupId add_group(std::string name);
    void remove_group(GroupId id);
    Error configure(GroupId id, const ThrottleLimits& limits);
    Error join(GroupId id, Backend& backend);
    Error join(GroupId id, BackendId backend);
    Error leave(GroupId id, Backend& backend);
    Error leave(GroupId id, BackendId backend);

    Error cancel(Backend& backend, RequestId id);
    std::size_t cancel_waiting(Backend& backend);

    Explanation explain(OperationId operation);
    Explanation explain(TokenId token);
    std::vector<Explanation> explain_all();
    void on_cycle(CycleCallback told);
    void snapshot(Snapshot& into, Snapshot::Names names);

    std::error_code begin_internal(NodeId id);
    void end_internal(NodeId id);

    // The graph is going away: everything must be over.
    void shut_down();

    // Gatekeeper
    Decision decide(OuterRequest& request, bool undone, std::uint32_t counter) override;
    void released(std::uint32_t counter) override;
    void done_unadmitted(OuterRequest& request) override;
    void plugged(Lane& lane) override;
    void unplugged(Lane& lane) override;

    os::ref_count owners;

private:
    class Locked;
    class PassSettlement;
    struct Item;  // a WaitItem with the objects it speaks of
    struct Items;

    // control_plane.cpp: objects, and the order in which things get on
    NodeState* find_node(NodeId id);
    Backend* find_backend(BackendId id);
    Error unknown(const char* call, const std::vector<BackendId>& backends);
    SectionOperation* find_section(OperationId id);
    Lane* find_lane(const EventLoop& loop);
    Lane& lane_of(const EventLoop& loop);
    std::string name_of(NodeId id);
    std::string name_of(BackendId id);
    void progress();
    bool advance_operations();
    bool advance(Operation& operation);
    void release_due();
    void admit_waiting(Backend& backend);
    // Where a request comes from that is admitted: out of the line, or from a plugged region.
    enum class From : std::uint8_t { line, plug };
    void admit(OuterRequest& request, From from = From::line);
    bool kept(const OuterRequest& request) const;
    void open_tokens();
    void start(std::unique_ptr<Operation> operation, WaitOptions&& options, EventLoop* anchor_loop);
    void enroll(std::unique_ptr<Operation> operation);
    EventLoop* callback_loop(const WaitOptions& options, EventLoop* anchor);
    // What `refuse` calls for those whose success comes with a section or token.
    template <class Begun>
    static DoneCallback refusal(std::function<void(Error, Begun)> begun) {
        return [begun = std::move(begun)](Error error) {
            if (begun) {
                begun(std::move(error), Begun{});
            }
        };
    }
    Wait refuse(WaitOptions&& options, EventLoop* anchor_loop, DoneCallback&& done, Error error);
    void arm_deadline(Operation& operation, std::chrono::nanoseconds deadline);
    void report(Operation& operation, Error error, bool stands = false);
    void conclude(Operation& operation, Error error);  // reports and forgets
    static Error given_up(const Operation& operation, Errc why);
    void give_up(SectionOperation& section, Error why);
    void let_go(SectionOperation& section);
    std::unique_ptr<Report> hand_over(OperationId section, SectionCallback&& begun);

    // bookkeeping.cpp, members.h: who is gated, watched, busy
    void close_gates();
    bool update_word(Backend& backend);
    template <class WatchAgain>
    void fence_watches(WatchAgain watch_again);
    void watch(Backend& backend);
    void watch_cells(Backend& backend);
    void unwatch_if_unused(Backend& backend);
    void release(Backend& backend);
    void taken_back(std::uint32_t counter);
    void reassess(Backend& backend);
    void reassess(NodeState& node);
    void set_busy(Cover& cover, bool busy);
    std::uint64_t segments_made() const;
    template <class Visit>
    void for_each_cell(const Bank& bank, Visit visit) const;
    std::uint64_t done_of(const Bank& bank) const;
    std::uint64_t sent_of(const Bank& bank) const;
    std::uint64_t in_flight(const Bank& bank) const;
    std::uint64_t in_flight(const Backend& backend) const;
    bool busy_for(const Cover& cover, std::uint64_t in_flight_now) const;
    bool operation_started(const Cover& cover) const;
    bool excuses(const Cover& cover, TokenId token) const;
    bool of_closed_token(const OuterRequest& request) const;
    static void leave_waiting(OuterRequest& request);
    void add_bank(Backend& backend);
    bool retire_banks(Backend& backend);
    void free_counter(const Bank& bank);
    void free_counters(const Backend& backend);

    // scope.cpp: who is in scope, on the control plane's picture of the graph, and covered
    template <class Visit>
    Walk visit_scope(SectionOperation& section, Visit visit);
    void scope_of(SectionOperation& section, Scope& into);
    void update_scope(SectionOperation& section);
    void move_covers(SectionOperation& section);
    void add_cover(SectionOperation& section, NodeState& node, Demand demand = Demand::quiet,
                   bool entering = false);
    void add_cover(SectionOperation& section, Backend& backend, Demand demand = Demand::quiet,
                   bool entering = false);
    void unlink(Cover& cover);
    void uncover(Cover& cover);
    void uncover_all(SectionOperation& section);
    static bool names_exempt(const SectionOperation& section, const Backend& backend);
    static bool exempts(const SectionOperation& section, const Backend& backend);
    bool isolates(const SectionOperation& isolate, const Backend& backend);

    // section.cpp: begin and end
    void make_live(SectionOperation& section);
    void refresh_live_sections();
    void refresh_changes();
    void remove(SectionOperation& section);
    bool advance_drained(SectionOperation& section);
    void announce_begin(const SectionOperation& section, Errc error, bool only_now = false);
    void go_live(SectionOperation& section, bool only_now = false);

    // isolate.cpp: conflicts and the queue (R23)
    bool conflict(const SectionOperation& a, const SectionOperation& b);
    bool must_queue(const SectionOperation& isolate, std::vector<SectionOperation*>* behind);
    bool activate_isolates();
    std::pair<SectionOperation*, SectionOperation*> conflicting_isolates_after(ChangePlan& plan);

    // settle.cpp: the pass (R20, R21)
    bool run_pass(SectionOperation& section);
    void order_pass(SectionOperation& section);
    static bool parents_settled(const NodeState& node, const SectionOperation& section);
    void start_settle(NodeState& node, SectionOperation& section);
    void forget_settles();
    static void forget_settle(NodeState& node);
    static bool pass_running(const SectionOperation& section);
    static SectionOperation* settler_of(const NodeState& node);
    static SectionOperation* other_settler(const Cover& cover);
    static bool pass_over(const Cover& cover);
    bool pass_touches(const NodeState& node, const SectionOperation& except) const;
    void settled(NodeId id, OperationId by, std::error_code result);
    const OuterRequest* find_admitted(const Backend& backend) const;
    std::vector<const Backend*> not_quiesced(NodeState& node);

    // change_plan.cpp: what a plan means on the graph as it is now
    Error shape_error(const ChangePlan& plan) const;
    Error cycle_by(const Edits& edits);
    Error check(ChangePlan& plan);
    Edits& edits_of(ChangePlan& plan);
    struct Moves {
        Nodes nodes;
        Backend* backend = nullptr;
        EventLoop* to = nullptr;
        bool refused = false;
    };
    Moves moves_of(const ChangePlan& plan);
    std::string ties_of(NodeState& node, const EventLoop& loop);
    void touched_by(ChangePlan& plan, Nodes& into);
    void scope_of_change(SectionOperation& change, Scope& into);
    void add_entering(Scope& into);

    // change.cpp: changes and context changes (R24, R28)
    std::string subject_of(const ChangeCall& call);
    static Error notification_served(const Backend& backend);
    bool advance_change(SectionOperation& change);
    bool advance_context(SectionOperation& change);
    void carry_out(SectionOperation& change);
    void finish(SectionOperation& section, Error error);
    std::string refusers(NodeState& node, const EventLoop& loop);

    // close.cpp (R27)
    Wait begin_close(Backend& backend, WaitOptions&& options, DoneCallback&& done);
    bool close_orphans();
    bool advance_close_backend(SectionOperation& section);
    bool advance_close_node(SectionOperation& section);
    void take_on(SectionOperation& section, NodeState& node);
    void erase_node(NodeState& node);
    void detach_backend(Backend& backend);
    const Operation* holder_of(const Backend& backend) const;
    const Operation* anchored_at(const NodeState& node) const;

    // drain.cpp (R10), token.cpp (R4)
    bool advance_drain(DrainOperation& drain);
    bool can_open(const TokenOperation& token) const;
    bool suspended(TokenId token) const;
    static bool suspends(const Operation& operation, TokenId token);
    void reassess_named(const std::vector<TokenId>& tokens);
    bool is_open(TokenId token) const;
    bool give_up_token(TokenOperation& token, Error error);

    // notify.cpp (R9)
    void note_gate(Backend& backend) {
        if (backend.listener() != nullptr && backend.told_gated != backend.gated()) {
            note_turn(backend);
        }
    }
    void note_turn(Backend& backend);
    void post_notifications();
    void post_delivery(const Ref<Backend>& backend);
    void deliver(const Ref<Backend>& backend);

    // limits.cpp (R13, R30)
    Ref<Backend> hold_backend(BackendId id);
    void leave_group(Backend& backend);
    void make_members_slow(Group& group);
    static bool charged(const OuterRequest& request);
    OuterRequest* next_in_line(Backend& member, Direction direction);
    void limit_again(Group* group) {
        if (group != nullptr && !group->dirty) {
            mark_dirty(*group);
        }
    }
    void mark_dirty(Group& group);
    void look_at_clock(Group& group);
    void run_limiter(Group& group);
    void admit_by_turns(Group& group);
    Backend* next_member(const Group& group, Direction direction);
    void admit_flushes(Backend& member, TokenId token);
    void arm(Group& group, Direction direction);
    void disarm(Group& group, Direction direction);
    void rate_timer_fired(GroupId id, Direction direction, const RateTimer& timer);

    // cancel.cpp (R29)
    void complete_cancelled(OuterRequest& request);
    std::size_t complete_all_cancelled(Backend& backend);
    OuterRequest* find_waiting(Backend& backend, RequestId id);
    Lane* lane_of(RequestId id);

    // plug.cpp (R16)
    template <class Concerned>
    void take_plug_off(Concerned concerned);
    void take_plug_off(const Backend& backend);

    // awaited.cpp (R12, R26)
    static Item section_item(SectionOperation& section);
    Items items_of(Operation& operation);
    const std::vector<const OuterRequest*>& line_up_to(const OuterRequest& request);
    std::uint8_t blockers_of(const OuterRequest& request);
    void add_keepers(const Operation& waiter, const Item& item, Holding& into);
    bool hostage(const Operation& operation, const Item& item);
    bool report_on_its_way() const;
    bool would_deadlock(Operation& operation);

    // cycle.cpp, explain.cpp (R26)
    class Waiters;
    std::vector<Operation*> cycle_of(const Operation& operation);
    void tell_of_cycles();
    Explanation explanation(Operation& operation);
    WaitItem request_item(const Item& item);

    template <class Visit>
    void for_each_section(
        Visit visit);  // live, queued and pending ones, in the order of their calls
    template <class Visit>
    void for_each_request(Visit visit) const;

    static constexpr std::size_t small_graph = 16;

    // Guards everything below. Never held over a wait.
    os::mutex mutex_;

    NodeTable nodes_;
    std::vector<Ref<Backend>> backends_;  // index: id
    IdTable<OperationId, Operation> operations_;
    IdTable<TokenId, TokenOperation> tokens_;
    IntrusiveList<Operation> pending_;
    CycleCallback cycle_told_;
    std::uint32_t last_operation_ = 0;
    std::uint32_t last_token_ = 0;
    std::uint64_t graph_generation_ = 1;  // counts the changes of edges and nodes
    unsigned live_quiesce_alls_ = 0;
    unsigned pending_changes_ = 0;
    unsigned naming_requests_ = 0;  // pending operations whose callers hold requests

    std::vector<Backend*> counter_owners_;  // index: counter; null: free
    std::vector<std::uint32_t> free_counters_;

    std::vector<Ref<Backend>> orphans_;  // their handles are gone, they are not closing yet
    std::vector<Backend*> touched_;      // left a scope: who waits there may be due
    // Left a scope: maybe nobody keeps them settled. Looked at when the step is over, in which they
    // may have entered another.
    std::vector<NodeState*> left_;
    std::vector<Ref<Backend>> untold_;  // owe a notification that is not posted yet
    std::vector<Cover*> fresh_;         // backends covered since the last close_gates
    std::vector<std::unique_ptr<NodeBody>> graveyard_;

    std::vector<std::unique_ptr<Group>> groups_;  // index: id
    std::vector<Group*> dirty_groups_;            // the limiter has to look at them
    IntrusiveList<OuterRequest> plugged_;         // of all backends and loops, in the order sent
    std::vector<const Backend*> unplugged_;       // whose requests a drain or begin takes PLUG off
    Lane* unplugging_ = nullptr;        // whose region ends: what is admitted there goes into
    std::vector<OuterRequest*> batch_;  // this, and is launched when the lock is free

    CoverPool covers_;
    Walker walker_;

    // Scratch, kept for its memory.
    Nodes walked_;  // by visit_scope, order_pass and callers of touched_by
    Nodes bases_;   // of visit_scope
    Scope scope_;   // of move_covers
    Scope own_;     // of scope_of_change, the next too
    Scope entering_;
    Scope reached_;                                          // of add_entering
    Edits edits_;                                            // of edits_of
    std::vector<const OuterRequest*> line_;                  // of line_up_to
    std::vector<std::pair<std::uint32_t, bool>> held_back_;  // of admit_waiting: token, is_write

    // Lanes are added under the lock and never go; read without it up to lane_count_.
    std::array<std::unique_ptr<Lane>, Graph::loops_max> lanes_;
    os::atomic<std::uint32_t> lane_count_{0};
    std::uint64_t segments_known_ = 0;          // of the lanes, before the last watch was set
    std::vector<os::fence_peer*> fence_peers_;  // of the lanes' loops
};

// For the time a thread works on the control plane. Nodes that leave the graph meanwhile die on
// their home loops: the thread may be in the middle of a call of their drivers.
class ControlPlane::Locked {
public:
    explicit Locked(ControlPlane& control) : control_(control), lock_(control.mutex_) {
        if (canary(Canary::lock_dropped)) {
            lock_.unlock();
        }
    }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;
    ~Locked() {
        for (auto& node : control_.graveyard_) {
            node->loop().post([dead = node.release()] { delete dead; });
        }
        control_.graveyard_.clear();
    }

private:
    ControlPlane& control_;
    const LoopCore::Aside aside_;  // or who holds the lock would wait for who waits for it
    os::mutex_lock lock_;
};

template <class Visit>
void ControlPlane::for_each_section(Visit visit) {
    for (Operation& operation : operations_) {
        if (operation.kind <= OperationKind::close_node) {
            visit(static_cast<SectionOperation&>(operation));
        }
    }
}

template <class Visit>
void ControlPlane::for_each_request(Visit visit) const {
    // acquire: with the count come the lanes.
    const std::uint32_t count = lane_count_.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < count; ++i) {
        lanes_[i]->for_each_request(visit);
    }
}

inline bool is_section(OperationKind kind) {
    return kind <= OperationKind::self_quiesce;
}
inline bool is_momentary(OperationKind kind) {
    return kind >= OperationKind::settle && kind <= OperationKind::close_node;
}

// Sections whose cover keeps a settled node settled.
inline bool keeps_settled(const Cover& cover) {
    switch (cover.section->kind) {
        case OperationKind::drained:
        case OperationKind::settle:
        case OperationKind::context:
        case OperationKind::close_node:
            return true;
        case OperationKind::change:
            return cover.demand == Demand::settled;
        default:
            return false;
    }
}

// What a call on the handle of a closed backend gets.
Error gone(const char* call, const Backend& backend);

// An outcome as announced: settles fail with codes of their own.
Errc announced(const Error& error);
void fill_holding(Announcement& announcement, const Holding& holding);

// "b2 'vda'", "n3 'disk'", "s4 begun at job.cpp:31".
std::string describe(const Backend& backend);
std::string describe(const NodeState& node);
std::string describe(const Operation& operation);
// "attach s7 of n2 'disk' under n3 'filter'", with " s7" for `number`.
std::string describe(const ChangePlan& plan, const std::string& number);
const char* name_of(OperationKind kind);

}  // namespace detail

BLKDRAIN_NAMESPACE_END
