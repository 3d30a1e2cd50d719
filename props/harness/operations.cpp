// SPDX-License-Identifier: Apache-2.0
#include "harness/operations.h"

#include <algorithm>

#include "harness/deviations.h"
#include "harness/pattern.h"

namespace blkdrain_props {
namespace {

// What canonical() needs to know of each pattern, worked out once by the compiler.
struct RowFacts {
    std::uint8_t extra_operands = 0;  // bit i: operand i stands in [..]
    bool has_extra = false;
    bool has_variant = false;
};

constexpr std::array<RowFacts, opcode_count> row_facts = [] {
    std::array<RowFacts, opcode_count> all{};
    for (std::size_t i = 0; i < opcode_count; ++i) {
        const OperationRow& row = operation_table[i];
        bool inside = false;
        PatternWalk walk(row.text);
        for (PatternItem item = walk.next(); item.kind != PatternItem::Kind::end;
             item = walk.next()) {
            if (item.kind == PatternItem::Kind::extra_begin) {
                inside = true;
                all[i].has_extra = true;
            } else if (item.kind == PatternItem::Kind::extra_end) {
                inside = false;
            } else if (item.kind == PatternItem::Kind::variant_begin) {
                all[i].has_variant = true;
            } else if (item.kind == PatternItem::Kind::operand && inside) {
                all[i].extra_operands |= static_cast<std::uint8_t>(1U << item.operand);
            }
        }
    }
    return all;
}();

constexpr std::uint8_t modulo(std::uint8_t value, std::size_t count) {
    return static_cast<std::uint8_t>(value % count);
}

std::uint8_t in_range(OperandKind kind, std::uint8_t value, bool absolute_only) {
    if (is_object(kind)) {
        return absolute_only ? Ordinal::absolute(value).byte : value;
    }
    switch (kind) {
        case OperandKind::loop:
            return modulo(value, loops_max);
        case OperandKind::index:
            return modulo(value, index_count);
        case OperandKind::ticks:
            return std::max<std::uint8_t>(value, 1);
        default:
            break;
    }
    const std::span<const std::string_view> words = words_of(kind);
    return words.empty() ? std::uint8_t{0} : modulo(value, words.size());
}

template <class Enum>
Enum clamp_enum(Enum value, Enum last) {
    return value > last ? Enum{} : value;
}

// Gives connected nodes and backends one loop, that of the lowest node: a graph whose members live
// on different loops does not exist (R28).
void unite_loops(GraphSpec& graph) {
    std::array<std::uint8_t, nodes_max> component{};
    const std::size_t nodes = graph.nodes.size();
    for (std::size_t i = 0; i < nodes; ++i) {
        component[i] = static_cast<std::uint8_t>(i);
        for (const ChildSpec& child : graph.nodes[i].children) {
            const std::uint8_t one = component[i];
            const std::uint8_t other = component[child.node];
            for (std::size_t k = 0; k <= i; ++k) {
                if (component[k] == one || component[k] == other) {
                    component[k] = std::min(one, other);
                }
            }
        }
    }
    for (std::size_t i = 0; i < nodes; ++i) {
        graph.nodes[i].loop = graph.nodes[component[i]].loop;
    }
    for (BackendSpec& backend : graph.backends) {
        if (backend.root != no_node) {
            backend.loop = graph.nodes[backend.root].loop;
        }
    }
}

}  // namespace

std::span<const std::string_view> words_of(OperandKind kind) {
    switch (kind) {
        case OperandKind::group:
            return group_words;
        case OperandKind::limits:
            return limit_words;
        case OperandKind::direction:
            return direction_words;
        case OperandKind::on_off:
            return switch_words;
        case OperandKind::settle_kind:
            return settle_words;
        case OperandKind::role:
            return role_words;
        case OperandKind::error_word:
            return error_words;
        case OperandKind::request_word:
            return request_words;
        case OperandKind::wait_word:
            return wait_words;
        case OperandKind::backend_word:
            return backend_words;
        case OperandKind::node_word:
            return node_words;
        case OperandKind::token_word:
            return token_words;
        case OperandKind::section_word:
            return section_words;
        case OperandKind::awaited_kind:
            return awaited_words;
        default:
            return {};
    }
}

OperandKind awaited_object(AwaitedKind kind) {
    switch (kind) {
        case AwaitedKind::request:
            return OperandKind::request;
        case AwaitedKind::token:
            return OperandKind::token;
        case AwaitedKind::section:
            return OperandKind::section;
        case AwaitedKind::settling:
        case AwaitedKind::internal:
            return OperandKind::node;
    }
    return OperandKind::none;
}

Record canonical(const Record& record) {
    Record result = record;
    result.opcode =
        static_cast<Opcode>(modulo(static_cast<std::uint8_t>(record.opcode), opcode_count));
    const OperationRow& row = row_of(result.opcode);
    const RowFacts& facts = row_facts[static_cast<std::size_t>(result.opcode)];

    result.extra = record.extra && facts.has_extra;
    result.variant = record.variant && facts.has_variant;
    const std::array<std::uint8_t*, 4> operands{&result.a, &result.b, &result.c, &result.d};
    for (std::size_t i = 0; i < operands.size(); ++i) {
        const bool absent = ((facts.extra_operands >> i) & 1U) != 0 && !result.extra;
        *operands[i] = absent || row.operands[i] == OperandKind::none
                           ? std::uint8_t{0}
                           : in_range(row.operands[i], *operands[i], row.is_expectation());
    }

    result.where = row.in_callbacks ? clamp_enum(record.where, Where::notification) : Where::client;
    if (result.where == Where::client) {
        result.where_backend = 0;
    }
    result.blocking = record.blocking && row.waits;
    result.holds = row.waits ? clamp_enum(record.holds, Holds::request) : Holds::nothing;
    if (result.holds == Holds::request && result.where != Where::completion) {
        result.holds = Holds::nothing;
    }
    if (!row.waits) {
        result.deadline = 0;
    }
    return result;
}

Scenario canonical(const Scenario& scenario) {
    Scenario result;
    Header& header = result.header;
    header = scenario.header;
    header.loops = std::clamp<std::uint8_t>(header.loops, 1, loops_max);
    header.strategy = clamp_enum(header.strategy, Strategy::partial_orders);
    if (has_depth(header.strategy)) {
        header.depth = std::clamp<std::uint8_t>(header.depth, 1, depth_max);
        header.horizon = std::max<std::uint16_t>(header.horizon, 1);
    } else {
        header.depth = 0;
        header.horizon = 0;
    }
    header.memory = clamp_enum(header.memory, Memory::tso);
    header.faults = clamp_enum(header.faults, Faults::all);
    header.pace = clamp_enum(header.pace, Pace::free);
    if (header.rule > last_rule) {
        header.rule = 0;
    }
    header.swarm &= (std::uint64_t{1} << opcode_count) - 1;

    for (const NodeSpec& node : scenario.graph.nodes) {
        NodeSpec spec;
        spec.loop = modulo(node.loop, header.loops);
        spec.pinned = node.pinned;
        spec.settle = clamp_enum(node.settle, SettleKind::fails);
        const std::size_t earlier = result.graph.nodes.size();
        for (const ChildSpec& child : node.children) {
            if (earlier != 0) {
                spec.children.push_back(
                    {clamp_enum(child.role, Role::journal), modulo(child.node, earlier)});
            }
        }
        result.graph.nodes.push_back(spec);
    }
    const std::size_t nodes = result.graph.nodes.size();
    for (const BackendSpec& backend : scenario.graph.backends) {
        BackendSpec spec = backend;
        spec.loop = modulo(backend.loop, header.loops);
        spec.root = backend.root == no_node || nodes == 0 ? no_node : modulo(backend.root, nodes);
        result.graph.backends.push_back(spec);
    }
    unite_loops(result.graph);

    for (const Program& program : scenario.programs) {
        result.programs.push_back({});
        for (const Record& record : program) {
            Record operation = canonical(record);
            const OperationRow& row = row_of(operation.opcode);
            const std::array<std::uint8_t*, 4> operands{&operation.a, &operation.b, &operation.c,
                                                        &operation.d};
            for (std::size_t i = 0; i < operands.size(); ++i) {
                if (row.operands[i] == OperandKind::loop) {
                    *operands[i] = modulo(*operands[i], header.loops);
                }
            }
            result.programs.back().push_back(operation);
        }
    }
    if (result.programs.empty()) {
        result.programs.push_back({});
    }
    if (!scenario.deviations.empty()) {
        result.deviations = scenario.deviations;
        make_deviations_canonical(result);
    }
    return result;
}

}  // namespace blkdrain_props
