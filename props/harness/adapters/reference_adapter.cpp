// SPDX-License-Identifier: Apache-2.0
#include "harness/adapters/reference_adapter.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include <blkdrain_ref/step.h>

#include "harness/call_event.h"
#include "harness/throttling.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;

namespace {

template <class T>
void set_at(std::vector<T>& table, std::size_t index, T value, T filler) {
    if (table.size() <= index) {
        table.resize(index + 1, filler);
    }
    table[index] = value;
}

// What happens on a loop, after the call that made it due has returned.
bool needs_loop(Kind kind) {
    return kind == Kind::done || kind == Kind::notify || kind == Kind::settle_start ||
           kind == Kind::complete || kind == Kind::unplug;
}

}  // namespace

void ReferenceAdapter::open(const Scenario& scenario, Stage& stage) {
    stage_ = &stage;
    loops_ = std::max<unsigned>(scenario.header.loops, 1);
    next_operation_ = 1;
    operations_.clear();
    waits_.assign(1, no_slot);
    wait_of_token_.clear();
    results_.clear();
    settles_.clear();
    callbacks_.clear();
    deadlines_.clear();
    posted_.clear();
    plugs_.fill(0);
    now_ = 0;
    if (uses_groups(scenario)) {
        for (std::size_t group = 0; group < groups_max; ++group) {
            ref::Event event;
            event.kind = Kind::group_new;
            event.group = {group_id(group)};
            announce(event);
        }
    }
}

bool ReferenceAdapter::plugged(unsigned loop) const {
    return (model().plugged >> loop & 1U) != 0;
}

void ReferenceAdapter::close(bool) {}

std::uint32_t ReferenceAdapter::new_operation(Slot wait) {
    const std::uint32_t id = next_operation_++;
    waits_.push_back(wait);
    if (wait != no_slot) {
        set_at(operations_, wait, id, 0U);
    }
    return id;
}

Slot ReferenceAdapter::wait_of(std::uint32_t operation) const {
    return operation < waits_.size() ? waits_[operation] : no_slot;
}

// What the call makes; only a send's may yet come to nothing.
std::uint32_t ReferenceAdapter::own_id(const Call& call) {
    return call.opcode == Opcode::send         ? static_cast<std::uint32_t>(results_.size()) + 1
           : call.opcode == Opcode::open_token ? token_id(call.own_token)
           : row_of(call.opcode).waits         ? new_operation(call.own_wait)
                                               : 0;
}

Result ReferenceAdapter::call(const Call& call) {
    ref::Event event = event_of(call, *this, own_id(call));
    const auto simple = [&] {
        announce(event);
        perform_due(false);
        return Result::ok;
    };
    switch (call.opcode) {
        case Opcode::new_node:
            set_at(settles_, call.node, static_cast<SettleKind>(call.number), SettleKind::none);
            return simple();
        case Opcode::new_backend: {
            simple();
            if (call.variant) {
                event = {};
                event.kind = Kind::listen;
                event.backend = {backend_id(call.backend)};
                simple();
            }
            if (call.extra) {
                Call insert = call;
                insert.opcode = Opcode::insert_medium;
                insert.token = no_slot;
                this->call(insert);
            }
            return Result::ok;
        }
        case Opcode::listen:
            return ref::find(model(), event.backend) == nullptr ? refused_by_api : simple();
        case Opcode::send: {
            const ref::Request* parent =
                call.completing == no_slot
                    ? nullptr
                    : ref::find(model(), ref::RequestId{request_id(call.completing)});
            if (parent != nullptr && parent->backend == event.backend) {
                event.parent = parent->id;
            }
            if (ref::find(model(), event.backend) == nullptr) {
                return refused_by_api;
            }
            event.error = ref::result_of(model(), event);
            if (event.error == ref::Error::ok) {
                stage_->request_exists(call);
                results_.push_back(Result::ok);
            }
            simple();
            return result_of(event.error);
        }
        case Opcode::complete:
            event.kind = Kind::complete;
            event.request = {request_id(call.request)};
            event.error = call.variant ? ref::Error::io_error : ref::Error::ok;
            results_[call.request] = result_of(event.error);
            return simple();
        case Opcode::close_token:
        case Opcode::end:
        case Opcode::internal_end:
            return simple();
        case Opcode::settle_done:
            event.kind = Kind::settle_done;
            event.error = call.variant || settles_[call.node] == SettleKind::fails
                              ? ref::Error::io_error
                              : ref::Error::ok;
            return simple();
        case Opcode::internal_start:
            if (ref::find(model(), event.node) == nullptr) {
                return refused_by_api;
            }
            event.error = ref::result_of(model(), event);
            announce(event);
            return result_of(event.error);
        case Opcode::cancel: {
            const ref::Request* request = ref::find(model(), event.request);
            event.error = request != nullptr && request->state == ref::RequestState::completing
                              ? ref::Error::too_late
                              : ref::result_of(model(), event);
            announce(event);
            if (call.variant && call.held && event.error == ref::Error::ok) {
                stage_->request_held(call.request, false);
                results_[call.request] = Result::cancelled;
                ref::Event complete;
                complete.kind = Kind::complete;
                complete.request = event.request;
                complete.error = ref::Error::cancelled;
                announce(complete);
            }
            perform_due(false);
            return result_of(event.error);
        }
        case Opcode::cancel_waiting:
            return ref::find(model(), event.backend) == nullptr ? refused_by_api : simple();
        case Opcode::plug:
            if (plugged(call.loop)) {
                ++plugs_[call.loop];
                return Result::ok;
            }
            plugs_[call.loop] = 1;
            return simple();
        case Opcode::unplug:
            return plugged(call.loop) && --plugs_[call.loop] == 0 ? simple() : Result::ok;
        case Opcode::join:
        case Opcode::leave:
            if (call.opcode == Opcode::leave &&
                !ref::find(model(), event.group)->contains(event.backend)) {
                return refused_by_api;
            }
            event.error = ref::result_of(model(), event);
            simple();
            return result_of(event.error);
        case Opcode::limit:
            for (const ref::Event& limit : events_of_limit(call, tick_ns)) {
                announce(limit);
            }
            perform_due(false);
            return Result::ok;
        case Opcode::abandon:
            abandon(call.wait, ref::Error::cancelled);
            perform_due(false);
            return Result::ok;
        default:
            return control(call, event);
    }
}

// The operations that wait.
Result ReferenceAdapter::control(const Call& call, ref::Event& event) {
    if (event.kind == Kind::token_request) {
        set_at(wait_of_token_, call.own_token, call.own_wait, no_slot);
    }
    event.error = ref::result_of(model(), event);
    const std::optional<ref::Reason> reason = ref::check(model(), event);
    if (reason && reason->code == ref::Code::no_such_object) {
        callbacks_.push_back({call.own_wait, refused_by_api, false});
        return Result::ok;
    }
    announce(event);
    if (event.error != ref::Error::ok) {
        callbacks_.push_back({call.own_wait, result_of(event.error), false});
    } else if (call.deadline != 0 && call.own_wait != no_slot) {
        deadlines_.push_back({call.own_wait, now_ + call.deadline});
    }
    perform_due(false);
    return Result::ok;
}

bool ReferenceAdapter::fill_abandon(Slot wait, ref::Event& event) const {
    event.kind = Kind::abandon;
    for (std::size_t token = 0; token < wait_of_token_.size(); ++token) {
        if (wait_of_token_[token] == wait) {
            event.token = {token_id(static_cast<Slot>(token))};
            return true;
        }
    }
    const ref::Section* pending = ref::find(model(), ref::SectionId{operation_id(wait)});
    if (pending == nullptr) {
        return false;
    }
    (pending->waits() ? event.wait : event.section) = pending->id;
    return true;
}

bool ReferenceAdapter::abandon(Slot wait, ref::Error error) {
    ref::Event event;
    event.error = error;
    if (!fill_abandon(wait, event) || ref::check(model(), event)) {
        return false;  // its outcome is decided
    }
    announce(event);
    callbacks_.push_back({wait, result_of(error), false});
    return true;
}

void ReferenceAdapter::call_back() {
    std::size_t next = 0;
    while (next < callbacks_.size()) {  // it grows meanwhile
        const Callback callback = callbacks_[next++];
        stage_->wait_over(callback.wait, callback.result, callback.section);
    }
    callbacks_.clear();
}

void ReferenceAdapter::perform_due(bool all) {
    while (!stage_->judge().failed()) {
        due_.clear();
        ref::due(model(), due_);
        // What needs no loop comes first: it belongs to the step that made it due (R18).
        auto next = std::find_if(due_.begin(), due_.end(),
                                 [](const ref::Event& event) { return !needs_loop(event.kind); });
        if (next == due_.end() && all) {
            next = due_.begin();
        }
        if (next == due_.end()) {
            return;
        }
        const ref::Event event = *next;
        perform(event);
    }
}

void ReferenceAdapter::perform(const ref::Event& event) {
    switch (event.kind) {
        case Kind::done: {
            const ref::Request* request = ref::find(model(), event.request);
            const Slot slot = event.request.value - 1;
            stage_->request_over(slot, results_[slot], request->loop.value);
            announce(event);
            break;
        }
        case Kind::complete:
            results_[event.request.value - 1] = result_of(event.error);
            announce(event);
            break;
        case Kind::admit:
            announce(event);
            admitted(event);
            break;
        case Kind::settle_start:
            announce(event);
            settle_started(event);
            break;
        case Kind::notify: {
            const ref::Backend* backend = ref::find(model(), event.backend);
            const unsigned loop = backend->loop.value;
            announce(event);
            stage_->notified(event.backend.value - 1, event.notice == ref::Notice::begin, loop);
            break;
        }
        case Kind::node_closed:
            announce(event);
            stage_->node_gone(event.node.value - 1);
            break;
        case Kind::token_open:
        case Kind::token_fail:
            announce(event);
            callbacks_.push_back(
                {wait_of_token_[event.token.value - 1], result_of(event.error), false});
            break;
        case Kind::drain_done:
        case Kind::quiet_done:
            announce(event);
            callbacks_.push_back({wait_of(event.wait.value), result_of(event.error), false});
            break;
        case Kind::finish:
            announce(event);
            callbacks_.push_back({wait_of(event.section.value), result_of(event.error), false});
            break;
        case Kind::abandon:
            announce(event);
            callbacks_.push_back({event.token  ? wait_of_token_[event.token.value - 1]
                                  : event.wait ? wait_of(event.wait.value)
                                               : wait_of(event.section.value),
                                  result_of(event.error), false});
            break;
        default:
            announce(event);
            if (!stage_->judge().failed() && reports_begin(model(), event)) {
                callbacks_.push_back({wait_of(event.section.value), result_of(event.error), true});
            }
            break;
    }
}

// The devices: a leaf that holds waits for the scenario, another one answers at once, no medium is
// an error.
void ReferenceAdapter::admitted(const ref::Event& event) {
    const ref::Request* request = ref::find(model(), event.request);
    if (request == nullptr) {
        return;
    }
    const ref::Backend* backend = ref::find(model(), request->backend);
    const Slot slot = event.request.value - 1;
    ref::Event complete;
    complete.kind = Kind::complete;
    complete.request = event.request;
    if (backend == nullptr || !backend->root) {
        complete.error = ref::Error::no_medium;
    } else {
        ref::NodeId node = backend->root;
        for (auto edges = ref::edges_of(model().edges, node); !edges.empty();
             edges = ref::edges_of(model().edges, node)) {
            const bool read = request->direction == ref::Direction::read;
            node = (read ? edges.front() : edges.back()).child;
        }
        if (stage_->node_holds(node.value - 1)) {
            stage_->request_held(slot, true);
            return;
        }
    }
    results_[slot] = result_of(complete.error);
    announce(complete);
}

void ReferenceAdapter::settle_started(const ref::Event& event) {
    const Slot node = event.node.value - 1;
    const SettleKind kind = settles_[node];
    if (kind != SettleKind::none && stage_->node_holds(node)) {
        stage_->settle_held(node, true);
        return;
    }
    ref::Event done;
    done.kind = Kind::settle_done;
    done.node = event.node;
    done.error = kind == SettleKind::fails ? ref::Error::io_error : ref::Error::ok;
    announce(done);
}

void ReferenceAdapter::on_loop(unsigned, const std::function<void()>& task) {
    call_back();
    task();
}

void ReferenceAdapter::post(unsigned, std::function<void()> task) {
    posted_.push_back(std::move(task));
}

void ReferenceAdapter::rest() {
    do {
        std::vector<std::function<void()>> now;
        now.swap(posted_);
        for (const auto& task : now) {
            task();
        }
        call_back();
        perform_due(true);
    } while (!stage_->judge().failed() && (!posted_.empty() || !callbacks_.empty()));
}

void ReferenceAdapter::run_clients(unsigned count, const std::function<void(unsigned)>& body,
                                   const std::function<void()>&) {
    for (unsigned client = 0; client < count; ++client) {
        body(client);
    }
    rest();
}

void ReferenceAdapter::await(const std::function<bool()>&) {
    rest();
}

void ReferenceAdapter::advance(std::uint64_t ticks) {
    now_ += ticks;
    for (const ref::Group& group : std::vector<ref::Group>(model().groups)) {
        ref::Event clock;
        clock.kind = Kind::clock;
        clock.group = group.id;
        clock.time = now_ * tick_ns;
        announce(clock);
    }
    std::sort(deadlines_.begin(), deadlines_.end(), [](const Deadline& a, const Deadline& b) {
        return a.at != b.at ? a.at < b.at : a.wait < b.wait;
    });
    std::size_t reached = 0;
    for (; reached < deadlines_.size() && deadlines_[reached].at <= now_; ++reached) {
        perform_due(true);
        abandon(deadlines_[reached].wait, ref::Error::timed_out);
    }
    deadlines_.erase(deadlines_.begin(), deadlines_.begin() + static_cast<std::ptrdiff_t>(reached));
}

}  // namespace blkdrain_props
