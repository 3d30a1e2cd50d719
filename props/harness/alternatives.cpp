// SPDX-License-Identifier: Apache-2.0
#include "harness/alternatives.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace blkdrain_props {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;

namespace {

constexpr std::size_t told_max = 10;

class Words {
public:
    explicit Words(const ref::State& state) : state_(state) {}

    // "the driver answers r3 of b1"
    [[nodiscard]] std::string sentence(const ref::Event& event) const {
        std::string text = clause(event);
        if (event.error != ref::Error::ok) {
            text += ", with " + name(event.error);
        }
        return text;
    }

    // The names of all it is about, what its request or section is about included.
    [[nodiscard]] std::vector<std::string> objects(const ref::Event& event) const {
        std::vector<std::string> names;
        const auto add = [&](auto id) {
            if (id) {
                names.push_back(to_string(id));
            }
        };
        add(event.node);
        add(event.other);
        add(event.backend);
        add(event.request);
        add(event.token);
        add(event.section);
        add(event.wait);
        if (const ref::Request* request = ref::find(state_, event.request)) {
            add(request->backend);
        }
        for (const ref::SectionId id : {event.section, event.wait}) {
            if (const ref::Section* section = ref::find(state_, id)) {
                add(section->backend);
                add(section->node);
            }
        }
        return names;
    }

private:
    [[nodiscard]] std::string clause(const ref::Event& event) const {
        switch (event.kind) {
            case Kind::unplug:
                return "the plug of " + to_string(event.loop) + " comes off, as the loop polls";
            case Kind::line_up:
                return named(event.request) + " lines up, its plug is off";
            case Kind::admit:
                return named(event.request) + " is admitted";
            case Kind::complete:
                return ref::find(state_, event.request)->state == ref::RequestState::waiting
                           ? named(event.request) + " completes without having run"
                           : "the driver answers " + named(event.request);
            case Kind::done:
                return named(event.request) + " is done, its callback has returned";
            case Kind::token_open:
                return to_string(event.token) + " opens";
            case Kind::token_fail:
                return to_string(event.token) + " does not open";
            case Kind::effective:
                return named(event.section) + " takes effect: its gates are closed";
            case Kind::idle:
                return named(event.section) + " is idle and begins";
            case Kind::drain_done:
            case Kind::quiet_done:
                return named(event.wait) + " returns";
            case Kind::abandon:
                return (event.token  ? to_string(event.token)
                        : event.wait ? named(event.wait)
                                     : named(event.section)) +
                       " is given up";
            case Kind::cycle:
                return (event.token  ? to_string(event.token)
                        : event.wait ? named(event.wait)
                                     : named(event.section)) +
                       " is reported to wait in a circle";
            case Kind::notify:
                return "the owner of " + to_string(event.backend) + " is told of the " +
                       name(event.notice);
            case Kind::settle_start:
                return to_string(event.node) + " begins to settle for " + named(event.section);
            case Kind::settle_done:
                return "the settle of " + to_string(event.node) + " ends";
            case Kind::internal_end:
                return "an internal request of " + to_string(event.node) + " ends";
            case Kind::node_closed:
                return to_string(event.node) + " is closed by " + named(event.section);
            case Kind::finish:
                return named(event.section) + " takes effect and is over";
            case Kind::release:
                return named(event.section) + ", given up before, is gone";
            default:
                return to_string(event);
        }
    }

    // "r3 of b1"
    [[nodiscard]] std::string named(ref::RequestId id) const {
        return to_string(id) + " of " + to_string(ref::find(state_, id)->backend);
    }
    // "drained s7 of n1"
    [[nodiscard]] std::string named(ref::SectionId id) const {
        const ref::Section& section = *ref::find(state_, id);
        return (section.kind == ref::SectionKind::change ? name(section.op) : name(section.kind)) +
               " " + to_string(id) +
               (section.backend ? " of " + to_string(section.backend)
                : section.node  ? " of " + to_string(section.node)
                                : "");
    }

    const ref::State& state_;
};

}  // namespace

std::vector<std::string> alternatives(const ref::Reason& refused, const ref::State& state) {
    const Words words(state);
    if (refused.code == ref::Code::wrong_result) {
        ref::Event right = refused.event;
        right.error = refused.expected;
        return {to_string(right)};
    }
    const ref::View view(state);
    std::vector<ref::Event> events;
    ref::due(view, events);
    if (refused.code != ref::Code::never_happened) {
        std::vector<ref::Event> answers;
        ref::answers(view, answers);
        // Which error a driver answers with makes no difference here.
        std::ranges::copy_if(answers, std::back_inserter(events),
                             [](const ref::Event& event) { return event.error == ref::Error::ok; });
    }
    const std::vector<std::string> about = words.objects(refused.event);
    std::vector<std::string> sentences;
    std::vector<std::string> of_others;
    for (const ref::Event& event : events) {
        const bool concerned = std::ranges::any_of(
            words.objects(event),
            [&](const std::string& name) { return std::ranges::find(about, name) != about.end(); });
        (concerned ? sentences : of_others).push_back(words.sentence(event));
    }
    sentences.insert(sentences.end(), of_others.begin(), of_others.end());
    if (sentences.size() > told_max) {
        sentences.resize(told_max);
        sentences.push_back("and " + std::to_string(events.size() - told_max) + " more");
    }
    return sentences;
}

}  // namespace blkdrain_props
