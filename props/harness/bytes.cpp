// SPDX-License-Identifier: Apache-2.0
#include "harness/bytes.h"

#include <algorithm>
#include <array>

#include "harness/operations.h"

namespace blkdrain_props {
namespace {

constexpr unsigned where_shift = 2;
constexpr unsigned at_once_bit = 1U << 4;
constexpr unsigned variant_bit = 1U << 5;
constexpr unsigned extra_bit = 1U << 6;
constexpr unsigned blocking_bit = 1U << 7;
constexpr unsigned pinned_bit = 1U << 0;
constexpr unsigned listens_bit = 1U << 1;

// Reads zeros past the end.
class Reader {
public:
    explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    std::uint8_t byte() {
        if (at_ == bytes_.size()) {
            return 0;
        }
        return bytes_[at_++];
    }
    std::uint16_t half() {
        const unsigned low = byte();
        return static_cast<std::uint16_t>(low | (unsigned{byte()} << 8U));
    }
    std::uint64_t word() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 8) {
            value |= std::uint64_t{byte()} << shift;
        }
        return value;
    }
    [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

private:
    std::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0;
};

class Writer {
public:
    explicit Writer(std::span<std::uint8_t> out) : out_(out) {}

    void byte(unsigned value) {
        if (at_ < out_.size()) {
            out_[at_++] = static_cast<std::uint8_t>(value);
        }
    }
    void half(unsigned value) {
        byte(value & 0xffU);
        byte(value >> 8U);
    }
    void word(std::uint64_t value) {
        for (unsigned shift = 0; shift < 64; shift += 8) {
            byte(static_cast<unsigned>((value >> shift) & 0xff));
        }
    }
    [[nodiscard]] std::size_t size() const { return at_; }

private:
    std::span<std::uint8_t> out_;
    std::size_t at_ = 0;
};

template <class Enum>
unsigned number(Enum value) {
    return static_cast<unsigned>(value);
}

NodeSpec read_node(Reader& in) {
    NodeSpec node;
    node.loop = in.byte();
    node.pinned = (in.byte() & pinned_bit) != 0;
    node.settle = static_cast<SettleKind>(in.byte() % settle_words.size());
    const std::size_t children = in.byte() % (children_max + 1);
    for (std::size_t i = 0; i < children_max; ++i) {
        ChildSpec child;
        child.role = static_cast<Role>(in.byte() % role_words.size());
        child.node = in.byte();
        if (i < children) {
            node.children.push_back(child);
        }
    }
    return node;
}

void write_node(Writer& out, const NodeSpec& node) {
    out.byte(node.loop);
    out.byte(node.pinned ? pinned_bit : 0);
    out.byte(number(node.settle));
    out.byte(static_cast<unsigned>(node.children.size()));
    for (std::size_t i = 0; i < children_max; ++i) {
        const ChildSpec child = i < node.children.size() ? node.children[i] : ChildSpec{};
        out.byte(number(child.role));
        out.byte(child.node);
    }
}

Record read_operation(Reader& in) {
    Record record;
    record.opcode = static_cast<Opcode>(in.byte() % opcode_count);
    record.a = in.byte();
    record.b = in.byte();
    record.c = in.byte();
    record.d = in.byte();
    const unsigned flags = in.byte();
    record.holds = static_cast<Holds>(flags & 3U);
    record.where = static_cast<Where>((flags >> where_shift) & 3U);
    record.at_once = (flags & at_once_bit) != 0;
    record.variant = (flags & variant_bit) != 0;
    record.extra = (flags & extra_bit) != 0;
    record.blocking = (flags & blocking_bit) != 0;
    record.where_backend = in.byte();
    record.deadline = in.byte();
    return record;
}

void write_operation(Writer& out, const Record& record) {
    out.byte(number(record.opcode));
    out.byte(record.a);
    out.byte(record.b);
    out.byte(record.c);
    out.byte(record.d);
    out.byte(number(record.holds) | (number(record.where) << where_shift) |
             (record.at_once ? at_once_bit : 0) | (record.variant ? variant_bit : 0) |
             (record.extra ? extra_bit : 0) | (record.blocking ? blocking_bit : 0));
    out.byte(record.where_backend);
    out.byte(record.deadline);
}

// By actor. The numbers are of the time of three loops; the fourth and its stores came last.
constexpr std::array<std::uint8_t, Actor::count> actor_numbers{0, 1, 2,  15, 3,  4,  5,  6, 7,
                                                               8, 9, 10, 16, 11, 12, 13, 14};

std::uint8_t number_of(std::uint8_t actor) {
    return actor_numbers[actor % Actor::count];
}

std::uint8_t actor_of(std::uint8_t byte) {
    const auto at = std::ranges::find(actor_numbers, byte % Actor::count);
    return static_cast<std::uint8_t>(at - actor_numbers.begin());
}

Deviation read_deviation(Reader& in) {
    Deviation deviation;
    deviation.client = in.byte();
    deviation.operation = in.byte();
    deviation.actor = actor_of(in.byte());
    deviation.question = static_cast<Question>(in.byte() % question_count);
    deviation.point = in.half();
    deviation.answer = in.byte();
    if (deviation.question == Question::run) {
        deviation.answer = actor_of(deviation.answer);
    }
    in.byte();
    return deviation;
}

void write_deviation(Writer& out, const Deviation& deviation) {
    out.byte(deviation.client);
    out.byte(deviation.operation);
    out.byte(number_of(deviation.actor));
    out.byte(number(deviation.question));
    out.half(deviation.point);
    out.byte(deviation.question == Question::run ? number_of(deviation.answer) : deviation.answer);
    out.byte(0);
}

}  // namespace

Scenario decode(std::span<const std::uint8_t> bytes) {
    Reader in(bytes);
    Scenario scenario;
    const bool first_version = in.byte() == 1;
    Header& header = scenario.header;
    header.loops = static_cast<std::uint8_t>((in.byte() + loops_max - 1) % loops_max + 1);
    header.strategy = static_cast<Strategy>(in.byte() % strategy_count);
    header.pace = static_cast<Pace>(in.byte() % 2);
    header.rule = static_cast<std::uint8_t>(in.byte() % (last_rule + 1));
    const std::size_t nodes = in.byte() % (nodes_max + 1);
    const std::size_t backends = in.byte() % (backends_max + 1);
    const std::size_t clients = (in.byte() + clients_max - 1) % clients_max + 1;
    header.seed = in.word();
    header.swarm = in.word();
    std::size_t deviations = 0;
    if (!first_version) {
        header.depth = in.byte();
        header.memory = static_cast<Memory>(in.byte() % memory_words.size());
        header.horizon = in.half();
        deviations = in.half() % (deviations_max + 1);
        header.faults = static_cast<Faults>(in.byte() % fault_words.size());
        in.byte();
    }

    for (std::size_t i = 0; i < nodes; ++i) {
        scenario.graph.nodes.push_back(read_node(in));
    }
    for (std::size_t i = 0; i < backends; ++i) {
        BackendSpec backend;
        backend.loop = in.byte();
        const unsigned flags = in.byte();
        backend.pinned = (flags & pinned_bit) != 0;
        backend.listens = (flags & listens_bit) != 0;
        backend.root = in.byte();
        in.byte();
        scenario.graph.backends.push_back(backend);
    }

    std::array<std::size_t, clients_max> lengths{};
    for (std::size_t& length : lengths) {
        length = in.byte() % (operations_max + 1);
    }
    for (std::size_t client = 0; client < clients; ++client) {
        scenario.programs.push_back({});
        for (std::size_t i = 0; i < lengths[client] && !in.at_end(); ++i) {
            scenario.programs.back().push_back(read_operation(in));
        }
    }
    for (std::size_t i = 0; i < deviations && !in.at_end(); ++i) {
        scenario.deviations.push_back(read_deviation(in));
    }
    return canonical(scenario);
}

std::size_t encode(const Scenario& scenario, std::span<std::uint8_t> out_bytes) {
    Writer out(out_bytes);
    const Header& header = scenario.header;
    out.byte(scenario_version);
    out.byte(header.loops);
    out.byte(number(header.strategy));
    out.byte(number(header.pace));
    out.byte(header.rule);
    out.byte(static_cast<unsigned>(scenario.graph.nodes.size()));
    out.byte(static_cast<unsigned>(scenario.graph.backends.size()));
    out.byte(static_cast<unsigned>(scenario.programs.size()));
    out.word(header.seed);
    out.word(header.swarm);
    out.byte(header.depth);
    out.byte(number(header.memory));
    out.half(header.horizon);
    out.half(static_cast<unsigned>(scenario.deviations.size()));
    out.byte(number(header.faults));
    out.byte(0);
    for (const NodeSpec& node : scenario.graph.nodes) {
        write_node(out, node);
    }
    for (const BackendSpec& backend : scenario.graph.backends) {
        out.byte(backend.loop);
        out.byte((backend.pinned ? pinned_bit : 0) | (backend.listens ? listens_bit : 0));
        out.byte(backend.root);
        out.byte(0);
    }
    for (std::size_t client = 0; client < clients_max; ++client) {
        out.byte(client < scenario.programs.size()
                     ? static_cast<unsigned>(scenario.programs[client].size())
                     : 0);
    }
    for (const Program& program : scenario.programs) {
        for (const Record& record : program) {
            write_operation(out, record);
        }
    }
    for (const Deviation& deviation : scenario.deviations) {
        write_deviation(out, deviation);
    }
    return out.size();
}

std::vector<std::uint8_t> encode(const Scenario& scenario) {
    std::vector<std::uint8_t> bytes(encoded_size_max);
    bytes.resize(encode(scenario, std::span(bytes)));
    return bytes;
}

}  // namespace blkdrain_props
