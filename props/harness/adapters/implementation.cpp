// SPDX-License-Identifier: Apache-2.0
#include "harness/adapters/implementation.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <blkdrain/block_backend.h>
#include <blkdrain/blocking.h>
#include <blkdrain/detail/announcement.h>
#include <blkdrain/detail/check.h>
#include <blkdrain/graph.h>
#include <blkdrain/plug.h>
#include <blkdrain/section.h>
#include <blkdrain/snapshot.h>
#include <blkdrain/throttle.h>

#include "harness/adapters/current_client.h"
#include "harness/adapters/driver_host.h"
#include "harness/adapters/schedule_control.h"
#include "harness/adapters/scripted_driver.h"
#include "harness/adapters/translate.h"
#include "harness/adapters/world.h"
#include "harness/linearise.h"
#include "harness/throttling.h"
#include "harness/witness.h"
#include "os/backend.h"
#include "os/canary.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;
using blkdrain::Errc;
using blkdrain::Error;
using blkdrain::EventLoop;

namespace {

// All operations of all clients, and what healing and setting up add to them.
constexpr std::size_t slots_max = clients_max * operations_max + 64;
constexpr std::size_t objects_max = 64;

// A call on its way into the library: what it announces belongs to it. One per thread.
struct CallScope {
    std::atomic<std::uint32_t>* id = nullptr;  // gets that of the operation or token announced
    SentRequest* sent = nullptr;               // of a send
    bool pinned = false;                       // of a new backend
    std::uint64_t since = 0;                   // stamp taken before the call
};
struct CallScopeTag {};
using CurrentCall = blkdrain::os::thread_slot<CallScopeTag, CallScope>;

// Threads are numbered as they first announce something.
std::uint32_t thread_number() {
    static std::atomic<std::uint32_t> next{0};
    static thread_local const std::uint32_t mine = next.fetch_add(1, std::memory_order_relaxed);
    return mine;
}

bool blocked_by(std::uint8_t blockers, blkdrain::Blocker blocker) {
    return (blockers & static_cast<std::uint8_t>(blocker)) != 0;
}

// Null: nodes are scripted alone.
DriverHost* driver_host = nullptr;

std::uint64_t time_of(blkdrain::os::time_point time) {
    return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

blkdrain::ThrottleLimits limits(LimitWord word, std::uint64_t tick_ns) {
    const Limits6 all = limits_of(word, tick_ns);
    const auto at = [&](std::size_t i) {
        const LimitSpec& spec = all.limits[i];
        return blkdrain::RateLimit{spec.rate, spec.burst, spec.peak, spec.peak_burst};
    };
    return {at(0), at(1), at(2), at(3), at(4), at(5), all.iops_size};
}

constexpr std::array<const char*, 4> roles{"file", "backing", "data", "journal"};

}  // namespace

class ImplementationAdapter final : public Adapter, blkdrain::detail::AnnouncementSink {
public:
    explicit ImplementationAdapter(HarnessCanary canary) : world_(World::make()) {
        drivers_.canary = canary;
    }
    ~ImplementationAdapter() override {
        if (graph_ != nullptr) {
            abandon_graph();
        }
    }

    bool threaded() const override { return World::threaded(); }
    bool implements() const override { return true; }
    const char* name() const override { return World::name(); }
    void touched() override { World::touch(); }

    void open(const Scenario& scenario, Stage& stage) override;
    void close(bool clean) override;
    Result call(const Call& call) override;
    void on_loop(unsigned loop, const std::function<void()>& task) override {
        world_->on_loop(loop, task);
    }
    void post(unsigned loop, std::function<void()> task) override {
        drivers_.moved();
        loop_[loop]->post(std::move(task));
    }
    void rest() override;
    void run_clients(unsigned count, const std::function<void(unsigned)>& body,
                     const std::function<void()>& all_wait) override {
        world_->run_clients(
            count,
            [&body](unsigned client) {
                const ClientScope scope(client);
                body(client);
            },
            drivers_.moves, all_wait);
        rest();
    }
    void begins(std::uint8_t client, std::uint8_t operation) override {
        world_->begins(client, operation);
    }
    void await(const std::function<bool()>& over) override { world_->await(over); }
    void advance(std::uint64_t ticks) override {
        Witness* const witness = stage_->witness();
        if (witness != nullptr) {
            witness->advances(ticks);
        }
        world_->advance(ticks);
        if (witness != nullptr) {
            witness->advanced(ticks);
        }
    }
    bool drivers_take_time() const override;
    std::uint64_t clock_tick_ns() const override {
        return threaded() ? 0 : world_->tick_duration_ns();
    }
    const Observed* observe(bool explain) override;
    std::vector<StandingThread> standing() const override { return world_->standing(); }

    std::uint32_t request_id(Slot slot) const override {
        return requests_[slot] == nullptr ? 0 : requests_[slot]->id;
    }
    std::uint32_t token_id(Slot slot) const override {
        return token_ids_[slot].load(std::memory_order_relaxed);
    }
    std::uint32_t operation_id(Slot slot) const override {
        return operation_ids_[slot].load(std::memory_order_relaxed);
    }
    std::uint32_t node_id(Slot slot) const override {
        return node_ids_[slot].load(std::memory_order_acquire);
    }
    std::uint32_t backend_id(Slot slot) const override {
        return backend_ids_[slot].load(std::memory_order_acquire);
    }

private:
    // The owner of a backend, who listens.
    class Owner final : public blkdrain::SectionListener {
    public:
        Owner(ImplementationAdapter& adapter, Slot slot, bool pinned)
            : adapter_(adapter), slot_(slot), pinned_(pinned) {}
        void section_begin() override { told(true); }
        void section_end() override { told(false); }
        bool may_move(const EventLoop&) const override { return !pinned_; }

    private:
        void told(bool begin) {
            adapter_.drivers_.moved();
            adapter_.notified_at_home(slot_);
            if (Witness* const witness = adapter_.stage_->witness()) {
                witness->told(slot_, begin);
            }
            adapter_.stage_->notified(slot_, begin, adapter_.current_loop());
        }
        ImplementationAdapter& adapter_;
        const Slot slot_;
        const bool pinned_;
    };

    // AnnouncementSink
    void announce(const blkdrain::detail::Announcement& announcement) override;
    std::uint64_t stamp() override { return stamps_.fetch_add(1, std::memory_order_seq_cst); }

    unsigned current_loop() const;
    std::uint8_t current_actor() const;
    unsigned number_of(const EventLoop* loop) const;

    Result perform(const Call& call);
    void new_node(const Call& call);
    void new_backend(const Call& call);
    void answer(SentRequest& sent, std::error_code result);
    Result send(const Call& call);
    Result cancel(const Call& call);
    void control(const Call& call);
    // What comes of a call that waits; a section or token only of those that make one.
    struct ResultOfWait {
        Error error;
        blkdrain::Section section{};
        blkdrain::OperationToken token{};
    };
    ResultOfWait control_blocking(const Call& call);
    bool block(const Call& call);
    void is_refused(const Call& call);
    CallScope scope_of(const Call& call);
    template <class Options>
    Options options_of(const Call& call) const;
    std::vector<blkdrain::BackendId> backends_of(const Call& call) const;
    blkdrain::IsolateOptions isolate_options_of(const Call& call) const;
    blkdrain::NodeId node(Slot slot) const { return {slot == no_slot ? 0 : node_id(slot)}; }
    // Names a live section, whatever it was begun by.
    blkdrain::OperationId section(Slot slot) const {
        return {operation_id(stage_->wait_of_section(slot))};
    }
    static std::string role(const Call& call) {
        return roles[static_cast<std::size_t>(call.role) % roles.size()];
    }
    // A call that waits, and the loop it was made on, which its callback has to run on.
    struct Waiting {
        explicit Waiting(const Call& call)
            : wait(call.own_wait), ticket(call.ticket), loop(EventLoop::current()) {}
        Slot wait;
        Ticket ticket;
        const EventLoop* loop;  // null: of a plain thread; any loop will do
    };
    void called_back(const Waiting& waiting);
    void reads_well(const Error& error);
    // By a callback, or as what a call that blocks returns.
    void over(const Waiting& waiting, ResultOfWait result);
    // R9: on the loop that the backend has in the model. Real threads may be ahead of that.
    void notified_at_home(Slot slot);
    blkdrain::DoneCallback done(const Call& call);
    blkdrain::SectionCallback begun(const Call& call);
    static void completed(void* context, std::error_code result);
    void drained_is_quiet(Slot section, std::uint32_t id);

    void collect();
    bool follow(const std::vector<TimedEvent>& events, const ref::State& from, bool report);
    bool right(const ref::State& state) const;
    void look(bool explain);
    void tell_trouble();
    void abandon_graph();
    // Another client may name a wait while the call that began it has not returned yet: then its
    // number says which one it is, if it has one.
    blkdrain::Wait wait_of(Slot slot) {
        const std::unique_lock<std::mutex> lock = locked_slots();
        const blkdrain::Wait& wait = waits_[slot];
        if (wait.id().value != 0 || wait.token().value != 0) {
            return wait;
        }
        const Slot token = token_of_wait_[slot];
        return token != no_slot
                   ? blkdrain::Wait(graph_->control(), blkdrain::TokenId{token_id(token)})
                   : blkdrain::Wait(graph_->control(), blkdrain::OperationId{operation_id(slot)});
    }
    // A copy of a wait is a choice point: no lock is held over it where threads are fibers.
    std::unique_lock<std::mutex> locked_slots() {
        return threaded() ? std::unique_lock<std::mutex>(slots_mutex_)
                          : std::unique_lock<std::mutex>();
    }

    std::unique_ptr<World> world_;
    Stage* stage_ = nullptr;
    DriverWorld drivers_;
    std::unique_ptr<blkdrain::Graph> graph_;
    std::array<EventLoop*, loops_max> loop_{};
    unsigned loops_ = 1;
    bool changes_graph_ = false;
    bool limited_ = false;  // the scenario has throttle groups

    std::array<blkdrain::ThrottleGroup, groups_max> groups_;
    std::array<std::vector<std::unique_ptr<blkdrain::Plug>>, loops_max> plugs_;  // on its loop
    std::uint64_t opened_at_ = 0;  // on the clock that is announced

    // By slot. An entry is written before anybody can name its slot, or is atomic.
    std::array<std::optional<blkdrain::BlockBackend>, objects_max> backends_;
    std::array<std::optional<Owner>, objects_max> owners_;
    std::array<std::atomic<std::uint32_t>, objects_max> node_ids_{};
    std::array<std::atomic<std::uint32_t>, objects_max> backend_ids_{};
    std::array<blkdrain::Section, slots_max> sections_;
    std::array<blkdrain::OperationToken, slots_max> tokens_;
    std::array<blkdrain::Wait, slots_max> waits_;
    std::array<Slot, slots_max> section_of_wait_{};
    std::array<Slot, slots_max> token_of_wait_{};
    std::array<std::atomic<std::uint32_t>, slots_max> operation_ids_{};
    std::array<std::atomic<std::uint32_t>, slots_max> token_ids_{};
    std::array<SentRequest*, slots_max> requests_{};
    std::size_t nodes_used_ = 0;
    std::size_t backends_used_ = 0;
    std::size_t slots_used_ = 0;
    std::mutex slots_mutex_;  // waits_, requests_, nodes_used_ .. slots_used_, pool_
    std::vector<std::unique_ptr<SentRequest>> requests_owned_;
    std::vector<SentRequest*> pool_;

    // What was announced
    std::atomic<std::uint64_t> stamps_{1};
    ref::Event event_;  // simulated: the one being judged
    std::vector<bool>
        is_wait_;  // by id: drains and waits for quiet; simulated, or under events_mutex_
    std::mutex events_mutex_;          // events_, is_wait_
    std::vector<TimedEvent> events_;   // since the last rest
    std::vector<TimedEvent> earlier_;  // before that
    std::vector<TimedEvent> batch_;
    ref::State start_;  // before the earliest of them
    Lineariser lineariser_;

    blkdrain::Snapshot snapshot_;
    Observed observed_;
    bool explain_ = false;
};

// ---- Opening and closing

void ImplementationAdapter::open(const Scenario& scenario, Stage& stage) {
    stage_ = &stage;
    drivers_.stage = &stage;
    drivers_.threaded = threaded();
    drivers_.active.store(0, std::memory_order_relaxed);
    drivers_.drivers.fill(nullptr);
    drivers_.pins.fill(0);
    if (driver_host != nullptr) {
        driver_host->open();
    }
    changes_graph_ = false;
    for (const Program& program : scenario.programs) {
        for (const Record& record : program) {
            changes_graph_ = changes_graph_ || row_of(record.opcode).changes_graph;
        }
    }
    loops_ = scenario.header.loops == 0 ? 1U : scenario.header.loops;
    nodes_used_ = 0;
    backends_used_ = 0;
    for (std::size_t i = 0; i < slots_used_; ++i) {
        operation_ids_[i].store(0, std::memory_order_relaxed);
        token_ids_[i].store(0, std::memory_order_relaxed);
        section_of_wait_[i] = no_slot;
        token_of_wait_[i] = no_slot;
        waits_[i] = {};
        requests_[i] = nullptr;
    }
    slots_used_ = 0;
    is_wait_.clear();
    events_.clear();
    earlier_.clear();
    world_->open(scenario);
    graph_ = std::make_unique<blkdrain::Graph>();
    graph_->announce_to(this);
    for (unsigned i = 0; i < loops_; ++i) {
        loop_[i] = &world_->loop(i);
        graph_->add_loop(*loop_[i]);
    }
    opened_at_ = time_of(blkdrain::os::now());
    limited_ = uses_groups(scenario);
    if (limited_) {
        for (std::size_t i = 0; i < groups_max; ++i) {
            groups_[i] = blkdrain::ThrottleGroup(*graph_, std::string(group_words[i]));
        }
    }
}

void ImplementationAdapter::close(bool clean) {
    if (schedule_control().closing) {
        schedule_control().closing();
    }
    if (!clean) {
        abandon_graph();
        world_->close(false);
        return;
    }
    for (std::size_t i = 0; i < backends_used_; ++i) {
        // Closes in the background what the scenario has not closed.
        if (backends_[i]) {
            static_cast<void>(backends_[i]->set_listener(nullptr));
            backends_[i].reset();
        }
    }
    for (unsigned i = 0; i < loops_; ++i) {
        if (!plugs_[i].empty()) {
            world_->on_loop(i, [this, i] { plugs_[i].clear(); });
        }
    }
    world_->rest(drivers_.moves);
    for (blkdrain::ThrottleGroup& group : groups_) {
        group = {};
    }
    for (std::size_t i = 0; i < backends_used_; ++i) {
        owners_[i].reset();
    }
    graph_->announce_to(nullptr);
    graph_.reset();
    // Not for the next run: a simulated atomic knows in which one it was made.
    pool_.clear();
    requests_owned_.clear();
    if (drivers_.active.load(std::memory_order_relaxed) != 0) {
        stage_->misbehaved(22, "active_at_the_end",
                           "the drivers count requests that never left their nodes (R22)");
    }
    world_->close(true);
    tell_trouble();
}

// After a violation nothing can be relied on: what exists is left behind.
void ImplementationAdapter::abandon_graph() {
    static_cast<void>(graph_.release());
    const auto forget = [](auto& object) {
        using Object = std::remove_reference_t<decltype(object)>;
        // Not destroyed: it would speak to the graph.
        static_cast<void>(new Object(std::move(object)));
    };
    for (std::size_t i = 0; i < backends_used_; ++i) {
        if (backends_[i]) {
            forget(*backends_[i]);
            backends_[i].reset();
        }
        if (owners_[i]) {
            static_cast<void>(new Owner(*owners_[i]));
            owners_[i].reset();
        }
    }
    backends_used_ = 0;
    for (blkdrain::ThrottleGroup& group : groups_) {
        forget(group);
    }
    for (auto& plugs : plugs_) {
        for (auto& plug : plugs) {
            static_cast<void>(plug.release());
        }
        plugs.clear();
    }
    for (std::size_t i = 0; i < slots_max; ++i) {
        if (sections_[i].live()) {
            forget(sections_[i]);
        }
        if (tokens_[i].open()) {
            forget(tokens_[i]);
        }
    }
    for (auto& request : requests_owned_) {
        static_cast<void>(request.release());
    }
    requests_owned_.clear();
    pool_.clear();
}

unsigned ImplementationAdapter::number_of(const EventLoop* loop) const {
    for (unsigned i = 0; i < loops_; ++i) {
        if (loop_[i] == loop) {
            return i;
        }
    }
    return loops_;
}

unsigned ImplementationAdapter::current_loop() const {
    return number_of(EventLoop::current());
}

std::uint8_t ImplementationAdapter::current_actor() const {
    if (const unsigned loop = current_loop(); loop < loops_) {
        return static_cast<std::uint8_t>(loop);
    }
    const unsigned* const client = CurrentClient::get();
    return client == nullptr ? Actor::world
                             : static_cast<std::uint8_t>(Actor::client_first + *client);
}

// ---- Calls

Result ImplementationAdapter::call(const Call& call) {
    drivers_.moved();
    Witness* const witness = stage_->witness();
    if (witness == nullptr) {
        return perform(call);
    }
    Call watched = call;
    watched.ticket = witness->called(call);
    const Result result = perform(watched);
    witness->returned(watched, result);
    return result;
}

Result ImplementationAdapter::perform(const Call& call) {
    switch (call.opcode) {
        case Opcode::new_node:
            new_node(call);
            return Result::ok;
        case Opcode::new_backend:
            new_backend(call);
            return Result::ok;
        case Opcode::listen: {
            {
                const std::unique_lock<std::mutex> lock = locked_slots();
                owners_[call.backend].emplace(*this, call.backend, call.pinned);
            }
            return result_of(backends_[call.backend]->set_listener(&*owners_[call.backend]).code);
        }
        case Opcode::send:
            return send(call);
        case Opcode::complete:
            answer(*requests_[call.request],
                   call.variant ? make_error_code(Errc::io_error) : std::error_code{});
            return Result::ok;
        case Opcode::close_token: {
            blkdrain::OperationToken token = std::move(tokens_[call.token]);
            token.close();
            return Result::ok;
        }
        case Opcode::end: {
            blkdrain::Section section = std::move(sections_[call.section]);
            section.end();
            return Result::ok;
        }
        case Opcode::abandon:
            wait_of(call.wait).abandon();
            return Result::ok;
        case Opcode::settle_done:
            if (const PinnedDriver driver(drivers_, call.node); driver) {
                driver->settle_done(call.variant);
            }
            return Result::ok;
        case Opcode::internal_start: {
            const PinnedDriver driver(drivers_, call.node);
            return driver ? result_of(driver->begin_internal()) : refused_by_api;
        }
        case Opcode::internal_end:
            if (const PinnedDriver driver(drivers_, call.node); driver) {
                driver->end_internal();
            }
            return Result::ok;
        case Opcode::cancel:
            return cancel(call);
        case Opcode::cancel_waiting:
            backends_[call.backend]->cancel_waiting();
            return Result::ok;
        case Opcode::plug:
            plugs_[call.loop].push_back(std::make_unique<blkdrain::Plug>(*graph_));
            return Result::ok;
        case Opcode::unplug:
            if (!plugs_[call.loop].empty()) {
                plugs_[call.loop].pop_back();
            }
            return Result::ok;
        case Opcode::join:
            return result_of(groups_[call.group].join(*backends_[call.backend]).code);
        case Opcode::leave:
            return result_of(groups_[call.group].leave(*backends_[call.backend]).code);
        case Opcode::limit:
            groups_[call.group].configure(
                limits(static_cast<LimitWord>(call.number), world_->tick_duration_ns()));
            return Result::ok;
        default:
            if (call.blocks_loop) {
                is_refused(call);
            }
            if (!call.blocking || !block(call)) {
                control(call);
            }
            return Result::ok;
    }
}

void ImplementationAdapter::new_node(const Call& call) {
    const auto settle = static_cast<SettleKind>(call.number);
    auto driver = driver_host != nullptr
                      ? driver_host->driver(drivers_, call.node, settle, call.pinned)
                      : std::make_unique<ScriptedDriver>(drivers_, call.node, settle, call.pinned);
    ScriptedDriver* const its_driver = driver.get();
    {
        const std::unique_lock<std::mutex> lock = locked_slots();
        nodes_used_ = std::max<std::size_t>(nodes_used_, call.node + 1);
        node_ids_[call.node].store(0, std::memory_order_relaxed);
    }
    std::string name = "n" + std::to_string(call.node);
    const blkdrain::NodeId id =
        graph_->add_node(std::move(name), std::move(driver), *loop_[call.loop]);
    // release: with the id comes the node.
    node_ids_[call.node].store(id.value, std::memory_order_release);
    const blkdrain::os::mutex_lock lock(drivers_.mutex);
    drivers_.drivers[call.node] = its_driver;
}

void ImplementationAdapter::new_backend(const Call& call) {
    {
        const std::unique_lock<std::mutex> lock = locked_slots();
        backends_used_ = std::max<std::size_t>(backends_used_, call.backend + 1);
        backend_ids_[call.backend].store(0, std::memory_order_relaxed);
    }
    CallScope scope;
    scope.pinned = call.pinned;
    CurrentCall::set(&scope);
    backends_[call.backend].emplace(*graph_, "b" + std::to_string(call.backend), *loop_[call.loop]);
    CurrentCall::set(nullptr);
    backend_ids_[call.backend].store(backends_[call.backend]->id().value,
                                     std::memory_order_release);
    if (call.variant) {
        Call listen;
        listen.opcode = Opcode::listen;
        listen.backend = call.backend;
        listen.pinned = call.pinned;
        this->call(listen);
    }
    if (call.extra) {
        Call insert = call;
        insert.opcode = Opcode::insert_medium;
        this->call(insert);
    }
}

bool ImplementationAdapter::drivers_take_time() const {
    return driver_host != nullptr;
}

void ImplementationAdapter::answer(SentRequest& sent, std::error_code result) {
    if (driver_host != nullptr) {
        driver_host->answer(sent, result);
    } else {
        ScriptedDriver::answer(sent, result);
    }
}

Result ImplementationAdapter::send(const Call& call) {
    SentRequest* sent = nullptr;
    {
        const std::unique_lock<std::mutex> lock = locked_slots();
        if (pool_.empty()) {
            requests_owned_.push_back(std::make_unique<SentRequest>());
            pool_.push_back(requests_owned_.back().get());
        }
        sent = pool_.back();
        pool_.pop_back();
    }
    sent->adapter = this;
    sent->call = call;
    sent->slot = no_slot;
    sent->id = 0;
    sent->last = no_slot;
    sent->held.store(nullptr, std::memory_order_relaxed);
    sent->obliges.store(false, std::memory_order_relaxed);
    // A driver may see the request before submit returns, and a refused one does not exist: the
    // announcement tells.
    CallScope scope;
    scope.sent = sent;
    CurrentCall::set(&scope);
    blkdrain::RequestId id;
    std::error_code error;
    blkdrain::BlockBackend& backend = *backends_[call.backend];
    const blkdrain::Io io = driver_host != nullptr ? driver_host->io(*sent) : sent->io();
    const blkdrain::Completion completion{&ImplementationAdapter::completed, sent};
    if (call.token != no_slot) {
        error = backend.submit(io, completion, blkdrain::TokenId{token_id(call.token)}, &id);
    } else {
        error = backend.submit(io, completion, &id);
    }
    CurrentCall::set(nullptr);
    return result_of(error);
}

Result ImplementationAdapter::cancel(const Call& call) {
    SentRequest* sent = nullptr;
    {
        const std::unique_lock<std::mutex> lock = locked_slots();
        sent = requests_[call.request];
    }
    if (call.variant) {
        sent->obliges.store(true, std::memory_order_relaxed);
    }
    return result_of(backends_[call.backend]->cancel(blkdrain::RequestId{sent->id}).code);
}

void ImplementationAdapter::completed(void* context, std::error_code result) {
    auto& sent = *static_cast<SentRequest*>(context);
    ImplementationAdapter& self = *sent.adapter;
    self.drivers_.moved();
    if (self.drivers_.canary == HarnessCanary::completion_swallowed && sent.slot % 3 == 2) {
        return;
    }
    Witness* const witness = self.stage_->witness();
    const Ticket send = sent.call.ticket;
    if (witness != nullptr) {
        witness->completed(send, result_of(result));
    }
    self.stage_->request_over(sent.slot, result_of(result), self.current_loop());
    if (witness != nullptr) {
        witness->dispatched(send);
    }
    self.world_->changed();
}

template <class Options>
Options ImplementationAdapter::options_of(const Call& call) const {
    Options options;
    if (call.holds_section != no_slot) {
        options.holding.sections.push_back(
            blkdrain::OperationId{operation_id(stage_->wait_of_section(call.holds_section))});
    }
    if (call.holds_token != no_slot) {
        options.holding.tokens.push_back(blkdrain::TokenId{token_id(call.holds_token)});
    }
    if (call.holds_request != no_slot) {
        options.holding.requests.push_back(blkdrain::RequestId{request_id(call.holds_request)});
    }
    if (call.deadline != 0) {
        options.deadline = std::chrono::nanoseconds(call.deadline * world_->tick_duration_ns());
    }
    if constexpr (std::is_same_v<Options, blkdrain::ChangeOptions>) {
        if (call.token != no_slot) {
            options.tokens.push_back(blkdrain::TokenId{token_id(call.token)});
        }
    }
    return options;
}

std::vector<blkdrain::BackendId> ImplementationAdapter::backends_of(const Call& call) const {
    std::vector<blkdrain::BackendId> backends;
    for (const Slot slot : {call.backend, call.also}) {
        if (slot != no_slot) {
            backends.push_back(blkdrain::BackendId{backend_id(slot)});
        }
    }
    return backends;
}

blkdrain::IsolateOptions ImplementationAdapter::isolate_options_of(const Call& call) const {
    auto options = options_of<blkdrain::IsolateOptions>(call);
    if (call.also != no_slot) {
        options.also.push_back(blkdrain::BackendId{backend_id(call.also)});
    }
    options.only_now = call.variant;
    return options;
}

void ImplementationAdapter::called_back(const Waiting& waiting) {
    const EventLoop* const loop = EventLoop::current();
    if (loop == nullptr || (waiting.loop != nullptr && waiting.loop != loop)) {
        stage_->misbehaved(9, "called_back_elsewhere",
                           "the callback of a wait runs on another loop than it was begun on (R9)");
    }
}

// An error has a code with a text, and a sentence; a success has none (<blkdrain/error.h>).
void ImplementationAdapter::reads_well(const Error& error) {
    const bool sentence = !error.message.empty();
    if (sentence != static_cast<bool>(error) || (error && error.code.message().empty())) {
        stage_->misbehaved(0, "not_told_in_words",
                           "an outcome with code " + std::to_string(error.code.value()) + " ('" +
                               error.code.message() + "') comes with the sentence '" +
                               error.message + "'");
    }
}

void ImplementationAdapter::over(const Waiting& waiting, ResultOfWait result) {
    reads_well(result.error);
    const bool section = result.section.live();
    if (section) {
        const std::uint32_t id = result.section.id().value;
        const Slot slot = section_of_wait_[waiting.wait];
        operation_ids_[waiting.wait].store(id, std::memory_order_relaxed);
        sections_[slot] = std::move(result.section);
        drained_is_quiet(slot, id);
    }
    if (result.token.open()) {
        const Slot slot = token_of_wait_[waiting.wait];
        token_ids_[slot].store(result.token.id().value, std::memory_order_relaxed);
        tokens_[slot] = std::move(result.token);
    }
    drivers_.moved();
    if (Witness* const witness = stage_->witness()) {
        witness->outcome(waiting.ticket, result_of(result.error.code));
    }
    stage_->wait_over(waiting.wait, result_of(result.error.code), section);
    world_->changed();
}

void ImplementationAdapter::notified_at_home(Slot slot) {
    const Judge& judge = stage_->judge();
    if (threaded() || judge.muted() || judge.failed()) {
        return;
    }
    const ref::Backend* const backend = ref::find(judge.model(), ref::BackendId{backend_id(slot)});
    if (backend != nullptr && backend->loop.value != current_loop()) {
        stage_->misbehaved(9, "notified_elsewhere",
                           "the owner of b" + std::to_string(backend->id.value) +
                               " is notified on another loop than its backend's (R9)");
    }
}

blkdrain::DoneCallback ImplementationAdapter::done(const Call& call) {
    return [this, waiting = Waiting(call)](const Error& error) {
        called_back(waiting);
        over(waiting, {error});
    };
}

blkdrain::SectionCallback ImplementationAdapter::begun(const Call& call) {
    return [this, waiting = Waiting(call)](const Error& error, blkdrain::Section section) {
        called_back(waiting);
        over(waiting, {error, std::move(section)});
    };
}

// Where what the call announces goes to.
CallScope ImplementationAdapter::scope_of(const Call& call) {
    CallScope scope;
    if (call.own_wait != no_slot) {
        const std::unique_lock<std::mutex> lock = locked_slots();
        slots_used_ = std::max<std::size_t>(slots_used_, call.own_wait + 1);
        section_of_wait_[call.own_wait] = call.own_section;
        token_of_wait_[call.own_wait] = call.own_token;
        scope.id = call.own_token != no_slot ? &token_ids_[call.own_token]
                                             : &operation_ids_[call.own_wait];
    }
    scope.since = threaded() ? stamp() : 0;
    return scope;
}

void ImplementationAdapter::control(const Call& call) {
    using blkdrain::ChangeOptions;
    using blkdrain::WaitOptions;
    CallScope scope = scope_of(call);
    CurrentCall::set(&scope);
    const auto change = [&] { return options_of<ChangeOptions>(call); };
    const auto plain = [&] { return options_of<WaitOptions>(call); };
    blkdrain::Wait wait;
    blkdrain::BlockBackend* const backend =
        call.backend == no_slot ? nullptr : &*backends_[call.backend];
    switch (call.opcode) {
        case Opcode::open_token:
            wait = graph_->open_token(backends_of(call), plain(),
                                      [this, waiting = Waiting(call)](
                                          const Error& error, blkdrain::OperationToken token) {
                                          called_back(waiting);
                                          over(waiting, {error, {}, std::move(token)});
                                      });
            break;
        case Opcode::drain:
            wait = backend->drain(plain(), done(call));
            break;
        case Opcode::isolate:
            wait = backend->isolate(isolate_options_of(call), begun(call));
            break;
        case Opcode::self_quiesce:
            wait = backend->self_quiesce(plain(), begun(call));
            break;
        case Opcode::drained:
            wait = graph_->drained(node(call.node), plain(), begun(call));
            break;
        case Opcode::quiesce_all:
            wait = graph_->quiesce_all(backends_of(call), plain(), begun(call));
            break;
        case Opcode::quiet:
            wait = graph_->quiet(section(call.section), plain(), done(call));
            break;
        case Opcode::attach:
            wait =
                graph_->attach(node(call.node), role(call), node(call.other), change(), done(call));
            break;
        case Opcode::detach:
            wait = graph_->detach(node(call.node), call.number, change(), done(call));
            break;
        case Opcode::replace:
            wait = graph_->replace(node(call.node), node(call.other), change(), done(call));
            break;
        case Opcode::insert_filter:
            wait = graph_->insert_filter(node(call.node), node(call.other), change(), done(call));
            break;
        case Opcode::remove_filter:
            wait = graph_->remove_filter(node(call.node), change(), done(call));
            break;
        case Opcode::insert_medium:
            wait = graph_->insert_medium(backend->id(), node(call.node), change(), done(call));
            break;
        case Opcode::remove_medium:
            wait = graph_->remove_medium(backend->id(), change(), done(call));
            break;
        case Opcode::set_loop:
            wait = graph_->set_event_loop(node(call.node), *loop_[call.loop], plain(), done(call));
            break;
        case Opcode::close_backend:
            wait = backend->close(plain(), done(call));
            break;
        case Opcode::close_node:
            wait = graph_->close(node(call.node), plain(), done(call));
            break;
        case Opcode::settle:
            wait = graph_->settle(node(call.node), plain(), done(call));
            break;
        default:
            break;
    }
    CurrentCall::set(nullptr);
    if (call.own_wait != no_slot) {
        const std::unique_lock<std::mutex> lock = locked_slots();
        waits_[call.own_wait] = wait;
    }
}

// False: this world's clients cannot block.
bool ImplementationAdapter::block(const Call& call) {
    const auto give_up = [&] {
        const std::uint32_t number =
            call.own_token != no_slot ? token_id(call.own_token) : operation_id(call.own_wait);
        const bool made = number != 0;
        // After a violation simulated threads are left where they are.
        if (made && (threaded() || !stage_->judge().failed())) {
            this->call(giving_up(call));
        }
        return made;
    };
    return world_->block(
        [&] {
            CallScope scope = scope_of(call);
            CurrentCall::set(&scope);
            ResultOfWait result = control_blocking(call);
            CurrentCall::set(nullptr);
            over(Waiting(call), std::move(result));
        },
        give_up);
}

// R8: by its name, for the loop would be blocked, and nothing has happened.
void ImplementationAdapter::is_refused(const Call& call) {
    const Error error = control_blocking(call).error;
    const std::string loop = "'" + EventLoop::current()->name() + "'";
    if (error != Errc::would_block_loop || error.message.find(loop) == std::string::npos) {
        stage_->misbehaved(
            8, "blocks_loop",
            "a blocking call on the thread of loop " + loop + " says '" + error.message + "' (R8)");
    }
}

// As control(), but each call returns when its wait is over.
ImplementationAdapter::ResultOfWait ImplementationAdapter::control_blocking(const Call& call) {
    namespace blocking = blkdrain::blocking;
    const auto change = [&] { return options_of<blkdrain::ChangeOptions>(call); };
    const auto plain = [&] { return options_of<blkdrain::WaitOptions>(call); };
    const auto begun = [](blocking::SectionResult result) -> ResultOfWait {
        return {std::move(result.error), std::move(result.section)};
    };
    const auto opened = [](blocking::TokenResult result) -> ResultOfWait {
        return {std::move(result.error), {}, std::move(result.token)};
    };
    blkdrain::BlockBackend* const backend =
        call.backend == no_slot ? nullptr : &*backends_[call.backend];
    switch (call.opcode) {
        case Opcode::open_token:
            return opened(blocking::open_token(*graph_, backends_of(call), plain()));
        case Opcode::drain:
            return {blocking::drain(*backend, plain())};
        case Opcode::isolate:
            return begun(blocking::isolate(*backend, isolate_options_of(call)));
        case Opcode::self_quiesce:
            return begun(blocking::self_quiesce(*backend, plain()));
        case Opcode::drained:
            return begun(blocking::drained(*graph_, node(call.node), plain()));
        case Opcode::quiesce_all:
            return begun(blocking::quiesce_all(*graph_, backends_of(call), plain()));
        case Opcode::quiet:
            return {blocking::quiet(*graph_, section(call.section), plain())};
        case Opcode::attach:
            return {
                blocking::attach(*graph_, node(call.node), role(call), node(call.other), change())};
        case Opcode::detach:
            return {blocking::detach(*graph_, node(call.node), call.number, change())};
        case Opcode::replace:
            return {blocking::replace(*graph_, node(call.node), node(call.other), change())};
        case Opcode::insert_filter:
            return {blocking::insert_filter(*graph_, node(call.node), node(call.other), change())};
        case Opcode::remove_filter:
            return {blocking::remove_filter(*graph_, node(call.node), change())};
        case Opcode::insert_medium:
            return {blocking::insert_medium(*graph_, backend->id(), node(call.node), change())};
        case Opcode::remove_medium:
            return {blocking::remove_medium(*graph_, backend->id(), change())};
        case Opcode::set_loop:
            return {blocking::set_event_loop(*graph_, node(call.node), *loop_[call.loop], plain())};
        case Opcode::close_backend:
            return {blocking::close(*backend, plain())};
        case Opcode::close_node:
            return {blocking::close(*graph_, node(call.node), plain())};
        case Opcode::settle:
            return {blocking::settle(*graph_, node(call.node), plain())};
        default:
            return {};
    }
}

// Nothing is active below the node of a drained section that has just begun (R20), by the drivers'
// own count.
void ImplementationAdapter::drained_is_quiet(Slot section, std::uint32_t id) {
    const Slot anchor = stage_->drained_node(section);
    // On threads the graph that the walk sees may be another one by the time the drivers are asked.
    if (anchor == no_slot || (threaded() && changes_graph_)) {
        return;
    }
    blkdrain::Snapshot graph;
    graph_->snapshot(graph, blkdrain::Snapshot::Names::left_out);
    std::vector<std::uint32_t> below{node_id(anchor)};
    for (std::size_t i = 0; i < below.size(); ++i) {
        for (const blkdrain::Snapshot::NodeView& node : graph.nodes) {
            if (node.id.value != below[i]) {
                continue;
            }
            for (const blkdrain::Snapshot::Edge& edge : node.children) {
                if (std::find(below.begin(), below.end(), edge.child.value) == below.end()) {
                    below.push_back(edge.child.value);
                }
            }
        }
    }
    const std::size_t nodes_used = [&] {
        const std::unique_lock<std::mutex> lock = locked_slots();
        return nodes_used_;
    }();
    for (std::size_t slot = 0; slot < nodes_used; ++slot) {
        if (std::find(below.begin(), below.end(), node_id(static_cast<Slot>(slot))) ==
            below.end()) {
            continue;
        }
        const PinnedDriver driver(drivers_, static_cast<Slot>(slot));
        // Elsewhere clients may have changed the graph or ended the section since the walk.
        if (driver && driver->active() != 0 &&
            (threaded() ||
             stage_->judge().idle_above(node_id(static_cast<Slot>(slot)), id) != nullptr)) {
            stage_->misbehaved(20, "active_at_idle",
                               "drained section of n" + std::to_string(node_id(anchor)) +
                                   " has begun and the driver of n" +
                                   std::to_string(node_id(static_cast<Slot>(slot))) + " counts " +
                                   std::to_string(driver->active()) +
                                   " requests or settles in it (R20)");
        }
    }
}

// ---- What is announced

void ImplementationAdapter::announce(const blkdrain::detail::Announcement& announcement) {
    using Kind = blkdrain::detail::Announced;
    switch (announcement.kind) {
        case Kind::drain:
        case Kind::quiet_wait:
        case Kind::begin:
        case Kind::change:
        case Kind::context:
        case Kind::settle:
        case Kind::close_backend:
        case Kind::close_node:
        case Kind::token_request:
            if (CallScope* scope = CurrentCall::get(); scope != nullptr && scope->id != nullptr) {
                scope->id->store(announcement.id, std::memory_order_relaxed);
            }
            break;
        case Kind::send:
            if (announcement.error == Errc::ok) {
                if (CallScope* scope = CurrentCall::get();
                    scope != nullptr && scope->sent != nullptr) {
                    SentRequest& sent = *scope->sent;
                    sent.id = announcement.id;
                    // Who picks the slot from now on finds the request behind it.
                    const std::unique_lock<std::mutex> lock = locked_slots();
                    sent.slot = stage_->request_exists(sent.call);
                    slots_used_ = std::max<std::size_t>(slots_used_, sent.slot + 1);
                    requests_[sent.slot] = &sent;
                }
            }
            break;
        default:
            break;
    }
    const auto finish = [&](ref::Event& event) {
        switch (announcement.kind) {
            case Kind::drain:
            case Kind::quiet_wait:
                if (is_wait_.size() <= announcement.id) {
                    is_wait_.resize(announcement.id + 1);
                }
                is_wait_[announcement.id] = true;
                break;
            case Kind::abandon:
            case Kind::cycle:
                if (!announcement.flag && announcement.id < is_wait_.size() &&
                    is_wait_[announcement.id]) {
                    event.wait = {announcement.id};
                    event.section = {};
                }
                break;
            case Kind::clock:
                event.time -= opened_at_;
                break;
            case Kind::backend_new: {
                // An owner that refuses to move does so through its listener, which comes after
                // the backend.
                const CallScope* scope = CurrentCall::get();
                event.pinned = scope != nullptr && scope->pinned;
                break;
            }
            default:
                break;
        }
    };
    drivers_.moved();
    if (stage_->judge().muted()) {
        return;
    }
    if (!threaded()) {
        translate(announcement, event_);
        finish(event_);
        Judge& judge = stage_->judge();
        judge.announce(event_, judge.has_listener() ? current_actor() : Actor::world);
        return;
    }
    const std::lock_guard<std::mutex> lock(events_mutex_);
    TimedEvent& timed = events_.emplace_back();
    translate(announcement, timed.event);
    finish(timed.event);
    timed.thread = thread_number();
    timed.until = stamp();
    timed.since = announcement.since == 0 ? timed.until : announcement.since;
    if (announcement.kind == Kind::settle || announcement.kind == Kind::drain) {
        // What was in flight, which decides the result of the one and what the other covers, was
        // looked at some time between the call and now.
        if (const CallScope* scope = CurrentCall::get()) {
            timed.since = scope->since;
        }
    }
}

void ImplementationAdapter::tell_trouble() {
    if (const std::string trouble = world_->trouble(); !trouble.empty()) {
        stage_->restless(trouble);
    }
}

void ImplementationAdapter::rest() {
    if (!threaded()) {
        world_->rest(drivers_.moves);
        tell_trouble();
        return;
    }
    do {
        world_->rest(drivers_.moves);
        const std::uint64_t moves = drivers_.moves.load(std::memory_order_relaxed);
        collect();
        look(explain_);
        if (limited_) {
            // A limit's timer may have fired since, and what follows from it be still to come.
            world_->rest(drivers_.moves);
            if (drivers_.moves.load(std::memory_order_relaxed) != moves) {
                continue;
            }
        }
        // A deadline may fire at any time: then what was looked at is not what was announced.
        const std::lock_guard<std::mutex> lock(events_mutex_);
        if (events_.empty()) {
            break;
        }
        batch_.insert(batch_.end(), events_.begin(), events_.end());
        events_.clear();
    } while (true);
    if (batch_.empty() || stage_->judge().failed()) {
        return;
    }
    const ref::State before = stage_->judge().model();
    if (earlier_.empty()) {
        start_ = before;
    }
    if (!follow(batch_, before, earlier_.empty())) {
        // The batch alone fits no more: perhaps an earlier one was taken in an order that cannot be
        // told from the right one until now.
        std::vector<TimedEvent> all = earlier_;
        all.insert(all.end(), batch_.begin(), batch_.end());
        if (!earlier_.empty()) {
            const Order order = lineariser_.search(
                start_, all, [this](const ref::State& state) { return right(state); });
            if (order.found) {
                // Its earlier part has been told already; results do not depend on the order.
                std::vector<ref::Event> news;
                for (const TimedEvent& timed : batch_) {
                    news.push_back(timed.event);
                }
                stage_->judge().adopt(order.state, news);
            } else {
                follow(batch_, before, true);
            }
        }
    }
    earlier_.insert(earlier_.end(), batch_.begin(), batch_.end());
    batch_.clear();
}

void ImplementationAdapter::collect() {
    const std::lock_guard<std::mutex> lock(events_mutex_);
    batch_.insert(batch_.end(), events_.begin(), events_.end());
    events_.clear();
}

bool ImplementationAdapter::right(const ref::State& state) const {
    Judge trial;
    trial.reset();
    trial.adopt(state, {});
    trial.nothing_is_due();
    trial.look_at_clocks(observed_);
    trial.same_state(observed_);
    return !trial.failed();
}

bool ImplementationAdapter::follow(const std::vector<TimedEvent>& events, const ref::State& from,
                                   bool report) {
    const Order order =
        lineariser_.search(from, events, [this](const ref::State& state) { return right(state); });
    if (order.found) {
        stage_->judge().adopt(order.state, order.events);
        return true;
    }
    if (!report) {
        return false;
    }
    // For the time line and the reason: as far as an order went, then why no event could follow,
    // or how what all of them lead to differs from what was seen.
    Judge& judge = stage_->judge();
    for (const ref::Event& event : order.events) {
        judge.announce(event);
    }
    if (order.exhausted) {
        judge.violation("trace", 2, "order_not_found",
                        "the search for an order of " + std::to_string(events.size()) +
                            " events gave up after " + std::to_string(Lineariser::steps_max) +
                            " steps: whether they have one is not known (R2)");
    } else if (order.reason) {
        judge.refuse(*order.reason);
    } else {
        judge.nothing_is_due();
        judge.look_at_clocks(observed_);
        judge.same_state(observed_);
    }
    return false;
}

// ---- What can be observed

void ImplementationAdapter::look(bool explain) {
    observed_.clear();
    graph_->snapshot(snapshot_, blkdrain::Snapshot::Names::left_out);
    for (const blkdrain::Snapshot::NodeView& view : snapshot_.nodes) {
        observed_.nodes.push_back({view.id.value, number_of(view.loop), view.internal_requests,
                                   static_cast<std::uint32_t>(observed_.children.size()),
                                   static_cast<std::uint32_t>(view.children.size()), view.stopped,
                                   view.settling, view.settled, view.settle_failed, view.closing});
        for (const blkdrain::Snapshot::Edge& edge : view.children) {
            observed_.children.push_back(edge.child.value);
        }
    }
    for (const blkdrain::Snapshot::BackendView& view : snapshot_.backends) {
        observed_.backends.push_back(
            {view.id.value, number_of(view.loop), view.root.value, view.gated, view.closing});
    }
    for (const blkdrain::Snapshot::RequestView& view : snapshot_.requests) {
        const auto has = [&](blkdrain::Blocker blocker) {
            return blocked_by(view.blockers, blocker);
        };
        observed_.requests.push_back({view.id.value, view.backend.value, view.token.value,
                                      static_cast<Observed::State>(view.state),
                                      has(blkdrain::Blocker::gate), has(blkdrain::Blocker::order),
                                      has(blkdrain::Blocker::rate), has(blkdrain::Blocker::plug)});
    }
    for (const blkdrain::Snapshot::TokenView& view : snapshot_.tokens) {
        observed_.tokens.push_back({view.id.value, view.open});
    }
    for (const blkdrain::Snapshot::OperationView& view : snapshot_.operations) {
        observed_.operations.push_back({view.id.value, static_cast<Observed::Phase>(view.phase)});
    }
    for (const blkdrain::Snapshot::GroupView& view : snapshot_.groups) {
        Observed::Group& group = observed_.groups.emplace_back();
        group.id = view.id.value;
        group.looked_at = static_cast<std::uint64_t>(view.looked_at.count()) - opened_at_;
        for (std::size_t i = 0; i < group.levels.size(); ++i) {
            group.levels[i] = view.buckets[i].level;
            group.peak_levels[i] = view.buckets[i].peak_level;
        }
        for (std::size_t i = 0; i < group.armed.size(); ++i) {
            group.armed[i] = view.timers[i].armed;
            group.holder[i] = view.timers[i].holder.value;
        }
    }
    if (!explain) {
        return;
    }
    observed_.explained = true;
    const auto add = [&](bool of_token, std::uint32_t of,
                         const blkdrain::Explanation& explanation) {
        for (const blkdrain::WaitItem& item : explanation.items) {
            observed_.items.push_back({of_token, of, static_cast<Observed::Awaited>(item.kind),
                                       item.id, static_cast<Observed::State>(item.state),
                                       blocked_by(item.blockers, blkdrain::Blocker::gate),
                                       blocked_by(item.blockers, blkdrain::Blocker::order),
                                       blocked_by(item.blockers, blkdrain::Blocker::rate),
                                       blocked_by(item.blockers, blkdrain::Blocker::plug)});
        }
        for (const blkdrain::Explanation::Other& other : explanation.cycle) {
            const bool token = other.token.value != 0;
            observed_.items.push_back({of_token, of,
                                       token ? Observed::Awaited::token_in_circle
                                             : Observed::Awaited::operation_in_circle,
                                       token ? other.token.value : other.operation.value});
        }
    };
    for (const blkdrain::Snapshot::OperationView& view : snapshot_.operations) {
        if (view.phase != blkdrain::Snapshot::Phase::begun) {
            add(false, view.id.value, graph_->explain(view.id));
        }
    }
    for (const blkdrain::Snapshot::TokenView& view : snapshot_.tokens) {
        if (!view.open) {
            add(true, view.id.value, graph_->explain(view.id));
        }
    }
}

const Observed* ImplementationAdapter::observe(bool explain) {
    explain_ = explain;
    if (!threaded()) {  // else it is as it was when the loops came to rest
        look(explain);
    }
    return &observed_;
}

std::unique_ptr<Adapter> make_implementation_adapter(HarnessCanary canary) {
    return std::make_unique<ImplementationAdapter>(canary);
}

void check_drivers_of(DriverHost& host) {
    driver_host = &host;
}

void release_canary(const CanaryRow& canary) {
    if (canary.home != CanaryHome::harness) {
        blkdrain::detail::canary_in_force = static_cast<blkdrain::detail::Canary>(canary.number);
    }
}

}  // namespace blkdrain_props
