// SPDX-License-Identifier: Apache-2.0
#include "sim/machine.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "sim/simulation.h"

namespace blkdrain::sim {

constinit thread_local Fiber* this_fiber = nullptr;

const char host_owner = 0;

constinit thread_local Machine* Machine::current_machine = nullptr;

namespace {

// Run numbers are unique in the process, so that an object that went from one run to another
// notices.
std::uint32_t next_run_number() {
    static std::atomic<std::uint32_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

// What a thread keeps from one simulation to the next: machines with the memory of their tables,
// fibers with their stacks, and the machine of the time in between.
struct MachinePool {
    std::vector<std::unique_ptr<Fiber>> all_fibers;
    std::vector<Fiber*> free_fibers;
    std::unique_ptr<Machine> machine;
    std::unique_ptr<Machine> idle;

    // In a simulated thread, that of its host.
    static MachinePool& local() {
        if (Machine::current_machine != nullptr) {
            return *Machine::current_machine->pool_;
        }
        static thread_local MachinePool pool;
        return pool;
    }

    Fiber& take_fiber() {
        if (free_fibers.empty()) {
            all_fibers.push_back(std::make_unique<Fiber>());
            free_fibers.reserve(all_fibers.size());
            return *all_fibers.back();
        }
        Fiber& fiber = *free_fibers.back();
        free_fibers.pop_back();
        return fiber;
    }

    Machine& idle_machine() {
        if (!idle) {
            idle = std::make_unique<Machine>();
            idle->reset();
        }
        return *idle;
    }
};

void misuse(const std::string& message) {
    const std::string who = this_fiber != nullptr ? "thread " + this_fiber->name : "the host";
    std::fprintf(stderr, "blkdrain simulator: %s: %s\n", who.c_str(), message.c_str());
    std::abort();
}

std::size_t allocate_thread_slot() {
    static std::atomic<std::size_t> used{0};
    const std::size_t slot = used.fetch_add(1, std::memory_order_relaxed);
    if (slot >= thread_slot_max) {
        misuse("more than thread_slot_max kinds of per-thread slots");
    }
    return slot;
}

Machine& Machine::between_simulations() {
    return MachinePool::local().idle_machine();
}

Machine* Machine::idle_of_run(std::uint32_t run) {
    const MachinePool& pool = MachinePool::local();
    return pool.idle && pool.idle->run_ == run ? pool.idle.get() : nullptr;
}

Machine& Machine::take(Strategy& strategy, const Options& options) {
    if (current_machine != nullptr) {
        misuse("a second Simulation on one thread");
    }
    MachinePool& pool = MachinePool::local();
    if (!pool.machine) {
        pool.machine = std::make_unique<Machine>();
    }
    Machine& machine = *pool.machine;
    machine.reset();
    machine.pool_ = &pool;
    machine.strategy_ = &strategy;
    machine.wakes_ = options.wakes;
    machine.carrier_ = options.carrier;
    machine.elide_ = options.elide;
    machine.spurious_ = options.spurious;
    machine.time_jumps_ = options.time_jumps;
    machine.followed_ = strategy.follows();
    machine.tso_ = options.memory == Memory::tso;
    machine.auto_advance_ = options.auto_advance;
    machine.record_choices_ = options.record_choices;
    machine.record_trace_ = options.record_trace;
    machine.step_limit_ = options.step_limit;
    current_machine = &machine;
    return machine;
}

void Machine::give_back(Machine& machine) {
    if (machine.running_) {
        misuse("a Simulation was destroyed while it runs");
    }
    // Only a run that was stopped leaves something in them.
    machine.drain_all();
    for (Fiber* fiber : machine.fibers_) {
        if (!fiber->finished) {
            if (machine.carrier_ == Carrier::fibers) {
                fiber->context.drop();
            } else {
                fiber->thread.drop();
            }
            // What the body captured goes, as the thread's frames never will.
            fiber->body = nullptr;
        }
        machine.pool_->free_fibers.push_back(fiber);
    }
    machine.fibers_.clear();
    current_machine = nullptr;
}

void Machine::reset() {
    run_ = next_run_number();
    enabled_.clear();
    live_ = 0;
    spinning_ = 0;
    waiting_buffers_ = 0;
    label_ = 0;
    host_view_.id = host_id;
    host_view_.label = 0;
    host_view_.place = 0;
    writes_ = 0;
    quiescing_ = 0;
    next_to_release_ = 0;
    stopped_ = false;
    sharing_ = false;
    steps_ = 0;
    points_ = 0;
    switches_ = 0;
    hash_ = 0;
    next_number_.fill(0);
    choices_.clear();
    trace_.clear();
    clock_ = start_time;
    descriptors_.reset();
}

// --- questions

std::uint32_t Machine::answer(const Choice& choice) {
    const std::uint32_t picked = strategy_->pick(choice);
    if (picked >= choice.count) {
        misuse("a strategy gave an answer that was not offered");
    }
    if (record_choices_) {
        choices_.push_back(picked);
    }
    return picked;
}

std::uint32_t Machine::ask(ChoiceKind kind, std::uint32_t count) {
    // The host takes the default: its doings are not part of the schedule.
    if (count < 2 || this_fiber == nullptr) {
        return 0;
    }
    Choice choice;
    choice.kind = kind;
    choice.count = count;
    choice.current = this_fiber;
    choice.asker = this_fiber;
    choice.step = points_;
    ++this_fiber->place;
    const std::uint32_t picked = answer(choice);
    hash_ = (hash_ ^ picked) * 0x9e3779b97f4a7c15U;
    return picked;
}

Fiber& Machine::ask_thread(Fiber* current, std::uint32_t fallback) {
    Choice choice;
    choice.kind = ChoiceKind::thread;
    choice.count = static_cast<std::uint32_t>(enabled_.size());
    choice.fallback = fallback;
    choice.enabled = {enabled_.data(), enabled_.size()};
    choice.current = current;
    choice.asker = current != nullptr ? current : &host_view_;
    choice.step = points_;
    return static_cast<Fiber&>(*enabled_[answer(choice)]);
}

bool Machine::spurious() {
    return spurious_ && ask(ChoiceKind::spurious, 2) == 1;
}

// --- who runs

void Machine::enable(Fiber& fiber) {
    if (fiber.enabled) {
        return;
    }
    fiber.enabled = true;
    std::size_t slot = enabled_.size();
    enabled_.push_back(&fiber);
    while (slot > 0 && enabled_[slot - 1]->id > fiber.id) {
        enabled_[slot] = enabled_[slot - 1];
        static_cast<Fiber*>(enabled_[slot])->slot = static_cast<std::uint32_t>(slot);
        --slot;
    }
    enabled_[slot] = &fiber;
    fiber.slot = static_cast<std::uint32_t>(slot);
}

void Machine::disable(Fiber& fiber) {
    if (!fiber.enabled) {
        return;
    }
    fiber.enabled = false;
    for (std::size_t slot = fiber.slot; slot + 1 < enabled_.size(); ++slot) {
        enabled_[slot] = enabled_[slot + 1];
        static_cast<Fiber*>(enabled_[slot])->slot = static_cast<std::uint32_t>(slot);
    }
    enabled_.pop_back();
}

void Machine::set_enabled(Fiber& fiber, bool enabled) {
    if (enabled) {
        enable(fiber);
    } else {
        disable(fiber);
    }
}

// What runs now ended the fiber's wait.
void Machine::tell_woken(const Fiber& fiber) {
    if (wakes_ != nullptr && !time_passes_ && &fiber != this_fiber) [[unlikely]] {
        wakes_->woke(this_fiber != nullptr ? *this_fiber : host_view_, fiber);
    }
}

void Machine::end_wait(Fiber& fiber) {
    if (!fiber.enabled) {
        tell_woken(fiber);
        enable(fiber);
    }
}

// Whom to run next; null when nobody can run.
Fiber* Machine::choose(Fiber* current) {
    for (;;) {
        const bool runs_on = current != nullptr && current->enabled;
        if (waiting_buffers_ != 0) [[unlikely]] {
            if (Fiber* const next = ask_beside_buffers(current, runs_on ? current->slot : 0)) {
                return next;
            }
            continue;
        }
        if (enabled_.size() == 1) {
            return static_cast<Fiber*>(enabled_.front());
        }
        if (!enabled_.empty()) {
            if (current == nullptr) {
                ++host_view_.place;
            }
            return &ask_thread(current, runs_on ? current->slot : 0);
        }
        if (!release_quiescing() && !pass_time()) {
            return nullptr;
        }
    }
}

// Leaves `from`, which runs now, for `to`; null is the host. Returns when `from` is continued.
void Machine::switch_to(Fiber* from, Fiber* to) {
    if (from != nullptr && to != nullptr) {
        ++switches_;
    }
    if (carrier_ == Carrier::fibers) [[likely]] {
        FiberContext::switch_to(context_of(from), context_of(to));
    } else {
        BatonThread::switch_to(thread_of(from), thread_of(to));
    }
    // Said by who arrives: it holds for whatever thread that is.
    this_fiber = from;
}

// Lets the strategy decide; returns when `fiber` is chosen.
void Machine::pause(Fiber& fiber) {
    Fiber* const next = choose(&fiber);
    if (next != &fiber) {
        switch_to(&fiber, next);
    }
}

void Machine::count_step(Fiber& fiber) {
    if (++steps_ > step_limit_) [[unlikely]] {
        stopped_ = true;
        switch_to(&fiber, nullptr);
    }
}

void Machine::publish(Fiber& fiber, Operation operation) {
    count_step(fiber);
    ++points_;
    ++fiber.place;
    fiber.pending = operation;
    fiber.pending.shares = std::exchange(sharing_, false);
}

void Machine::performed(Fiber& fiber) {
    const Operation& operation = fiber.pending;
    if (waiting_buffers_ != 0) [[unlikely]] {
        drain_before(fiber, operation.kind);
    }
    const std::uint64_t word = (static_cast<std::uint64_t>(fiber.id) << 48) ^
                               (static_cast<std::uint64_t>(operation.kind) << 40) ^
                               (static_cast<std::uint64_t>(operation.object_class) << 32) ^
                               operation.object;
    hash_ = (hash_ ^ word) * 0x9e3779b97f4a7c15U;
    hash_ ^= hash_ >> 29;
    if (followed_) [[unlikely]] {
        strategy_->performed(fiber);
    }
    if (record_trace_) [[unlikely]] {
        trace_.push_back(TraceEntry{fiber.id, operation});
    }
    if (operation.writes) {
        ++writes_;
        ++fiber.own_writes;
        if (spinning_ != 0) {
            wake_spinners(&fiber);
        }
    }
}

void Machine::reach(Operation operation) {
    Fiber& fiber = *this_fiber;
    publish(fiber, operation);
    if (enabled_.size() > 1) {
        Fiber& next = waiting_buffers_ != 0 ? *ask_beside_buffers(&fiber, fiber.slot)
                                            : ask_thread(&fiber, fiber.slot);
        if (&next != &fiber) {
            switch_to(&fiber, &next);
        }
    }
    performed(fiber);
}

// Names an object on its first touch in this run; says whether touching it is visible.
bool Machine::touch(ObjectTag& tag, ObjectClass object_class, const Fiber& fiber) {
    if (tag.run != run_) {
        tag.run = run_;
        tag.number = next_number_[static_cast<std::size_t>(object_class)]++;
        tag.first_thread = fiber.id;
        // Not made by a thread of this run: whoever made it can hand it to everybody.
        tag.shared = elide_ != Elide::first_user;
        return tag.shared;
    }
    if (tag.number == ObjectTag::unnamed) {
        tag.number = next_number_[static_cast<std::size_t>(object_class)]++;
    }
    if (!tag.shared && tag.first_thread != fiber.id) {
        tag.shared = true;
        sharing_ = true;
    }
    return tag.shared;
}

void Machine::access_atomic(ObjectTag& tag, OperationKind kind, bool writes) {
    Fiber& fiber = *this_fiber;
    if (touch(tag, ObjectClass::atomic, fiber)) {
        reach({kind, ObjectClass::atomic, writes, tag.number});
    } else {
        count_step(fiber);
        if (waiting_buffers_ != 0) [[unlikely]] {
            drain_before(fiber, kind);
        }
    }
}

// --- threads

Fiber& Machine::spawn(const char* name, std::function<void()> body) {
    if (current_machine != this) {
        misuse("a thread needs a Simulation to run in");
    }
    const auto id = static_cast<std::uint32_t>(fibers_.size());
    if (this_fiber != nullptr) {
        reach({OperationKind::spawn, ObjectClass::thread, true, id});
    }
    Fiber& fiber = pool_->take_fiber();
    fiber.id = static_cast<std::uint32_t>(fibers_.size());
    fiber.name = name;
    fiber.pending = {OperationKind::start, ObjectClass::none, false, 0};
    fiber.machine = this;
    fiber.enabled = false;
    fiber.finished = false;
    fiber.timed = false;
    fiber.timed_out = false;
    fiber.wait = Fiber::Wait::none;
    fiber.wait_condition = nullptr;
    fiber.label = label_;
    fiber.place = 0;
    fiber.labels_itself = false;
    fiber.own_writes = 0;
    fiber.others_writes_seen = 0;
    fiber.slots.fill(nullptr);
    fiber.body = std::move(body);
    if (carrier_ == Carrier::fibers) {
        fiber.context.prepare(&Machine::fiber_main, &fiber);
    } else {
        fiber.thread.prepare(fiber.name, &Machine::thread_main, &fiber);
    }
    fibers_.push_back(&fiber);
    ++live_;
    enable(fiber);
    strategy_->thread_created(fiber);
    if (tso_) {
        add_buffer(fiber);
    }
    return fiber;
}

FiberContext* Machine::fiber_main(void* argument) {
    Fiber& fiber = *static_cast<Fiber*>(argument);
    return &fiber.machine->context_of(fiber.machine->carry_out(fiber));
}

BatonThread* Machine::thread_main(void* argument) {
    Fiber& fiber = *static_cast<Fiber*>(argument);
    current_machine = fiber.machine;
    return &fiber.machine->thread_of(fiber.machine->carry_out(fiber));
}

// The thread from its start to its end; whom to continue then, null is the host.
Fiber* Machine::carry_out(Fiber& fiber) {
    this_fiber = &fiber;
    performed(fiber);
    fiber.body();
    fiber.body = nullptr;

    ++fiber.place;
    fiber.finished = true;
    --live_;
    disable(fiber);
    for (Fiber* other : fibers_) {
        if (other->wait == Fiber::Wait::thread && other->wait_thread == &fiber) {
            end_wait(*other);
        }
    }
    wake_spinners(&fiber);
    Fiber* const next = choose(&fiber);
    if (next != nullptr) {
        ++switches_;
    }
    return next;
}

void Machine::run(bool let_time_pass) {
    if (this_fiber != nullptr || running_) {
        misuse("run() from inside a simulated thread");
    }
    running_ = true;
    let_time_pass_ = let_time_pass;
    Fiber* const first = choose(nullptr);
    if (first != nullptr) {
        switch_to(nullptr, first);
    }
    running_ = false;
}

void Machine::join(const Fiber& target) {
    if (this_fiber == nullptr) {
        if (!target.finished) {
            run(true);
        }
        if (!target.finished) {
            misuse("join() of thread " + target.name + " would never return: " + describe(target));
        }
        return;
    }
    Fiber& fiber = *this_fiber;
    if (&fiber == &target) {
        misuse("join() by the thread itself");
    }
    publish(fiber, {OperationKind::join, ObjectClass::thread, false, target.id});
    fiber.wait = Fiber::Wait::thread;
    fiber.wait_thread = &target;
    set_enabled(fiber, target.finished);
    pause(fiber);
    fiber.wait = Fiber::Wait::none;
    drain(*fibers_[target.id]);
    performed(fiber);
}

std::string Machine::describe(const Fiber& fiber) const {
    std::string text = name_of(fiber.pending.kind);
    if (fiber.pending.object_class == ObjectClass::thread) {
        const std::uint32_t id = fiber.pending.object;
        text += " of " + (id < fibers_.size() ? fibers_[id]->name : std::to_string(id));
    } else if (fiber.pending.object_class != ObjectClass::none) {
        text += std::string(" ") + name_of(fiber.pending.object_class) + "#" +
                std::to_string(fiber.pending.object);
    }
    if (fiber.wait == Fiber::Wait::mutex && fiber.wait_mutex->owner != nullptr) {
        const void* const owner = fiber.wait_mutex->owner;
        text += ", held by " + (owner == &host_owner ? std::string("the host")
                                                     : static_cast<const Fiber*>(owner)->name);
    }
    if (fiber.wait == Fiber::Wait::condition || fiber.wait == Fiber::Wait::poller) {
        text += fiber.timed
                    ? ", until " + std::to_string(fiber.deadline.time_since_epoch().count()) + " ns"
                    : std::string(", no deadline");
    }
    return text;
}

// --- mutexes

namespace {

// A fiber of an earlier run that never unlocked is gone.
void forget_old_owner(MutexState& mutex, std::uint32_t run) {
    if (mutex.tag.run != run && mutex.owner != &host_owner) {
        mutex.owner = nullptr;
        mutex.contenders = 0;
    }
}

void forget_old_waiters(ConditionState& condition, std::uint32_t run) {
    if (condition.tag.run != run) {
        condition.first = nullptr;
        condition.last = nullptr;
    }
}

std::string owner_name(const MutexState& mutex) {
    return mutex.owner == &host_owner ? "the host"
                                      : "thread " + static_cast<const Fiber*>(mutex.owner)->name;
}

}  // namespace

void Machine::mutex_changed(const MutexState& mutex) {
    for (Fiber* fiber : fibers_) {
        if (fiber->wait != Fiber::Wait::mutex || fiber->wait_mutex != &mutex) {
            continue;
        }
        if (mutex.owner != nullptr) {
            disable(*fiber);
        } else if (fiber->wait_condition != nullptr) {
            enable(*fiber);  // who ended its wait for the condition was told
        } else {
            end_wait(*fiber);
        }
    }
}

// The fiber wants the mutex and is enabled when it is free; it then still has to be chosen.
void Machine::await_lock(Fiber& fiber, MutexState& mutex) {
    fiber.wait = Fiber::Wait::mutex;
    fiber.wait_mutex = &mutex;
    ++mutex.contenders;
    set_enabled(fiber, mutex.owner == nullptr);
}

// The fiber was chosen while it wanted the mutex.
void Machine::acquire(Fiber& fiber, MutexState& mutex) {
    fiber.wait = Fiber::Wait::none;
    mutex.owner = &fiber;
    if (--mutex.contenders != 0) {
        mutex_changed(mutex);
    }
}

void Machine::release(MutexState& mutex) {
    mutex.owner = nullptr;
    if (mutex.contenders != 0) {
        mutex_changed(mutex);
    }
}

void Machine::lock(MutexState& mutex) {
    forget_old_owner(mutex, run_);
    if (this_fiber == nullptr) {
        if (mutex.owner != nullptr) {
            misuse("lock of a mutex that " + owner_name(mutex) + " holds");
        }
        mutex.owner = &host_owner;
        return;
    }
    Fiber& fiber = *this_fiber;
    const bool visible = touch(mutex.tag, ObjectClass::mutex, fiber);
    if (mutex.owner == &fiber) {
        misuse("lock of mutex#" + std::to_string(mutex.tag.number) + ", which it holds already");
    }
    if (!visible) {
        count_step(fiber);
        drain(fiber);
        if (mutex.owner == nullptr) {
            mutex.owner = &fiber;
            return;
        }
    }
    publish(fiber, {OperationKind::lock, ObjectClass::mutex, true, mutex.tag.number});
    await_lock(fiber, mutex);
    pause(fiber);
    acquire(fiber, mutex);
    performed(fiber);
}

bool Machine::try_lock(MutexState& mutex) {
    forget_old_owner(mutex, run_);
    if (this_fiber == nullptr) {
        if (mutex.owner != nullptr) {
            return false;
        }
        mutex.owner = &host_owner;
        return true;
    }
    Fiber& fiber = *this_fiber;
    if (touch(mutex.tag, ObjectClass::mutex, fiber)) {
        reach({OperationKind::try_lock, ObjectClass::mutex, true, mutex.tag.number});
    } else {
        count_step(fiber);
        drain(fiber);
    }
    if (mutex.owner != nullptr || spurious()) {
        return false;
    }
    mutex.owner = &fiber;
    if (mutex.contenders != 0) {
        mutex_changed(mutex);
    }
    return true;
}

void Machine::unlock(MutexState& mutex) {
    forget_old_owner(mutex, run_);
    if (this_fiber == nullptr) {
        if (mutex.owner != &host_owner) {
            misuse("unlock of a mutex that the host does not hold");
        }
        release(mutex);
        return;
    }
    Fiber& fiber = *this_fiber;
    if (mutex.owner != &fiber) {
        misuse("unlock of a mutex it does not hold");
    }
    if (touch(mutex.tag, ObjectClass::mutex, fiber)) {
        reach({OperationKind::unlock, ObjectClass::mutex, true, mutex.tag.number});
    } else {
        count_step(fiber);
        drain(fiber);
    }
    release(mutex);
}

// --- conditions

bool Machine::wait(ConditionState& condition, MutexState& mutex, const os::time_point* deadline) {
    if (this_fiber == nullptr) {
        misuse("a condition wait outside simulated threads would never end");
    }
    Fiber& fiber = *this_fiber;
    if (mutex.owner != &fiber) {
        misuse("a condition wait without the mutex");
    }
    forget_old_waiters(condition, run_);
    touch(condition.tag, ObjectClass::condition, fiber);
    reach({OperationKind::condition_wait, ObjectClass::condition, true, condition.tag.number});
    fiber.timed_out = false;
    release(mutex);
    if (spurious()) {
        await_lock(fiber, mutex);
        fiber.pending = {OperationKind::lock, ObjectClass::mutex, true, mutex.tag.number};
    } else {
        fiber.wait = Fiber::Wait::condition;
        fiber.wait_condition = &condition;
        fiber.wait_mutex = &mutex;
        fiber.next_waiter = nullptr;
        fiber.previous_waiter = condition.last;
        (condition.last != nullptr ? condition.last->next_waiter : condition.first) = &fiber;
        condition.last = &fiber;
        disable(fiber);
        if (deadline != nullptr) {
            fiber.timed = true;
            fiber.deadline = *deadline;
            if (fiber.deadline <= clock_) {
                expire(fiber);
            }
        }
    }
    ++points_;
    ++fiber.place;
    pause(fiber);
    acquire(fiber, mutex);
    fiber.wait_condition = nullptr;
    performed(fiber);
    return !fiber.timed_out;
}

// Ends a fiber's wait: what it now wants is the mutex.
void Machine::wake_waiter(ConditionState& condition, Fiber& fiber) {
    tell_woken(fiber);
    (fiber.previous_waiter != nullptr ? fiber.previous_waiter->next_waiter : condition.first) =
        fiber.next_waiter;
    (fiber.next_waiter != nullptr ? fiber.next_waiter->previous_waiter : condition.last) =
        fiber.previous_waiter;
    fiber.timed = false;
    MutexState& mutex = *fiber.wait_mutex;
    // It waits in this run, so it named the mutex or shares it by now: competing for it is visible.
    mutex.tag.shared = true;
    fiber.pending = {OperationKind::lock, ObjectClass::mutex, true, mutex.tag.number};
    await_lock(fiber, mutex);
}

void Machine::notify_one(ConditionState& condition) {
    forget_old_waiters(condition, run_);
    if (this_fiber != nullptr) {
        touch(condition.tag, ObjectClass::condition, *this_fiber);
        reach({OperationKind::notify_one, ObjectClass::condition, true, condition.tag.number});
    }
    std::uint32_t count = 0;
    for (const Fiber* fiber = condition.first; fiber != nullptr; fiber = fiber->next_waiter) {
        ++count;
    }
    if (count == 0) {
        return;
    }
    Fiber* fiber = condition.first;
    for (std::uint32_t skip = ask(ChoiceKind::waiter, count); skip != 0; --skip) {
        fiber = fiber->next_waiter;
    }
    wake_waiter(condition, *fiber);
}

void Machine::notify_all(ConditionState& condition) {
    forget_old_waiters(condition, run_);
    if (this_fiber != nullptr) {
        touch(condition.tag, ObjectClass::condition, *this_fiber);
        reach({OperationKind::notify_all, ObjectClass::condition, true, condition.tag.number});
    }
    while (condition.first != nullptr) {
        wake_waiter(condition, *condition.first);
    }
}

// --- waiting for others without an object

void Machine::spin() {
    Fiber& fiber = *this_fiber;
    publish(fiber, {OperationKind::spin, ObjectClass::none, false, 0});
    // What others wrote since the last time may have come after the caller's last look: then it
    // looks once more.
    const std::uint64_t written_by_others = writes_ - fiber.own_writes;
    if (written_by_others == fiber.others_writes_seen) {
        fiber.wait = Fiber::Wait::spin;
        ++spinning_;
        disable(fiber);
    }
    fiber.others_writes_seen = written_by_others;
    pause(fiber);
    performed(fiber);
}

void Machine::wake_spinners(const Fiber* cause) {
    if (spinning_ == 0) {
        return;
    }
    for (Fiber* fiber : fibers_) {
        // A thread's own store that reaches memory is nothing new to it.
        const bool own = fiber == cause || (cause != nullptr && cause->owner == fiber);
        if (!own && fiber->wait == Fiber::Wait::spin) {
            fiber->wait = Fiber::Wait::none;
            --spinning_;
            enable(*fiber);
        }
    }
}

void Machine::yield() {
    Fiber& fiber = *this_fiber;
    publish(fiber, {OperationKind::yield, ObjectClass::none, false, 0});
    if (enabled_.size() > 1) {
        const auto after = static_cast<std::uint32_t>((fiber.slot + 1) % enabled_.size());
        Fiber& next =
            waiting_buffers_ != 0 ? *ask_beside_buffers(&fiber, after) : ask_thread(&fiber, after);
        if (&next != &fiber) {
            switch_to(&fiber, &next);
        }
    }
    performed(fiber);
}

void Machine::quiesce() {
    Fiber& fiber = *this_fiber;
    publish(fiber, {OperationKind::quiesce, ObjectClass::none, true, 0});
    fiber.wait = Fiber::Wait::quiesce;
    ++quiescing_;
    disable(fiber);
    pause(fiber);
    performed(fiber);
}

bool Machine::release_quiescing() {
    if (quiescing_ == 0) {
        return false;
    }
    // By ascending id, beginning after the last one released: one that quiesces again and again
    // starves nobody.
    for (std::size_t i = 0; i < fibers_.size(); ++i) {
        Fiber& fiber = *fibers_[(next_to_release_ + i) % fibers_.size()];
        if (fiber.wait == Fiber::Wait::quiesce) {
            fiber.wait = Fiber::Wait::none;
            --quiescing_;
            next_to_release_ = fiber.id + 1;
            enable(fiber);
            return true;
        }
    }
    return false;
}

// --- waiting stores (Memory::tso)

void Machine::add_buffer(Fiber& fiber) {
    if (fiber.id >= store_buffer_id(0)) {
        misuse("more threads than total store order has store buffers for");
    }
    if (!fiber.buffer) {
        fiber.buffer = std::make_unique<Fiber>();
        fiber.buffer->owner = &fiber;
    }
    Fiber& buffer = *fiber.buffer;
    buffer.id = store_buffer_id(fiber.id);
    buffer.name = fiber.name + "'s stores";
    buffer.machine = this;
    buffer.enabled = false;
    buffer.own_writes = 0;
    strategy_->thread_created(buffer);
}

void Machine::buffer_store(Fiber& fiber, const WaitingStore& store) {
    if (store.tag->waiting == UINT8_MAX) {
        drain(fiber);
    }
    if (store.tag->waiting == UINT8_MAX) {
        // Other threads' stores to it fill the count; this one overtakes nothing of its own.
        store.apply(store.object, store.value);
        return;
    }
    const bool first = fiber.stores.empty();
    fiber.stores.push(store);
    ++store.tag->waiting;
    if (first) {
        ++waiting_buffers_;
        fiber.buffer->pending = {OperationKind::drain, ObjectClass::atomic, true,
                                 store.tag->number};
        enable(*fiber.buffer);
    }
}

void Machine::drain_one(Fiber& fiber) {
    const WaitingStore store = fiber.stores.front();
    fiber.stores.pop();
    store.apply(store.object, store.value);
    --store.tag->waiting;
    Fiber& buffer = *fiber.buffer;
    ++fiber.own_writes;
    performed(buffer);
    if (fiber.stores.empty()) {
        --waiting_buffers_;
        disable(buffer);
    } else {
        buffer.pending.object = fiber.stores.front().tag->number;
    }
}

void Machine::drain(Fiber& fiber) {
    while (!fiber.stores.empty()) {
        drain_one(fiber);
    }
}

void Machine::drain_all() {
    for (Fiber* fiber : fibers_) {
        drain(*fiber);
    }
}

void Machine::drain_for(const ObjectTag& tag) {
    Machine& machine = current();
    for (Fiber* fiber : machine.fibers_) {
        while (tag.waiting != 0 && !fiber->stores.empty()) {
            machine.drain_one(*fiber);
        }
    }
}

// What an operation that is about to be performed does to stores that wait.
void Machine::drain_before(Fiber& fiber, OperationKind kind) {
    switch (kind) {
        case OperationKind::start:
        case OperationKind::atomic_load:
        case OperationKind::atomic_store:
        case OperationKind::read_clock:
        case OperationKind::spin:
        case OperationKind::yield:
        case OperationKind::drain:
            break;
        case OperationKind::fence_process:
            drain_all();
            break;
        default:
            drain(fiber);
            break;
    }
}

// As ask_thread, with buffers among the enabled: those that are chosen let a store out, until a
// thread is chosen. Null: no thread is enabled, and nothing waits any more.
Fiber* Machine::ask_beside_buffers(Fiber* current, std::uint32_t fallback) {
    Fiber* preferred = static_cast<Fiber*>(enabled_[fallback]);
    while (!enabled_.empty()) {
        if (!preferred->enabled) {
            preferred = static_cast<Fiber*>(enabled_.front());
        }
        const bool own_first = current != nullptr && !current->stores.empty();
        Fiber* chosen = preferred;
        if (enabled_.size() > 1) {
            if (current == nullptr) {
                ++host_view_.place;
            }
            chosen = &ask_thread(current, own_first ? current->buffer->slot : preferred->slot);
        }
        if (chosen->owner == nullptr) {
            return chosen;
        }
        if (current != nullptr) {
            ++current->place;
        }
        drain_one(*chosen->owner);
    }
    return nullptr;
}

void Machine::label(std::uint32_t what) {
    label_ = what;
    if (this_fiber != nullptr) {
        this_fiber->labels_itself = true;
        this_fiber->label = what;
        this_fiber->place = 0;
    }
    for (Fiber* fiber : fibers_) {
        if (!fiber->labels_itself) {
            fiber->label = what;
            fiber->place = 0;
        }
    }
    host_view_.label = what;
    host_view_.place = 0;
}

// --- time

// A fiber's deadline has passed.
void Machine::expire(Fiber& fiber) {
    fiber.timed = false;
    fiber.timed_out = true;
    if (fiber.wait == Fiber::Wait::condition) {
        wake_waiter(*fiber.wait_condition, fiber);
    } else {
        end_wait(fiber);
    }
}

std::optional<os::time_point> Machine::next_deadline() const {
    std::optional<os::time_point> next;
    if (const auto due = descriptors_.earliest()) {
        next = due->deadline;
    }
    for (const Fiber* fiber : fibers_) {
        if (fiber->timed && (!next || fiber->deadline < *next)) {
            next = fiber->deadline;
        }
    }
    return next;
}

void Machine::advance_to(os::time_point target) {
    if (target <= clock_) {
        return;
    }
    for (;;) {
        Fiber* first = nullptr;
        for (Fiber* fiber : fibers_) {
            if (fiber->timed && fiber->deadline <= target &&
                (first == nullptr || fiber->deadline < first->deadline)) {
                first = fiber;
            }
        }
        const auto due = descriptors_.earliest();
        const bool timer_due = due && due->deadline <= target;
        if (timer_due && (first == nullptr || due->deadline < first->deadline)) {
            clock_ = std::max(clock_, due->deadline);
            descriptors_.expire(due->fd);
        } else if (first != nullptr) {
            clock_ = std::max(clock_, first->deadline);
            expire(*first);
        } else {
            break;
        }
    }
    clock_ = target;
    wake_spinners(nullptr);
}

void Machine::let_time_jump() {
    if (time_jumps_ == 0) {
        return;
    }
    const auto next = next_deadline();
    if (next && ask(ChoiceKind::time, 2) == 1) {
        --time_jumps_;
        let_pass_until(*next);
    }
}

bool Machine::pass_time() {
    if (!auto_advance_ || !let_time_pass_) {
        return false;
    }
    const auto next = next_deadline();
    if (!next) {
        return false;
    }
    let_pass_until(*next);
    return true;
}

void Machine::let_pass_until(os::time_point target) {
    time_passes_ = true;
    advance_to(target);
    time_passes_ = false;
}

// --- pollers

void Machine::poller_changed(int poller) {
    if (!descriptors_.is_waited_on(poller)) {
        return;
    }
    const bool has_events = descriptors_.has_events(poller);
    for (Fiber* fiber : fibers_) {
        if (fiber->wait == Fiber::Wait::poller && fiber->wait_descriptor == poller) {
            if (has_events || fiber->timed_out) {
                end_wait(*fiber);
            } else {
                disable(*fiber);
            }
        }
    }
}

void Machine::strand_pollers(int poller) {
    for (Fiber* fiber : fibers_) {
        if (fiber->wait == Fiber::Wait::poller && fiber->wait_descriptor == poller) {
            fiber->wait_descriptor = -1;
            fiber->timed = false;
            disable(*fiber);
        }
    }
}

int Machine::poll(int poller, std::span<os::ready> out, os::duration timeout) {
    if (out.empty()) {
        misuse("a poller wait without room for events");
    }
    if (this_fiber == nullptr) {
        if (!descriptors_.has_events(poller)) {
            if (timeout < os::duration::zero()) {
                misuse("a poller wait outside simulated threads would never end");
            }
            if (timeout == os::duration::zero()) {
                return 0;
            }
            advance_to(clock_ + timeout);
        }
    } else {
        Fiber& fiber = *this_fiber;
        let_time_jump();
        publish(fiber, {OperationKind::poller_wait, ObjectClass::poller, true,
                        static_cast<std::uint32_t>(poller)});
        if (timeout == os::duration::zero()) {
            pause(fiber);
        } else {
            fiber.wait = Fiber::Wait::poller;
            fiber.wait_descriptor = poller;
            fiber.timed_out = false;
            if (timeout > os::duration::zero()) {
                fiber.timed = true;
                fiber.deadline = clock_ + std::min(timeout, os::time_point::max() - clock_);
            }
            descriptors_.count_waiter(poller, 1);
            set_enabled(fiber, descriptors_.has_events(poller));
            pause(fiber);
            descriptors_.count_waiter(poller, -1);
            fiber.timed = false;
            fiber.wait = Fiber::Wait::none;
        }
        performed(fiber);
        if (spurious()) {
            return 0;
        }
    }

    reportable_.clear();
    descriptors_.list_events(poller, reportable_);
    const std::size_t fits = std::min(reportable_.size(), out.size());
    const std::uint32_t wanted = ask(ChoiceKind::event_count, static_cast<std::uint32_t>(fits));
    const std::size_t count = wanted == 0 ? fits : wanted;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t index =
            ask(ChoiceKind::event, static_cast<std::uint32_t>(reportable_.size()));
        out[i] = reportable_[index].event;
        descriptors_.consume(poller, reportable_[index]);
        reportable_.erase(reportable_.begin() + static_cast<std::ptrdiff_t>(index));
    }
    if (count != 0) {
        // Edges and one-shots are used up: other waiters may find nothing any more.
        poller_changed(poller);
    }
    return static_cast<int>(count);
}

}  // namespace blkdrain::sim
