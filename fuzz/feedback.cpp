// SPDX-License-Identifier: Apache-2.0
#include "feedback.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "harness/operations.h"

namespace blkdrain_fuzz {

using namespace blkdrain_props;

namespace {

constexpr std::size_t places = 3;  // in the client, a completion, a notification
constexpr std::size_t results = error_words.size() + 1;  // refused_by_api is the last
constexpr std::size_t conflict_counters = 4096;          // for pairs of places, by hash
constexpr std::size_t event_kinds = blkdrain_ref::Event::kinds;
constexpr std::size_t state_classes = 1U << 7U;

struct Counters {
    std::array<std::array<std::array<std::uint8_t, 2>, places>, opcode_count> performed;  // skipped
    std::array<std::array<std::uint8_t, results>, opcode_count> outcomes;
    std::array<std::array<std::uint8_t, error_words.size()>, event_kinds> events;
    std::array<std::array<std::uint8_t, event_kinds>, state_classes> in_state;
    std::array<std::uint8_t, conflict_counters> conflicts;
};
// The engine finds them by the name of the section.
__attribute__((section("__libfuzzer_extra_counters"))) Counters counters{};

void count(std::uint8_t& counter) {
    counter = static_cast<std::uint8_t>(counter + (counter != UINT8_MAX ? 1 : 0));
}

std::size_t place_of(const char* where) {
    return *where == '\0' ? 0 : *where == 'c' ? 1 : 2;
}

// What is under way: each kind of section, anything that ends by itself (a drain, a change, ...),
// requests that wait, open tokens.
std::size_t class_of(const blkdrain_ref::State& state) {
    using Kind = blkdrain_ref::SectionKind;
    std::size_t found = 0;
    for (const blkdrain_ref::Section& section : state.sections) {
        switch (section.kind) {
            case Kind::isolate:
                found |= 1U;
                break;
            case Kind::drained:
                found |= 2U;
                break;
            case Kind::quiesce_all:
                found |= 4U;
                break;
            case Kind::self_quiesce:
                found |= 8U;
                break;
            default:
                found |= 16U;
        }
    }
    for (const blkdrain_ref::Request& request : state.requests) {
        found |= request.state == blkdrain_ref::RequestState::waiting ? 32U : 0U;
    }
    for (const blkdrain_ref::Token& token : state.tokens) {
        found |= token.open ? 64U : 0U;
    }
    return found;
}

}  // namespace

void Feedback::event(const blkdrain_ref::Event& event, const blkdrain_ref::State& before,
                     std::uint8_t /*actor*/) {
    if (!healing_) {
        count(counters.in_state[class_of(before)][static_cast<std::size_t>(event.kind)]);
        count(counters.events[static_cast<std::size_t>(event.kind)]
                             [static_cast<std::size_t>(event.error)]);
    }
}

void Feedback::operation(unsigned, std::uint8_t, const Record& record, const char* where,
                         bool skipped) {
    count(counters.performed[static_cast<std::size_t>(record.opcode)][place_of(where)]
                            [skipped ? 1 : 0]);
}

void Feedback::outcome(unsigned, Slot, Opcode opcode, Result result) {
    if (!healing_) {
        count(
            counters.outcomes[static_cast<std::size_t>(opcode)][static_cast<std::size_t>(result)]);
    }
}

void Feedback::conflict(const Conflict& conflict) {
    if (!healing_) {
        const std::uint64_t pair = std::uint64_t{conflict.first} << 32U | conflict.second;
        const std::uint64_t hash = pair * 0x9e3779b97f4a7c15U;
        count(counters.conflicts[(hash >> 32U) % conflict_counters]);
    }
}

}  // namespace blkdrain_fuzz
