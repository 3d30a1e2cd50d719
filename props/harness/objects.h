// SPDX-License-Identifier: Apache-2.0
//
// What the clients of a run know of their objects: created, live, over with which result. Kept from
// what calls return, callbacks bring and scripted drivers see, never from the model: the numbers of
// a scenario mean the same in every adapter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "harness/operations.h"
#include "harness/scenario.h"

namespace blkdrain_props {

// An object's number of its kind, in order of creation; not an id of the library.
using Slot = std::uint32_t;
inline constexpr Slot no_slot = ~Slot{0};

// What calls and callbacks say: the errors the model knows, and refusals at the API that never
// reach the model.
using Result = ErrorWord;
inline constexpr Result refused_by_api = static_cast<Result>(error_words.size());
constexpr std::string_view word_of(Result result) {
    return result == refused_by_api ? "refused at the interface"
                                    : error_words[static_cast<std::size_t>(result)];
}

struct Objects {
    enum class Told : std::uint8_t { nothing, begin, end };

    struct Node {
        bool live = true;
        bool holds = true;         // requests and settles that reach it
        bool settle_held = false;  // its driver owes the end of a settle
        bool pinned = false;
        SettleKind settle = SettleKind::none;
        std::uint32_t internal = 0;
    };
    struct Backend {
        bool live = true;
        bool listens = false;
        bool pinned = false;
        Told told = Told::nothing;
    };
    struct Request {
        bool live = true;
        bool held = false;     // by a leaf
        bool sending = false;  // its send has not returned
        std::uint8_t client = 0;
        std::uint8_t loop = 0;
        Slot backend = no_slot;
        Slot token = no_slot;
        Result result = Result::ok;
        std::uint32_t completions = 0;
    };
    struct Token {
        bool open = false;
        bool over = false;
        std::uint8_t client = 0;
        Slot wait = no_slot;
        Slot first = no_slot;  // its backends
        Slot second = no_slot;
    };
    struct Section {
        bool begun = false;
        bool over = false;
        std::uint8_t client = 0;
        Opcode kind{};
        Slot wait = no_slot;
        Slot anchor = no_slot;  // a node or a backend, by kind
    };
    struct Wait {
        bool pending = true;
        bool was_blocked = false;  // it was seen pending at rest
        bool verified = false;     // what its owner saw was compared with what was announced
        std::uint8_t client = 0;
        Opcode opcode{};
        Result result = Result::ok;
        std::uint32_t callbacks = 0;
        Slot section = no_slot;
        Slot token = no_slot;
        Slot backend = no_slot;      // of a close
        Slot node = no_slot;         // of a close
        std::uint64_t deadline = 0;  // in ticks since the start; 0: none
    };

    std::vector<Node> nodes;
    std::vector<Backend> backends;
    std::vector<Request> requests;
    std::vector<Token> tokens;
    std::vector<Section> sections;
    std::vector<Wait> waits;
    std::uint32_t live_requests = 0;
    std::uint32_t pending_waits = 0;

    void clear();

    // The object that `byte`, an Ordinal, names for an operand of this kind of `opcode`; no_slot:
    // nothing, skip. `over_too`: objects that are over can be named absolutely (expectations).
    [[nodiscard]] Slot resolve(OperandKind kind, Opcode opcode, std::uint8_t byte,
                               bool over_too) const;

    // The newest section begun, or token open, of the client (R12's holding, R24's naming).
    [[nodiscard]] Slot newest_section(std::uint8_t client) const;
    [[nodiscard]] Slot newest_token(std::uint8_t client) const;
};

}  // namespace blkdrain_props
