// SPDX-License-Identifier: Apache-2.0
//
// Names; events and states as text and as fingerprints.
#include <type_traits>

#include <blkdrain_ref/event.h>

namespace blkdrain_ref {
namespace {

// In the order of Event::Kind.
struct Row {
    const char* name;
    int rule;
    const char* objects;
};
constexpr Row rows[] = {
#define BLKDRAIN_REF_EVENT(kind, rule, objects, function) {#kind, rule, objects},
#include <blkdrain_ref/events.inc>
#undef BLKDRAIN_REF_EVENT
};

constexpr const char* begin_objects[] = {"Sb", "Sn", "S", "Sb"};  // by SectionKind
constexpr const char* change_objects[] = {"Sno", "Sn",  "Sno", "Sbo",
                                          "Sb",  "Sno", "Sn"};  // by ChangeOp

// The name of each value of an enumeration, in its order.
constexpr const char* word(Error error) {
    constexpr const char* words[] = {
        "ok",        "busy",       "conflict",   "cycle",        "context",      "closing",
        "no_medium", "has_medium", "not_filter", "no_such_edge", "not_quiesced", "would_deadlock",
        "cancelled", "timed_out",  "io_error",   "bad_token",    "stopped"};
    return words[static_cast<int>(error)];
}
constexpr const char* word(SectionKind kind) {
    constexpr const char* words[] = {"isolate",      "drained",       "quiesce_all",
                                     "self_quiesce", "change",        "context",
                                     "settle",       "close_backend", "close_node"};
    return words[static_cast<int>(kind)];
}
constexpr const char* word(ChangeOp op) {
    constexpr const char* words[] = {"attach",        "detach",        "replace",
                                     "insert_medium", "remove_medium", "insert_filter",
                                     "remove_filter"};
    return words[static_cast<int>(op)];
}
constexpr const char* word(Event::Kind kind) {
    return rows[static_cast<int>(kind)].name;
}
constexpr const char* word(Phase phase) {
    constexpr const char* words[] = {"queued", "closed", "effective", "quiet", "idle"};
    return words[static_cast<int>(phase)];
}
constexpr const char* word(RequestState state) {
    constexpr const char* words[] = {"WAITING", "ADMITTED", "COMPLETING"};
    return words[static_cast<int>(state)];
}
constexpr const char* word(Settle settle) {
    constexpr const char* words[] = {"", "settling", "settled", "settle_failed"};
    return words[static_cast<int>(settle)];
}
constexpr const char* word(Direction direction) {
    return direction == Direction::read ? "read" : "write";
}
constexpr const char* word(Notice notice) {
    return notice == Notice::begin ? "begin" : "end";
}

// The fields of each object, in the order of print, with a title where the value does not speak for
// itself.
void fields(const Holding& holding, auto& field) {
    field("", holding.sections), field("", holding.tokens), field("", holding.request);
}
void fields(const Node& node, auto& field) {
    field("", node.id), field("", node.loop), field("pinned", node.pinned);
    field("children", node.children), field("", node.settle), field("", node.settler);
    if (node.internal != 0)
        field("internal", node.internal);
}
void fields(const Backend& backend, auto& field) {
    field("", backend.id), field("", backend.loop), field("pinned", backend.pinned);
    field("listening", backend.listening), field("", backend.root), field("owed", backend.owed);
}
void fields(const Request& request, auto& field) {
    field("", request.id), field("", request.backend), field("", request.direction);
    field("", request.token), field("", request.loop), field("", request.state);
    field("ever_admitted", request.ever_admitted), field("cancelled", request.cancelled);
}
void fields(const Token& token, auto& field) {
    field("", token.id), field("", token.backends), field("open", token.open);
    field("holding", token.holding);
}
void fields(const Section& section, auto& field) {
    field("", section.id), field("", section.kind);
    if (section.kind == SectionKind::change)
        field("", section.op), field("edge", section.edge);
    field("", section.backend), field("", section.node), field("", section.other);
    field("", section.loop), field("", section.set), field("closing", section.closing);
    field("", section.tokens), field("", section.phase), field("abandoned", section.abandoned);
    field("holding", section.holding);
}
void fields(const Wait& wait, auto& field) {
    field("", wait.id), field("", wait.backend), field("", wait.section);
    field("", wait.requests), field("", wait.tokens), field("holding", wait.holding);
}
void fields(const Event& event, auto& field) {
    using Kind = Event::Kind;
    field("", event.kind), field("", event.section), field("", event.wait);
    field("", event.request);
    if (event.kind == Kind::begin)
        field("", event.section_kind);
    if (event.kind == Kind::change)
        field("", event.op);
    field("", event.backend), field("", event.node), field("", event.other);
    if (event.kind == Kind::change && event.op == ChangeOp::detach)
        field("edge", event.edge);
    if (event.kind == Kind::send)
        field("", event.direction);
    if (event.kind == Kind::notify)
        field("", event.notice);
    field("", event.token), field("", event.set), field("", event.tokens), field("", event.loop);
    field("parent", event.parent), field("pinned", event.pinned), field("try", event.attempt);
    field("in_notification", event.in_notification), field("holding", event.holding);
    if (event.error != Error::ok)
        field("->", event.error);
}
void fields(const State& state, auto& object) {
    const auto each = [&](const auto& all) {
        for (const auto& one : all)
            object(one);
    };
    each(state.nodes), each(state.backends), each(state.requests);
    each(state.tokens), each(state.sections), each(state.waits);
}

// Words separated by blanks; what is none or empty or false is left out.
class Printer {
public:
    std::string text;

    void operator()(const char* title, const auto& value) { add(title, of(value)); }
    void operator()(const char* title, bool value) { add("", value ? title : ""); }
    void operator()(const auto& object) { text += of(object) + '\n'; }

private:
    void add(const char* title, const std::string& word) {
        for (const std::string& part : {word.empty() ? "" : std::string(title), word})
            text += (part.empty() || text.empty() ? "" : " ") + part;
    }
    template <class T>
    static std::string of(const T& value) {
        Printer inner;
        if constexpr (std::is_enum_v<T>) {
            return word(value);
        } else if constexpr (std::is_integral_v<T>) {
            return std::to_string(value);
        } else if constexpr (requires { value.value; }) {
            return value ? to_string(value) : "";
        } else if constexpr (requires { value.begin(); }) {
            for (const auto element : value)
                inner("", element);
            return inner.text.empty() ? "" : '{' + inner.text + '}';
        } else {
            fields(value, inner);
            return inner.text;
        }
    }
};

class Fingerprint {
public:
    std::uint64_t sum = 1;

    void operator()(const char*, const auto& value) { (*this)(value); }
    template <class T>
    void operator()(const T& value) {
        if constexpr (requires { value.value; }) {
            add(value.value);
        } else if constexpr (requires { value.bits(); }) {
            add(value.bits());
        } else if constexpr (requires { value.size(); }) {
            add(value.size());
            for (const auto element : value)
                (*this)(element);
        } else if constexpr (std::is_class_v<T>) {
            fields(value, *this);
        } else {
            add(static_cast<std::uint64_t>(value));
        }
    }

private:
    void add(std::uint64_t value) { sum = (sum ^ value ^ (sum >> 32)) * 0x9e3779b97f4a7c15u; }
};

}  // namespace

const char* name(Error error) {
    return word(error);
}

const char* name(SectionKind kind) {
    return word(kind);
}

const char* name(Event::Kind kind) {
    return word(kind);
}

int rule(Event::Kind kind) {
    return rows[static_cast<int>(kind)].rule;
}

const char* objects(const Event& event) {
    switch (event.kind) {
        case Event::Kind::begin:
            return event.section_kind < SectionKind::change
                       ? begin_objects[static_cast<int>(event.section_kind)]
                       : "S";
        case Event::Kind::change:
            return change_objects[static_cast<int>(event.op)];
        case Event::Kind::abandon:
            return event.section ? "s" : event.wait ? "d" : "t";
        default:
            return rows[static_cast<int>(event.kind)].objects;
    }
}

std::string to_string(const Event& event) {
    Printer line;
    fields(event, line);
    return line.text;
}

std::string to_string(const State& state) {
    Printer lines;
    fields(state, lines);
    return lines.text;
}

std::size_t hash(const State& state) {
    Fingerprint print;
    fields(state, print);
    return static_cast<std::size_t>(print.sum ^ (print.sum >> 29));
}

}  // namespace blkdrain_ref
