// SPDX-License-Identifier: Apache-2.0
//
// Why an event is refused: a small code, the rule that is violated, the objects concerned.
#pragma once

#include <cstdint>
#include <string>

#include <blkdrain_ref/event.h>
#include <blkdrain_ref/rules.h>

namespace blkdrain_ref {

enum class Code : std::uint8_t {
#define BLKDRAIN_REF_REASON(code, rule, sentence) code,
#include <blkdrain_ref/reasons.inc>
#undef BLKDRAIN_REF_REASON
    count
};

struct Reason {
    Code code = Code::count;
    int rule = 0;         // 9 for R9
    Event event{};        // the event refused
    BackendId backend{};  // which it is about
    Item item{};          // what stands against it
    Error expected = Error::ok;

    bool operator==(const Reason&) const = default;
};

// The reason that speaks of the event's objects; its rule is that of the code, else that of the
// call or step.
Reason refusal(const State& state, const Event& event, Code code, Item item = {},
               Error expected = Error::ok);
const char* name(Code code);
// One English sentence that names the objects: "drain d1 of b1 returned although request r3 is
// ADMITTED (R10)".
std::string sentence(const Reason& reason);

}  // namespace blkdrain_ref
