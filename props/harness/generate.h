// SPDX-License-Identifier: Apache-2.0
//
// One generator for all uses. It asks a Source one question, "pick one of n", and keeps a rough estimate of what the
// operations so far have left behind (requests in flight, sections, tokens), so that most operations find something to act
// on, waits really wait, and what they wait for comes later. The estimate may be wrong: an operation that makes no sense
// when its turn comes is skipped by the runner.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/operations.h"
#include "harness/scenario.h"

namespace blkdrain_props {

// A Source has  std::uint32_t pick(std::uint32_t n)  : 0..n-1, n >= 1.

// The seeded source: the same seed gives the same picks on every machine (splitmix64).
class SeededSource {
public:
    explicit SeededSource(std::uint64_t seed) : state_(seed) {}

    std::uint32_t pick(std::uint32_t n) {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
        z ^= z >> 31U;
        // The high half of a 32 x 32 product: no division, and no bias that matters for n this small.
        return static_cast<std::uint32_t>(((z & 0xffffffffULL) * n) >> 32U);
    }

private:
    std::uint64_t state_;
};

// Upper bounds; each scenario draws its own sizes below them. Larger values than the format has room for are cut.
struct Limits {
    std::size_t nodes = 6;
    std::size_t backends = 4;
    std::size_t clients = 2;
    std::size_t operations = 20;  // of all clients together
    std::uint8_t loops = 2;
    Pace pace = Pace::step;
    Strategy strategy = Strategy::default_order;
};

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
    }

private:
    using OpcodeSet = std::uint64_t;

    // ---- What the operations so far are believed to have left behind

    struct NodeEstimate {
        std::uint8_t parents = 0;  // backends count as parents
        std::uint8_t children = 0;
        bool settles = false;
    };
    struct BackendEstimate {
        std::uint8_t waiting = 0;     // requests kept by a gate
        std::uint8_t held = 0;        // requests held by a leaf
        std::uint8_t root = no_node;  // at the start, or no_node; later changes do not count
        bool rooted = false;
        bool listens = false;
    };
    struct SectionEstimate {
        Opcode kind{};
        std::uint8_t anchor = 0;  // the backend that stays free, or the one that is stopped; quiesce_all without: 0xff
        bool begun = true;
    };
    struct TokenEstimate {
        std::uint8_t backend = 0;
    };

    static constexpr std::size_t estimates_max = 24;

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
        header.loops = static_cast<std::uint8_t>(1 + pick(loops));
        header.pace = limits_.pace;
        header.strategy = limits_.strategy;
        if (header.strategy == Strategy::random) {
            header.seed = 1 + pick(0xffffffffU);
        }

        // What ends or completes is always there, or nothing would return.
        constexpr OpcodeSet always = bit(Opcode::send) | bit(Opcode::complete) |
                                     bit(Opcode::end) | bit(Opcode::settle_done) |
                                     bit(Opcode::close_token) | bit(Opcode::internal_end);
        OpcodeSet enabled = all_generated;
        if (!chance(1, 4)) {
            const OpcodeSet first = random_bits();
            const OpcodeSet second = random_bits();
            enabled &= first | second;
        }
        header.swarm = enabled | always;
    }

    OpcodeSet random_bits() {
        const OpcodeSet high = pick(1U << 31U);
        return (high << 31U) | pick(1U << 31U);
    }

    void graph() {
        GraphSpec& graph = scenario_->graph;
        const std::size_t nodes_limit = std::clamp<std::size_t>(limits_.nodes, 1, nodes_max);
        const std::size_t nodes = 1 + std::max(pick(nodes_limit), pick(nodes_limit));
        // Nodes that are connected must share a loop, so nodes below `split` are one island and the others another.
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
                // Near or anywhere: chains as well as diamonds. The same child twice comes of its own accord.
                child.node = static_cast<std::uint8_t>(chance(1, 2) ? i - 1
                                                                    : first + pick(i - first));
                child.role = k == 0 ? Role::file : static_cast<Role>(1 + pick(3));
                node.children.push_back(child);
                ++nodes_[child.node].parents;
            }
            below_[i] = 1U << i;
            for (const ChildSpec& child : node.children) {
                below_[i] |= below_[child.node];
            }
            nodes_[i].children = static_cast<std::uint8_t>(count);
            nodes_[i].settles = node.settle != SettleKind::none;
            graph.nodes.push_back(node);
        }
        node_count_ = nodes;

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
                ++nodes_[backend.root].parents;
            }
            backends_[i] = {0, 0, backend.root, backend.root != no_node, backend.listens};
            graph.backends.push_back(backend);
        }
        backend_count_ = backends;
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
        for (std::size_t i = 0; i < opcode_count; ++i) {
            if (enabled(static_cast<Opcode>(i))) {
                sum += operation_table[i].weight;
            }
            weight_up_to_[i] = sum;
        }

        const std::size_t clients = std::clamp<std::size_t>(limits_.clients, 1, clients_max);
        const std::size_t client_count = 1 + pick(clients);
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
        const std::size_t under_way = held_ + sections_.size() + tokens_.size() + internals_ +
                                      settles_ + deadlines_;
        if (pick(14) < std::min<std::size_t>(under_way, 8)) {
            return ending();
        }
        if (last_ == Opcode::end && chance(1, 3)) {
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
        offer(Opcode::complete, held_ > 0);
        offer(Opcode::end, begun_sections() > 0);
        offer(Opcode::close_token, !tokens_.empty());
        offer(Opcode::internal_end, internals_ > 0);
        offer(Opcode::settle_done, settles_ > 0 && held_ <= 1);
        offer(Opcode::advance, deadlines_ > 0);
        // Requests are most of what is in the way.
        if (held_ > 0 && chance(1, 2)) {
            return Opcode::complete;
        }
        return count == 0 ? Opcode::send : possible[pick(count)];
    }

    [[nodiscard]] bool makes_sense(Opcode opcode) const {
        switch (opcode) {
            case Opcode::complete: return held_ > 0;
            case Opcode::close_token: return !tokens_.empty();
            case Opcode::end:
            case Opcode::quiet: return begun_sections() > 0;
            case Opcode::abandon:
            case Opcode::await: return waits_ > 0;
            case Opcode::settle_done: return settles_ > 0 && held_ <= 1;
            case Opcode::internal_end: return internals_ > 0;
            case Opcode::advance: return deadlines_ > 0;
            default: return true;
        }
    }

    [[nodiscard]] std::size_t begun_sections() const {
        return static_cast<std::size_t>(
            std::count_if(sections_.begin(), sections_.end(),
                          [](const SectionEstimate& section) { return section.begun; }));
    }

    [[nodiscard]] bool gated(std::size_t backend) const {
        return std::any_of(sections_.begin(), sections_.end(), [&](const SectionEstimate& section) {
            switch (section.kind) {
                case Opcode::self_quiesce: return section.anchor == backend;
                case Opcode::drained: return true;
                default: return section.anchor != backend;
            }
        });
    }

    [[nodiscard]] std::size_t loops() const { return scenario_->header.loops; }

    std::uint8_t any_node() { return pick_byte(node_count_); }
    std::uint8_t any_backend() { return pick_byte(backend_count_); }

    // A backend with requests under way, if one of two tries finds one.
    std::uint8_t busy_backend() {
        const std::uint8_t first = any_backend();
        return backends_[first].held + backends_[first].waiting != 0 ? first : any_backend();
    }

    template <class Wanted>
    std::uint8_t likely_node(Wanted wanted) {
        std::uint8_t node = any_node();
        for (int attempt = 0; attempt < 3 && !wanted(nodes_[node]); ++attempt) {
            node = any_node();
        }
        return node;
    }

    static constexpr std::uint8_t ordinal(std::size_t number) {
        return Ordinal::relative(static_cast<std::uint8_t>(number)).byte;
    }

    // ---- Writing an operation, and before it what makes it interesting

    void write(Opcode opcode) {
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

    void prepare(Opcode opcode) {
        switch (opcode) {
            case Opcode::isolate:
                // Another isolate to queue behind.
                if (live_isolate() == nullptr && chance(1, 3)) {
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
                if (held_ == 0 && chance(3, 4)) {
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
                if (sections_.empty() && enabled(Opcode::self_quiesce) && chance(1, 3)) {
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
                // Requests of a backend without a medium are over in no time; an open token is what can be waited for.
                target_ = empty_backend();
                if (enabled(Opcode::open_token) && budget_ > 0 && chance(1, 3)) {
                    Record record;
                    record.opcode = Opcode::open_token;
                    record.a = ordinal(target_);
                    tokens_.push_back({target_});
                    emit(record);
                }
                break;
            case Opcode::settle:
                // Its precondition: all above is gated and quiet (R19).
                if (sections_.empty() && enabled(Opcode::quiesce_all)) {
                    write_plain(Opcode::quiesce_all);
                }
                if (chance(3, 4)) {
                    for (std::size_t left = std::min<std::size_t>(held_, 5); left > 0; --left) {
                        write_plain(Opcode::complete);
                    }
                    for (std::size_t left = std::min<std::size_t>(internals_, 2); left > 0; --left) {
                        write_plain(Opcode::internal_end);
                    }
                }
                break;
            default: break;
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
            record.b = pick_byte(direction_words.size());
            record.c = pick_byte(loops());
            sent(backend, false);
            emit(record);
        }
    }

    void place_in_callback(Record& record) {
        const std::uint8_t backend = busy_backend();
        if (backends_[backend].held != 0) {
            record.where = Where::completion;
            record.where_backend = ordinal(backend);
        } else if (backends_[backend].listens) {
            record.where = Where::notification;
            record.where_backend = ordinal(backend);
        }
    }

    void wait_options(Record& record) {
        waits_ += held_ + settles_ > 0 ? 1 : 0;
        if (record.where == Where::completion && chance(1, 2)) {
            record.holds = Holds::request;
        } else if (!sections_.empty() && chance(1, 6)) {
            record.holds = Holds::section;
        } else if (!tokens_.empty() && chance(1, 4)) {
            record.holds = Holds::token;
        }
        if (enabled(Opcode::advance) && chance(1, 12)) {
            record.deadline = static_cast<std::uint8_t>(1 + pick(3));
            ++deadlines_;
        }
    }

    void sent(std::size_t backend, bool under_token) {
        if (!under_token && gated(backend)) {
            ++backends_[backend].waiting;
        } else if (backends_[backend].rooted) {
            ++backends_[backend].held;
            ++held_;
        }
    }

    // The runner takes the n-th of those that a leaf holds; here it is one of those believed to be held.
    void completed() {
        for (std::size_t i = 0; i < backend_count_; ++i) {
            if (backends_[i].held != 0) {
                --backends_[i].held;
                --held_;
                break;
            }
        }
        if (held_ == 0) {
            waits_ = 0;
            if (settles_ == 0) {
                all_begun();
            }
        }
    }

    void all_begun() {
        for (SectionEstimate& section : sections_) {
            section.begun = true;
        }
    }

    void ended(std::uint8_t number) {
        const std::size_t begun = begun_sections();
        if (begun == 0) {
            return;
        }
        std::size_t left = number % begun;
        for (std::size_t i = 0; i < sections_.size(); ++i) {
            if (sections_[i].begun && left-- == 0) {
                sections_.erase(i);
                break;
            }
        }
        for (std::size_t i = 0; i < backend_count_; ++i) {
            if (backends_[i].waiting != 0 && !gated(i)) {
                held_ += backends_[i].waiting;
                backends_[i].held = static_cast<std::uint8_t>(backends_[i].held + backends_[i].waiting);
                backends_[i].waiting = 0;
            }
        }
    }

    // Of more sections than there is room for nothing is remembered.
    void begun(Opcode kind, std::uint8_t anchor) {
        bool at_once = true;
        if (kind == Opcode::drained) {
            count_settles();
            at_once = held_ == 0 && settles_ == 0;
        } else if (kind == Opcode::isolate) {
            const SectionEstimate* const other = live_isolate();
            at_once = other == nullptr || other->anchor == anchor || !conflict(other->anchor, anchor);
        }
        sections_.push_back({kind, anchor, at_once});
    }

    [[nodiscard]] const SectionEstimate* live_isolate() const {
        for (const SectionEstimate& section : sections_) {
            if (section.kind == Opcode::isolate && section.begun) {
                return &section;
            }
        }
        return nullptr;
    }

    // Whether the root of one backend is above the other's (R23).
    [[nodiscard]] bool conflict(std::size_t one, std::size_t other) const {
        const std::uint8_t a = backends_[one].root;
        const std::uint8_t b = backends_[other].root;
        return a != no_node && b != no_node &&
               ((below_[a] >> b & 1U) != 0 || (below_[b] >> a & 1U) != 0);
    }

    std::uint8_t isolate_holder() {
        std::uint8_t backend = any_backend();
        const SectionEstimate* const other = live_isolate();
        for (int attempt = 0; other != nullptr && attempt < 4; ++attempt) {
            if (backend != other->anchor && conflict(backend, other->anchor)) {
                break;
            }
            backend = any_backend();
        }
        return backend;
    }

    std::uint8_t empty_backend() {
        std::uint8_t backend = any_backend();
        for (int attempt = 0; attempt < 4 && backends_[backend].rooted; ++attempt) {
            backend = any_backend();
        }
        return backend;
    }

    void count_settles() {
        for (std::size_t i = 0; i < node_count_; ++i) {
            settles_ += nodes_[i].settles ? 1 : 0;
        }
        settles_ = std::min<std::size_t>(settles_, 2);
    }

    void operands(Record& record) {
        constexpr std::uint8_t nobody = 0xff;
        switch (record.opcode) {
            case Opcode::send: send(record); break;
            case Opcode::complete:
                record.a = ordinal(chance(1, 2) ? 0 : pick(std::max<std::size_t>(held_, 1)));
                record.variant = chance(1, 8);
                completed();
                break;
            case Opcode::hold:
                record.a = ordinal(any_node());
                record.b = chance(1, 3) ? 0 : 1;
                break;
            case Opcode::open_token:
                record.a = ordinal(any_backend());
                record.extra = chance(1, 3);
                record.b = record.extra ? ordinal(any_backend()) : std::uint8_t{0};
                tokens_.push_back({record.a});
                break;
            case Opcode::close_token:
                record.a = ordinal(pick(std::max<std::size_t>(tokens_.size(), 1)));
                if (!tokens_.empty()) {
                    tokens_.erase(record.a % tokens_.size());
                }
                break;
            case Opcode::drain: record.a = ordinal(busy_backend()); break;
            case Opcode::isolate:
                record.a = ordinal(isolate_holder());
                record.extra = chance(1, 4);
                record.b = record.extra ? ordinal(any_backend()) : std::uint8_t{0};
                record.variant = chance(1, 8);
                begun(Opcode::isolate, record.a);
                break;
            case Opcode::drained:
                record.a = ordinal(any_node());
                begun(Opcode::drained, nobody);
                break;
            case Opcode::quiesce_all:
                record.extra = chance(1, 3);
                record.a = record.extra ? ordinal(any_backend()) : std::uint8_t{0};
                begun(Opcode::quiesce_all, record.extra ? record.a : nobody);
                break;
            case Opcode::self_quiesce:
                record.a = ordinal(busy_backend());
                begun(Opcode::self_quiesce, record.a);
                break;
            case Opcode::end:
                record.a = ordinal(pick(std::max<std::size_t>(begun_sections(), 1)));
                ended(record.a);
                break;
            case Opcode::quiet:
                record.a = ordinal(pick(std::max<std::size_t>(begun_sections(), 1)));
                break;
            case Opcode::abandon:
            case Opcode::await:
                record.a = ordinal(pick(std::max<std::size_t>(waits_, 1)));
                waits_ -= waits_ > 0 ? 1 : 0;
                break;
            case Opcode::new_node:
                record.a = pick_byte(loops());
                record.b = pick_byte(settle_words.size());
                record.variant = chance(1, 8);
                if (node_count_ < nodes_.size()) {
                    nodes_[node_count_++] = {0, 0, record.b != 0};
                }
                break;
            case Opcode::new_backend: new_backend(record); break;
            case Opcode::close_backend: record.a = ordinal(target_); break;
            case Opcode::listen: {
                std::uint8_t backend = any_backend();
                for (int attempt = 0; attempt < 3 && backends_[backend].listens; ++attempt) {
                    backend = any_backend();
                }
                backends_[backend].listens = true;
                record.a = ordinal(backend);
                break;
            }
            case Opcode::settle_done:
                record.a = ordinal(pick(2));
                record.variant = chance(1, 8);
                settles_ -= settles_ > 0 ? 1 : 0;
                if (held_ + settles_ == 0) {
                    all_begun();
                }
                break;
            case Opcode::internal_start:
                record.a = ordinal(any_node());
                ++internals_;
                break;
            case Opcode::internal_end:
                record.a = ordinal(pick(2));
                internals_ -= internals_ > 0 ? 1 : 0;
                break;
            case Opcode::advance:
                record.a = static_cast<std::uint8_t>(1 + pick(3));
                deadlines_ = 0;
                break;
            default: change_operands(record); break;
        }
    }

    void send(Record& record) {
        record.b = pick_byte(direction_words.size());
        record.c = pick_byte(loops());
        if (!tokens_.empty() && chance(1, 3)) {
            const std::size_t token = pick(tokens_.size());
            record.extra = true;
            record.d = ordinal(token);
            record.a = chance(7, 8) ? tokens_[token].backend : any_backend();
        } else {
            record.a = any_backend();
        }
        sent(record.a % backend_count_, record.extra);
    }

    void new_backend(Record& record) {
        record.a = pick_byte(loops());
        record.variant = chance(1, 2);
        record.extra = chance(2, 3);
        record.b = record.extra ? ordinal(any_node()) : std::uint8_t{0};
        if (backend_count_ < backends_.size()) {
            backends_[backend_count_++] = {0, 0, no_node, record.extra, record.variant};
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
                record.a = ordinal(likely_node([](const NodeEstimate& n) { return n.children != 0; }));
                record.b = pick_byte(chance(7, 8) ? 2 : index_count);
                break;
            case Opcode::replace:
                record.a = ordinal(likely_node([](const NodeEstimate& n) { return n.parents != 0; }));
                record.b = ordinal(any_node());
                break;
            case Opcode::insert_medium: {
                backends_[target_].rooted = true;
                record.a = ordinal(target_);
                record.b = ordinal(any_node());
                break;
            }
            case Opcode::remove_medium: {
                const std::uint8_t backend = busy_backend();
                backends_[backend].rooted = false;
                record.a = ordinal(backend);
                break;
            }
            case Opcode::insert_filter: {
                record.a = ordinal(any_node());
                const std::uint8_t filter =
                    last_ == Opcode::new_node
                        ? static_cast<std::uint8_t>(node_count_ - 1)
                        : likely_node([](const NodeEstimate& n) { return n.parents == 0; });
                nodes_[filter].parents = 1;
                nodes_[filter].children = 1;
                record.b = ordinal(filter);
                break;
            }
            case Opcode::remove_filter:
                record.a = ordinal(likely_node([](const NodeEstimate& n) { return n.children == 1; }));
                break;
            case Opcode::set_loop:
                record.a = ordinal(any_node());
                record.b = pick_byte(loops());
                count_settles();
                break;
            case Opcode::close_node:
                record.a = ordinal(last_ == Opcode::new_node
                                       ? node_count_ - 1
                                       : likely_node([](const NodeEstimate& n) { return n.parents == 0; }));
                settles_ = std::min<std::size_t>(settles_ + 1, 2);
                break;
            case Opcode::settle:
                record.a = ordinal(any_node());
                count_settles();
                break;
            default: break;
        }
        if (row_of(record.opcode).has_extra()) {
            record.extra = !tokens_.empty() && chance(1, 4);
        }
    }

    Source& source_;
    const Limits& limits_;
    Scenario* scenario_ = nullptr;

    std::array<std::uint32_t, opcode_count> weight_up_to_{};
    std::size_t budget_ = 0;
    std::size_t client_ = 0;
    Opcode last_ = Opcode::send;
    std::uint8_t target_ = 0;

    std::array<NodeEstimate, estimates_max> nodes_{};
    std::array<BackendEstimate, estimates_max> backends_{};
    std::size_t node_count_ = 0;
    std::size_t backend_count_ = 0;
    Bounded<SectionEstimate, 8> sections_;
    Bounded<TokenEstimate, 8> tokens_;
    std::array<std::uint32_t, nodes_max> below_{};  // bit j of below_[i]: j is i or reached from it
    std::size_t held_ = 0;
    std::size_t internals_ = 0;
    std::size_t settles_ = 0;
    std::size_t waits_ = 0;
    std::size_t deadlines_ = 0;
};

}  // namespace detail

// A canonical scenario. The same picks give the same scenario.
template <class Source>
Scenario generate(Source& source, const Limits& limits) {
    Scenario scenario;
    detail::Generator<Source>(source, limits).into(scenario);
    return scenario;
}

// Scenarios one step simpler, likeliest to still show what this one shows first: without a client, without half, a quarter,
// ... one of the operations, without a backend or node of the start, operands and switches at their simplest. All canonical
// and different from `scenario`; empty when nothing is left to take away.
std::vector<Scenario> simpler(const Scenario& scenario);

}  // namespace blkdrain_props
