// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

#include "sim/operation.h"

namespace blkdrain::sim {

// A simulated thread as a strategy sees it.
struct ThreadView {
    std::uint32_t id = 0;  // order of creation, from 0
    Operation pending;     // what it does next when it is chosen
    // Where it is, in terms that outlive small changes: what it does (see sim::label()), and how
    // many visible operations and questions it has come to since it began with that.
    std::uint32_t label = 0;
    std::uint32_t place = 0;
    bool labels_itself = false;  // the label is its own, not what somebody else said last
    std::string name;
};

// What a question is about. Every question is "pick one of `count`".
enum class ChoiceKind : std::uint8_t {
    thread,       // which of the enabled threads runs on
    waiter,       // which waiter of a condition a notify_one ends, in the order of their arrival
    event_count,  // how many ready events a poller hands out: 0 = all that fit, k = only k
    event,        // which of the remaining ready events comes next, in the order of registration
    spurious,     // 1 = this operation fails or returns for no reason
    time,         // 1 = time passes up to the next deadline, although threads can run
};

// A question whose answer 1 is bad luck.
constexpr bool is_fault(ChoiceKind kind) {
    return kind == ChoiceKind::spurious || kind == ChoiceKind::time;
}

struct Choice {
    ChoiceKind kind = ChoiceKind::thread;
    std::uint32_t count = 0;  // at least 2: a question with one answer is not asked
    std::uint32_t fallback =
        0;  // the answer of the default order: run on, else the lowest id; else 0
    // Thread choices: the enabled threads by ascending id, with their pending operations.
    std::span<const ThreadView* const> enabled;
    // The thread that asks; null when nobody runs yet. On a thread choice it is `enabled[fallback]`
    // unless it blocked.
    const ThreadView* current = nullptr;
    // The thread that asks, or one that stands for the host. Its label, place and the kind of
    // question occur together once in a run, if no label is given twice.
    const ThreadView* asker = nullptr;
    std::uint64_t step = 0;  // visible operations so far in this run
};

// Of a thread choice: whether the thread that asks could run on. Who yields asks to be passed over.
// (The fallback does not say it: where a store of that thread waits it is the store.)
inline bool can_go_on(const Choice& choice) {
    return choice.current != nullptr && choice.current->pending.kind != OperationKind::yield &&
           std::ranges::find(choice.enabled, choice.current) != choice.enabled.end();
}

// Answers the questions of a run. The simulation is deterministic: the same program and the same
// answers give the same trace. A strategy is used by one simulation at a time and must not touch
// simulated objects.
class Strategy {
public:
    virtual ~Strategy() = default;

    // An answer below choice.count; anything else stops the process.
    virtual std::uint32_t pick(const Choice& choice) = 0;

    // A thread was created, or a store buffer; for strategies that keep something per thread.
    virtual void thread_created(const ThreadView& /*thread*/) {}

    // Whether it is to be told of what is performed, too. Asked once a run.
    virtual bool follows() const { return false; }
    virtual void performed(const ThreadView& /*thread*/) {}  // its pending operation
    virtual void touched() {}                                // see sim::touch()

protected:
    Strategy() = default;
    Strategy(const Strategy&) = default;
    Strategy& operator=(const Strategy&) = default;
};

}  // namespace blkdrain::sim
