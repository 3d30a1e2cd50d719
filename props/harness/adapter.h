// SPDX-License-Identifier: Apache-2.0
//
// Between the interpreter and what it drives. An Adapter performs calls whose operands are
// resolved; the Stage is what it reports to: completions, callbacks, notifications and what
// scripted drivers see.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "harness/judge.h"
#include "harness/objects.h"
#include "harness/observed.h"
#include "harness/scenario.h"
#include "harness/standing_thread.h"

namespace blkdrain_props {

// One operation, ready to be performed. Operands that the opcode does not use are no_slot or zero.
struct Call {
    Opcode opcode{};
    bool variant = false;
    bool extra = false;
    bool pinned = false;       // a new node or backend
    bool held = false;         // cancel: a leaf holds it
    bool blocking = false;     // may return when its wait is over, not before
    bool blocks_loop = false;  // its blocking form comes first, and is refused
    std::uint8_t client = 0;

    Slot node = no_slot;
    Slot other = no_slot;  // second node
    Slot backend = no_slot;
    Slot also = no_slot;  // second backend: exempt, or of a token
    Slot request = no_slot;
    Slot token = no_slot;  // a send's or, of a change, the one it names
    Slot section = no_slot;
    Slot wait = no_slot;  // to abandon, to await
    std::uint8_t loop = 0;
    std::uint8_t number = 0;  // what is sent, edge index, ticks, settle kind, limits
    std::uint8_t group = 0;
    Role role{};

    // Of a send: gets the number of its request, if one comes to exist, before the call returns.
    Slot* sent = nullptr;
    // What it creates. no_slot for a waiting operation: setting up, nobody asks for the outcome.
    Slot own_wait = no_slot;
    Slot own_section = no_slot;
    Slot own_token = no_slot;

    Slot holds_section = no_slot;
    Slot holds_token = no_slot;
    Slot holds_request = no_slot;
    std::uint8_t deadline = 0;  // ticks

    // Where it runs.
    Slot completing = no_slot;  // in the completion of this request
    bool in_notification = false;

    std::uint32_t ticket = 0;  // the witness's; 0: nobody writes down what is seen
};

// Of the wait that `call` has begun.
inline Call giving_up(const Call& call) {
    Call abandon;
    abandon.opcode = Opcode::abandon;
    abandon.client = call.client;
    abandon.wait = call.own_wait;
    return abandon;
}

class Witness;

class Stage {
public:
    // Who writes down what is seen; null: nobody.
    virtual Witness* witness() = 0;
    // The request of a send exists; in the thread that sends, before anything else is said of it.
    virtual Slot request_exists(const Call& send) = 0;
    virtual void request_held(Slot request, bool held) = 0;
    // From inside the completion: runs what the scenario left for it. `loop`: where.
    virtual void request_over(Slot request, Result result, unsigned loop) = 0;
    // `section`: it comes with a live section.
    virtual void wait_over(Slot wait, Result result, bool section) = 0;
    // From inside the notification: runs what the scenario left for it.
    virtual void notified(Slot backend, bool begin, unsigned loop) = 0;
    // Of a node's driver.
    [[nodiscard]] virtual bool node_holds(Slot node) = 0;
    virtual void settle_held(Slot node, bool held) = 0;
    virtual void node_gone(Slot node) = 0;
    [[nodiscard]] virtual Slot wait_of_section(Slot section) = 0;
    // The node of a drained section; no_slot: it is of another kind.
    [[nodiscard]] virtual Slot drained_node(Slot section) = 0;
    // What a scripted driver or owner saw and must not see.
    [[gnu::cold]] virtual void misbehaved(int rule, const char* code, std::string sentence) = 0;
    // The world does not come to rest, or its threads do not end: `what`, in words. Nothing in it
    // moves during the call.
    [[gnu::cold]] virtual void restless(const std::string& what) = 0;

    virtual Judge& judge() = 0;

protected:
    ~Stage() = default;
};

class Adapter {
public:
    virtual ~Adapter() = default;

    // Calls and callbacks come from several operating-system threads at once.
    [[nodiscard]] virtual bool threaded() const = 0;
    // Announces and can be observed; else it speaks for the model itself.
    [[nodiscard]] virtual bool implements() const = 0;
    virtual const char* name() const = 0;

    // A fresh world with the loops of the scenario and an empty graph.
    virtual void open(const Scenario& scenario, Stage& stage) = 0;
    // `clean`: nothing is in flight or pending; else everything is left behind.
    virtual void close(bool clean) = 0;

    // What the call says at once; ok for operations that wait. A new node or backend gets the slot
    // `node` or `backend`.
    virtual Result call(const Call& call) = 0;

    // Runs `task` on the loop and returns afterwards.
    virtual void on_loop(unsigned loop, const std::function<void()>& task) = 0;
    // Runs `task` on the loop some time.
    virtual void post(unsigned loop, std::function<void()> task) = 0;
    // Until nothing moves without a further call. Everything announced before has been judged.
    virtual void rest() = 0;
    // One thread per client; returns when all have ended and nothing moves. `all_wait`: told where
    // no other thread can go on either, before clients that await do; not on real threads.
    virtual void run_clients(unsigned count, const std::function<void(unsigned)>& body,
                             const std::function<void()>& all_wait) = 0;
    // The client begins with this operation of its program (Deviation::at_end: all are over): from
    // now on points of the schedule are counted.
    virtual void begins(std::uint8_t /*client*/, std::uint8_t /*operation*/) {}
    // In a client: until `over`, or until nothing moves any more.
    virtual void await(const std::function<bool()>& over) = 0;
    virtual void advance(std::uint64_t ticks) = 0;
    // The harness looks at or changes what it keeps of the run: in a simulated world a step that
    // depends on others of the kind.
    virtual void touched() {}
    // How long a tick lasts on the clock of limits and deadlines; 0: it does not stand still.
    [[nodiscard]] virtual std::uint64_t clock_tick_ns() const { return 0; }
    // Drivers may wait for nothing but time.
    [[nodiscard]] virtual bool drivers_take_time() const { return false; }

    // The observable state at rest, valid until the next call; null if it does not implement.
    // `explain`: with what each pending operation says it waits for.
    virtual const Observed* observe(bool explain) = 0;
    // At rest, or where there is none: by thread, where threads are simulated.
    [[nodiscard]] virtual std::vector<StandingThread> standing() const { return {}; }

    // Ids in announcements; 0: none (yet).
    [[nodiscard]] virtual std::uint32_t request_id(Slot request) const = 0;
    [[nodiscard]] virtual std::uint32_t token_id(Slot token) const = 0;
    [[nodiscard]] virtual std::uint32_t operation_id(Slot wait) const = 0;
    [[nodiscard]] virtual std::uint32_t node_id(Slot node) const = 0;
    [[nodiscard]] virtual std::uint32_t backend_id(Slot backend) const = 0;
};

}  // namespace blkdrain_props
