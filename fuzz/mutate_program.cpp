// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "harness/deviations.h"
#include "harness/operations.h"
#include "mutate.h"

namespace blkdrain_fuzz {

using namespace blkdrain_props;

namespace {

// Most scenarios have few objects of a kind; larger numbers wrap round among those that live.
constexpr std::size_t usual_ordinals = 6;
constexpr std::size_t range_max = 4;

constexpr std::array operands{&Record::a, &Record::b, &Record::c, &Record::d};

std::uint8_t random_operand(OperandKind kind, Random& random) {
    if (is_object(kind)) {
        const std::uint8_t number = random.byte_below(usual_ordinals);
        return random.once_in(8) ? Ordinal::absolute(number).byte : Ordinal::relative(number).byte;
    }
    if (const auto words = words_of(kind); !words.empty()) {
        return random.byte_below(words.size());
    }
    return random.byte_below(kind == OperandKind::ticks ? 4 : loops_max);
}

// Picked by the weights of the table, which expectations do not have.
Opcode random_opcode(Random& random) {
    static const std::size_t total = [] {
        std::size_t sum = 0;
        for (const OperationRow& row : operation_table) {
            sum += row.weight;
        }
        return sum;
    }();
    std::size_t at = random.below(total);
    for (const OperationRow& row : operation_table) {
        if (at < row.weight) {
            return row.opcode;
        }
        at -= row.weight;
    }
    return Opcode::send;
}

void random_circumstances(Record& record, Random& random) {
    record.at_once = random.once_in(4);
    record.blocking = random.once_in(4);
    record.variant = random.once_in(4);
    record.extra = random.once_in(4);
    record.where = random.once_in(5) ? static_cast<Where>(random.below(3)) : Where::client;
    record.where_backend = random_operand(OperandKind::backend, random);
    record.holds = random.once_in(5) ? static_cast<Holds>(random.below(4)) : Holds::nothing;
    record.deadline = random.once_in(10) ? random.byte_below(4) : std::uint8_t{0};
}

Record random_record(Random& random) {
    Record record;
    record.opcode = random_opcode(random);
    const OperationRow& row = row_of(record.opcode);
    for (std::size_t i = 0; i < operands.size(); ++i) {
        record.*operands[i] = random_operand(row.operands[i], random);
    }
    random_circumstances(record, random);
    return record;
}

// Null: there is no operation at all.
Program* program_with_operations(Scenario& scenario, Random& random) {
    const std::size_t first = random.below(scenario.programs.size());
    for (std::size_t i = 0; i < scenario.programs.size(); ++i) {
        Program& program = scenario.programs[(first + i) % scenario.programs.size()];
        if (!program.empty()) {
            return &program;
        }
    }
    return nullptr;
}

std::size_t client_of(const Scenario& scenario, const Program& program) {
    return static_cast<std::size_t>(&program - scenario.programs.begin());
}

Record* any_record(Scenario& scenario, Random& random) {
    Program* const program = program_with_operations(scenario, random);
    return program == nullptr ? nullptr : &(*program)[random.below(program->size())];
}

struct Range {
    std::size_t begin, end;
};
Range any_range(const Program& program, std::size_t length_max, Random& random) {
    const std::size_t begin = random.below(program.size());
    const std::size_t room = std::min(length_max, program.size() - begin);
    return {begin, begin + 1 + random.below(room)};
}

bool insert_any_operation(Scenario& scenario, Random& random) {
    const std::size_t client = random.below(scenario.programs.size());
    const Program& program = scenario.programs[client];
    if (program.full()) {
        return false;
    }
    insert_operation(scenario, client, random.below(program.size() + 1), random_record(random));
    return true;
}

bool delete_operations(Scenario& scenario, Random& random) {
    const Program* const program = program_with_operations(scenario, random);
    if (program == nullptr) {
        return false;
    }
    const Range range = any_range(*program, random.once_in(4) ? operations_max : 2, random);
    for (std::size_t i = range.end; i > range.begin; --i) {
        erase_operation(scenario, client_of(scenario, *program), i - 1);
    }
    return true;
}

bool duplicate_operations(Scenario& scenario, Random& random) {
    const Program* const program = program_with_operations(scenario, random);
    if (program == nullptr || program->full()) {
        return false;
    }
    const Range range = any_range(*program, range_max, random);
    std::size_t to = random.below(program->size() + 1);
    const Program before = *program;
    for (std::size_t i = range.begin; i < range.end && !program->full(); ++i, ++to) {
        insert_operation(scenario, client_of(scenario, *program), to, before[i]);
    }
    return true;
}

bool swap_operations(Scenario& scenario, Random& random) {
    Program* const program = program_with_operations(scenario, random);
    if (program == nullptr || program->size() < 2) {
        return false;
    }
    const std::size_t first = random.below(program->size() - 1);
    const std::size_t second =
        random.once_in(2) ? first + 1 : first + 1 + random.below(program->size() - 1 - first);
    if ((*program)[first] == (*program)[second]) {
        return false;
    }
    std::swap((*program)[first], (*program)[second]);
    return true;
}

// To the same place in another client's program, perhaps a new client's.
bool move_to_another_client(Scenario& scenario, Random& random) {
    const Program* const from = program_with_operations(scenario, random);
    if (from == nullptr) {
        return false;
    }
    const std::size_t own = client_of(scenario, *from);
    std::size_t to = random.below(std::min(scenario.programs.size() + 1, clients_max));
    if (to == own) {
        to = (to + 1) % scenario.programs.size();
    }
    if (to == own) {
        return false;
    }
    if (to == scenario.programs.size()) {
        scenario.programs.push_back({});
    }
    const Program& into = scenario.programs[to];
    const Range range = any_range(*from, range_max, random);
    for (std::size_t i = range.begin; i < range.end && !into.full(); ++i) {
        insert_operation(scenario, to, std::min(i, into.size()), (*from)[range.begin]);
        erase_operation(scenario, own, range.begin);
    }
    return true;
}

bool wrap_in_section(Scenario& scenario, Random& random) {
    static constexpr std::array kinds{Opcode::isolate, Opcode::drained, Opcode::quiesce_all,
                                      Opcode::self_quiesce, Opcode::open_token};
    const std::size_t client = random.below(scenario.programs.size());
    const Program& program = scenario.programs[client];
    if (program.size() + 2 > Program::room) {
        return false;
    }
    const std::size_t begin = random.below(program.size() + 1);
    const std::size_t end = begin + random.below(program.size() + 1 - begin);
    Record open = random_record(random);
    open.opcode = kinds[random.below(kinds.size())];
    Record close;
    close.opcode = open.opcode == Opcode::open_token ? Opcode::close_token : Opcode::end;
    close.a = random_operand(OperandKind::section, random);
    insert_operation(scenario, client, end, close);
    insert_operation(scenario, client, begin, open);
    return true;
}

bool change_operand(Scenario& scenario, Random& random) {
    Record* const record = any_record(scenario, random);
    if (record == nullptr) {
        return false;
    }
    const OperationRow& row = row_of(record->opcode);
    const std::size_t which = random.below(operands.size());
    const OperandKind kind = row.operands[which];
    if (kind == OperandKind::none) {
        return false;
    }
    std::uint8_t& operand = record->*operands[which];
    switch (random.below(4)) {
        case 0:
            ++operand;
            break;
        case 1:
            --operand;
            break;
        case 2:
            operand ^= is_object(kind) ? Ordinal::absolute_bit : std::uint8_t{1};
            break;
        default:
            operand = random_operand(kind, random);
            break;
    }
    return true;
}

bool change_opcode(Scenario& scenario, Random& random) {
    Record* const record = any_record(scenario, random);
    if (record == nullptr) {
        return false;
    }
    record->opcode = random_opcode(random);
    return true;
}

// One of the circumstances an operation is performed in.
bool change_circumstance(Scenario& scenario, Random& random) {
    Record* const record = any_record(scenario, random);
    if (record == nullptr) {
        return false;
    }
    switch (random.below(7)) {
        case 0:
            record->at_once = !record->at_once;
            break;
        case 1:
            record->variant = !record->variant;
            break;
        case 2:
            record->extra = !record->extra;
            break;
        case 3:
            record->holds = static_cast<Holds>(random.below(4));
            break;
        case 4:
            record->where = static_cast<Where>(random.below(3));
            record->where_backend = random_operand(OperandKind::backend, random);
            break;
        case 5:
            record->blocking = !record->blocking;
            break;
        default:
            record->deadline = random.once_in(2) ? std::uint8_t{0} : random.byte_below(6);
            break;
    }
    return true;
}

// What a client does from some operation on is done by a new one beside it.
bool split_client(Scenario& scenario, Random& random) {
    Program* const from = program_with_operations(scenario, random);
    if (from == nullptr || from->size() < 2 || scenario.programs.full()) {
        return false;
    }
    const std::size_t keep = 1 + random.below(from->size() - 1);
    Program rest;
    for (std::size_t i = keep; i < from->size(); ++i) {
        rest.push_back((*from)[i]);
    }
    while (from->size() > keep) {
        from->pop_back();
    }
    return scenario.programs.push_back(rest);
}

// Two clients become one that does what they did, in turn.
bool join_clients(Scenario& scenario, Random& random) {
    if (scenario.programs.size() < 2) {
        return false;
    }
    const std::size_t second = 1 + random.below(scenario.programs.size() - 1);
    const std::size_t first = random.below(second);
    const Program a = scenario.programs[first];
    const Program b = scenario.programs[second];
    Program& both = scenario.programs[first];
    both.clear();
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
        if (i < a.size()) {
            both.push_back(a[i]);
        }
        if (i < b.size()) {
            both.push_back(b[i]);
        }
    }
    erase_client(scenario, second);
    return true;
}

constexpr std::array moves{
    Move{"insert_operation", 10, insert_any_operation},
    Move{"delete_operations", 6, delete_operations},
    Move{"duplicate_operations", 4, duplicate_operations},
    Move{"swap_operations", 5, swap_operations},
    Move{"move_to_another_client", 4, move_to_another_client},
    Move{"wrap_in_section", 6, wrap_in_section},
    Move{"change_operand", 12, change_operand},
    Move{"change_opcode", 4, change_opcode},
    Move{"change_circumstance", 8, change_circumstance},
    Move{"split_client", 1, split_client},
    Move{"join_clients", 1, join_clients},
};

}  // namespace

std::span<const Move> program_moves() {
    return moves;
}

}  // namespace blkdrain_fuzz
