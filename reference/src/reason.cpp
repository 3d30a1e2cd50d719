// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

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

// By Item::Kind; {q} {w} {o} {u} {m} the request, its state, the section, the token, the node.
constexpr const char* item_sentences[] = {"request {q} is {w}",
                                          "token {u} is open",
                                          "node {m} is not settled",
                                          "node {m} runs an internal request",
                                          "section {o} conflicts with it",
                                          "section {o} is settling its nodes",
                                          "section {o} is in force"};

// The rules about a result wherever it occurs.
constexpr std::pair<Error, int> rules_of_results[] = {
    {Error::bad_token, 4}, {Error::would_deadlock, 12}, {Error::not_quiesced, 19},
    {Error::stopped, 21},  {Error::conflict, 23},       {Error::closing, 27},
    {Error::context, 28}};

int rule_of(Error result) {
    for (const auto& [error, rule] : rules_of_results)
        if (error == result)
            return rule;
    return 0;
}

int rule_of(const State& state, const Event& event) {
    const Section* section = find(state, event.section);
    const Request* request = find(state, event.request);
    if (event.kind == Event::Kind::complete && request != nullptr && request->cancelled)
        return 27;
    if (event.kind == Event::Kind::effective && section != nullptr && !section->live())
        return 23;
    if (event.kind != Event::Kind::finish || section == nullptr)
        return rule(event.kind);
    return section->kind == SectionKind::change    ? 24
           : section->kind == SectionKind::context ? 28
           : section->kind == SectionKind::settle  ? 19
                                                   : 27;
}

std::string expand(const Reason& reason, char placeholder);

std::string fill(const char* text, const Reason& reason) {
    std::string result;
    for (; *text != '\0'; ++text)
        if (*text != '{') {
            result += *text;
        } else {
            result += expand(reason, text[1]);
            text += 2;
        }
    return result;
}

std::string expand(const Reason& reason, char placeholder) {
    static constexpr const char* states[] = {"WAITING", "ADMITTED", "COMPLETING"};
    const Event& event = reason.event;
    const Item& item = reason.item;
    switch (placeholder) {
        case 'e': {
            std::string text = name(event.kind);
            const auto add = [&](auto... ids) { ((text += ids ? ' ' + to_string(ids) : ""), ...); };
            add(event.section, event.wait, event.token, event.request, reason.backend, event.node);
            return text;
        }
        case 'x':
            return name(reason.expected);
        case 'g':
            return name(event.error);
        case 'i':
            return fill(item_sentences[static_cast<int>(item.kind)], reason);
        case 'w':
            return states[static_cast<int>(item.state)];
        default:
            break;
    }
    const std::pair<char, std::string> names[] = {
        {'n', to_string(event.node)},    {'b', to_string(reason.backend)},
        {'r', to_string(event.request)}, {'t', to_string(event.token)},
        {'s', to_string(event.section)}, {'d', to_string(event.wait)},
        {'m', to_string(item.node)},     {'q', to_string(item.request)},
        {'u', to_string(item.token)},    {'o', to_string(item.section)}};
    return std::ranges::find(names, placeholder, &std::pair<char, std::string>::first)->second;
}

}  // namespace

Reason refusal(const State& state, const Event& event, Code code, Item item, Error expected) {
    Reason reason{code, rows[static_cast<int>(code)].rule, event, event.backend, item, expected};
    if (const Request* request = find(state, event.request))
        reason.backend = request->backend;
    if (const Wait* wait = find(state, event.wait))
        reason.backend = wait->backend;
    if (const Section* section = find(state, event.section); section != nullptr && !reason.backend)
        reason.backend = section->backend;
    if (const Request* request = find(state, item.request))
        reason.item.state = request->state;
    for (const int rule : {rule_of(expected), rule_of(event.error), rule_of(state, event)})
        if (reason.rule == 0)
            reason.rule = rule;
    return reason;
}

const char* name(Code code) {
    return rows[static_cast<int>(code)].name;
}

std::string sentence(const Reason& reason) {
    return fill(rows[static_cast<int>(reason.code)].sentence, reason) + " (R" +
           std::to_string(reason.rule) + ")";
}

}  // namespace blkdrain_ref
