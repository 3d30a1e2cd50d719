// SPDX-License-Identifier: Apache-2.0
#include "harness/report.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <blkdrain_ref/step.h>

#include "harness/alternatives.h"
#include "harness/text.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;

namespace {

constexpr std::size_t name_width = 10;

std::string aligned(const std::string& name) {
    return std::string(name_width - std::min(name_width, name.size()), ' ') + name;
}

// " (GATE and RATE)"; nothing if nothing keeps it.
std::string to_words(const ref::Blockers& blockers) {
    std::string text;
    const auto add = [&](bool keeps, const char* word) {
        if (keeps) {
            text += (text.empty() ? "" : " and ") + std::string(word);
        }
    };
    add(blockers.gate, "GATE");
    add(blockers.order, "ORDER");
    add(blockers.rate, "RATE");
    add(blockers.plug, "PLUG");
    return text.empty() ? text : " (" + text + ")";
}

std::string to_line(const ref::Items& items) {
    std::string text;
    for (const ref::Item& item : items) {
        text += text.empty() ? "" : ", ";
        switch (item.kind) {
            case ref::Item::Kind::request:
                text += "request r" + std::to_string(item.request.value) +
                        (item.state == ref::RequestState::waiting    ? " WAITING"
                         : item.state == ref::RequestState::admitted ? " ADMITTED"
                                                                     : " COMPLETING");
                text += to_words(item.blockers);
                break;
            case ref::Item::Kind::token:
                text += "open token t" + std::to_string(item.token.value);
                break;
            case ref::Item::Kind::settling:
                text += "n" + std::to_string(item.node.value) + " being settled";
                break;
            case ref::Item::Kind::internal:
                text += "internal requests of n" + std::to_string(item.node.value);
                break;
            case ref::Item::Kind::conflict:
                text += "conflicting isolate s" + std::to_string(item.section.value);
                break;
            case ref::Item::Kind::pass:
                text += "the settles of s" + std::to_string(item.section.value);
                break;
            case ref::Item::Kind::gate:
                text += "the end of s" + std::to_string(item.section.value);
                break;
        }
    }
    return text.empty() ? "nothing" : text;
}

}  // namespace

void TextTimeLine::event(const ref::Event& event, const ref::State& /*before*/,
                         std::uint8_t actor) {
    const std::string at_start = started_ ? "" : "start";
    text_ += event_line(event, actor == Actor::world ? at_start : name_of_actor(actor)) + '\n';
}

void TextTimeLine::refused(const ref::Reason& reason, const ref::State& state) {
    for (const std::string& line : refusal_lines(reason, state)) {
        text_ += line + '\n';
    }
}

void TextTimeLine::operation(unsigned client, std::uint8_t /*actor*/, const Record& record,
                             const char* where, bool skipped) {
    started_ = true;
    text_ +=
        std::to_string(++step_) + ". client " + std::to_string(client) + ": " + to_text(record);
    if (*where != '\0') {
        text_ += std::string("   [runs in the ") + where + "]";
    }
    text_ += skipped ? "   [skipped: nothing to act on]\n" : "\n";
}

void TextTimeLine::outcome(unsigned /*client*/, Slot wait, Opcode opcode, Result result) {
    text_ += "           " + outcome_text(wait, opcode, result) + '\n';
}

void TextTimeLine::at_rest(const Judge& judge) {
    const ref::State& model = judge.model();
    std::string rest;
    const auto add = [&](std::string what, const ref::Items& items) {
        rest += "           waits: " + std::move(what) + " for " + to_line(items) + "\n";
    };
    for (const ref::Section& section : model.sections) {
        if (!section.begun() && !section.abandoned) {
            add(std::string(ref::name(section.kind)) + " s" + std::to_string(section.id.value),
                ref::explain(model, section.id));
        }
    }
    for (const ref::Token& token : model.tokens) {
        if (!token.open) {
            add("token t" + std::to_string(token.id.value), ref::explain(model, token.id));
        }
    }
    std::string kept;
    for (const ref::Request& request : model.requests) {
        if (request.state == ref::RequestState::waiting) {
            kept += (kept.empty() ? "r" : ", r") + std::to_string(request.id.value) +
                    to_words(ref::blockers(model, judge.view().covered().backends, request));
        }
    }
    if (!kept.empty()) {
        rest += "           waits: " + kept + "\n";
    }
    if (rest != last_rest_) {
        text_ += rest.empty() ? "           nothing waits any more\n" : rest;
        last_rest_ = rest;
    }
}

void TextTimeLine::healing() {
    text_ += "   at the end everything is released: devices answer, sections end, tokens close\n";
}

void TextTimeLine::stuck(std::uint8_t actor, const std::string& what) {
    text_ += aligned(actor == Actor::world ? "" : name_of_actor(actor)) + " : " + what + '\n';
}

void TextTimeLine::deviation(const Deviation& deviation) {
    text_ += "           ~ " + effect_of(deviation) + '\n';
}

std::string event_line(const ref::Event& event, const std::string& by) {
    return aligned(by) + " | " + ref::to_string(event);
}

std::vector<std::string> refusal_lines(const ref::Reason& reason, const ref::State& state) {
    std::vector<std::string> lines{"           ! " + ref::sentence(reason)};
    for (const std::string& other : alternatives(reason, state)) {
        lines.push_back((reason.code == ref::Code::never_happened ? "             due: "
                                                                  : "             allowed: ") +
                        other);
    }
    return lines;
}

std::string outcome_text(Slot wait, Opcode opcode, Result result) {
    return "w" + std::to_string(wait) + " (" + std::string(row_of(opcode).name) +
           ") is over: " + std::string(word_of(result));
}

std::vector<std::string> without_effect_text(const std::vector<Deviation>& list, std::size_t of) {
    if (list.empty()) {
        return {};
    }
    std::vector<std::string> lines{std::to_string(list.size()) + " of " + std::to_string(of) +
                                   " deviations had no effect:"};
    for (const Deviation& deviation : list) {
        lines.push_back("  " + to_text(deviation));
    }
    return lines;
}

std::string reason_text(const Violation& violation) {
    return violation.sentence +
           "\nrule: " + (violation.rule == 0 ? "none" : "R" + std::to_string(violation.rule)) +
           "\nfound by: " + violation.detector + " (" + violation.code +
           ")\nafter operation: " + std::to_string(violation.step) + "\n";
}

}  // namespace blkdrain_props
