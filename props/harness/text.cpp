// SPDX-License-Identifier: Apache-2.0
#include "harness/text.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "harness/object_names.h"
#include "harness/operations.h"
#include "harness/pattern.h"

namespace blkdrain_props {
namespace {

void append_number(std::string& out, std::uint64_t number) {
    out += std::to_string(number);
}

void append_hex(std::string& out, std::uint64_t number) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += "0x";
    unsigned shift = 60;
    while (shift > 0 && (number >> shift) == 0) {
        shift -= 4;
    }
    for (;; shift -= 4) {
        out += digits[(number >> shift) & 0xfU];
        if (shift == 0) {
            return;
        }
    }
}

void append_object(std::string& out, OperandKind kind, std::uint8_t byte) {
    const Ordinal ordinal{byte};
    out += letter_of(kind);
    if (!ordinal.is_absolute()) {
        out += '@';
    }
    append_number(out, ordinal.number());
}

void append_operand(std::string& out, const Record& record, OperandKind kind, std::uint8_t value) {
    if (kind == OperandKind::awaited) {
        kind = awaited_object(static_cast<AwaitedKind>(record.b));
    }
    const std::span<const std::string_view> words = words_of(kind);
    if (is_object(kind)) {
        append_object(out, kind, value);
    } else if (words.empty()) {
        append_number(out, value);
    } else {
        out += words[value % words.size()];
    }
}

void append_record(std::string& out, const Record& record) {
    if (record.at_once) {
        out += "at once: ";
    }
    if (record.where != Where::client) {
        out += record.where == Where::completion ? "in completion of " : "in notification of ";
        append_object(out, OperandKind::backend, record.where_backend);
        out += ": ";
    }
    if (record.blocking) {
        out += "blocking: ";
    }

    const OperationRow& row = row_of(record.opcode);
    const std::array<std::uint8_t, 4> operands{record.a, record.b, record.c, record.d};
    PatternWalk walk(row.text);
    bool first = true;
    for (PatternItem item = walk.next(); item.kind != PatternItem::Kind::end; item = walk.next()) {
        switch (item.kind) {
            case PatternItem::Kind::word:
            case PatternItem::Kind::operand:
                if (!first) {
                    out += ' ';
                }
                first = false;
                if (item.kind == PatternItem::Kind::word) {
                    out += item.word;
                } else {
                    append_operand(out, record, row.operands[item.operand], operands[item.operand]);
                }
                break;
            case PatternItem::Kind::extra_begin:
                if (!record.extra) {
                    walk.skip_group();
                }
                break;
            case PatternItem::Kind::variant_begin:
                if (!record.variant) {
                    walk.skip_group();
                }
                break;
            default:
                break;
        }
    }

    switch (record.holds) {
        case Holds::nothing:
            break;
        case Holds::section:
            out += " holding section";
            break;
        case Holds::token:
            out += " holding token";
            break;
        case Holds::request:
            out += " holding request";
            break;
    }
    if (record.deadline != 0) {
        out += " deadline ";
        append_number(out, record.deadline);
    }
}

void append_header(std::string& out, const Header& header) {
    out += "scenario ";
    append_number(out, scenario_version);
    if (header.loops != 1) {
        out += " loops ";
        append_number(out, header.loops);
    }
    if (header.strategy != Strategy::default_order) {
        out += " strategy ";
        out += strategy_words[static_cast<std::size_t>(header.strategy)];
    }
    if (header.depth != 0) {
        out += " depth ";
        append_number(out, header.depth);
    }
    if (header.horizon != 0) {
        out += " horizon ";
        append_number(out, header.horizon);
    }
    if (header.seed != 0) {
        out += " seed ";
        append_hex(out, header.seed);
    }
    if (header.memory == Memory::tso) {
        out += " memory tso";
    }
    if (header.faults != Faults::none) {
        out += " faults ";
        out += fault_words[static_cast<std::size_t>(header.faults)];
    }
    if (header.pace == Pace::free) {
        out += " pace free";
    }
    if (header.swarm != 0) {
        out += " swarm ";
        append_hex(out, header.swarm);
    }
    out += '\n';
    if (header.rule != 0) {
        out += "rule R";
        append_number(out, header.rule);
        out += '\n';
    }
}

void append_node(std::string& out, std::size_t number, const NodeSpec& node) {
    out += "node n";
    append_number(out, number);
    bool first = true;
    for (const ChildSpec& child : node.children) {
        out += first ? " over n" : ", n";
        append_number(out, child.node);
        if (child.role != Role::file) {
            out += " as ";
            out += role_words[static_cast<std::size_t>(child.role)];
        }
        first = false;
    }
    if (node.loop != 0 && node.children.empty()) {
        out += " loop ";
        append_number(out, node.loop);
    }
    if (node.settle != SettleKind::none) {
        out += ' ';
        out += settle_words[static_cast<std::size_t>(node.settle)];
    }
    if (node.pinned) {
        out += " pinned";
    }
    out += '\n';
}

void append_backend(std::string& out, std::size_t number, const BackendSpec& backend) {
    out += "backend b";
    append_number(out, number);
    if (backend.root == no_node) {
        out += " empty";
    } else {
        out += " on n";
        append_number(out, backend.root);
    }
    if (backend.loop != 0 && backend.root == no_node) {
        out += " loop ";
        append_number(out, backend.loop);
    }
    if (backend.listens) {
        out += " listening";
    }
    if (backend.pinned) {
        out += " pinned";
    }
    out += '\n';
}

void append_actor(std::string& out, std::uint8_t actor) {
    if (actor == Actor::world) {
        out += "world";
    } else if (actor > Actor::world) {
        out += "stores of ";
        append_actor(out, static_cast<std::uint8_t>(actor - Actor::stores_first));
    } else if (actor < Actor::client_first) {
        out += "loop";
        append_number(out, actor);
    } else {
        out += "client";
        append_number(out, static_cast<std::uint64_t>(actor - Actor::client_first));
    }
}

void append_deviation(std::string& out, const Deviation& deviation) {
    out += "when ";
    append_actor(out, deviation.actor);
    out += " at ";
    append_number(out, deviation.point);
    out += ": ";
    out += question_words[static_cast<std::size_t>(deviation.question)];
    out += ' ';
    if (deviation.question == Question::run) {
        append_actor(out, deviation.answer);
    } else {
        append_number(out, deviation.answer);
    }
}

}  // namespace

std::string to_text(const Deviation& deviation) {
    std::string out;
    append_deviation(out, deviation);
    return out;
}

std::string name_of_actor(std::uint8_t actor) {
    std::string out;
    append_actor(out, actor);
    return out;
}

std::uint8_t actor_named(std::string_view name) {
    std::uint8_t actor = 0;
    while (actor < Actor::world && name_of_actor(actor) != name) {
        ++actor;
    }
    return actor;
}

std::string effect_of(const Deviation& deviation) {
    const std::string actor = name_of_actor(deviation.actor);
    const std::string answer = std::to_string(deviation.answer);
    std::string out;
    switch (deviation.question) {
        case Question::run:
            if (deviation.answer == deviation.actor) {
                out = actor + " runs on";
            } else if (deviation.answer > Actor::world) {
                out = name_of_actor(deviation.answer) + " reach memory first";
            } else {
                out = name_of_actor(deviation.answer) + " runs instead of " + actor;
            }
            break;
        case Question::waiter:
            out = actor + " wakes waiter " + answer;
            break;
        case Question::taken:
            out = actor + " is handed " + answer + " of its events";
            break;
        case Question::event:
            out = actor + " gets event " + answer + " first";
            break;
        case Question::spurious:
            out = actor + " fails for no reason";
            break;
        case Question::time:
            out = actor + " is so slow that the next deadline is reached";
            break;
    }
    return out + " (when " + actor + " at " + std::to_string(deviation.point) + ")";
}

std::string to_text(const Record& record) {
    std::string out;
    append_record(out, record);
    return out;
}

std::string to_text(const Scenario& scenario) {
    std::string out;
    append_header(out, scenario.header);
    if (!scenario.graph.nodes.empty() || !scenario.graph.backends.empty()) {
        out += '\n';
    }
    for (std::size_t i = 0; i < scenario.graph.nodes.size(); ++i) {
        append_node(out, i, scenario.graph.nodes[i]);
    }
    for (std::size_t i = 0; i < scenario.graph.backends.size(); ++i) {
        append_backend(out, i, scenario.graph.backends[i]);
    }
    // Sorted as they are printed.
    const Deviation* next = scenario.deviations.begin();
    const auto append_deviations = [&](std::size_t client, std::size_t operation) {
        for (; next != scenario.deviations.end() && next->client == client &&
               next->operation == operation;
             ++next) {
            append_deviation(out, *next);
            out += '\n';
        }
    };
    if (next != scenario.deviations.end() && next->client == Deviation::at_start) {
        out += '\n';
        append_deviations(Deviation::at_start, 0);
    }
    for (std::size_t client = 0; client < scenario.programs.size(); ++client) {
        out += '\n';
        if (scenario.programs.size() > 1) {
            out += "client ";
            append_number(out, client);
            out += '\n';
        }
        for (std::size_t i = 0; i < scenario.programs[client].size(); ++i) {
            append_record(out, scenario.programs[client][i]);
            out += '\n';
            append_deviations(client, i);
        }
    }
    if (next != scenario.deviations.end()) {
        out += "\nfinally\n";
        append_deviations(Deviation::at_end, 0);
    }
    return out;
}

}  // namespace blkdrain_props
