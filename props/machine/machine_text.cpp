// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <span>
#include <utility>

#include "machine/machine_program.h"

namespace blkdrain_props {

namespace {

constexpr std::string_view machine_word = "machine";

struct OpWords {
    std::string_view name;
    std::uint8_t operands;
};
// In the order of MachineOp.
constexpr std::array<OpWords, machine_ops> ops{{
    {"put", 3},
    {"stop", 0},
    {"give_up", 0},
    {"cont", 0},
    {"job_send", 1},
    {"hold", 1},
    {"let_go", 1},
    {"fail", 1},
    {"drained", 1},
    {"isolate", 0},
    {"end_section", 0},
    {"unplug", 1},
    {"plug", 0},
    {"rest", 0},
}};

constexpr std::array<std::string_view, 3> policies{"report", "ignore", "stop"};

std::string device_text(const MachineDevice& device) {
    const auto policy = [](MachinePolicy which) {
        return std::string(policies[static_cast<std::size_t>(which)]);
    };
    return " on n" + std::to_string(device.node) + " queues " + std::to_string(device.queues) +
           " depth " + std::to_string(device.depth) + " read " + policy(device.read) + " write " +
           policy(device.write) + " priority " + std::to_string(device.priority) +
           (device.limited ? " limited\n" : "\n");
}

// The words of a text, line by line; the first mistake is kept.
class Words {
public:
    explicit Words(std::string_view text) : rest_(text) {}

    // The next line that says something; whether there is one.
    bool next_line() {
        while (!rest_.empty() && !error_) {
            const std::size_t end = std::min(rest_.find('\n'), rest_.size());
            whole_ = rest_.substr(0, end);
            rest_.remove_prefix(std::min(end + 1, rest_.size()));
            ++line_;
            whole_ = whole_.substr(0, whole_.find('#'));
            at_ = 0;
            if (!peek().empty()) {
                return true;
            }
        }
        return false;
    }

    [[nodiscard]] std::string_view peek() {
        skip_blanks();
        return whole_.substr(at_, whole_.find_first_of(" \t\r", at_) - at_);
    }
    std::string_view take() {
        const std::string_view word = peek();
        at_ += word.size();
        return word;
    }
    bool take_if(std::string_view word) {
        const bool there = peek() == word;
        at_ += there ? word.size() : 0;
        return there;
    }
    void want(std::string_view word) {
        if (!take_if(word)) {
            expected(std::string(word));
        }
    }
    // A number of [least, most] behind `letter`.
    std::uint64_t number(std::uint64_t least, std::uint64_t most, std::string_view letter = "") {
        const std::string_view word = peek();
        std::uint64_t value = 0;
        bool right = word.substr(0, letter.size()) == letter;
        if (right) {
            const auto [end, failure] =
                std::from_chars(word.data() + letter.size(), word.data() + word.size(), value);
            right = failure == std::errc() && end == word.data() + word.size() && value >= least &&
                    value <= most;
        }
        if (!right) {
            const auto named = [&](std::uint64_t which) {
                return std::string(letter) + std::to_string(which);
            };
            expected(named(least) + (least == most ? "" : " to " + named(most)));
            return least;
        }
        at_ += word.size();
        return value;
    }
    std::uint8_t small(std::uint64_t least, std::uint64_t most, std::string_view letter = "") {
        return static_cast<std::uint8_t>(number(least, most, letter));
    }
    std::size_t one_of(std::span<const std::string_view> words) {
        for (std::size_t i = 0; i < words.size(); ++i) {
            if (take_if(words[i])) {
                return i;
            }
        }
        std::string all;
        for (const std::string_view word : words) {
            all += (all.empty() ? "" : ", ") + std::string(word);
        }
        expected("one of " + all);
        return 0;
    }
    void end_of_line() {
        if (!peek().empty()) {
            expected("the end of the line");
        }
    }
    void expected(const std::string& what) {
        const std::string_view word = peek();
        fail("expected " + what + ", found " +
             (word.empty() ? "nothing" : "'" + std::string(word) + "'"));
    }
    void fail(std::string message) {
        skip_blanks();
        if (!error_) {
            error_ = TextError{line_, static_cast<unsigned>(at_) + 1, std::move(message)};
        }
    }
    [[nodiscard]] const std::optional<TextError>& error() const { return error_; }

private:
    void skip_blanks() { at_ = std::min(whole_.find_first_not_of(" \t\r", at_), whole_.size()); }

    std::string_view rest_;
    std::string_view whole_;  // the line, without its comment
    std::size_t at_ = 0;
    unsigned line_ = 0;
    std::optional<TextError> error_;
};

MachineDevice read_device(Words& words, std::size_t nodes) {
    MachineDevice device;
    words.want("on");
    device.node = words.small(0, nodes - 1, "n");
    words.want("queues");
    device.queues = words.small(1, MachineProgram::queues_max);
    words.want("depth");
    device.depth = words.small(1, 255);
    words.want("read");
    device.read = static_cast<MachinePolicy>(words.one_of(policies));
    words.want("write");
    device.write = static_cast<MachinePolicy>(words.one_of(policies));
    words.want("priority");
    device.priority = words.small(0, 255);
    device.limited = words.take_if("limited");
    return device;
}

MachineStep read_step(Words& words) {
    MachineStep step;
    std::array<std::string_view, machine_ops> names;
    for (std::size_t i = 0; i < machine_ops; ++i) {
        names[i] = ops[i].name;
    }
    const std::size_t op = words.one_of(names);
    step.op = static_cast<MachineOp>(op);
    std::uint8_t* const operands[] = {&step.a, &step.b, &step.c};
    for (std::size_t i = 0; i < ops[op].operands; ++i) {
        *operands[i] = words.small(0, 255);
    }
    return step;
}

void read_node(Words& words, MachineProgram& program) {
    const std::size_t number = program.nodes.size();
    if (number == MachineProgram::nodes_max) {
        return words.fail("more than " + std::to_string(number) + " nodes");
    }
    words.number(number, number, "n");
    std::uint8_t below = MachineProgram::leaf;
    if (words.take_if("over")) {
        if (number == 0) {
            return words.fail("the first node has none to stand over");
        }
        below = words.small(0, number - 1, "n");
    }
    program.nodes.push_back(below);
}

// In the order of the lines: nodes before what names them.
void read_line(Words& words, MachineProgram& program, std::vector<MachineStep>*& steps) {
    if (words.take_if("node")) {
        return read_node(words, program);
    }
    if (program.nodes.empty()) {
        return words.expected("a node");
    }
    if (words.take_if("job")) {
        words.want("on");
        program.job_node = words.small(0, program.nodes.size() - 1, "n");
        return;
    }
    const bool device = words.take_if("device");
    if (device || words.take_if("spare")) {
        if (program.devices.size() + program.spares.size() == MachineProgram::devices_max) {
            return words.fail("more than " + std::to_string(MachineProgram::devices_max) +
                              " devices");
        }
        (device ? program.devices : program.spares)
            .push_back(read_device(words, program.nodes.size()));
        return;
    }
    if (words.take_if("client")) {
        steps = &program.steps[words.number(0, MachineProgram::clients - 1)];
        return;
    }
    if (steps == nullptr) {
        return words.expected("node, job, device, spare or client");
    }
    if (steps->size() == MachineProgram::steps_max) {
        return words.fail("more than " + std::to_string(MachineProgram::steps_max) +
                          " steps of a client");
    }
    steps->push_back(read_step(words));
}

}  // namespace

std::string to_text(const MachineStep& step) {
    const OpWords& op = ops[static_cast<std::size_t>(step.op)];
    std::string text(op.name);
    const std::uint8_t operands[] = {step.a, step.b, step.c};
    for (std::size_t i = 0; i < op.operands; ++i) {
        text += " " + std::to_string(operands[i]);
    }
    return text;
}

std::string to_text(const MachineProgram& program) {
    std::string text(machine_word);
    if (program.seed != 0) {
        text += " seed " + std::to_string(program.seed);
    }
    text += "\n";
    for (std::size_t i = 0; i < program.nodes.size(); ++i) {
        text += "node n" + std::to_string(i);
        if (program.nodes[i] != MachineProgram::leaf) {
            text += " over n" + std::to_string(program.nodes[i]);
        }
        text += "\n";
    }
    text += "job on n" + std::to_string(program.job_node) + "\n";
    for (const MachineDevice& device : program.devices) {
        text += "device" + device_text(device);
    }
    for (const MachineDevice& device : program.spares) {
        text += "spare" + device_text(device);
    }
    for (std::size_t client = 0; client < program.steps.size(); ++client) {
        if (!program.steps[client].empty()) {
            text += "client " + std::to_string(client) + "\n";
        }
        for (const MachineStep& step : program.steps[client]) {
            text += to_text(step) + "\n";
        }
    }
    return text;
}

bool is_machine(std::string_view text) {
    Words words(text);
    return words.next_line() && words.peek() == machine_word;
}

ParsedMachine parse_machine(std::string_view text) {
    ParsedMachine parsed;
    Words words(text);
    if (words.next_line()) {
        words.want(machine_word);
        if (words.take_if("seed")) {
            parsed.program.seed = words.number(0, ~std::uint64_t{0});
        }
        words.end_of_line();
    }
    std::vector<MachineStep>* steps = nullptr;
    while (words.next_line()) {
        read_line(words, parsed.program, steps);
        words.end_of_line();
    }
    if (parsed.program.nodes.empty() || parsed.program.devices.empty()) {
        words.expected("a node and a device");
    }
    parsed.error = words.error();
    return parsed;
}

}  // namespace blkdrain_props
