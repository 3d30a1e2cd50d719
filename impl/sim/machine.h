// SPDX-License-Identifier: Apache-2.0
#pragma once

// The inside of a simulation: simulated threads, their scheduler, the clock and the descriptor
// table. The types of the seam (sim/atomic.h and so on) call it; test code uses sim/simulation.h
// instead.
//
// Everything of one operating-system thread's simulation is used by that thread alone; under
// Carrier::threads, by the one that holds the baton.
//
// Invariants
//  I1  enabled_ holds exactly the fibers that may be chosen now, by ascending id; fiber.slot is its
//      index there. I2  A fiber that waits for a mutex is enabled exactly while the mutex is free;
//      one that waits for a poller exactly while the poller has something to report or its deadline
//      has passed.
//  I3  A fiber performs an operation only right after it was chosen with that operation pending.
//  I4  Time moves only through advance_to(), and never backwards.
//  I5  The buffer of a fiber with waiting stores is enabled, any other is not; waiting_buffers_
//  counts
//      the former. Buffers have no stack: to choose one is to let its oldest store reach memory.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

#include "os/types.h"
#include "sim/baton_thread.h"
#include "sim/descriptors.h"
#include "sim/fiber_context.h"
#include "sim/operation.h"
#include "sim/options.h"
#include "sim/store_buffer.h"
#include "sim/strategy.h"
#include "sim/wake_listener.h"

namespace blkdrain::sim {

class Machine;
struct Fiber;
struct MachinePool;

// Identity of a simulated object: what it is called in this run and who has touched it.
struct ObjectTag {
    static constexpr std::uint32_t unnamed = UINT32_MAX;

    // For an object made here and now.
    static constexpr ObjectTag make() {
        if (std::is_constant_evaluated()) {
            return {};
        }
        return make_at_run_time();
    }
    static ObjectTag make_at_run_time();

    std::uint32_t run = 0;
    std::uint32_t number = unnamed;
    std::uint32_t first_thread = 0;
    bool shared = false;
    // B2. Few: a store waits until the next fence, lock or read-modify-write at the latest.
    std::uint8_t waiting = 0;
};

struct MutexState {
    ObjectTag tag = ObjectTag::make();
    const void* owner = nullptr;   // a Fiber, or the host's marker
    std::uint32_t contenders = 0;  // fibers that are about to lock it
};

struct ConditionState {
    ObjectTag tag;
    Fiber* first = nullptr;  // waiters by arrival
    Fiber* last = nullptr;
};

inline constexpr std::size_t thread_slot_max = 16;
using ThreadSlots = std::array<void*, thread_slot_max>;

// One simulated thread. Pooled: the stack stays with it from run to run.
struct Fiber final : ThreadView {
    std::uint64_t own_writes = 0;          // visible operations of this fiber that wrote
    std::uint64_t others_writes_seen = 0;  // those of others, when it spun last
    enum class Wait : std::uint8_t { none, mutex, condition, poller, thread, spin, quiesce };

    Machine* machine = nullptr;
    std::uint32_t slot = 0;
    bool enabled = false;
    bool finished = false;
    bool timed = false;      // deadline is meant
    bool timed_out = false;  // the last timed wait ended by its deadline
    Wait wait = Wait::none;
    int wait_descriptor = -1;                  // poller
    MutexState* wait_mutex = nullptr;          // mutex; condition: what to lock again
    ConditionState* wait_condition = nullptr;  // condition; and its mutex, after that
    const Fiber* wait_thread = nullptr;
    Fiber* previous_waiter = nullptr;
    Fiber* next_waiter = nullptr;
    os::time_point deadline;
    ThreadSlots slots{};
    StoreBuffer stores;             // Memory::tso
    std::unique_ptr<Fiber> buffer;  // stands for `stores` among the enabled; made when first needed
    Fiber* owner = nullptr;         // of a buffer: whose it is
    std::function<void()> body;
    FiberContext context;  // Carrier::fibers
    BatonThread thread;    // Carrier::threads
};

// The simulated thread that runs now; null while the host does.
extern constinit thread_local Fiber* this_fiber;

struct TraceEntry {
    std::uint32_t thread;
    Operation operation;
};

class Machine {
public:
    Machine() = default;
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    // The machine of the current Simulation, on the host and in its threads; outside of one, a
    // machine without threads that only has a clock and descriptors, one per operating-system
    // thread.
    static Machine& current() {
        return current_machine != nullptr ? *current_machine : between_simulations();
    }
    // The machine that an object was opened in, or null if that is gone.
    static Machine* of_run(std::uint32_t run) {
        return current_machine != nullptr && current_machine->run_ == run ? current_machine
                                                                          : idle_of_run(run);
    }

    // A fresh machine out of the pool becomes the current one, until it is given back.
    static Machine& take(Strategy& strategy, const Options& options);
    static void give_back(Machine& machine);

    std::uint32_t run_number() const { return run_; }

    // --- threads
    Fiber& spawn(const char* name, std::function<void()> body);
    void join(const Fiber& target);

    // Runs until nothing can run any more; with `let_time_pass`, deadlines are reached when all
    // else is blocked.
    void run(bool let_time_pass);
    bool stopped_at_limit() const { return stopped_; }
    std::size_t live() const { return live_; }
    const std::vector<Fiber*>& fibers() const { return fibers_; }
    std::string describe(const Fiber& fiber) const;

    // --- operations of the running fiber
    void access_atomic(ObjectTag& tag, OperationKind kind, bool writes);
    // Memory::tso
    bool stores_wait() const { return tso_; }
    void buffer_store(Fiber& fiber, const WaitingStore& store);
    // The thread's stores reach memory.
    void drain(Fiber& fiber);
    void drain_all();
    // An atomic is about to go that stores wait for.
    static void drain_for(const ObjectTag& tag);
    // True: the strategy wants this operation to fail or end for no reason.
    bool spurious();
    // An operation on something that is always shared.
    void reach(Operation operation);

    void lock(MutexState& mutex);
    bool try_lock(MutexState& mutex);
    void unlock(MutexState& mutex);
    bool wait(ConditionState& condition, MutexState& mutex, const os::time_point* deadline);
    void notify_one(ConditionState& condition);
    void notify_all(ConditionState& condition);

    void spin();
    void yield();
    void quiesce();

    // --- time
    os::time_point clock() const { return clock_; }
    void advance_to(os::time_point target);
    // If the strategy wants to, and there is a deadline, and the run may have another jump.
    void let_time_jump();
    std::optional<os::time_point> next_deadline() const;

    // --- descriptors
    DescriptorTable& descriptors() { return descriptors_; }
    int poll(int poller, std::span<os::ready> out, os::duration timeout);
    // The host destroyed a poller: who waits in it waits for ever.
    void strand_pollers(int poller);
    // A poller's readiness may have changed: I2.
    void poller_changed(int poller);

    // --- questions and records
    void label(std::uint32_t what);
    void touched() {
        if (followed_) {
            strategy_->touched();
        }
    }
    std::uint32_t ask(ChoiceKind kind, std::uint32_t count);
    std::uint64_t steps() const { return steps_; }
    std::uint64_t points() const { return points_; }
    std::uint64_t hash() const { return hash_; }
    std::uint64_t switches() const { return switches_; }
    const std::vector<std::uint32_t>& choices() const { return choices_; }
    const std::vector<TraceEntry>& trace() const { return trace_; }
    std::string thread_name(std::uint32_t id) const {
        return id < fibers_.size() ? fibers_[id]->name
                                   : fibers_[id - store_buffer_id(0)]->buffer->name;
    }

private:
    friend struct MachinePool;
    friend struct ObjectTag;

    // How a simulated thread begins and ends on either carrier.
    static FiberContext* fiber_main(void* argument);
    static BatonThread* thread_main(void* argument);
    Fiber* carry_out(Fiber& fiber);
    // Where a thread, or the host (null), is continued.
    FiberContext& context_of(Fiber* who) { return who != nullptr ? who->context : host_; }
    BatonThread& thread_of(Fiber* who) { return who != nullptr ? who->thread : host_thread_; }
    void switch_to(Fiber* from, Fiber* to);
    static Machine& between_simulations();
    static Machine* idle_of_run(std::uint32_t run);

    // That of the current Simulation.
    static constinit thread_local Machine* current_machine;

    void reset();
    bool touch(ObjectTag& tag, ObjectClass object_class, const Fiber& fiber);
    void count_step(Fiber& fiber);
    void publish(Fiber& fiber, Operation operation);
    void pause(Fiber& fiber);
    void performed(Fiber& fiber);
    Fiber* choose(Fiber* current);
    Fiber& ask_thread(Fiber* current, std::uint32_t fallback);
    Fiber* ask_beside_buffers(Fiber* current, std::uint32_t fallback);
    void add_buffer(Fiber& fiber);
    void drain_one(Fiber& fiber);
    void drain_before(Fiber& fiber, OperationKind kind);
    std::uint32_t answer(const Choice& choice);
    void enable(Fiber& fiber);
    void disable(Fiber& fiber);
    void set_enabled(Fiber& fiber, bool enabled);
    void tell_woken(const Fiber& fiber);
    void end_wait(Fiber& fiber);
    ObjectTag tag_of_new_object(const Fiber& fiber) const {
        return {run_, ObjectTag::unnamed, fiber.id, elide_ == Elide::nothing};
    }
    void mutex_changed(const MutexState& mutex);
    void await_lock(Fiber& fiber, MutexState& mutex);
    void acquire(Fiber& fiber, MutexState& mutex);
    void release(MutexState& mutex);
    void wake_waiter(ConditionState& condition, Fiber& fiber);
    void wake_spinners(const Fiber* cause);
    bool release_quiescing();
    bool pass_time();
    void let_pass_until(os::time_point target);
    void expire(Fiber& fiber);

    std::uint32_t run_ = 0;
    MachinePool* pool_ = nullptr;  // where this and its fibers come from; set while it is current
    Strategy* strategy_ = nullptr;
    WakeListener* wakes_ = nullptr;
    Carrier carrier_ = Carrier::fibers;
    Elide elide_ = Elide::own_objects;
    bool spurious_ = false;
    bool followed_ = false;         // the strategy follows what is performed
    bool sharing_ = false;          // the object touched last is shared only now
    std::uint32_t time_jumps_ = 0;  // left
    bool tso_ = false;
    bool auto_advance_ = true;
    bool record_choices_ = false;
    bool record_trace_ = false;
    std::uint64_t step_limit_ = 0;

    std::vector<ThreadView*> enabled_;
    std::vector<Fiber*> fibers_;
    std::size_t live_ = 0;
    std::uint32_t spinning_ = 0;
    std::uint32_t waiting_buffers_ = 0;
    std::uint32_t label_ = 0;
    ThreadView host_view_;
    std::uint64_t writes_ = 0;
    std::uint32_t quiescing_ = 0;
    std::uint32_t next_to_release_ = 0;
    bool let_time_pass_ = false;
    bool time_passes_ = false;  // by itself
    bool stopped_ = false;
    bool running_ = false;

    std::uint64_t steps_ = 0;
    std::uint64_t points_ = 0;
    std::uint64_t switches_ = 0;
    std::uint64_t hash_ = 0;
    std::array<std::uint32_t, object_class_count> next_number_{};
    std::vector<std::uint32_t> choices_;
    std::vector<TraceEntry> trace_;

    os::time_point clock_;
    DescriptorTable descriptors_{*this};
    std::vector<DescriptorTable::Reportable> reportable_;  // poll()
    FiberContext host_;
    BatonThread host_thread_;
};

inline ObjectTag ObjectTag::make_at_run_time() {
    if (this_fiber == nullptr) {
        return {};
    }
    return this_fiber->machine->tag_of_new_object(*this_fiber);
}

// Stops the process: the program does what the contract calls misuse. Names the thread that runs.
[[noreturn, gnu::cold]] void misuse(const std::string& message);

// Owner of a mutex that the host locked.
extern const char host_owner;

std::size_t allocate_thread_slot();

}  // namespace blkdrain::sim
