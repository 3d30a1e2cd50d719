// SPDX-License-Identifier: Apache-2.0
#include <blkdrain_ref/reason.h>

namespace blkdrain_ref {
namespace {

struct Row {
    const char* name;
    int rule;
    const char* sentence;
};
constexpr Row rows[] = {
#define BLKDRAIN_REF_REASON(code, rule, sentence) {#code, rule, sentence},
#include <blkdrain_ref/reasons.inc>
#undef BLKDRAIN_REF_REASON
};

// The rule about a result, if it has one wherever it occurs; 0.
int rule_of(Error error) {
    switch (error) {
        case Error::bad_token:
            return 4;
        case Error::would_deadlock:
            return 12;
        case Error::not_quiesced:
            return 19;
        case Error::stopped:
            return 21;
        case Error::conflict:
            return 23;
        case Error::closing:
            return 27;
        case Error::context:
            return 28;
        default:
            return 0;
    }
}

int rule_of(const State& state, const Event& event) {
    const Section* section = find(state, event.section);
    const Request* request = find(state, event.request);
    if (event.kind == Event::Kind::complete && request != nullptr && request->cancelled)
        return 27;
    if (section == nullptr)
        return rule(event.kind);
    if (event.kind == Event::Kind::effective && !section->live())
        return 23;
    if (event.kind != Event::Kind::finish)
        return rule(event.kind);
    switch (section->kind) {
        case SectionKind::change:
            return 24;
        case SectionKind::context:
            return 28;
        case SectionKind::settle:
            return 19;
        default:
            return 27;
    }
}

std::string describe(const Item& item) {
    static constexpr const char* states[] = {"WAITING", "ADMITTED", "COMPLETING"};
    switch (item.kind) {
        case Item::Kind::request:
            return "request " + to_string(item.request) + " is " +
                   states[static_cast<int>(item.state)];
        case Item::Kind::token:
            return "token " + to_string(item.token) + " is open";
        case Item::Kind::settling:
            return "node " + to_string(item.node) + " is not settled";
        case Item::Kind::internal:
            return "node " + to_string(item.node) + " runs an internal request";
        case Item::Kind::conflict:
            return "section " + to_string(item.section) + " conflicts with it";
        case Item::Kind::pass:
            return "section " + to_string(item.section) + " is settling its nodes";
        case Item::Kind::gate:
            return "section " + to_string(item.section) + " is in force";
    }
    return "";
}

std::string describe_event(const Reason& reason) {
    std::string text = name(reason.event);
    const auto add = [&](auto id) {
        if (id)
            text += ' ' + to_string(id);
    };
    add(reason.section);
    add(reason.wait);
    add(reason.token);
    add(reason.request);
    add(reason.backend);
    add(reason.node);
    return text;
}

std::string expand(const Reason& reason, char placeholder) {
    switch (placeholder) {
        case 'e':
            return describe_event(reason);
        case 'x':
            return name(reason.expected);
        case 'g':
            return name(reason.given);
        case 'i':
            return describe(reason.item);
        case 'o':
            return to_string(reason.item.section);
        case 'u':
            return to_string(reason.item.token);
        case 'n':
            return to_string(reason.node);
        case 'b':
            return to_string(reason.backend);
        case 'r':
            return to_string(reason.request);
        case 't':
            return to_string(reason.token);
        case 's':
            return to_string(reason.section);
        default:
            return to_string(reason.wait);
    }
}

}  // namespace

Reason refusal(const State& state, const Event& event, Code code, Item item, Error expected) {
    Reason reason{.code = code,
                  .rule = rows[static_cast<int>(code)].rule,
                  .event = event.kind,
                  .node = event.node,
                  .backend = event.backend,
                  .request = event.request,
                  .token = event.token,
                  .section = event.section,
                  .wait = event.wait,
                  .item = item,
                  .expected = expected,
                  .given = event.error};
    if (const Request* request = find(state, event.request))
        reason.backend = request->backend;
    if (const Wait* wait = find(state, event.wait))
        reason.backend = wait->backend;
    if (const Section* section = find(state, event.section); section != nullptr && !reason.backend)
        reason.backend = section->backend;
    if (const Request* request = find(state, item.request))
        reason.item.state = request->state;
    if (reason.rule == 0)
        reason.rule = rule_of(expected);
    if (reason.rule == 0)
        reason.rule = rule_of(event.error);
    if (reason.rule == 0)
        reason.rule = rule_of(state, event);
    return reason;
}

const char* name(Code code) {
    return rows[static_cast<int>(code)].name;
}

std::string sentence(const Reason& reason) {
    std::string text;
    for (const char* c = rows[static_cast<int>(reason.code)].sentence; *c != '\0'; ++c) {
        if (*c != '{') {
            text += *c;
        } else {
            text += expand(reason, c[1]);
            c += 2;
        }
    }
    return text + " (R" + std::to_string(reason.rule) + ")";
}

}  // namespace blkdrain_ref
