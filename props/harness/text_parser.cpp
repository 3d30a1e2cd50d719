// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/object_names.h"
#include "harness/operations.h"
#include "harness/pattern.h"
#include "harness/text.h"

namespace blkdrain_props {
namespace {

struct Token {
    std::string_view text;
    unsigned column = 0;
};

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}
bool stands_alone(char c) {
    return c == ':' || c == ',';
}

// The words of one line, without its comment. `:` and `,` are words of their own.
void split(std::string_view line, std::vector<Token>& tokens) {
    tokens.clear();
    std::size_t at = 0;
    while (at < line.size() && line[at] != '#') {
        if (is_blank(line[at])) {
            ++at;
            continue;
        }
        std::size_t end = at + 1;
        if (!stands_alone(line[at])) {
            while (end < line.size() && !is_blank(line[end]) && !stands_alone(line[end]) &&
                   line[end] != '#') {
                ++end;
            }
        }
        tokens.push_back({line.substr(at, end - at), static_cast<unsigned>(at + 1)});
        at = end;
    }
}

// Decimal or 0x...; the whole word.
std::optional<std::uint64_t> number_in(std::string_view word) {
    int base = 10;
    if (word.starts_with("0x")) {
        word.remove_prefix(2);
        base = 16;
    }
    std::uint64_t value = 0;
    const auto [end, failure] =
        std::from_chars(word.data(), word.data() + word.size(), value, base);
    if (word.empty() || failure != std::errc() || end != word.data() + word.size()) {
        return std::nullopt;
    }
    return value;
}

// For messages: short and printable whatever stood there.
std::string quoted(std::string_view word) {
    constexpr std::size_t length_max = 32;
    std::string text = "'";
    for (const char c : word.substr(0, length_max)) {
        text += c >= ' ' && c <= '~' ? c : '?';
    }
    text += word.size() > length_max ? "...'" : "'";
    return text;
}

std::string one_of(std::span<const std::string_view> words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i != 0) {
            text += i + 1 == words.size() ? " or " : ", ";
        }
        text += words[i];
    }
    return text;
}

// Functions that say bool: false after a mistake, which `error_` then holds.
class Parser {
public:
    ParsedText parse(std::string_view text) {
        result_.scenario.programs.push_back({});
        while (!text.empty() && !result_.error) {
            const std::size_t length = text.find('\n');
            const std::string_view line = text.substr(0, length);
            text.remove_prefix(length == std::string_view::npos ? text.size() : length + 1);
            ++line_;
            end_column_ = static_cast<unsigned>(line.size() + 1);
            split(line, tokens_);
            at_ = 0;
            if (!tokens_.empty() && parse_line() && at_ != tokens_.size()) {
                expected("the end of the line");
            }
        }
        if (!result_.error && !header_seen_) {
            ++line_;
            end_column_ = 1;
            tokens_.clear();
            at_ = 0;
            expected("the first line: scenario 3");
        }
        for (const ClientNamed& named : clients_named_) {
            if (named.client >= result_.scenario.programs.size() && !result_.error) {
                result_.error = TextError{named.line, named.column,
                                          "there is no client " + std::to_string(named.client)};
            }
        }
        if (result_.error) {
            result_.scenario = canonical(Scenario{});
        } else {
            result_.scenario = canonical(result_.scenario);
        }
        return result_;
    }

private:
    // ---- mistakes

    bool mistake(unsigned column, std::string message) {
        if (!result_.error) {
            result_.error = TextError{line_, column, std::move(message)};
        }
        return false;
    }
    bool mistake(std::string message) { return mistake(column(), std::move(message)); }

    bool expected(std::string_view what) {
        std::string message = "expected ";
        message += what;
        message += at_ == tokens_.size() ? ", found the end of the line"
                                         : ", found " + quoted(tokens_[at_].text);
        return mistake(std::move(message));
    }

    // ---- words

    [[nodiscard]] unsigned column() const {
        return at_ == tokens_.size() ? end_column_ : tokens_[at_].column;
    }
    [[nodiscard]] std::string_view peek(std::size_t ahead = 0) const {
        return at_ + ahead < tokens_.size() ? tokens_[at_ + ahead].text : std::string_view();
    }
    bool take(std::string_view word) {
        if (peek() != word) {
            return false;
        }
        ++at_;
        return true;
    }
    bool need(std::string_view word) { return take(word) || expected(quoted(word)); }

    template <class Number>
    bool need_number(std::string_view what, std::uint64_t min, std::uint64_t max, Number& number) {
        const std::optional<std::uint64_t> value = number_in(peek());
        if (!value || *value < min || *value > max) {
            return expected(std::string(what) + " from " + std::to_string(min) + " to " +
                            std::to_string(max));
        }
        number = static_cast<Number>(*value);
        ++at_;
        return true;
    }

    bool need_word(std::span<const std::string_view> words, std::uint8_t& index) {
        for (std::size_t i = 0; i < words.size(); ++i) {
            if (take(words[i])) {
                index = static_cast<std::uint8_t>(i);
                return true;
            }
        }
        return expected(one_of(words));
    }

    // n3 or n@3
    bool need_object(OperandKind kind, bool absolute_only, std::uint8_t& byte) {
        std::string_view word = peek();
        if (word.empty() || word.front() != letter_of(kind)) {
            return expected(description_of(kind));
        }
        word.remove_prefix(1);
        const bool relative = word.starts_with('@');
        if (relative) {
            if (absolute_only) {
                return expected(std::string(description_of(kind)) + ", without @");
            }
            word.remove_prefix(1);
        }
        const std::optional<std::uint64_t> number = number_in(word);
        if (!number || *number > Ordinal::number_max) {
            return expected(std::string(description_of(kind)) + ", numbered up to " +
                            std::to_string(Ordinal::number_max));
        }
        const auto small = static_cast<std::uint8_t>(*number);
        byte = (relative ? Ordinal::relative(small) : Ordinal::absolute(small)).byte;
        ++at_;
        return true;
    }

    bool need_loop(std::uint8_t& loop) {
        return need_number("the number of a loop", 0, result_.scenario.header.loops - 1U, loop);
    }

    // ---- lines

    bool parse_line() {
        if (!header_seen_) {
            return parse_header();
        }
        if (finally_seen_ && peek() != "when") {
            return expected("'when': after 'finally' come deviations alone");
        }
        if (take("rule")) {
            return parse_rule();
        }
        if (take("node")) {
            return parse_node();
        }
        if (take("backend")) {
            return parse_backend();
        }
        if (take("client")) {
            return parse_client();
        }
        if (take("when")) {
            return parse_deviation();
        }
        if (take("finally")) {
            finally_seen_ = true;
            return true;
        }
        return parse_operation();
    }

    bool parse_header() {
        if (!take("scenario")) {
            return expected("the first line: scenario 3");
        }
        std::uint8_t version = 0;
        if (!need_number("the version of the format", 1, scenario_version, version)) {
            return false;
        }
        header_seen_ = true;
        Header& header = result_.scenario.header;
        constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();
        while (at_ != tokens_.size()) {
            if (take("loops")) {
                if (!need_number("the number of loops", 1, loops_max, header.loops)) {
                    return false;
                }
            } else if (take("strategy")) {
                std::uint8_t index = 0;
                if (!need_word(strategy_words, index)) {
                    return false;
                }
                header.strategy = static_cast<Strategy>(index);
            } else if (take("depth")) {
                if (!need_number("a depth", 1, depth_max, header.depth)) {
                    return false;
                }
            } else if (take("horizon")) {
                if (!need_number("a number of choices", 1, 0xffff, header.horizon)) {
                    return false;
                }
            } else if (take("memory")) {
                std::uint8_t index = 0;
                if (!need_word(memory_words, index)) {
                    return false;
                }
                header.memory = static_cast<Memory>(index);
            } else if (take("faults")) {
                std::uint8_t index = 0;
                if (!need_word(fault_words, index)) {
                    return false;
                }
                header.faults = static_cast<Faults>(index);
            } else if (take("pace")) {
                constexpr std::array<std::string_view, 2> words{"step", "free"};
                std::uint8_t index = 0;
                if (!need_word(words, index)) {
                    return false;
                }
                header.pace = static_cast<Pace>(index);
            } else if (take("seed")) {
                if (!need_number("a seed", 0, any, header.seed)) {
                    return false;
                }
            } else if (take("swarm")) {
                constexpr std::uint64_t all = (std::uint64_t{1} << opcode_count) - 1;
                if (!need_number("a set of operations", 0, all, header.swarm)) {
                    return false;
                }
            } else {
                return expected(
                    "loops, strategy, depth, horizon, seed, memory, faults, pace or swarm");
            }
        }
        return true;
    }

    bool parse_rule() {
        const std::string_view word = peek();
        const std::optional<std::uint64_t> number =
            word.starts_with('R') ? number_in(word.substr(1)) : std::nullopt;
        if (!number || *number < 1 || *number > last_rule) {
            return expected("a rule from R1 to R" + std::to_string(last_rule));
        }
        result_.scenario.header.rule = static_cast<std::uint8_t>(*number);
        ++at_;
        return true;
    }

    bool before_operations(std::string_view what) {
        const Bounded<Program, clients_max>& programs = result_.scenario.programs;
        if (programs.size() > 1 || !programs[0].empty()) {
            --at_;
            return mistake("a " + std::string(what) +
                           " of the graph stands before the operations; "
                           "use new_" +
                           std::string(what) + " for one that is born later");
        }
        return true;
    }

    bool need_name(OperandKind kind, std::size_t number) {
        const std::string name = letter_of(kind) + std::to_string(number);
        return take(name) || expected(name + ", the next in order");
    }

    // An earlier node of the graph.
    bool need_graph_node(std::uint8_t& node) {
        std::uint8_t byte = 0;
        const unsigned where = column();
        if (!need_object(OperandKind::node, true, byte)) {
            return false;
        }
        node = Ordinal{byte}.number();
        if (node >= result_.scenario.graph.nodes.size()) {
            return mistake(
                where, "expected a node of a line above, found " + quoted(tokens_[at_ - 1].text));
        }
        return true;
    }

    bool parse_node() {
        Bounded<NodeSpec, nodes_max>& nodes = result_.scenario.graph.nodes;
        if (!before_operations("node")) {
            return false;
        }
        if (nodes.full()) {
            return mistake("a graph starts with at most " + std::to_string(nodes_max) + " nodes");
        }
        if (!need_name(OperandKind::node, nodes.size())) {
            return false;
        }
        NodeSpec node;
        if (take("over") && !parse_children(node)) {
            return false;
        }
        if (!node.children.empty()) {
            node.loop = nodes[node.children[0].node].loop;
        }
        if (!maybe_loop(node.loop, !node.children.empty())) {
            return false;
        }
        if (take("settles")) {
            node.settle = SettleKind::works;
        } else if (take("fails")) {
            node.settle = SettleKind::fails;
        }
        node.pinned = take("pinned");
        nodes.push_back(node);
        return at_ == tokens_.size() ||
               expected(
                   "over, loop, settles or fails, pinned (in this order), or the end of the line");
    }

    // `fixed`: what it is connected to says which loop it must be.
    bool maybe_loop(std::uint8_t& loop, bool fixed) {
        const std::uint8_t must = loop;
        if (!take("loop")) {
            return true;
        }
        const unsigned where = column();
        if (!need_loop(loop)) {
            return false;
        }
        if (fixed && loop != must) {
            return mistake(
                where, "what is connected shares a loop: here it is loop " + std::to_string(must));
        }
        return true;
    }

    bool parse_children(NodeSpec& node) {
        const Bounded<NodeSpec, nodes_max>& nodes = result_.scenario.graph.nodes;
        do {
            ChildSpec child;
            const unsigned where = column();
            if (!need_graph_node(child.node)) {
                return false;
            }
            if (!node.children.empty() &&
                nodes[child.node].loop != nodes[node.children[0].node].loop) {
                return mistake(where,
                               "what is connected shares a loop: the first child's is loop " +
                                   std::to_string(nodes[node.children[0].node].loop));
            }
            if (take("as")) {
                std::uint8_t role = 0;
                if (!need_word(role_words, role)) {
                    return false;
                }
                child.role = static_cast<Role>(role);
            }
            if (!node.children.push_back(child)) {
                return mistake("a node starts with at most " + std::to_string(children_max) +
                               " children");
            }
        } while (take(","));
        return true;
    }

    bool parse_backend() {
        Bounded<BackendSpec, backends_max>& backends = result_.scenario.graph.backends;
        if (!before_operations("backend")) {
            return false;
        }
        if (backends.full()) {
            return mistake("a graph starts with at most " + std::to_string(backends_max) +
                           " backends");
        }
        if (!need_name(OperandKind::backend, backends.size())) {
            return false;
        }
        BackendSpec backend;
        if (take("on")) {
            if (!need_graph_node(backend.root)) {
                return false;
            }
            backend.loop = result_.scenario.graph.nodes[backend.root].loop;
        } else if (!take("empty")) {
            return expected("'on' and a node, or 'empty'");
        }
        if (!maybe_loop(backend.loop, backend.root != no_node)) {
            return false;
        }
        backend.listens = take("listening");
        backend.pinned = take("pinned");
        backends.push_back(backend);
        return at_ == tokens_.size() ||
               expected("loop, listening, pinned (in this order), or the end of the line");
    }

    bool need_actor(bool of_stores_too, std::uint8_t& actor) {
        const bool stores = of_stores_too && take("stores") && need("of");
        if (result_.error) {
            return false;
        }
        std::string_view word = peek();
        const auto numbered = [&](std::string_view name, std::size_t count, std::uint8_t first) {
            if (!word.starts_with(name)) {
                return false;
            }
            const std::optional<std::uint64_t> number = number_in(word.substr(name.size()));
            if (!number || *number >= count) {
                return false;
            }
            actor = static_cast<std::uint8_t>(first + *number);
            if (first == Actor::client_first) {
                clients_named_.push_back({static_cast<std::size_t>(*number), line_, column()});
            }
            return true;
        };
        if (!numbered("loop", result_.scenario.header.loops, 0) &&
            !numbered("client", clients_max, Actor::client_first)) {
            if (word != "world" || stores) {
                return expected("a loop or client that exists, such as loop0");
            }
            actor = Actor::world;
        }
        if (stores) {
            actor = static_cast<std::uint8_t>(actor + Actor::stores_first);
        }
        ++at_;
        return true;
    }

    bool parse_deviation() {
        const Bounded<Program, clients_max>& programs = result_.scenario.programs;
        Deviation deviation;
        if (finally_seen_) {
            deviation.client = Deviation::at_end;
        } else if (!programs.back().empty()) {
            deviation.client = static_cast<std::uint8_t>(programs.size() - 1);
            deviation.operation = static_cast<std::uint8_t>(programs.back().size() - 1);
        } else if (programs.size() > 1) {
            --at_;
            return mistake("a deviation stands behind the operation it belongs to");
        }
        std::uint8_t question = 0;
        if (!need_actor(false, deviation.actor) || !need("at") ||
            !need_number("a point", 0, 0xffff, deviation.point) || !need(":") ||
            !need_word(question_words, question)) {
            return false;
        }
        deviation.question = static_cast<Question>(question);
        const bool understood = deviation.question == Question::run
                                    ? need_actor(true, deviation.answer)
                                    : need_number("a number", 0, 255, deviation.answer);
        if (!understood) {
            return false;
        }
        if (!result_.scenario.deviations.push_back(deviation)) {
            return mistake(
                1, "a scenario has at most " + std::to_string(deviations_max) + " deviations");
        }
        return true;
    }

    bool parse_client() {
        Bounded<Program, clients_max>& programs = result_.scenario.programs;
        std::size_t number = 0;
        const unsigned where = column();
        if (!need_number("the number of a client", 0, clients_max - 1, number)) {
            return false;
        }
        // The program of client 0 is there from the start; `client 0` before its first operation
        // says no more than that.
        const bool restates_first = number == 0 && programs.size() == 1 && programs[0].empty();
        if (!restates_first && number != programs.size()) {
            return mistake(where, "expected client " + std::to_string(programs.size()) +
                                      ", the next in order, found " +
                                      quoted(tokens_[at_ - 1].text));
        }
        if (!restates_first) {
            programs.push_back({});
        }
        return true;
    }

    bool parse_operation() {
        Record record;
        if (peek() == "at" && peek(1) == "once") {
            at_ += 2;
            record.at_once = true;
            if (!need(":")) {
                return false;
            }
        }
        if (peek() == "in" && !parse_where(record)) {
            return false;
        }
        if (peek() == "blocking") {
            ++at_;
            record.blocking = true;
            if (!need(":")) {
                return false;
            }
        }
        const OperationRow* row = nullptr;
        const unsigned where = column();
        if (!need_row(row)) {
            return false;
        }
        record.opcode = row->opcode;
        if (record.where != Where::client && !row->in_callbacks) {
            return mistake(where, std::string(row->name) + " cannot run in a callback");
        }
        if (record.blocking && !row->waits) {
            return mistake(where, std::string(row->name) + " does not wait: it cannot block");
        }
        if (!parse_pattern(*row, record) || !parse_options(*row, record)) {
            return false;
        }
        if (!result_.scenario.programs.back().push_back(record)) {
            at_ = 0;
            return mistake("a client has at most " + std::to_string(operations_max) +
                           " operations");
        }
        return true;
    }

    bool parse_where(Record& record) {
        ++at_;
        constexpr std::array<std::string_view, 2> words{"completion", "notification"};
        std::uint8_t index = 0;
        if (!need_word(words, index) || !need("of") ||
            !need_object(OperandKind::backend, false, record.where_backend)) {
            return false;
        }
        record.where = index == 0 ? Where::completion : Where::notification;
        return need(":");
    }

    // The row that the next words belong to. The first word stays in place: the pattern begins with
    // it.
    bool need_row(const OperationRow*& row) {
        const std::string_view word = peek();
        if (word == "expect") {
            return need_expectation(row);
        }
        for (const OperationRow& candidate : operation_table) {
            if (!candidate.is_expectation() && candidate.name == word) {
                row = &candidate;
                return true;
            }
        }
        return expected("an operation");
    }

    bool need_expectation(const OperationRow*& row) {
        const std::string_view subject = peek(1);
        const std::string_view verb = peek(2);
        const char letter = subject.empty() ? ' ' : subject.front();
        Opcode opcode = Opcode::expect_last;
        if (subject != "last") {
            switch (letter) {
                case 'r':
                    opcode = Opcode::expect_request;
                    break;
                case 'w':
                    opcode = verb == "awaits" ? Opcode::expect_awaits : Opcode::expect_wait;
                    break;
                case 'b':
                    opcode = verb == "on" ? Opcode::expect_root : Opcode::expect_backend;
                    break;
                case 'n':
                    opcode = verb == "child" ? Opcode::expect_child : Opcode::expect_node;
                    break;
                case 't':
                    opcode = Opcode::expect_token;
                    break;
                case 's':
                    opcode = Opcode::expect_section;
                    break;
                default:
                    ++at_;
                    return expected(
                        "'last' or the name of an object such as r0, w0, b0, n0, t0, s0");
            }
        }
        row = &row_of(opcode);
        return true;
    }

    bool parse_pattern(const OperationRow& row, Record& record) {
        const std::array<std::uint8_t*, 4> operands{&record.a, &record.b, &record.c, &record.d};
        PatternWalk walk(row.text);
        for (PatternItem item = walk.next(); item.kind != PatternItem::Kind::end;
             item = walk.next()) {
            switch (item.kind) {
                case PatternItem::Kind::word:
                    if (!need(item.word)) {
                        return false;
                    }
                    break;
                case PatternItem::Kind::operand:
                    if (!parse_operand(row, record, item.operand, *operands[item.operand])) {
                        return false;
                    }
                    break;
                case PatternItem::Kind::extra_begin:
                case PatternItem::Kind::variant_begin: {
                    bool& present =
                        item.kind == PatternItem::Kind::extra_begin ? record.extra : record.variant;
                    present = group_follows(walk.peek());
                    if (!present) {
                        walk.skip_group();
                    }
                    break;
                }
                default:
                    break;
            }
        }
        return true;
    }

    [[nodiscard]] bool group_follows(const PatternItem& first) const {
        if (first.kind == PatternItem::Kind::word) {
            return peek() == first.word;
        }
        return at_ != tokens_.size() && peek() != "holding" && peek() != "deadline";
    }

    bool parse_operand(const OperationRow& row, const Record& record, std::size_t number,
                       std::uint8_t& value) {
        OperandKind kind = row.operands[number];
        if (kind == OperandKind::awaited) {
            kind = awaited_object(static_cast<AwaitedKind>(record.b));
        }
        if (is_object(kind)) {
            return need_object(kind, row.is_expectation(), value);
        }
        switch (kind) {
            case OperandKind::loop:
                return need_loop(value);
            case OperandKind::index:
                return need_number("a number", 0, index_count - 1, value);
            case OperandKind::ticks:
                return need_number("a number of ticks", 1, 255, value);
            default:
                return need_word(words_of(kind), value);
        }
    }

    bool parse_options(const OperationRow& row, Record& record) {
        const unsigned where = column();
        if (take("holding")) {
            constexpr std::array<std::string_view, 3> words{"section", "token", "request"};
            std::uint8_t index = 0;
            if (!row.waits) {
                return mistake(where,
                               std::string(row.name) + " does not wait: it takes no 'holding'");
            }
            if (!need_word(words, index)) {
                return false;
            }
            record.holds = static_cast<Holds>(index + 1);
            if (record.holds == Holds::request && record.where != Where::completion) {
                return mistake(where, "only an operation in a completion is holding a request");
            }
        }
        const unsigned where_deadline = column();
        if (take("deadline")) {
            if (!row.waits) {
                return mistake(where_deadline,
                               std::string(row.name) + " does not wait: it takes no deadline");
            }
            return need_number("a number of ticks", 1, 255, record.deadline);
        }
        return true;
    }

    ParsedText result_;
    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    unsigned line_ = 0;
    unsigned end_column_ = 1;
    bool header_seen_ = false;
    bool finally_seen_ = false;
    // By deviations, which may stand before the client does.
    struct ClientNamed {
        std::size_t client;
        unsigned line;
        unsigned column;
    };
    std::vector<ClientNamed> clients_named_;
};

}  // namespace

std::string TextError::text() const {
    return std::to_string(line) + ":" + std::to_string(column) + ": " + message;
}

ParsedText parse_text(std::string_view text) {
    return Parser().parse(text);
}

}  // namespace blkdrain_props
