// SPDX-License-Identifier: Apache-2.0
//
// Names; events and states as text and as fingerprints.
#include <algorithm>
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

// A word that stands if it is true.
struct Flag {
    const char* word;
    bool set;
};

// What each object consists of, in the order of print, given to `f`.
void fields(const Holding& h, auto& f) {
    f(h.sections, h.tokens, h.request);
}
void fields(const Node& n, auto& f) {
    f(n.id, n.loop, Flag{"pinned", n.pinned}, n.children, n.settle, n.settler, n.internal);
}
void fields(const Backend& b, auto& f) {
    f(b.id, b.loop, Flag{"pinned", b.pinned}, Flag{"listening", b.listening}, b.root, b.owed);
}
void fields(const Request& r, auto& f) {
    f(r.id, r.backend, r.direction, r.token, r.loop, r.state);
    f(Flag{"once_admitted", r.ever_admitted}, Flag{"cancelled", r.cancelled});
}
void fields(const Token& t, auto& f) {
    f(t.id, t.backends, Flag{"open", t.open}, t.holding);
}
void fields(const Section& s, auto& f) {
    f(s.id, s.kind, s.backend, s.node, s.op, s.other, s.edge, s.loop, s.set, s.closing);
    f(s.tokens, s.phase, Flag{"abandoned", s.abandoned}, s.holding);
}
void fields(const Wait& w, auto& f) {
    f(w.id, w.backend, w.section, w.requests, w.tokens, w.holding);
}
void fields(const State& state, auto& f) {
    const auto each = [&](const auto&... lists) {
        (std::ranges::for_each(lists, f.object()), ...);
    };
    each(state.nodes, state.backends, state.requests, state.tokens, state.sections, state.waits);
}

// Words separated by blanks; what is none, empty, zero or false is left out.
struct Printer {
    std::string text{};

    void operator()(const auto&... values) { (add(of(values)), ...); }
    void add(const std::string& word) {
        if (word == "none")
            return;
        const bool apart = !word.empty() && !text.empty() && text.back() != '\n';
        text += (apart ? " " : "") + word;
    }
    auto object() {
        return [this](const auto& object) { add(of(object)), text += '\n'; };
    }
    template <class T>
    static std::string of(const T& value) {
        Printer inner;
        if constexpr (std::is_same_v<T, Flag>) {
            return value.set ? value.word : "";
        } else if constexpr (std::is_enum_v<T>) {
            return name(value);
        } else if constexpr (std::is_integral_v<T>) {
            return value != 0 ? std::to_string(value) : "";
        } else if constexpr (requires { value.value; }) {
            return value ? to_string(value) : "";
        } else if constexpr (requires { value.begin(); }) {
            for (const auto element : value)
                inner(element);
            return inner.text.empty() ? "" : '{' + inner.text + '}';
        } else {
            fields(value, inner);
            const bool held = std::is_same_v<T, Holding> && !inner.text.empty();
            return (held ? "holding " : "") + inner.text;
        }
    }
};

struct Fingerprint {
    std::uint64_t sum = 1;

    void operator()(const auto&... values) { (add(values), ...); }
    auto object() {
        return [this](const auto& object) { fields(object, *this); };
    }
    template <class T>
    void add(const T& value) {
        if constexpr (std::is_same_v<T, Flag>) {
            add(value.set);
        } else if constexpr (requires { value.value; }) {
            add(value.value);
        } else if constexpr (requires { value.bits(); }) {
            add(value.bits());
        } else if constexpr (requires { value.size(); }) {
            add(value.size());
            for (const auto& element : value)
                add(element);
        } else if constexpr (std::is_class_v<T>) {
            fields(value, *this);
        } else {
            sum = (sum ^ static_cast<std::uint64_t>(value) ^ (sum >> 32)) * 0x9e3779b97f4a7c15u;
        }
    }
};

}  // namespace

std::string nth_word(std::string_view words, int n) {
    for (; n > 0; --n)
        words.remove_prefix(words.find(", ") + 2);
    return std::string(words.substr(0, words.find(',')));
}

std::string name(Event::Kind kind) {
    return rows[static_cast<int>(kind)].name;
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
    using Kind = Event::Kind;
    Printer line;
    line(event.kind, event.section, event.wait, event.request);
    if (event.kind == Kind::begin)
        line(event.section_kind);
    if (event.kind == Kind::change)
        line(event.op);
    line(event.backend, event.node, event.other);
    if (event.kind == Kind::change && event.op == ChangeOp::detach)
        line.add("edge " + std::to_string(event.edge));
    if (event.kind == Kind::send)
        line(event.direction);
    if (event.kind == Kind::notify)
        line(event.notice);
    line(event.token, event.set, event.tokens, event.loop);
    line(Flag{"parent", static_cast<bool>(event.parent)}, event.parent);
    line(Flag{"pinned", event.pinned}, Flag{"try", event.attempt});
    line(Flag{"in_notification", event.in_notification}, event.holding);
    if (event.error != Error::ok)
        line.add("-> " + name(event.error));
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
