// SPDX-License-Identifier: Apache-2.0
#include "explore/checkpoint.h"

#include <cstddef>
#include <sstream>

namespace blkdrain_props {

std::string to_text(const Checkpoint& checkpoint) {
    std::ostringstream out;
    const SearchPlan& plan = checkpoint.plan;
    out << "blkdrain-explore 4\nnodes " << plan.nodes << " calls " << plan.calls << " bound "
        << plan.bound.max << " preemptions " << (plan.preemptions() ? 1 : 0) << " tso "
        << (plan.memory == Memory::tso ? 1 : 0) << " closing " << (plan.closing ? 1 : 0)
        << " reduce " << (plan.bound.reduce ? 1 : 0) << " processes " << checkpoint.processes.size()
        << '\n';
    for (const Checkpoint::Process& process : checkpoint.processes) {
        out << "at " << process.program << " runs " << process.runs << " left_out "
            << process.left_out << " done " << (process.done ? 1 : 0) << " answers "
            << process.answers.size();
        for (const std::uint32_t answer : process.answers) {
            out << ' ' << answer;
        }
        out << '\n';
    }
    out << "end\n";
    return out.str();
}

std::optional<Checkpoint> parse_checkpoint(const std::string& text) {
    std::istringstream in(text);
    const auto word = [&](const char* expected) {
        std::string found;
        return static_cast<bool>(in >> found) && found == expected;
    };
    const auto number = [&](const char* name, auto& value) {
        return word(name) && static_cast<bool>(in >> value);
    };
    Checkpoint checkpoint;
    SearchPlan& plan = checkpoint.plan;
    int version = 0;
    int preemptions = 0;
    int tso = 0;
    int closing = 0;
    int reduce = 0;
    std::size_t processes = 0;
    constexpr std::size_t processes_max = 1024;
    if (!number("blkdrain-explore", version) || version != 4 || !number("nodes", plan.nodes) ||
        !number("calls", plan.calls) || !number("bound", plan.bound.max) ||
        !number("preemptions", preemptions) || !number("tso", tso) || !number("closing", closing) ||
        !number("reduce", reduce) || !number("processes", processes) || processes == 0 ||
        processes > processes_max) {
        return std::nullopt;
    }
    plan.bound.cost = preemptions != 0 ? blkdrain::sim::ScheduleBound::Cost::preemptions
                                       : blkdrain::sim::ScheduleBound::Cost::departures;
    plan.memory = tso != 0 ? Memory::tso : Memory::sequential;
    plan.closing = closing != 0;
    plan.bound.reduce = reduce != 0;
    plan.processes = static_cast<std::uint32_t>(processes);
    for (std::size_t i = 0; i < processes; ++i) {
        Checkpoint::Process process;
        int done = 0;
        std::size_t answers = 0;
        if (!number("at", process.program) || !number("runs", process.runs) ||
            !number("left_out", process.left_out) || !number("done", done) ||
            !number("answers", answers) || answers > SearchPage::answers_max) {
            return std::nullopt;
        }
        process.done = done != 0;
        process.answers.resize(answers);
        for (std::uint32_t& answer : process.answers) {
            in >> answer;
        }
        checkpoint.processes.push_back(process);
    }
    return word("end") ? std::optional(checkpoint) : std::nullopt;
}

}  // namespace blkdrain_props
