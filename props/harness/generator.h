// SPDX-License-Identifier: Apache-2.0
//
// How generate() writes a scenario. Most operations should find something to act on, waits should
// really wait, and what they wait for should come later; the Estimate is what it goes by.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "harness/estimate.h"
#include "harness/limits.h"
#include "harness/operations.h"
#include "harness/scenario.h"

namespace blkdrain_props {

namespace detail {

template <class Source>
class Generator {
public:
    Generator(Source& source, const Limits& limits) : source_(source), limits_(limits) {}

    void into(Scenario& scenario) {
        scenario_ = &scenario;
        header();
        graph();
        programs();
        if (limits_.portfolio) {
            schedule();
        }
        if (limits_.pace == Pace::free && !chance(4, 5)) {
            let_calls_block();
        }
    }

private:
    using OpcodeSet = std::uint64_t;

    // ---- Choices

    std::uint32_t pick(std::size_t n) { return source_.pick(static_cast<std::uint32_t>(n)); }
    bool chance(std::uint32_t in, std::uint32_t of) { return source_.pick(of) < in; }
    std::uint8_t pick_byte(std::size_t n) { return static_cast<std::uint8_t>(pick(n)); }

    // ---- Header and graph

    static constexpr OpcodeSet bit(Opcode opcode) {
        return OpcodeSet{1} << static_cast<unsigned>(opcode);
    }

    void header() {
        Header& header = scenario_->header;
        const std::uint8_t loops = std::clamp<std::uint8_t>(limits_.loops, 1, loops_max);
        header.loops =
            static_cast<std::uint8_t>(limits_.loops_min + pick(loops - limits_.loops_min + 1U));
        header.pace = limits_.pace;
        header.strategy = limits_.portfolio ? Strategy::default_order : limits_.strategy;
        if (header.strategy != Strategy::default_order) {
            header.seed = 1 + pick(0xffffffffU);
        }

        // What ends or completes is always there, or nothing would return.
        constexpr OpcodeSet always = bit(Opcode::send) | bit(Opcode::complete) | bit(Opcode::end) |
                                     bit(Opcode::settle_done) | bit(Opcode::close_token) |
                                     bit(Opcode::internal_end);
        OpcodeSet enabled = all_generated;
        if (!chance(1, 4)) {
            const OpcodeSet first = random_bits();
            const OpcodeSet second = random_bits();
            enabled &= first | second;
        }
        if (!limits_.throttling) {
            enabled &= ~(bit(Opcode::join) | bit(Opcode::leave) | bit(Opcode::limit));
        }
        header.swarm = enabled | always;
    }

    void schedule() {
        constexpr std::array<Strategy, 8> portfolio{
            Strategy::random,        Strategy::random,        Strategy::pct,
            Strategy::pct,           Strategy::delays,        Strategy::preemptions,
            Strategy::weighted_walk, Strategy::partial_orders};
        Header& header = scenario_->header;
        header.strategy = portfolio[pick(portfolio.size())];
        header.seed = 1 + pick(0xffffffffU);
        header.memory = chance(1, 3) ? Memory::tso : Memory::sequential;
        header.faults = chance(1, 4) ? static_cast<Faults>(1 + pick(3)) : Faults::none;
        if (has_depth(header.strategy)) {
            header.depth = static_cast<std::uint8_t>(1 + pick(3));
            std::size_t operations = 0;
            for (const Program& program : scenario_->programs) {
                operations += program.size();
            }
            header.horizon = static_cast<std::uint16_t>(choices_per_operation * (operations + 1));
        }
    }
    void let_calls_block() {
        for (Program& program : scenario_->programs) {
            for (Record& record : program) {
                record.blocking = row_of(record.opcode).waits && chance(1, 2);
            }
        }
    }
    // Of threads, about: what 99 runs of 100 stay below.
    static constexpr std::size_t choices_per_operation = 46;

    OpcodeSet random_bits() {
        const OpcodeSet high = pick(1U << 31U);
        return (high << 31U) | pick(1U << 31U);
    }

    void graph() {
        GraphSpec& graph = scenario_->graph;
        const std::size_t nodes_limit = std::clamp<std::size_t>(limits_.nodes, 1, nodes_max);
        const std::size_t nodes = 1 + std::max(pick(nodes_limit), pick(nodes_limit));
        // Nodes that are connected must share a loop, so nodes below `split` are one island and the
        // others another.
        const std::size_t split = chance(1, 3) ? pick(nodes + 1) : 0;
        const std::array<std::uint8_t, 2> island_loop{pick_byte(loops()), pick_byte(loops())};

        for (std::size_t i = 0; i < nodes; ++i) {
            NodeSpec node;
            const std::size_t first = i < split ? 0 : split;
            node.loop = island_loop[i < split ? 1 : 0];
            node.pinned = chance(1, 24);
            constexpr std::array<SettleKind, 8> settle{
                SettleKind::none,  SettleKind::none,  SettleKind::none,  SettleKind::none,
                SettleKind::works, SettleKind::works, SettleKind::works, SettleKind::fails};
            node.settle = settle[pick(settle.size())];
            constexpr std::array<std::uint8_t, 8> children{0, 1, 1, 1, 1, 2, 2, 3};
            const std::size_t count = i == first ? 0 : children[pick(children.size())];
            for (std::size_t k = 0; k < count; ++k) {
                ChildSpec child;
                // Near or anywhere: chains as well as diamonds. The same child twice comes of its
                // own accord.
                child.node =
                    static_cast<std::uint8_t>(chance(1, 2) ? i - 1 : first + pick(i - first));
                child.role = k == 0 ? Role::file : static_cast<Role>(1 + pick(3));
                node.children.push_back(child);
                ++now_.nodes[child.node].parents;
            }
            now_.below[i] = 1U << i;
            for (const ChildSpec& child : node.children) {
                now_.below[i] |= now_.below[child.node];
            }
            now_.nodes[i].children = static_cast<std::uint8_t>(count);
            now_.nodes[i].settles = node.settle != SettleKind::none;
            graph.nodes.push_back(node);
        }
        now_.node_count = nodes;

        const std::size_t limit = std::clamp<std::size_t>(limits_.backends, 1, backends_max);
        const std::size_t backends = 1 + std::max(pick(limit), pick(limit));
        for (std::size_t i = 0; i < backends; ++i) {
            BackendSpec backend;
            backend.pinned = chance(1, 24);
            backend.listens = chance(1, 2);
            backend.loop = pick_byte(loops());
            if (!chance(1, 10)) {
                backend.root = static_cast<std::uint8_t>(
                    chance(1, 2) ? nodes - 1 - pick((nodes + 1) / 2) : pick(nodes));
                backend.loop = graph.nodes[backend.root].loop;
                ++now_.nodes[backend.root].parents;
            }
            now_.backends[i] = {0, 0, backend.root, backend.root != no_node, backend.listens};
            graph.backends.push_back(backend);
        }
        now_.backend_count = backends;
    }

    // ---- Programs

    // Operations that the generator writes at all.
    static constexpr OpcodeSet all_generated = [] {
        OpcodeSet all = 0;
        for (const OperationRow& row : operation_table) {
            if (row.weight != 0) {
                all |= bit(row.opcode);
            }
        }
        return all;
    }();

    void programs() {
        std::uint32_t sum = 0;
        about_limits_ = enabled(Opcode::join) && enabled(Opcode::limit) && chance(1, 6);
        for (std::size_t i = 0; i < opcode_count; ++i) {
            const auto opcode = static_cast<Opcode>(i);
            if (enabled(opcode)) {
                sum +=
                    operation_table[i].weight * (about_limits_ && limits_requests(opcode) ? 6 : 1);
            }
            weight_up_to_[i] = sum;
        }

        const std::size_t clients = std::clamp<std::size_t>(limits_.clients, 1, clients_max);
        const std::size_t client_count =
            limits_.clients_min + pick(clients - limits_.clients_min + 1);
        for (std::size_t i = 0; i < client_count; ++i) {
            scenario_->programs.push_back({});
        }
        const std::size_t length = std::min(limits_.operations, client_count * operations_max);
        budget_ = length - pick(length / 2 + 1);
        while (budget_ > 0) {
            if (client_count > 1 && chance(1, 3)) {
                client_ = pick(client_count);
            }
            write(next_opcode());
        }
    }

    [[nodiscard]] bool enabled(Opcode opcode) const {
        return (scenario_->header.swarm & bit(opcode)) != 0;
    }

    Opcode next_opcode() {
        // The more there is under way, the likelier that something of it ends next.
        const std::size_t under_way = now_.held + now_.sections.size() + now_.tokens.size() +
                                      now_.internals + now_.settles + now_.deadlines +
                                      now_.limited_sends;
        if (pick(14) < std::min<std::size_t>(under_way, 8)) {
            return ending();
        }
        if (last_ == Opcode::end && chance(1, 2)) {
            // Back to back.
            constexpr std::array<Opcode, 4> begins{Opcode::isolate, Opcode::drained,
                                                   Opcode::quiesce_all, Opcode::self_quiesce};
            const Opcode opcode = begins[pick(begins.size())];
            if (enabled(opcode)) {
                return opcode;
            }
        }
        for (int attempt = 0; attempt < 4; ++attempt) {
            const Opcode opcode = weighted();
            if (makes_sense(opcode)) {
                return opcode;
            }
        }
        return Opcode::send;
    }

    Opcode weighted() {
        const std::uint32_t at = pick(weight_up_to_.back());
        std::size_t i = 0;
        while (weight_up_to_[i] <= at) {
            ++i;
        }
        return static_cast<Opcode>(i);
    }

    Opcode ending() {
        std::array<Opcode, 6> possible{};
        std::size_t count = 0;
        const auto offer = [&](Opcode opcode, bool there) {
            if (there) {
                possible[count++] = opcode;
            }
        };
        offer(Opcode::complete, now_.held > 0);
        offer(Opcode::end, now_.begun_sections() > 0);
        offer(Opcode::close_token, !now_.tokens.empty());
        offer(Opcode::internal_end, now_.internals > 0);
        offer(Opcode::settle_done, now_.settles > 0 && now_.held <= 1);
        offer(Opcode::advance, enabled(Opcode::advance) && now_.deadlines + now_.limited_sends > 1);
        // Requests are most of what is in the way.
        if (now_.held > 0 && chance(1, 2)) {
            return Opcode::complete;
        }
        return count == 0 ? Opcode::send : possible[pick(count)];
    }

    [[nodiscard]] bool makes_sense(Opcode opcode) const {
        switch (opcode) {
            case Opcode::complete:
                return now_.held > 0;
            case Opcode::close_token:
                return !now_.tokens.empty();
            case Opcode::end:
            case Opcode::quiet:
                return now_.begun_sections() > 0;
            case Opcode::abandon:
            case Opcode::await:
                return now_.waits > 0;
            case Opcode::settle_done:
                return now_.settles > 0 && now_.held <= 1;
            case Opcode::internal_end:
                return now_.internals > 0;
            case Opcode::advance:
                return now_.deadlines + now_.limited_sends > 0;
            case Opcode::cancel:
            case Opcode::cancel_waiting:
                return now_.held + now_.sections.size() + now_.limited_sends > 0;
            case Opcode::unplug:
                return false;  // write_plug
            case Opcode::leave:
            case Opcode::limit:
                return members() > 0;
            default:
                return true;
        }
    }

    static constexpr bool limits_requests(Opcode opcode) {
        return opcode == Opcode::send || opcode == Opcode::join || opcode == Opcode::limit;
    }

    [[nodiscard]] std::size_t members() const {
        return static_cast<std::size_t>(std::count_if(
            now_.backends.begin(), now_.backends.end(),
            [](const Estimate::Backend& backend) { return backend.group != Estimate::no_group; }));
    }
    // Where it is all about limits, one group has most of the members.
    std::uint8_t any_group() {
        return about_limits_ && chance(7, 8) ? std::uint8_t{0} : pick_byte(groups_max);
    }
    // A member of a group, if one of two tries finds one.
    std::uint8_t likely_member() {
        const std::uint8_t first = any_backend();
        return now_.backends[first].group != Estimate::no_group ? first : any_backend();
    }

    [[nodiscard]] std::size_t loops() const { return scenario_->header.loops; }

    std::uint8_t any_node() { return pick_byte(now_.node_count); }
    std::uint8_t any_backend() { return pick_byte(now_.backend_count); }

    // A backend with requests under way, if one of two tries finds one.
    std::uint8_t busy_backend() {
        const std::uint8_t first = any_backend();
        return now_.backends[first].held + now_.backends[first].waiting != 0 ? first
                                                                             : any_backend();
    }

    template <class Wanted>
    std::uint8_t likely_node(Wanted wanted) {
        std::uint8_t node = any_node();
        for (int attempt = 0; attempt < 3 && !wanted(now_.nodes[node]); ++attempt) {
            node = any_node();
        }
        return node;
    }

    static constexpr std::uint8_t ordinal(std::size_t number) {
        return Ordinal::relative(static_cast<std::uint8_t>(number)).byte;
    }

    // ---- Writing an operation, and before it what makes it interesting

    void write(Opcode opcode) {
        if (opcode == Opcode::plug) {
            write_plug();
            return;
        }
        prepare(opcode);
        if (budget_ == 0) {
            return;
        }
        Record record;
        record.opcode = opcode;
        const OperationRow& row = row_of(opcode);
        if (row.in_callbacks && chance(1, 10)) {
            place_in_callback(record);
        }
        operands(record);
        if (row.waits) {
            wait_options(record);
        }
        if (limits_.pace == Pace::step && record.where == Where::client) {
            // Most of all a begin right after an end.
            const std::uint32_t likely = last_ == Opcode::end && row.begins_section ? 5 : 1;
            record.at_once = chance(likely, 10);
        }
        emit(record);
    }

    void emit(const Record& record) {
        --budget_;
        last_ = record.opcode;
        Bounded<Program, clients_max>& programs = scenario_->programs;
        for (std::size_t i = 0; i < programs.size(); ++i) {
            if (programs[(client_ + i) % programs.size()].push_back(record)) {
                return;
            }
        }
    }

    // A region with something in it, ended by the client or by its loop. In steps, all of one step.
    void write_plug() {
        const std::uint8_t loop = pick_byte(loops());
        const auto at_once = [&](Opcode opcode, bool first) {
            Record record;
            record.opcode = opcode;
            operands(record);
            if (!row_of(opcode).waits) {
                record.c = loop;
            }
            record.at_once = !first && limits_.pace == Pace::step;
            emit(record);
        };
        at_once(Opcode::plug, true);
        for (std::size_t left = 1 + pick(3); left > 0 && budget_ > 0; --left) {
            at_once(Opcode::send, false);
        }
        const Opcode flushes = chance(1, 2) ? Opcode::drain : Opcode::self_quiesce;
        if (budget_ > 0 && enabled(flushes) && chance(1, 3)) {
            at_once(flushes, false);
        }
        if (budget_ > 0 && enabled(Opcode::unplug) && chance(1, 2)) {
            at_once(Opcode::unplug, false);
        }
    }

    void prepare(Opcode opcode) {
        switch (opcode) {
            case Opcode::join:
                target_ = any_backend();
                group_ = any_group();
                if (!now_.limited[group_] && enabled(Opcode::limit) && chance(7, 8)) {
                    write_plain(Opcode::limit);
                }
                break;
            case Opcode::limit:
                group_ = any_group();
                break;
            case Opcode::isolate:
                // Another isolate to queue behind.
                if (now_.live_isolate() == nullptr && chance(1, 3)) {
                    write_plain(Opcode::isolate);
                }
                [[fallthrough]];
            case Opcode::drain:
            case Opcode::drained:
            case Opcode::quiesce_all:
            case Opcode::self_quiesce:
            case Opcode::attach:
            case Opcode::detach:
            case Opcode::replace:
            case Opcode::remove_medium:
            case Opcode::remove_filter:
            case Opcode::set_loop:
                // Something to wait for.
                if (now_.held == 0 && chance(3, 4)) {
                    write_plain(Opcode::send);
                }
                break;
            case Opcode::close_backend:
                target_ = any_backend();
                if (chance(3, 4)) {
                    send_to(target_);
                }
                break;
            case Opcode::open_token:
                if (now_.sections.empty() && enabled(Opcode::self_quiesce) && chance(1, 3)) {
                    write_plain(Opcode::self_quiesce);
                }
                break;
            case Opcode::insert_filter:
            case Opcode::close_node:
                // Most nodes have parents: what can be inserted or closed is mostly a new one.
                if (enabled(Opcode::new_node) && chance(2, 3)) {
                    write_plain(Opcode::new_node);
                }
                break;
            case Opcode::insert_medium:
                if (enabled(Opcode::new_backend) && chance(1, 3)) {
                    write_plain(Opcode::new_backend);
                } else if (enabled(Opcode::remove_medium) && chance(1, 2)) {
                    write_plain(Opcode::remove_medium);
                }
                // Requests of a backend without a medium are over in no time; an open token is what
                // can be waited for.
                target_ = empty_backend();
                if (enabled(Opcode::open_token) && budget_ > 0 && chance(1, 3)) {
                    Record record;
                    record.opcode = Opcode::open_token;
                    record.a = ordinal(target_);
                    now_.tokens.push_back({target_});
                    emit(record);
                }
                break;
            case Opcode::settle:
                // Its precondition: all above is gated and quiet (R19).
                if (now_.sections.empty() && enabled(Opcode::quiesce_all)) {
                    write_plain(Opcode::quiesce_all);
                }
                if (chance(3, 4)) {
                    for (std::size_t left = std::min<std::size_t>(now_.held, 5); left > 0; --left) {
                        write_plain(Opcode::complete);
                    }
                    for (std::size_t left = std::min<std::size_t>(now_.internals, 2); left > 0;
                         --left) {
                        write_plain(Opcode::internal_end);
                    }
                }
                break;
            default:
                break;
        }
    }

    void write_plain(Opcode opcode) {
        if (budget_ > 0) {
            Record record;
            record.opcode = opcode;
            operands(record);
            emit(record);
        }
    }

    void send_to(std::uint8_t backend) {
        if (budget_ > 0) {
            Record record;
            record.opcode = Opcode::send;
            record.a = backend;
            record.b = any_io();
            record.c = pick_byte(loops());
            now_.sent(backend, false);
            emit(record);
        }
    }

    void place_in_callback(Record& record) {
        const std::uint8_t backend = busy_backend();
        if (now_.backends[backend].held != 0) {
            record.where = Where::completion;
            record.where_backend = ordinal(backend);
        } else if (now_.backends[backend].listens) {
            record.where = Where::notification;
            record.where_backend = ordinal(backend);
        }
    }

    void wait_options(Record& record) {
        now_.waits += now_.held + now_.settles > 0 ? 1 : 0;
        if (record.where == Where::completion && chance(1, 2)) {
            record.holds = Holds::request;
        } else if (!now_.sections.empty() && chance(1, 6)) {
            record.holds = Holds::section;
        } else if (!now_.tokens.empty() && chance(1, 4)) {
            record.holds = Holds::token;
        }
        if (enabled(Opcode::advance) && chance(1, 12)) {
            record.deadline = static_cast<std::uint8_t>(1 + pick(3));
            ++now_.deadlines;
        }
    }

    std::uint8_t isolate_holder() {
        std::uint8_t backend = any_backend();
        const Estimate::Section* const other = now_.live_isolate();
        for (int attempt = 0; other != nullptr && attempt < 4; ++attempt) {
            if (backend != other->anchor && now_.conflict(backend, other->anchor)) {
                break;
            }
            backend = any_backend();
        }
        return backend;
    }

    std::uint8_t empty_backend() {
        std::uint8_t backend = any_backend();
        for (int attempt = 0; attempt < 4 && now_.backends[backend].rooted; ++attempt) {
            backend = any_backend();
        }
        return backend;
    }

    void operands(Record& record) {
        constexpr std::uint8_t nobody = 0xff;
        switch (record.opcode) {
            case Opcode::send:
                send(record);
                break;
            case Opcode::complete:
                record.a = ordinal(chance(1, 2) ? 0 : pick(std::max<std::size_t>(now_.held, 1)));
                record.variant = chance(1, 8);
                now_.completed();
                break;
            case Opcode::hold:
                record.a = ordinal(any_node());
                record.b = chance(1, 3) ? 0 : 1;
                break;
            case Opcode::open_token:
                record.a = ordinal(any_backend());
                record.extra = chance(1, 3);
                record.b = record.extra ? ordinal(any_backend()) : std::uint8_t{0};
                now_.tokens.push_back({record.a});
                break;
            case Opcode::close_token:
                record.a = ordinal(pick(std::max<std::size_t>(now_.tokens.size(), 1)));
                if (!now_.tokens.empty()) {
                    now_.tokens.erase(record.a % now_.tokens.size());
                }
                break;
            case Opcode::drain:
                record.a = ordinal(busy_backend());
                break;
            case Opcode::isolate:
                record.a = ordinal(isolate_holder());
                record.extra = chance(1, 4);
                record.b = record.extra ? ordinal(any_backend()) : std::uint8_t{0};
                record.variant = chance(1, 8);
                now_.begun(Opcode::isolate, record.a);
                break;
            case Opcode::drained:
                record.a = ordinal(any_node());
                now_.begun(Opcode::drained, nobody);
                break;
            case Opcode::quiesce_all:
                record.extra = chance(1, 3);
                record.a = record.extra ? ordinal(any_backend()) : std::uint8_t{0};
                now_.begun(Opcode::quiesce_all, record.extra ? record.a : nobody);
                break;
            case Opcode::self_quiesce:
                record.a = ordinal(busy_backend());
                now_.begun(Opcode::self_quiesce, record.a);
                break;
            case Opcode::end:
                record.a = ordinal(pick(std::max<std::size_t>(now_.begun_sections(), 1)));
                now_.ended(record.a);
                break;
            case Opcode::quiet:
                record.a = ordinal(pick(std::max<std::size_t>(now_.begun_sections(), 1)));
                break;
            case Opcode::abandon:
            case Opcode::await:
                record.a = ordinal(pick(std::max<std::size_t>(now_.waits, 1)));
                now_.waits -= now_.waits > 0 ? 1 : 0;
                break;
            case Opcode::new_node:
                record.a = pick_byte(loops());
                record.b = pick_byte(settle_words.size());
                record.variant = chance(1, 8);
                if (now_.node_count < now_.nodes.size()) {
                    now_.nodes[now_.node_count++] = {0, 0, record.b != 0};
                }
                break;
            case Opcode::new_backend:
                new_backend(record);
                break;
            case Opcode::close_backend:
                record.a = ordinal(target_);
                break;
            case Opcode::listen: {
                std::uint8_t backend = any_backend();
                for (int attempt = 0; attempt < 3 && now_.backends[backend].listens; ++attempt) {
                    backend = any_backend();
                }
                now_.backends[backend].listens = true;
                record.a = ordinal(backend);
                break;
            }
            case Opcode::settle_done:
                record.a = ordinal(pick(2));
                record.variant = chance(1, 8);
                now_.settles -= now_.settles > 0 ? 1 : 0;
                if (now_.held + now_.settles == 0) {
                    now_.all_begun();
                }
                break;
            case Opcode::internal_start:
                record.a = ordinal(any_node());
                ++now_.internals;
                break;
            case Opcode::internal_end:
                record.a = ordinal(pick(2));
                now_.internals -= now_.internals > 0 ? 1 : 0;
                break;
            case Opcode::advance:
                record.a = static_cast<std::uint8_t>(1 + pick(3));
                now_.deadlines = 0;
                now_.limited_sends = 0;
                break;
            case Opcode::cancel:
                record.a = ordinal(pick(4));
                record.variant = chance(1, 2);
                break;
            case Opcode::cancel_waiting:
                record.a = ordinal(chance(1, 2) ? busy_backend() : likely_member());
                break;
            case Opcode::join:
                record.a = ordinal(target_);
                record.b = group_;
                if (now_.backends[target_].group == Estimate::no_group) {
                    now_.backends[target_].group = group_;
                }
                break;
            case Opcode::leave: {
                const std::uint8_t backend = likely_member();
                record.a = ordinal(backend);
                record.b = now_.backends[backend].group == Estimate::no_group
                               ? std::uint8_t{0}
                               : std::exchange(now_.backends[backend].group, Estimate::no_group);
                break;
            }
            case Opcode::limit:
                record.a = group_;
                record.b = chance(1, 12)
                               ? std::uint8_t{0}
                               : static_cast<std::uint8_t>(1 + pick(limit_words.size() - 1));
                now_.limited[group_] = record.b != 0;
                break;
            default:
                change_operands(record);
                break;
        }
    }

    std::uint8_t any_io() {
        constexpr std::array<IoWord, 12> words{IoWord::read,       IoWord::read,  IoWord::read,
                                               IoWord::read,       IoWord::write, IoWord::write,
                                               IoWord::write,      IoWord::write, IoWord::long_read,
                                               IoWord::long_write, IoWord::flush, IoWord::discard};
        return static_cast<std::uint8_t>(words[pick(words.size())]);
    }

    void send(Record& record) {
        record.b = any_io();
        record.c = pick_byte(loops());
        if (!now_.tokens.empty() && chance(1, 3)) {
            const std::size_t token = pick(now_.tokens.size());
            record.extra = true;
            record.d = ordinal(token);
            record.a = chance(7, 8) ? now_.tokens[token].backend : any_backend();
        } else {
            const bool anywhere = members() == 0 || (now_.limited_sends != 0 && !about_limits_);
            record.a =
                anywhere || chance(1, about_limits_ ? 4 : 2) ? any_backend() : likely_member();
        }
        now_.sent(record.a % now_.backend_count, record.extra);
    }

    void new_backend(Record& record) {
        record.a = pick_byte(loops());
        record.variant = chance(1, 2);
        record.extra = chance(2, 3);
        record.b = record.extra ? ordinal(any_node()) : std::uint8_t{0};
        if (now_.backend_count < now_.backends.size()) {
            now_.backends[now_.backend_count++] = {0, 0, no_node, record.extra, record.variant};
        }
    }

    // Changes of the graph, and what else names nodes.
    void change_operands(Record& record) {
        switch (record.opcode) {
            case Opcode::attach: {
                std::uint8_t parent = any_node();
                std::uint8_t child = any_node();
                // Downwards as the graph was made: no cycle, most of the time.
                if (parent < child && chance(3, 4)) {
                    std::swap(parent, child);
                }
                record.a = ordinal(parent);
                record.b = ordinal(child);
                record.c = pick_byte(role_words.size());
                break;
            }
            case Opcode::detach:
                record.a =
                    ordinal(likely_node([](const Estimate::Node& n) { return n.children != 0; }));
                record.b = pick_byte(chance(7, 8) ? 2 : index_count);
                break;
            case Opcode::replace:
                record.a =
                    ordinal(likely_node([](const Estimate::Node& n) { return n.parents != 0; }));
                record.b = ordinal(any_node());
                break;
            case Opcode::insert_medium: {
                now_.backends[target_].rooted = true;
                record.a = ordinal(target_);
                record.b = ordinal(any_node());
                break;
            }
            case Opcode::remove_medium: {
                const std::uint8_t backend = busy_backend();
                now_.backends[backend].rooted = false;
                record.a = ordinal(backend);
                break;
            }
            case Opcode::insert_filter: {
                record.a = ordinal(any_node());
                const std::uint8_t filter =
                    last_ == Opcode::new_node
                        ? static_cast<std::uint8_t>(now_.node_count - 1)
                        : likely_node([](const Estimate::Node& n) { return n.parents == 0; });
                now_.nodes[filter].parents = 1;
                now_.nodes[filter].children = 1;
                record.b = ordinal(filter);
                break;
            }
            case Opcode::remove_filter:
                record.a =
                    ordinal(likely_node([](const Estimate::Node& n) { return n.children == 1; }));
                break;
            case Opcode::set_loop:
                record.a = ordinal(any_node());
                record.b = pick_byte(loops());
                now_.count_settles();
                break;
            case Opcode::close_node:
                record.a = ordinal(
                    last_ == Opcode::new_node
                        ? now_.node_count - 1
                        : likely_node([](const Estimate::Node& n) { return n.parents == 0; }));
                now_.settles = std::min<std::size_t>(now_.settles + 1, 2);
                break;
            case Opcode::settle:
                record.a = ordinal(any_node());
                now_.count_settles();
                break;
            default:
                break;
        }
        if (row_of(record.opcode).has_extra()) {
            record.extra = !now_.tokens.empty() && chance(1, 4);
        }
    }

    Source& source_;
    const Limits& limits_;
    Scenario* scenario_ = nullptr;

    std::array<std::uint32_t, opcode_count> weight_up_to_{};
    std::size_t budget_ = 0;
    std::size_t client_ = 0;
    Opcode last_ = Opcode::send;
    std::uint8_t target_ = 0;    // the backend that prepare() has chosen for the operation itself
    std::uint8_t group_ = 0;     // the group
    bool about_limits_ = false;  // many backends share a limit and send a lot
    Estimate now_;
};

}  // namespace detail

}  // namespace blkdrain_props
