// SPDX-License-Identifier: Apache-2.0
#include "check/page_time_line.h"

#include <cstdio>
#include <fstream>
#include <utility>

#include "harness/alternatives.h"
#include "harness/dot.h"
#include "harness/picture.h"
#include "harness/report.h"
#include "harness/text.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;
using Kind = PageRow::Kind;

namespace {

void print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

std::uint8_t actor_of(std::size_t client) {
    return static_cast<std::uint8_t>(Actor::client_first + client);
}

}  // namespace

PageTimeLine::PageTimeLine(const Scenario& scenario, bool placed, std::string graph_file)
    : table_(print, static_cast<unsigned>(scenario.programs.size()),
             placed ? scenario.header.loops : 0U),
      placed_(placed),
      free_(scenario.header.pace == Pace::free),
      graph_file_(std::move(graph_file)),
      roles_(scenario.graph) {}

PageTimeLine::PageTimeLine(const MachineProgram& /*program*/, std::string graph_file)
    : table_(print, MachineProgram::clients, MachineProgram::loops),
      placed_(true),
      free_(true),
      graph_file_(std::move(graph_file)) {}

void PageTimeLine::event(const ref::Event& event, const ref::State& before, std::uint8_t actor) {
    const std::uint8_t by = placed_ && actor == Actor::world ? performer_ : actor;
    state_ = before;
    event_ = event;
    table_.add({.kind = Kind::event,
                .actor = by,
                .text = ref::to_string(event),
                .picture = came_to(before)});
    roles_.event(event, before, by);
}

void PageTimeLine::refused(const ref::Reason& reason, const ref::State& state) {
    event_.reset();
    state_ = state;
    refused_ = true;
    table_.add({.kind = Kind::bad,
                .text = ref::sentence(reason),
                .list_title = reason.code == ref::Code::never_happened
                                  ? "What is due:"
                                  : "What the model would have taken here:",
                .list = alternatives(reason, state),
                .picture = came_to(state)});
}

void PageTimeLine::operation(unsigned client, std::uint8_t actor, const Record& record,
                             const char* where, bool skipped) {
    roles_.operation(actor, record);
    performs(client, to_text(record) +
                         (*where != '\0' ? std::string(" [in the ") + where + "]" : "") +
                         (skipped ? " [nothing to act on]" : ""));
}

void PageTimeLine::performs(unsigned client, const std::string& text) {
    performer_ = actor_of(client);
    table_.add({.kind = Kind::operation,
                .actor = performer_,
                .text = std::to_string(++operations_) + ". " + text});
}

void PageTimeLine::outcome(unsigned client, Slot wait, Opcode opcode, Result result) {
    note(actor_of(client), outcome_text(wait, opcode, result));
}

void PageTimeLine::at_rest(const Judge& judge) {
    state_ = judge.model();
    event_.reset();
}

void PageTimeLine::healing() {
    performer_ = Actor::world;
    note(performer_, "at the end everything is released");
}

void PageTimeLine::stuck(std::uint8_t actor, const std::string& what) {
    note(actor, what);
}

void PageTimeLine::deviation(const Deviation& deviation) {
    const std::uint8_t runs = deviation.question == Question::run && deviation.answer < Actor::world
                                  ? deviation.answer
                                  : deviation.actor;
    table_.add({.kind = Kind::deviation, .actor = runs, .text = effect_of(deviation)});
}

void PageTimeLine::step(std::size_t client, const MachineStep& step) {
    performs(static_cast<unsigned>(client), to_text(step));
}

void PageTimeLine::stop_waits(const std::string& for_what) {
    note(Actor::world, for_what);
}

void PageTimeLine::woke(std::uint8_t waker, std::uint8_t woken) {
    table_.woke(waker == Actor::world && !free_ ? performer_ : waker, woken);
}

void PageTimeLine::note(std::uint8_t actor, const std::string& text) {
    table_.add({.kind = Kind::note, .actor = actor, .text = text});
}

std::string PageTimeLine::came_to(const ref::State& state) {
    if (!graph_file_.empty()) {
        std::ofstream(graph_file_) << to_dot(state, roles_);
    }
    return draw(state, roles_);
}

void PageTimeLine::verdict(const std::optional<Violation>& violation,
                           const std::vector<std::string>& without_effect) {
    if (event_) {
        static_cast<void>(ref::accept(state_, *event_));
    }
    if (!refused_) {
        table_.add({.kind = violation ? Kind::bad : Kind::good,
                    .text = violation ? violation->sentence : "as the rules want it",
                    .picture = came_to(state_)});
    }
    for (const std::string& line : without_effect) {
        note(Actor::world, line);
    }
}

}  // namespace blkdrain_props
