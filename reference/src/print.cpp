// SPDX-License-Identifier: Apache-2.0
#include <blkdrain_ref/event.h>
#include <blkdrain_ref/state.h>

namespace blkdrain_ref {
namespace {

class Line {
public:
    template <class T>
    Line& operator<<(const T& value) {
        std::string word;
        if constexpr (std::is_convertible_v<T, std::string>)
            word = value;
        else if constexpr (std::is_integral_v<T>)
            word = std::to_string(value);
        else
            word = to_string(value);
        if (word.empty() || word == "none")
            return *this;
        if (!text.empty() && text.back() != '\n')
            text += ' ';
        text += word;
        return *this;
    }
    std::string text;
};

template <class List>
std::string list_of(const char* title, const List& list) {
    Line line;
    for (const auto id : list)
        line << id;
    return line.text.empty() ? "" : title + line.text + '}';
}

std::string to_string(const Holding& holding) {
    Line line;
    line << list_of("{", holding.sections) << list_of("{", holding.tokens) << holding.request;
    return line.text.empty() ? "" : "holding " + line.text;
}

std::string when(bool condition, const char* word) {
    return condition ? word : "";
}

}  // namespace

const char* name(Error error) {
    static constexpr const char* names[] = {
        "ok",        "busy",       "conflict",   "cycle",        "context",      "closing",
        "no_medium", "has_medium", "not_filter", "no_such_edge", "not_quiesced", "would_deadlock",
        "cancelled", "timed_out",  "io_error",   "bad_token",    "stopped"};
    return names[static_cast<int>(error)];
}

const char* name(SectionKind kind) {
    static constexpr const char* names[] = {"isolate",      "drained",       "quiesce_all",
                                            "self_quiesce", "change",        "context",
                                            "settle",       "close_backend", "close_node"};
    return names[static_cast<int>(kind)];
}

const char* name(ChangeOp op) {
    static constexpr const char* names[] = {"attach",        "detach",        "replace",
                                            "insert_medium", "remove_medium", "insert_filter",
                                            "remove_filter"};
    return names[static_cast<int>(op)];
}

std::string to_string(const Event& event) {
    using Kind = Event::Kind;
    Line line;
    line << name(event.kind) << event.section << event.wait << event.request;
    line << when(event.kind == Kind::begin, name(event.section_kind));
    line << when(event.kind == Kind::change, name(event.op));
    line << event.backend << event.node << event.other;
    if (event.kind == Kind::change && event.op == ChangeOp::detach)
        line << "edge" << event.edge;
    if (event.kind == Kind::send)
        line << (event.direction == Direction::read ? "read" : "write");
    if (event.kind == Kind::notify)
        line << (event.notice == Notice::begin ? "begin" : "end");
    line << event.token << list_of("{", event.set) << list_of("{", event.tokens) << event.loop;
    if (event.parent)
        line << "parent" << event.parent;
    line << when(event.pinned, "pinned") << when(event.attempt, "try")
         << when(event.in_notification, "in_notification") << to_string(event.holding);
    if (event.error != Error::ok)
        line << "->" << name(event.error);
    return line.text;
}

std::string to_string(const State& state) {
    static constexpr const char* phases[] = {"queued", "closed", "effective", "quiet", "idle"};
    static constexpr const char* states[] = {"WAITING", "ADMITTED", "COMPLETING"};
    static constexpr const char* settles[] = {"", "settling", "settled", "settle_failed"};
    Line line;
    for (const Node& node : state.nodes) {
        line << node.id << node.loop << when(node.pinned, "pinned")
             << list_of("children {", node.children) << settles[static_cast<int>(node.settle)]
             << node.settler;
        if (node.internal != 0)
            line << "internal" << node.internal;
        line.text += '\n';
    }
    for (const Backend& backend : state.backends) {
        line << backend.id << backend.loop << when(backend.pinned, "pinned")
             << when(backend.listening, "listening") << backend.root;
        for (const Notice notice : backend.owed)
            line << (notice == Notice::begin ? "owed_begin" : "owed_end");
        line.text += '\n';
    }
    for (const Request& request : state.requests) {
        line << request.id << request.backend
             << (request.direction == Direction::read ? "read" : "write") << request.token
             << request.loop << states[static_cast<int>(request.state)]
             << when(request.cancelled, "cancelled");
        line.text += '\n';
    }
    for (const Token& token : state.tokens) {
        line << token.id << list_of("{", token.backends) << (token.open ? "open" : "waiting")
             << to_string(token.holding);
        line.text += '\n';
    }
    for (const Section& section : state.sections) {
        line << section.id << name(section.kind)
             << when(section.kind == SectionKind::change, name(section.op)) << section.backend
             << section.node << section.other << list_of("{", section.set)
             << list_of("closing {", section.closing) << list_of("{", section.tokens)
             << phases[static_cast<int>(section.phase)] << when(section.abandoned, "abandoned")
             << to_string(section.holding);
        line.text += '\n';
    }
    for (const Wait& wait : state.waits) {
        line << wait.id << (wait.drain() ? "drain" : "quiet") << wait.backend << wait.section
             << list_of("{", wait.requests) << list_of("{", wait.tokens) << to_string(wait.holding);
        line.text += '\n';
    }
    return line.text;
}

}  // namespace blkdrain_ref
