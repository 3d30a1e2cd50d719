// SPDX-License-Identifier: Apache-2.0
#include "harness/run.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <blkdrain_ref/step.h>

#include "harness/text.h"
#include "harness/throttling.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;

namespace {

// Sets of nodes and backends have 64 places, and ids of the library count from 1.
constexpr std::size_t objects_of_a_kind_max = 60;
// Each round releases something; more are needed only for what releases something else.
constexpr int healing_rounds_max = 256;
// For drivers that take their time.
constexpr int healing_waits_max = 8;
constexpr std::uint64_t healing_wait = 1000;  // ticks
// How often a timer may fire after everything has come to rest.
constexpr int late_timers_max = 64;
// Time passes where nothing else is left: more than one request waits for.
constexpr std::uint64_t healing_ticks = 12;

// The rule to name when the owner of a wait was told something else than what was announced.
int rule_of(Opcode opcode) {
    switch (opcode) {
        case Opcode::drain:
            return 10;
        case Opcode::open_token:
            return 4;
        case Opcode::isolate:
            return 23;
        case Opcode::drained:
            return 20;
        case Opcode::settle:
            return 19;
        case Opcode::set_loop:
            return 28;
        case Opcode::close_backend:
        case Opcode::close_node:
            return 27;
        case Opcode::quiesce_all:
        case Opcode::self_quiesce:
        case Opcode::quiet:
            return 7;
        default:
            return 24;
    }
}

// Whether nothing moves to another loop while the graph at the start is built.
bool starts_as_it_says(const Scenario& scenario) {
    const auto& nodes = scenario.graph.nodes;
    for (const NodeSpec& node : nodes) {
        for (const ChildSpec& child : node.children) {
            if (nodes[child.node].loop != node.loop) {
                return false;
            }
        }
    }
    return std::all_of(scenario.graph.backends.begin(), scenario.graph.backends.end(),
                       [&](const BackendSpec& backend) {
                           return backend.root == no_node ||
                                  nodes[backend.root].loop == backend.loop;
                       });
}

ref::State empty_graph(const Scenario& scenario) {
    ref::State state;
    if (uses_groups(scenario)) {
        for (std::size_t group = 0; group < groups_max; ++group) {
            state.groups.emplace_back().id = {group_id(group)};
        }
    }
    return state;
}

ref::State start_of(const Scenario& scenario) {
    ref::State state = empty_graph(scenario);
    state.nodes.reserve(scenario.graph.nodes.size());
    state.backends.reserve(scenario.graph.backends.size());
    std::uint32_t id = 0;
    for (const NodeSpec& spec : scenario.graph.nodes) {
        ref::Node& node = state.nodes.emplace_back();
        node.id = {++id};
        node.loop = {spec.loop};
        node.pinned = spec.pinned;
        for (const ChildSpec& child : spec.children) {
            ref::add_edge(state, {node.id, {child.node + 1U}});
        }
    }
    id = 0;
    for (const BackendSpec& spec : scenario.graph.backends) {
        ref::Backend& backend = state.backends.emplace_back();
        backend.id = {++id};
        backend.loop = {spec.loop};
        backend.pinned = spec.pinned;
        backend.listening = spec.listens || spec.pinned;
        if (spec.root != no_node) {
            backend.root = {spec.root + 1U};
        }
    }
    return state;
}

// Performed on a loop, the record's operand c, by whoever is no loop.
bool goes_to_a_loop(const Record& record) {
    return record.where == Where::client &&
           (record.opcode == Opcode::send || record.opcode == Opcode::plug ||
            record.opcode == Opcode::unplug);
}

std::string label(const char* what, Slot slot) {
    return what + std::to_string(slot);
}

[[gnu::cold]] Violation outcome_differs(int rule, const char* code, std::string sentence) {
    return {"outcome", rule, code, std::move(sentence) + " (R" + std::to_string(rule) + ")", 0};
}

}  // namespace

Outcome Runner::run(const Scenario& scenario, const RunOptions& options, SuiteCount& counts) {
    judge_.date_dues(options.date && !threaded_);
    judge_.hash_events(options.hash);
    judge_.reset();
    judge_.listen(nullptr);
    objects_.clear();
    for (auto& queue : left_for_completion_) {
        queue.clear();
    }
    for (auto& queue : left_for_notification_) {
        queue.clear();
    }
    last_.fill(Result::ok);
    misbehaviour_.reset();
    misbehaviour_found_.store(false, std::memory_order_relaxed);
    counts_ = &counts;
    options_ = options;
    rule_ = scenario.header.rule;
    loops_ = std::max<std::uint8_t>(scenario.header.loops, 1);
    free_ = scenario.header.pace == Pace::free;
    scheduled_ = free_ || scenario.header.strategy != Strategy::default_order ||
                 !scenario.deviations.empty();
    healing_ = false;
    ticks_ = 0;
    operations_ = 0;
    first_unverified_ = 0;
    calls_ = 0;
    unperformed_.store(0, std::memory_order_relaxed);
    judged_events_ = 0;
    judged_calls_ = 0;

    judge_.listen(options.time_line);
    const bool known = adapter_.implements() && starts_as_it_says(scenario);
    judge_.mute(known || alone());
    // Of limits on a clock that does not stand still nobody outside can say when they looked at it.
    const std::uint64_t tick = has_time(scenario.header.faults) ? 0 : adapter_.clock_tick_ns();
    const bool watching = options.judges != Judges::trace && adapter_.implements() &&
                          !adapter_.drivers_take_time() && (tick != 0 || !uses_groups(scenario));
    watched_ = watching && !known;
    witness_.take_whole(options.whole);
    if (watched_) {
        witness_.start(scenario, empty_graph(scenario), tick);
    }
    witness_.ignore_client(options.deaf_to);
    adapter_.open(scenario, *this);
    set_up(scenario, known);
    if (watching && known) {
        ref::State start = start_of(scenario);
        for (ref::Backend& backend : start.backends) {
            if (objects_.backends[backend.id.value - 1].told == Objects::Told::begin) {
                backend.told = ref::Notice::begin;
                backend.owed = 1;
            }
        }
        witness_.start(scenario, std::move(start), tick);
        watched_ = true;
    }
    if (!stopped()) {
        if (free_) {
            freely(scenario);
        } else {
            in_steps(scenario);
        }
    }
    if (options.heal && !stopped()) {
        if (scheduled_) {
            adapter_.begins(Deviation::at_end, 0);
        }
        heal();
    }
    const std::optional<BlackBox::Verdict> black_box =
        watched_ ? std::optional(witness_.explain()) : std::nullopt;
    watched_ = false;
    adapter_.close(!stopped() && options.heal);
    take_misbehaviour();
    counts.scenarios += 1;
    counts.followed += threaded_ ? 0 : 1;
    counts.events += judge_.events();
    for (std::size_t i = 0; i < counts.kept.size(); ++i) {
        counts.kept[i] += judge_.kept()[i];
    }
    counts.violations += judge_.failed() ? 1 : 0;
    if (options.judges == Judges::both && !judge_.failed()) {
        counts.judged_twice += black_box == BlackBox::Verdict::explained ? 1 : 0;
        counts.given_up += black_box == BlackBox::Verdict::given_up ? 1 : 0;
        counts.left_out += black_box ? 0 : 1;
    }
    return {judge_.found(), judge_.trace_hash(), judge_.events(), operations_, black_box};
}

// `known`: what it leads to; it is not judged step by step.
void Runner::set_up(const Scenario& scenario, bool known) {
    setting_up_ = true;
    const auto node_count = scenario.graph.nodes.size();
    for (Slot slot = 0; slot < node_count; ++slot) {
        const NodeSpec& spec = scenario.graph.nodes[slot];
        Objects::Node& node = objects_.nodes.emplace_back();
        node.pinned = spec.pinned;
        node.settle = spec.settle;
        Call call;
        call.opcode = Opcode::new_node;
        call.node = slot;
        call.loop = static_cast<std::uint8_t>(spec.loop % loops_);
        call.number = static_cast<std::uint8_t>(spec.settle);
        call.pinned = spec.pinned;
        adapter_.call(call);
    }
    for (Slot slot = 0; slot < node_count; ++slot) {
        for (const ChildSpec& child : scenario.graph.nodes[slot].children) {
            Call call;
            call.opcode = Opcode::attach;
            call.node = slot;
            call.other = child.node;
            call.role = child.role;
            adapter_.call(call);
        }
    }
    for (Slot slot = 0; slot < scenario.graph.backends.size(); ++slot) {
        const BackendSpec& spec = scenario.graph.backends[slot];
        {
            const Guard guard(*this);  // the owners of those before are being notified
            Objects::Backend& backend = objects_.backends.emplace_back();
            // An owner that refuses to move says so through its listener.
            backend.pinned = spec.pinned;
            backend.listens = spec.listens || spec.pinned;
        }
        Call call;
        call.opcode = Opcode::new_backend;
        call.backend = slot;
        call.loop = static_cast<std::uint8_t>(spec.loop % loops_);
        call.pinned = spec.pinned;
        call.variant = spec.listens || spec.pinned;
        adapter_.call(call);
        if (spec.root != no_node) {
            Call insert;
            insert.opcode = Opcode::insert_medium;
            insert.backend = slot;
            insert.node = spec.root;
            adapter_.call(insert);
        }
    }
    adapter_.rest();
    if (known) {
        judge_.mute(alone());
        judge_.start_with(start_of(scenario));
    }
    at_rest();
    setting_up_ = false;
}

void Runner::in_steps(const Scenario& scenario) {
    std::array<std::size_t, clients_max> next{};
    for (bool any = true; any && !stopped();) {
        any = false;
        for (unsigned client = 0; client < scenario.programs.size() && !stopped(); ++client) {
            const Program& program = scenario.programs[client];
            if (next[client] < program.size()) {
                if (scheduled_) {
                    adapter_.begins(static_cast<std::uint8_t>(client),
                                    static_cast<std::uint8_t>(next[client]));
                }
                next[client] = step(client, program, next[client]);
                any = true;
            }
        }
    }
}

// One step: an operation with those that follow at once. A send moves the client onto a loop, and
// the rest of the step runs there, up to a send on another loop.
std::size_t Runner::step(unsigned client, const Program& program, std::size_t next) {
    std::size_t end = next + 1;
    while (end < program.size() && program[end].at_once) {
        ++end;
    }
    const auto sends = [&](std::size_t i) { return goes_to_a_loop(program[i]); };
    while (next < end && !stopped()) {
        if (!sends(next)) {
            perform(client, program[next], {});
            ++next;
            continue;
        }
        struct Segment {
            Runner* runner;
            const Program* program;
            std::size_t next, end;
            unsigned client;
            int loop;
        } segment{this, &program, next, next + 1, client, program[next].c % loops_};
        while (segment.end < end && program[segment.end].opcode != Opcode::advance &&
               !(sends(segment.end) && program[segment.end].c % loops_ != segment.loop)) {
            ++segment.end;
        }
        Segment* const on = &segment;
        adapter_.on_loop(static_cast<unsigned>(segment.loop), [on] {
            for (; on->next < on->end; ++on->next) {
                on->runner->perform(on->client, (*on->program)[on->next],
                                    Context{on->loop, no_slot, no_slot});
            }
        });
        next = segment.end;
    }
    adapter_.rest();
    at_rest();
    return end;
}

void Runner::freely(const Scenario& scenario) {
    adapter_.run_clients(
        static_cast<unsigned>(scenario.programs.size()),
        [this, &scenario](unsigned number) { client(number, scenario.programs[number]); },
        [this] {
            if (!stopped()) {
                at_rest();
            }
        });
    at_rest();
}

void Runner::client(unsigned client, const Program& program) {
    for (std::size_t i = 0; i < program.size(); ++i) {
        const Record& record = program[i];
        if (judge_.failed() || misbehaviour_found_.load(std::memory_order_relaxed)) {
            return;
        }
        adapter_.begins(static_cast<std::uint8_t>(client), static_cast<std::uint8_t>(i));
        if (goes_to_a_loop(record)) {
            const unsigned loop = record.c % loops_;
            const Record* const sent = &record;
            unperformed_.fetch_add(1, std::memory_order_relaxed);
            adapter_.post(loop, [this, sent, client, loop] {
                perform(client, *sent, Context{static_cast<int>(loop), no_slot, no_slot});
                unperformed_.fetch_sub(1, std::memory_order_relaxed);
            });
        } else {
            perform(client, record, {});
        }
    }
}

void Runner::perform(unsigned client, const Record& record, const Context& context) {
    const OperationRow& row = row_of(record.opcode);
    const bool leaves = record.where != Where::client && context.completing == no_slot &&
                        context.notified == no_slot;
    if (leaves) {
        Guard guard(*this);
        leave(static_cast<std::uint8_t>(client), record);
        return;
    }
    if (row.is_expectation()) {
        expect(client, record);
        return;
    }
    Call call;
    bool performed = false;
    {
        Guard guard(*this);
        performed =
            prepare(record, static_cast<std::uint8_t>(client), context, call) && create(row, call);
        OperationCount& count = (*counts_)[record.opcode];
        ++operations_;
        ++counts_->operations;
        ++(performed ? count.uses : count.skipped);
        const bool calls = record.opcode != Opcode::hold && record.opcode != Opcode::await;
        calls_ += performed && calls ? 1 : 0;
        const std::uint64_t overlap = objects_.pending_waits + objects_.live_requests;
        counts_->overlap_sum += overlap;
        counts_->overlap_max = std::max(counts_->overlap_max, overlap);
    }
    if (!threaded_) {
        judge_.take_step();
    }
    if (options_.time_line != nullptr) [[unlikely]] {
        Guard guard(*this);
        const char* const where = context.completing != no_slot ? "completion"
                                  : context.notified != no_slot ? "notification"
                                                                : "";
        const auto actor = static_cast<std::uint8_t>(
            context.loop >= 0 ? context.loop : Actor::client_first + static_cast<int>(client));
        options_.time_line->operation(client, actor, record, where, !performed);
    }
    if (!performed) {
        return;
    }
    Result result = Result::ok;
    Slot sent = no_slot;
    const auto over = [this](Slot wait) {
        Guard guard(*this);
        return !objects_.waits[wait].pending;
    };
    const auto await = [this, over](Slot wait) {
        adapter_.await([over, wait] { return over(wait); });
    };
    switch (record.opcode) {
        case Opcode::await:
            if (free_) {
                await(call.wait);
            }
            break;
        case Opcode::advance:
            adapter_.advance(record.a);
            break;
        case Opcode::hold:
            break;
        default:
            call.sent = adapter_.implements() ? &sent : nullptr;
            result = adapter_.call(call);
            if (call.blocking && !over(call.own_wait)) {  // where clients are no threads
                await(call.own_wait);
                if (!over(call.own_wait)) {
                    adapter_.call(giving_up(call));
                    await(call.own_wait);
                }
            }
            break;
    }
    Guard guard(*this);
    if (sent != no_slot) {
        objects_.requests[sent].sending = false;
    }
    if (record.opcode == Opcode::new_node) {
        objects_.nodes[call.node].live = true;
    } else if (record.opcode == Opcode::new_backend) {
        objects_.backends[call.backend].live = true;
    } else if (record.opcode == Opcode::internal_start && result == Result::ok) {
        ++objects_.nodes[call.node].internal;
    }
    if (record.opcode == Opcode::send || record.opcode == Opcode::internal_start ||
        record.opcode == Opcode::cancel || record.opcode == Opcode::join) {
        last_[client] = result;
    }
    if (call.own_wait == no_slot) {
        OperationCount& count = (*counts_)[record.opcode];
        ++(result == Result::ok ? count.effective : count.failed);
    } else if (free_ && !threaded_) {
        Objects::Wait& wait = objects_.waits[call.own_wait];
        const bool known =
            wait.token != no_slot
                ? judge_.outcome_of_token(adapter_.token_id(wait.token)).has_value()
                : judge_.outcome_of_operation(adapter_.operation_id(call.own_wait)).has_value();
        if (!known && !wait.was_blocked) {
            wait.was_blocked = true;
            ++(*counts_)[record.opcode].blocked;
        }
    }
}

// Resolves the operands; false: there is nothing to act on. Takes effect on the objects where the
// call cannot fail.
bool Runner::prepare(const Record& record, std::uint8_t client, const Context& context,
                     Call& call) {
    const OperationRow& row = row_of(record.opcode);
    call.opcode = record.opcode;
    call.variant = record.variant;
    call.extra = record.extra;
    call.client = client;
    call.deadline = record.deadline;
    call.blocks_loop = record.blocking && context.loop >= 0;
    call.blocking =
        record.blocking && free_ && context.loop < 0;  // else it is no thread of its own
    call.completing = context.completing;
    call.in_notification = context.notified != no_slot;
    const std::array<std::uint8_t, 4> bytes{record.a, record.b, record.c, record.d};
    std::array<Slot, 4> slots{no_slot, no_slot, no_slot, no_slot};
    for (std::size_t i = 0; i < 4; ++i) {
        const OperandKind kind = row.operands[i];
        if (!is_object(kind)) {
            continue;
        }
        // The optional object of an operation is its last operand.
        const bool optional =
            row.has_extra() && (i == 3 || !is_object(row.operands[i + 1])) &&
            (record.opcode == Opcode::send || record.opcode == Opcode::open_token ||
             record.opcode == Opcode::isolate || record.opcode == Opcode::quiesce_all ||
             record.opcode == Opcode::new_backend) &&
            (i > 0 || record.opcode == Opcode::quiesce_all);
        if (optional && !record.extra) {
            continue;
        }
        slots[i] = objects_.resolve(kind, record.opcode, bytes[i], false);
        if (slots[i] == no_slot) {
            return false;
        }
    }
    const auto loop_of = [this](std::uint8_t byte) {
        return static_cast<std::uint8_t>(byte % loops_);
    };
    switch (record.opcode) {
        case Opcode::send:
            call.backend = slots[0];
            call.number = record.b;
            call.loop =
                context.loop >= 0 ? static_cast<std::uint8_t>(context.loop) : loop_of(record.c);
            call.token = slots[3];
            break;
        case Opcode::complete:
            call.request = slots[0];
            objects_.requests[slots[0]].held = false;
            break;
        case Opcode::cancel:
            call.request = slots[0];
            call.backend = objects_.requests[slots[0]].backend;
            call.held = objects_.requests[slots[0]].held;
            break;
        case Opcode::plug:
        case Opcode::unplug:
            call.loop =
                context.loop >= 0 ? static_cast<std::uint8_t>(context.loop) : loop_of(record.c);
            break;
        case Opcode::join:
        case Opcode::leave:
            call.backend = slots[0];
            call.group = record.b;
            break;
        case Opcode::limit:
            call.group = record.a;
            call.number = record.b;
            break;
        case Opcode::advance:
            ticks_ += record.a;
            break;
        case Opcode::hold:
            call.node = slots[0];
            objects_.nodes[slots[0]].holds = record.b != 0;
            break;
        case Opcode::open_token:
        case Opcode::isolate:
            call.backend = slots[0];
            call.also = slots[1];
            break;
        case Opcode::close_token:
            call.token = slots[0];
            objects_.tokens[slots[0]].open = false;
            objects_.tokens[slots[0]].over = true;
            break;
        case Opcode::drain:
        case Opcode::cancel_waiting:
        case Opcode::self_quiesce:
        case Opcode::close_backend:
        case Opcode::remove_medium:
        case Opcode::quiesce_all:
            call.backend = slots[0];
            break;
        case Opcode::drained:
        case Opcode::close_node:
        case Opcode::settle:
        case Opcode::remove_filter:
            call.node = slots[0];
            break;
        case Opcode::end:
            call.section = slots[0];
            objects_.sections[slots[0]].over = true;
            break;
        case Opcode::quiet:
            call.section = slots[0];
            break;
        case Opcode::abandon:
        case Opcode::await:
            call.wait = slots[0];
            break;
        case Opcode::attach:
            call.node = slots[0];
            call.other = slots[1];
            call.role = static_cast<Role>(record.c);
            break;
        case Opcode::detach:
            call.node = slots[0];
            call.number = record.b;
            break;
        case Opcode::replace:
        case Opcode::insert_filter:
            call.node = slots[0];
            call.other = slots[1];
            break;
        case Opcode::insert_medium:
            call.backend = slots[0];
            call.node = slots[1];
            break;
        case Opcode::set_loop:
            call.node = slots[0];
            call.loop = loop_of(record.b);
            break;
        case Opcode::new_node:
            if (objects_.nodes.size() >= objects_of_a_kind_max) {
                return false;
            }
            call.loop = loop_of(record.a);
            call.number = record.b;
            call.pinned = record.variant;
            break;
        case Opcode::new_backend:
            if (objects_.backends.size() >= objects_of_a_kind_max) {
                return false;
            }
            call.loop = loop_of(record.a);
            call.node = slots[1];
            break;
        case Opcode::listen:
            call.backend = slots[0];
            if (objects_.backends[slots[0]].listens) {
                return false;
            }
            objects_.backends[slots[0]].listens = true;
            break;
        case Opcode::settle_done:
            call.node = slots[0];
            objects_.nodes[slots[0]].settle_held = false;
            break;
        case Opcode::internal_start:
            call.node = slots[0];
            break;
        case Opcode::internal_end:
            call.node = slots[0];
            --objects_.nodes[slots[0]].internal;
            break;
        default:
            break;
    }
    if (row.changes_graph && record.extra) {
        call.token = objects_.newest_token(client);
    }
    switch (record.holds) {
        case Holds::section:
            call.holds_section = objects_.newest_section(client);
            break;
        case Holds::token:
            call.holds_token = objects_.newest_token(client);
            break;
        case Holds::request:
            call.holds_request = context.completing;
            break;
        case Holds::nothing:
            break;
    }
    return true;
}

// The objects that the call makes; their numbers count whatever comes of them.
bool Runner::create(const OperationRow& row, Call& call) {
    if (call.opcode == Opcode::new_node) {
        call.node = static_cast<Slot>(objects_.nodes.size());
        Objects::Node& node = objects_.nodes.emplace_back();
        node.live = false;  // born when the call has returned
        node.settle = static_cast<SettleKind>(call.number);
        node.pinned = call.variant;
    }
    if (call.opcode == Opcode::new_backend) {
        call.backend = static_cast<Slot>(objects_.backends.size());
        Objects::Backend& backend = objects_.backends.emplace_back();
        backend.live = false;
        backend.listens = call.variant;
    }
    if (!row.waits && !(call.opcode == Opcode::new_backend && call.extra)) {
        return true;
    }
    call.own_wait = static_cast<Slot>(objects_.waits.size());
    Objects::Wait& wait = objects_.waits.emplace_back();
    ++objects_.pending_waits;
    wait.client = call.client;
    wait.opcode = call.opcode;
    wait.deadline = call.deadline == 0 ? 0 : ticks_ + call.deadline;
    if (call.opcode == Opcode::close_backend) {
        wait.backend = call.backend;
    }
    if (row.begins_section) {
        wait.section = call.own_section = static_cast<Slot>(objects_.sections.size());
        Objects::Section& section = objects_.sections.emplace_back();
        section.client = call.client;
        section.kind = call.opcode;
        section.wait = call.own_wait;
        section.anchor = call.opcode == Opcode::drained ? call.node : call.backend;
    }
    if (call.opcode == Opcode::open_token) {
        wait.token = call.own_token = static_cast<Slot>(objects_.tokens.size());
        Objects::Token& token = objects_.tokens.emplace_back();
        token.client = call.client;
        token.wait = call.own_wait;
        token.first = call.backend;
        token.second = call.also;
    }
    return true;
}

void Runner::leave(std::uint8_t client, const Record& record) {
    const Slot backend =
        objects_.resolve(OperandKind::backend, record.opcode, record.where_backend, false);
    if (backend == no_slot) {
        ++operations_;
        ++counts_->operations;
        ++(*counts_)[record.opcode].skipped;
        return;
    }
    auto& queues =
        record.where == Where::completion ? left_for_completion_ : left_for_notification_;
    if (queues.size() <= backend) {
        queues.resize(backend + 1);
    }
    queues[backend].push_back({record, client});
}

void Runner::run_left(std::vector<std::vector<Left>>& queues, Slot backend,
                      const Context& context) {
    // What is left for the next callback meanwhile stays for that one.
    std::vector<Left> now;
    {
        Guard guard(*this);
        if (backend >= queues.size() || queues[backend].empty()) {
            return;
        }
        now.swap(queues[backend]);
    }
    for (const Left& left : now) {
        perform(left.client, left.record, context);
    }
}

// ---- Stage

Slot Runner::request_exists(const Call& send) {
    Guard guard(*this);
    const auto slot = static_cast<Slot>(objects_.requests.size());
    Objects::Request& request = objects_.requests.emplace_back();
    ++objects_.live_requests;
    request.client = send.client;
    request.backend = send.backend;
    request.loop = send.loop;
    request.token = send.token;
    request.sending = send.sent != nullptr;
    if (watched_) {
        witness_.made_request(slot, send.ticket);
    }
    if (request.sending) {
        *send.sent = slot;
    }
    return slot;
}

void Runner::request_held(Slot request, bool held) {
    Guard guard(*this);
    objects_.requests[request].held = held;
}

void Runner::request_over(Slot slot, Result result, unsigned loop) {
    Slot backend = no_slot;
    bool again = false;
    bool elsewhere = false;
    bool inside = false;
    {
        Guard guard(*this);
        Objects::Request& request = objects_.requests[slot];
        again = ++request.completions > 1;
        objects_.live_requests -= again ? 0 : 1;
        elsewhere = request.loop != loop;
        inside = request.sending;
        request.live = false;
        request.held = false;
        request.result = result;
        backend = request.backend;
    }
    if (!threaded_ && adapter_.implements() && !judge_.muted() &&
        ref::find(judge_.model(), ref::RequestId{adapter_.request_id(slot)}) == nullptr) {
        misbehaved(3, "done_before_callback",
                   "request r" + std::to_string(adapter_.request_id(slot)) +
                       " was done before its completion had run (R3)");
    }
    if (again) {
        const int rule = result == Result::cancelled ? 29 : 3;
        misbehaved(rule, "completed_twice",
                   "request number " + std::to_string(slot) + " completed twice (R" +
                       std::to_string(rule) + ")");
    }
    if (inside) {
        misbehaved(8, "completed_inside",
                   "request number " + std::to_string(slot) +
                       " completed before its send had returned (R8)");
    }
    if (elsewhere) {
        misbehaved(9, "completed_elsewhere",
                   "request number " + std::to_string(slot) +
                       " completed on another loop than it was sent on (R9)");
    }
    run_left(left_for_completion_, backend, Context{static_cast<int>(loop), slot, no_slot});
}

void Runner::wait_over(Slot slot, Result result, bool section) {
    if (slot == no_slot) {
        if (result != Result::ok) {
            misbehaved(
                24, "set_up",
                "the graph at the start could not be built: " + std::string(word_of(result)));
        }
        return;
    }
    std::uint32_t callbacks = 0;
    Opcode opcode{};
    unsigned client = 0;
    {
        Guard guard(*this);
        Objects::Wait& wait = objects_.waits[slot];
        callbacks = ++wait.callbacks;
        opcode = wait.opcode;
        client = wait.client;
        if (callbacks == 1) {
            wait.pending = false;
            --objects_.pending_waits;
            wait.result = result;
            OperationCount& count = (*counts_)[opcode];
            ++(result == Result::ok ? count.effective : count.failed);
            count.given_up += result == Result::cancelled ? 1 : 0;
            count.timed_out += result == Result::timed_out ? 1 : 0;
            if (wait.section != no_slot) {
                objects_.sections[wait.section].begun = section;
                objects_.sections[wait.section].over = !section;
            }
            if (wait.token != no_slot) {
                objects_.tokens[wait.token].open = result == Result::ok;
                objects_.tokens[wait.token].over = result != Result::ok;
            }
            if (wait.backend != no_slot && result == Result::ok) {
                objects_.backends[wait.backend].live = false;
            }
        }
    }
    if (options_.time_line != nullptr && !threaded_) {
        options_.time_line->outcome(client, slot, opcode, result);
    }
    if (callbacks > 1) {
        misbehaved(25, "called_twice",
                   "the callback of wait w" + std::to_string(slot) +
                       " ran twice: success and abandon race to one "
                       "outcome (R25)");
    }
}

void Runner::notified(Slot backend, bool begin, unsigned loop) {
    bool in_turn = true;
    {
        Guard guard(*this);
        Objects::Told& told = objects_.backends[backend].told;
        in_turn = (told == Objects::Told::begin) != begin;
        told = begin ? Objects::Told::begin : Objects::Told::end;
    }
    if (!in_turn) {
        misbehaved(9, "notified_out_of_turn",
                   "the owner of " + label("b", backend) + " was told " +
                       (begin ? "begin" : "end") + " twice (R9)");
    }
    run_left(left_for_notification_, backend, Context{static_cast<int>(loop), no_slot, backend});
}

bool Runner::node_holds(Slot node) {
    Guard guard(*this);
    return objects_.nodes[node].holds;
}

void Runner::settle_held(Slot node, bool held) {
    Guard guard(*this);
    objects_.nodes[node].settle_held = held;
}

void Runner::node_gone(Slot node) {
    Guard guard(*this);
    objects_.nodes[node].live = false;
}

Slot Runner::wait_of_section(Slot section) {
    Guard guard(*this);
    return objects_.sections[section].wait;
}

Slot Runner::drained_node(Slot section) {
    Guard guard(*this);
    return objects_.sections[section].kind == Opcode::drained ? objects_.sections[section].anchor
                                                              : no_slot;
}

void Runner::misbehaved(int rule, const char* code, std::string sentence) {
    Guard guard(*this);
    if (!misbehaviour_) {
        misbehaviour_ = Violation{"drivers", rule, code, std::move(sentence), operations_};
        misbehaviour_found_.store(true, std::memory_order_relaxed);
    }
}

// ---- At rest

void Runner::take_misbehaviour() {
    Guard guard(*this);
    if (misbehaviour_) {
        judge_.violation(misbehaviour_->detector.c_str(), misbehaviour_->rule,
                         misbehaviour_->code.c_str(), misbehaviour_->sentence);
    }
}

void Runner::at_rest() {
    take_misbehaviour();
    if (!judge_.failed() && unperformed_.load(std::memory_order_relaxed) != 0) {
        judge_.violation("outcome", 9, "task_lost",
                         "all is at rest, and a loop has not run what was posted to it (R9)");
    }
    if (!judge_.failed() && !alone()) {
        compare_with_model();
    }
    if (!judge_.failed() && watched_) {
        ask_black_box();
    }
}

void Runner::compare_with_model() {
    if (judge_.events() == judged_events_ && calls_ == judged_calls_ && !setting_up_) {
        return;  // nothing was called and nothing moved
    }
    judged_events_ = judge_.events();
    judged_calls_ = calls_;
    const Observed* const observed = adapter_.observe(options_.explain);
    if (threaded_) {
        nothing_is_due();  // by the clock of then: a timer may be late
    }
    if (observed != nullptr) {
        judge_.look_at_clocks(*observed);
    }
    if (!threaded_) {
        nothing_is_due();
    }
    if (observed != nullptr) {
        judge_.same_state(*observed);
    }
    if (!judge_.failed()) {
        verify_outcomes();
    }
    if (options_.time_line != nullptr && !setting_up_) [[unlikely]] {
        options_.time_line->at_rest(judge_);
    }
}

void Runner::nothing_is_due() {
    if (options_.time_line != nullptr && !judge_.failed() && !judge_.dues().empty()) [[unlikely]] {
        tell_dues();
        tell_threads();
    }
    judge_.nothing_is_due();
}

void Runner::tell_dues() {
    for (const Due& due : judge_.dues()) {
        if (const std::optional<Slot> slot = ended_by(due.event)) {
            const Objects::Wait& wait = objects_.waits[*slot];
            options_.time_line->stuck(static_cast<std::uint8_t>(Actor::client_first + wait.client),
                                      label("w", *slot) + " (" +
                                          std::string(row_of(wait.opcode).name) +
                                          ") could return " + judge_.since(due));
        } else {
            options_.time_line->stuck(Actor::world,
                                      ref::to_string(due.event) + " is due " + judge_.since(due));
        }
    }
}

void Runner::tell_threads() {
    for (const StandingThread& thread : adapter_.standing()) {
        options_.time_line->stuck(
            thread.actor, (thread.blocked ? "blocked: " : "can go on: ") + thread.operation);
    }
}

// What moves for ever may be what keeps something from happening.
void Runner::restless(const std::string& what) {
    take_misbehaviour();
    if (judge_.failed()) {
        return;
    }
    if (options_.time_line != nullptr) {
        tell_dues();
        tell_threads();
    }
    judge_.violation("liveness", 0, "restless",
                     alone() ? what : what + "; the reference: " + judge_.what_is_due());
}

std::optional<Slot> Runner::ended_by(const ref::Event& event) const {
    const std::optional<EndOfWait> end = judge_.end_of_wait(event);
    for (Slot slot = 0; end && slot < objects_.waits.size(); ++slot) {
        const Objects::Wait& wait = objects_.waits[slot];
        const bool token = wait.token != no_slot;
        const std::uint32_t id =
            token ? adapter_.token_id(wait.token) : adapter_.operation_id(slot);
        if (wait.pending && token == end->token && id == end->id) {
            return slot;
        }
    }
    return std::nullopt;
}

void Runner::ask_black_box() {
    witness_.rest();
    if (witness_.explain() == BlackBox::Verdict::refused) {
        const Violation found = witness_.violation();
        judge_.violation(found.detector.c_str(), found.rule, found.code.c_str(), found.sentence);
    }
}

// What owners were told is what was announced. None: it is so.
std::optional<Violation> Runner::differing_outcome() {
    Guard guard(*this);
    if (objects_.live_requests != judge_.model().requests.size()) {
        for (Slot slot = 0; slot < objects_.requests.size(); ++slot) {
            const std::uint32_t id = adapter_.request_id(slot);
            if (objects_.requests[slot].live &&
                ref::find(judge_.model(), ref::RequestId{id}) == nullptr) {
                return outcome_differs(
                    3, "completion_lost",
                    "request r" + std::to_string(id) + " is done but its owner was not told");
            }
        }
        return outcome_differs(3, "completion_unannounced",
                               "a request completed whose completion was not announced");
    }
    for (Slot slot = 0; slot < objects_.backends.size(); ++slot) {
        const Objects::Backend& backend = objects_.backends[slot];
        const ref::Backend* entry =
            backend.listens ? ref::find(judge_.model(), ref::BackendId{adapter_.backend_id(slot)})
                            : nullptr;
        if (entry != nullptr && entry->listening && entry->owed == 0 &&
            (backend.told == Objects::Told::begin) != (entry->told == ref::Notice::begin)) {
            return outcome_differs(
                9, "notification_missing",
                "the owner of b" + std::to_string(entry->id.value) + " was not told that it is " +
                    (backend.told == Objects::Told::begin ? "free again" : "gated"));
        }
    }
    bool all = true;
    for (std::size_t i = first_unverified_; i < objects_.waits.size(); ++i) {
        Objects::Wait& wait = objects_.waits[i];
        if (wait.verified) {
            first_unverified_ += all ? 1 : 0;
            continue;
        }
        const auto slot = static_cast<Slot>(i);
        const std::uint32_t id =
            wait.token != no_slot ? adapter_.token_id(wait.token) : adapter_.operation_id(slot);
        const std::optional<Result> announced = id == 0 ? std::nullopt
                                                : wait.token != no_slot
                                                    ? judge_.outcome_of_token(id)
                                                    : judge_.outcome_of_operation(id);
        const std::string_view name = row_of(wait.opcode).name;
        if (wait.pending) {
            if (announced) {
                return outcome_differs(rule_of(wait.opcode), "callback_lost",
                                       std::string(name) + " w" + std::to_string(slot) +
                                           " ended with " + std::string(word_of(*announced)) +
                                           " but its owner was not told");
            }
            if (!wait.was_blocked) {
                wait.was_blocked = true;
                ++(*counts_)[wait.opcode].blocked;
            }
            all = false;
            continue;
        }
        if (wait.result != refused_by_api && (!announced || *announced != wait.result)) {
            return outcome_differs(
                rule_of(wait.opcode), "callback_differs",
                std::string(name) + " w" + std::to_string(slot) + " told its owner " +
                    std::string(word_of(wait.result)) + " where " +
                    (announced ? std::string(word_of(*announced)) : std::string("nothing")) +
                    " was announced");
        }
        wait.verified = true;
        first_unverified_ += all ? 1 : 0;
    }
    return std::nullopt;
}

void Runner::verify_outcomes() {
    std::optional<Violation> found = differing_outcome();
    // A deadline may have passed since everything was at rest, or a limit let somebody through.
    for (int again = 0; found && threaded_ && again < late_timers_max; ++again) {
        adapter_.rest();
        found = differing_outcome();
    }
    if (found && !judge_.failed()) {
        if (options_.time_line != nullptr) {
            tell_threads();
        }
        judge_.violation(found->detector.c_str(), found->rule, found->code.c_str(),
                         found->sentence);
    }
}

// ---- Healing

// Ends, closes and completes whatever is held; false: there was nothing.
bool Runner::heal_once() {
    bool any = false;
    const auto act = [&](Opcode opcode, auto Call::* operand, Slot slot) {
        Call call;
        call.opcode = opcode;
        call.*operand = slot;
        adapter_.call(call);
        any = true;
    };
    // Calls may change the tables: sizes are read anew, entries only before the call.
    for (Slot slot = 0; slot < objects_.requests.size(); ++slot) {
        bool held = false;
        {
            Guard guard(*this);
            held = std::exchange(objects_.requests[slot].held, false);
        }
        if (held) {
            act(Opcode::complete, &Call::request, slot);
        }
    }
    for (Slot slot = 0; slot < objects_.nodes.size(); ++slot) {
        bool settling = false;
        std::uint32_t internal = 0;
        {
            Guard guard(*this);
            Objects::Node& node = objects_.nodes[slot];
            settling = node.live && std::exchange(node.settle_held, false);
            internal = node.live ? std::exchange(node.internal, 0U) : 0;
        }
        if (settling) {
            act(Opcode::settle_done, &Call::node, slot);
        }
        for (; internal > 0; --internal) {
            act(Opcode::internal_end, &Call::node, slot);
        }
    }
    for (Slot slot = 0; slot < objects_.sections.size(); ++slot) {
        bool live = false;
        {
            Guard guard(*this);
            Objects::Section& section = objects_.sections[slot];
            live = section.begun && !std::exchange(section.over, true);
        }
        if (live) {
            act(Opcode::end, &Call::section, slot);
        }
    }
    for (Slot slot = 0; slot < objects_.tokens.size(); ++slot) {
        bool open = false;
        {
            Guard guard(*this);
            Objects::Token& token = objects_.tokens[slot];
            open = std::exchange(token.open, false);
            token.over = token.over || open;
        }
        if (open) {
            act(Opcode::close_token, &Call::token, slot);
        }
    }
    return any;
}

// What is left is for time to bring.
bool Runner::waits_for_limits() const {
    if (alone()) {  // no model says what keeps it
        return objects_.live_requests != 0;
    }
    return std::any_of(
        judge_.model().requests.begin(), judge_.model().requests.end(),
        [&](const ref::Request& request) { return ref::over_limit(judge_.model(), request); });
}

void Runner::heal() {
    healing_ = true;
    if (options_.time_line != nullptr) {
        options_.time_line->healing();
    }
    {
        Guard guard(*this);
        for (Objects::Node& node : objects_.nodes) {
            node.holds = false;
        }
        for (auto* queues : {&left_for_completion_, &left_for_notification_}) {
            for (auto& queue : *queues) {
                for (const Left& left : queue) {
                    ++operations_;
                    ++counts_->operations;
                    ++(*counts_)[left.record.opcode].skipped;
                }
                queue.clear();
            }
        }
    }
    int patience = adapter_.drivers_take_time() ? healing_waits_max : 0;
    for (int round = 0; round < healing_rounds_max; ++round) {
        const bool any = heal_once();
        if (!any && !waits_for_limits() && patience-- <= 0) {
            break;
        }
        if (!any) {
            adapter_.advance(waits_for_limits() ? healing_ticks : healing_wait);
        }
        adapter_.rest();
        at_rest();
        if (stopped()) {
            return;
        }
    }
    nothing_is_left();
}

void Runner::nothing_is_left() {
    const ref::State& model = judge_.model();
    std::string left;
    int rule = 8;
    const auto add = [&](const char* what, std::uint32_t id, int of) {
        left += left.empty() ? "" : ", ";
        left += what + std::to_string(id);
        rule = of;
    };
    for (const ref::Request& request : model.requests) {
        add("request r", request.id.value, 18);
    }
    for (const ref::Token& token : model.tokens) {
        add("token t", token.id.value, 4);
    }
    for (const ref::Section& section : model.sections) {
        if (section.waits()) {
            add("wait s", section.id.value, 10);
        } else {
            add("section s", section.id.value, section.kind == ref::SectionKind::isolate ? 23 : 7);
        }
    }
    for (const ref::Node& node : model.nodes) {
        if (node.settle != ref::Settle::none || node.internal != 0) {
            add("activity of node n", node.id.value, 21);
        }
    }
    if (!left.empty()) {
        judge_.violation("healing", rule, "left_over",
                         "every section was ended, every token closed, every device answered, and "
                         "yet there is " +
                             left + " (R" + std::to_string(rule) + ")");
    }
}

}  // namespace blkdrain_props
