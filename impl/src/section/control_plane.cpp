// SPDX-License-Identifier: Apache-2.0
#include "section/control_plane.h"

#include <algorithm>
#include <utility>

#include <blkdrain/detail/check.h>

#include "section/members.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

void retain(ControlPlane* control) noexcept {
    control->owners.retain();
}

void release(ControlPlane* control) noexcept {
    if (control->owners.release()) {
        delete control;
    }
}

ControlPlane::ControlPlane() {
    // What a small graph needs, at once.
    backends_.reserve(small_graph);
    counter_owners_.reserve(small_graph);
    touched_.reserve(small_graph);
    left_.reserve(small_graph);
    fresh_.reserve(small_graph);
    walked_.reserve(small_graph);
    scope_.reserve(small_graph);
    own_.reserve(small_graph);
    // Ids and counters start at 1: 0 names nothing.
    backends_.emplace_back();
    counter_owners_.push_back(nullptr);
    groups_.emplace_back();
}

ControlPlane::~ControlPlane() = default;

void ControlPlane::shut_down() {
    NodeTable dying;  // without the lock: their drivers may call us
    const Locked locked(*this);
    BLKDRAIN_CHECK(operations_.empty(),
                   "sections and operations are over before their graph is destroyed");
    BLKDRAIN_CHECK(tokens_.empty(), "operation tokens are closed before their graph is destroyed");
    for (auto& backend : backends_) {
        if (backend) {
            BLKDRAIN_CHECK(in_flight(*backend) == 0,
                           "requests are done before their graph is destroyed");
            detach_backend(*backend);
        }
    }
    dying.swap(nodes_);
    // A loop may be on its way to us: it serves a notification, or has just counted a request done
    // and not looked yet who watches.
    for (const auto& lane : lanes_) {
        if (lane != nullptr) {
            lane->loop.post([kept = Ref<ControlPlane>(this)] {});
        }
    }
}

// --- objects ---

Error ControlPlane::add_loop(EventLoop& loop) {
    const Locked locked(*this);
    // relaxed: only written under this lock.
    const std::uint32_t count = lane_count_.load(std::memory_order_relaxed);
    if (count == lanes_.size()) {
        return {Errc::too_many_loops, "loop '" + loop.name() + "': the graph has " +
                                          std::to_string(count) + " loops already"};
    }
    lanes_[count] = std::make_unique<Lane>(*this, loop, count);
    fence_peers_.push_back(&lanes_[count]->core.fence_peer());
    // release: the lane is complete for whoever reads the count.
    lane_count_.store(count + 1, std::memory_order_release);
    return {};
}

Lane* ControlPlane::find_lane(const EventLoop& loop) {
    // acquire: with the count come the lanes.
    const std::uint32_t count = lane_count_.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < count; ++i) {
        if (&lanes_[i]->loop == &loop) {
            return lanes_[i].get();
        }
    }
    return nullptr;
}

Lane& ControlPlane::lane_of(const EventLoop& loop) {
    Lane* lane = find_lane(loop);
    BLKDRAIN_CHECK(lane != nullptr, "a loop is added to the graph before it is used there");
    return *lane;
}

// Of the loop that sent it; null: there is no such loop.
Lane* ControlPlane::lane_of(RequestId id) {
    const std::uint32_t number = Lane::lane_number(id);
    return number < lane_count_.load(std::memory_order_relaxed) ? lanes_[number].get() : nullptr;
}

Lane* ControlPlane::current_lane() {
    const LoopCore* core = LoopCore::current();
    if (core == nullptr) {
        return nullptr;
    }
    // acquire: with the count come the lanes.
    const std::uint32_t count = lane_count_.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < count; ++i) {
        if (&lanes_[i]->core == core) {
            return lanes_[i].get();
        }
    }
    return nullptr;
}

NodeId ControlPlane::add_node(std::string name, std::unique_ptr<Driver> driver, EventLoop& home) {
    const bool settling = driver->settles();
    const Locked locked(*this);
    const NodeId id = nodes_.next_id();
    const std::uint32_t loop = lane_of(home).number;
    NodeState& node = nodes_.add(
        std::make_unique<NodeBody>(*this, id, std::move(name), home, std::move(driver)), settling);
    // Born inside every section whose scope contains it (R24): a node without edges is in that of
    // quiesce_all alone.
    if (live_quiesce_alls_ != 0) {
        for_each_section([&](SectionOperation& section) {
            if (section.kind == OperationKind::quiesce_all) {
                add_cover(section, node);
            }
        });
    }
    announce(Announced::node_new, id.value, [&](Announcement& a) {
        a.loop = loop;
        a.flag = !node.body->driver().may_move(*node.body, home);
    });
    return id;
}

Ref<Backend> ControlPlane::add_backend(std::string name, EventLoop& home) {
    const Locked locked(*this);
    const BackendId id{static_cast<std::uint32_t>(backends_.size())};
    const std::uint32_t loop = lane_of(home).number;
    backends_.push_back(Ref<Backend>::adopt(new Backend(id, std::move(name), home)));
    Backend& backend = *backends_.back();
    add_bank(backend);
    update_word(backend);
    if (live_quiesce_alls_ != 0) {
        for_each_section([&](SectionOperation& section) {
            if (section.kind == OperationKind::quiesce_all) {
                add_cover(section, backend);
            }
        });
        close_gates();
    }
    announce(Announced::backend_new, id.value, [&](Announcement& a) { a.loop = loop; });
    return Ref<Backend>(&backend);
}

NodeState* ControlPlane::find_node(NodeId id) {
    return nodes_.find(id);
}

Backend* ControlPlane::find_backend(BackendId id) {
    return id.value < backends_.size() ? backends_[id.value].get() : nullptr;
}

std::string ControlPlane::name_of(NodeId id) {
    const NodeState* node = find_node(id);
    return node != nullptr ? describe(*node) : "n" + std::to_string(id.value);
}

std::string ControlPlane::name_of(BackendId id) {
    const Backend* backend = find_backend(id);
    return backend != nullptr ? describe(*backend) : "b" + std::to_string(id.value);
}

std::string ControlPlane::name(NodeId id) {
    const Locked locked(*this);
    return name_of(id);
}

std::string ControlPlane::name(BackendId id) {
    const Locked locked(*this);
    return name_of(id);
}

// The first of `backends` that does not exist (any more), as an error.
Error ControlPlane::unknown(const char* call, const std::vector<BackendId>& backends) {
    for (const BackendId id : backends) {
        if (find_backend(id) == nullptr) {
            return {Errc::no_such_object,
                    std::string(call) + ": there is no b" + std::to_string(id.value)};
        }
    }
    return {};
}

SectionOperation* ControlPlane::find_section(OperationId id) {
    Operation* found = operations_.find(id);
    return found != nullptr && found->kind <= OperationKind::close_node
               ? static_cast<SectionOperation*>(found)
               : nullptr;
}

// --- the life of an operation ---

void ControlPlane::enroll(std::unique_ptr<Operation> operation) {
    pending_.push_back(*operation);
    if (operation->kind == OperationKind::token) {
        std::unique_ptr<TokenOperation> token(static_cast<TokenOperation*>(operation.release()));
        token->token = TokenId{++last_token_};
        const TokenId id = token->token;
        tokens_.add(id, std::move(token));
    } else {
        operation->id = OperationId{++last_operation_};
        const OperationId id = operation->id;
        operations_.add(id, std::move(operation));
    }
}

// See WaitOptions::loop.
EventLoop* ControlPlane::callback_loop(const WaitOptions& options, EventLoop* anchor) {
    if (options.loop != nullptr) {
        return options.loop;
    }
    if (EventLoop* current = EventLoop::current();
        current != nullptr && !canary(Canary::called_back_elsewhere)) {
        return current;
    }
    BLKDRAIN_CHECK(anchor != nullptr || lanes_[0] != nullptr,
                   "a graph has a loop before it is asked for anything");
    return anchor != nullptr ? anchor : &lanes_[0]->loop;
}

void ControlPlane::start(std::unique_ptr<Operation> operation, WaitOptions&& options,
                         EventLoop* anchor_loop) {
    Operation& started = *operation;
    started.holding = std::move(options.holding);
    started.where = options.where;
    started.loop = callback_loop(options, anchor_loop);
    enroll(std::move(operation));
    if (!started.holding.requests.empty() && naming_requests_++ == 0) {
        // relaxed: the fence orders it (lane.h, 3).
        tell_of_each.store(true, std::memory_order_relaxed);
        os::fence_process(fence_peers_);
    }
    if (options.deadline) {
        arm_deadline(started, *options.deadline);
    }
}

void ControlPlane::arm_deadline(Operation& operation, std::chrono::nanoseconds deadline) {
    EventLoop& loop = *operation.loop;
    auto* state = new Deadline;
    operation.deadline = state;
    auto give_up = [control = Ref<ControlPlane>(this), id = operation.id,
                    token = operation.kind == OperationKind::token
                                ? static_cast<TokenOperation&>(operation).token
                                : TokenId{}] {
        if (token.value != 0) {
            control->abandon(token, Errc::timed_out);
        } else {
            control->abandon(id, Errc::timed_out);
        }
    };
    loop.post([&loop, state, deadline, called = os::now(), give_up] {
        if (state->over) {
            delete state;
            return;
        }
        state->armed = true;
        state->timer = loop.start_timer(deadline - (os::now() - called), give_up);
    });
}

void ControlPlane::report(Operation& operation, Error error, bool stands) {
    Report::post(std::move(operation.report), *operation.loop,
                 std::exchange(operation.deadline, nullptr), std::move(error), stands);
    if (operation.is_linked()) {
        operation.unlink();
        if (!operation.holding.requests.empty() && --naming_requests_ == 0) {
            // relaxed: at worst it is told of some more.
            tell_of_each.store(false, std::memory_order_relaxed);
        }
    }
}

void ControlPlane::conclude(Operation& operation, Error error) {
    report(operation, std::move(error));
    operations_.erase(operation.id);
}

Wait ControlPlane::refuse(WaitOptions&& options, EventLoop* anchor_loop, DoneCallback&& done,
                          Error error) {
    callback_loop(options, anchor_loop)
        ->post([done = std::move(done), outcome = std::move(error)]() mutable {
            if (done) {
                done(std::move(outcome));
            }
        });
    return {};
}

// Gates and queues are restored and what was held is released, now or when the settle that runs
// returns (R25).
void ControlPlane::give_up(SectionOperation& section, Error why) {
    announce(Announced::abandon, section.id.value,
             [&](Announcement& a) { a.error = announced(why); });
    report(section, std::move(why));
    section.given_up = true;
    if (section.settling == nullptr) {
        let_go(section);
    }
}

void ControlPlane::let_go(SectionOperation& section) {
    announce(Announced::release, section.id.value);
    remove(section);
}

Error ControlPlane::given_up(const Operation& operation, Errc why) {
    return {why, describe(operation) +
                     (why == Errc::timed_out ? ": the deadline passed" : " was given up")};
}

bool ControlPlane::abandon(OperationId id, Errc why) {
    const Locked locked(*this);
    Operation* found = operations_.find(id);
    if (found == nullptr || !found->is_linked()) {
        return false;
    }
    Operation& operation = *found;
    if (canary(Canary::abandon_reports_twice)) {
        operation.loop->post([report = operation.report.get()] { report->tell({}, false); });
    }
    Error error = given_up(operation, why);
    if (operation.kind == OperationKind::drain || operation.kind == OperationKind::quiet) {
        announce(Announced::abandon, id.value, [&](Announcement& a) { a.error = why; });
        conclude(operation, std::move(error));
    } else {
        give_up(static_cast<SectionOperation&>(operation), std::move(error));
    }
    progress();
    return true;
}

// --- getting on ---

void ControlPlane::progress() {
    do {
        release_due();
    } while (activate_isolates() || advance_operations() || close_orphans());
    post_notifications();
    tell_of_cycles();
}

bool ControlPlane::advance_operations() {
    for (Operation& operation : pending_) {
        if (advance(operation)) {
            return true;  // the list has changed; whoever became due comes first
        }
    }
    return false;
}

bool ControlPlane::advance(Operation& operation) {
    if (operation.kind == OperationKind::token) {
        auto& token = static_cast<TokenOperation&>(operation);
        return would_deadlock(operation) &&
               give_up_token(token, {Errc::would_deadlock,
                                     describe(token) + ": the caller holds what it waits for"});
    }
    if (operation.kind == OperationKind::drain) {
        return advance_drain(static_cast<DrainOperation&>(operation));
    }
    if (operation.kind == OperationKind::quiet) {
        const SectionOperation* section =
            find_section(static_cast<QuietOperation&>(operation).section);
        const bool deadlock = section != nullptr && would_deadlock(operation);
        if (section != nullptr && section->busy_members != 0 && !deadlock &&
            !canary(Canary::quiet_early)) {
            return false;
        }
        Error error;
        if (section == nullptr) {
            error = {Errc::cancelled, describe(operation) + ": the section has ended"};
        } else if (deadlock) {
            error = {Errc::would_deadlock,
                     describe(operation) + ": all it waits for is held by the caller"};
        } else {
            find_section(section->id)->quiet_reported = true;
        }
        announce(Announced::quiet_done, operation.id.value,
                 [&](Announcement& a) { a.error = announced(error); });
        conclude(operation, std::move(error));
        refresh_changes();
        return true;
    }
    auto& section = static_cast<SectionOperation&>(operation);
    if (would_deadlock(operation)) {
        Error error{Errc::would_deadlock,
                    describe(operation) + ": all it waits for is held by the caller"};
        if (is_section(section.kind)) {
            give_up(section, std::move(error));
        } else {
            finish(section, std::move(error));
        }
        return true;
    }
    switch (section.kind) {
        case OperationKind::drained:
        case OperationKind::settle:
            return advance_drained(section);
        case OperationKind::change:
            return advance_change(section);
        case OperationKind::context:
            return advance_context(section);
        case OperationKind::close_backend:
            return advance_close_backend(section);
        case OperationKind::close_node:
            return advance_close_node(section);
        default:
            return false;  // a queued isolate: activate_isolates
    }
}

void ControlPlane::release_due() {
    for (const Backend* backend : unplugged_) {
        take_plug_off(*backend);
    }
    unplugged_.clear();
    forget_settles();
    for (Backend* backend : touched_) {
        release(*backend);
    }
    touched_.clear();
    while (!dirty_groups_.empty()) {
        Group& group = *dirty_groups_.back();
        dirty_groups_.pop_back();
        group.dirty = false;
        run_limiter(group);
        for (Backend* member : group.members()) {
            update_word(*member);
        }
    }
    open_tokens();
}

void ControlPlane::admit_waiting(Backend& backend) {
    if (canary(Canary::overtake)) {
        OuterRequest& newest = *--backend.waiting.end();
        newest.unlink();
        backend.waiting.push_front(newest);
    }
    const bool limited = backend.group() != nullptr && backend.group()->limited() &&
                         !canary(Canary::release_bypasses);
    held_back_.clear();
    auto at = backend.waiting.begin();
    while (at != backend.waiting.end()) {
        OuterRequest& request = *at;
        ++at;
        // Whoever is looked at has nobody of its class before it any more, but who is held back by
        // a limit: they would have been admitted just now.
        if (kept(request)) {
            continue;
        }
        if (limited) {
            const std::pair line{request.token.load(std::memory_order_relaxed), request.is_write()};
            const bool behind =
                std::find(held_back_.begin(), held_back_.end(), line) != held_back_.end();
            if (behind || charged(request)) {
                held_back_.push_back(line);
                continue;
            }
        }
        admit(request);
    }
}

// By a gate: that of its backend or, under a token, that of a change which names it.
bool ControlPlane::kept(const OuterRequest& request) const {
    const TokenId token{request.token.load(std::memory_order_relaxed)};
    const Backend& backend = *request.backend.load(std::memory_order_relaxed);
    return token.value == 0
               ? backend.gated() || (canary(Canary::drain_gates) && backend.banks.draining())
               : suspended(token);
}

// Out of line, as nothing keeps it any more.
void ControlPlane::admit(OuterRequest& request, From from) {
    request.unlink();
    request.never_admitted = false;
    leave_waiting(request);
    const std::uint32_t id = request.id.load(std::memory_order_relaxed);
    if (from == From::plug) {
        // Both at one instant: nobody gets in between.
        const std::uint64_t since = announce.stamp();
        announce(Announced::line_up, id, [&](Announcement& a) { a.since = since; });
        announce(Announced::admit, id, [&](Announcement& a) { a.since = since; });
    } else {
        announce(Announced::admit, id);
    }
    // relaxed: a hint; the launch is ordered by the loop's queue.
    request.stage.store(Stage::admitted, std::memory_order_relaxed);
    if (&request.lane == unplugging_) {
        batch_.push_back(&request);
    } else {
        request.launch_remotely();
    }
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
