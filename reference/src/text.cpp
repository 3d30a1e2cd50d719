// SPDX-License-Identifier: Apache-2.0
//
// Names; events, reasons and states as text.
#include <algorithm>
#include <type_traits>

#include <blkdrain_ref/step.h>

namespace blkdrain_ref {
namespace {

// Words separated by blanks; what is none, empty, zero or false is left out.
struct Words {
    std::string text{};

    auto& operator()(const auto&... values) { return (add(values), ...), *this; }
    template <class T>
    void add(const T& value) {
        if constexpr (requires { value.fields(*this); }) {
            value.fields(*this);
        } else if constexpr (std::is_same_v<T, Flag>) {
            append(value.value ? value.word : "");
        } else if constexpr (std::is_enum_v<T>) {
            append(name(value) == "none" ? "" : name(value));
        } else if constexpr (std::is_integral_v<T>) {
            append(value != 0 ? std::to_string(value) : "");
        } else if constexpr (requires { value.value; }) {
            append(value ? to_string(value) : "");
        } else if constexpr (requires { value.begin()->fields(*this); }) {
            for (const auto& object : value)
                add(object), text += '\n';
        } else {
            Words inner;
            for (const auto element : value)
                inner(element);
            append(inner.text.empty() ? "" : '{' + inner.text + '}');
        }
    }
    void append(const std::string& word) {
        const bool apart = !word.empty() && !text.empty() && text.back() != '\n';
        text += (apart ? " " : "") + word;
    }
};

// All fields, one after the other; an end for each list.
struct Hash {
    std::size_t value = 0;

    auto& operator()(const auto&... values) { return (add(values), ...), *this; }
    template <class T>
    void add(const T& field) {
        if constexpr (requires { field.fields(*this); }) {
            field.fields(*this);
        } else if constexpr (requires { field.value; }) {
            mix(field.value);
        } else if constexpr (requires { field.begin(); }) {
            for (const auto& element : field)
                add(element);
            mix(~std::size_t{0});
        } else {
            mix(static_cast<std::size_t>(field));
        }
    }
    void mix(std::size_t word) {
        value = (value ^ word) * 0x9e3779b97f4a7c15;
        value ^= value >> 32U;
    }
};

// "request r3 is admitted"
std::string to_string(const Item& item) {
    static constexpr std::pair<const char*, const char*> facts[] = {
        // by Item::Kind
        {"request", "is"},          {"token", "is not closed"},
        {"node", "is not settled"}, {"node", "runs an internal request"},
        {"section", "is not over"}, {"section", "is settling its nodes"},
        {"section", "is not over"}};
    const auto [sort, fact] = facts[static_cast<int>(item.kind)];
    Words words;
    words(Flag{sort, true}, item.request, item.token, item.node, item.section, Flag{fact, true});
    if (item.request)
        words(item.state);
    return words.text;
}

}  // namespace

std::string nth_word(std::string_view words, int n) {
    for (; n > 0; --n)
        words.remove_prefix(words.find(", ") + 2);
    return std::string(words.substr(0, words.find(',')));
}

std::string name(Event::Kind kind) {
    static constexpr const char* names[] = {
#define BLKDRAIN_REF_EVENT(kind, rule, objects, function) #kind,
#include <blkdrain_ref/events.inc>
#undef BLKDRAIN_REF_EVENT
    };
    return names[static_cast<int>(kind)];
}

std::string to_string(const Event& event) {
    using Kind = Event::Kind;
    Words words;
    words(event.kind, event.section, event.wait, event.request);
    if (event.kind == Kind::begin)
        words(event.section_kind);
    if (event.kind == Kind::change)
        words(event.op);
    words(event.backend, event.node, event.other);
    if (event.kind == Kind::change && event.op == ChangeOp::detach)
        words.append("edge " + std::to_string(event.edge));
    if (event.kind == Kind::send)
        words(event.direction, Flag{"flush", event.flush}, event.bytes);
    words(event.group, event.bucket, event.rate, event.iops_size, event.time);
    if (event.kind == Kind::notify)
        words(event.notice);
    words(event.token, event.set, event.tokens, event.loop);
    words(Flag{"parent", static_cast<bool>(event.parent)}, event.parent);
    words(Flag{"pinned", event.pinned}, Flag{"try", event.attempt});
    words(Flag{"in_notification", event.in_notification}, event.holding);
    if (event.error != Error::ok)
        words.append("-> " + name(event.error));
    return words.text;
}

std::string sentence(const Reason& reason) {
    std::string what = name(reason.code);
    std::ranges::replace(what, '_', ' ');
    std::string text = to_string(reason.event) + ": " + what;
    if (reason.code == Code::wrong_result)
        text += ", it must be " + name(reason.expected);
    if (reason.item != Item{})
        text += ", as " + to_string(reason.item);
    return text + " (R" + std::to_string(reason.rule) + ")";
}

std::string to_string(const State& state) {
    return Words{}(state).text;
}

std::size_t hash(const State& state) {
    return Hash{}(state).value;
}

}  // namespace blkdrain_ref
