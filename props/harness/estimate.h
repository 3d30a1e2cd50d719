// SPDX-License-Identifier: Apache-2.0
//
// What the generator believes the operations so far have left behind. A rough guess: it follows
// neither changes of the graph nor who waits for whom. Where it is wrong, an operation finds
// nothing to act on and the runner skips it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "harness/operations.h"
#include "harness/scenario.h"

namespace blkdrain_props::detail {

struct Estimate {
    static constexpr std::size_t room = 24;
    static constexpr std::uint8_t no_group = 0xff;

    struct Node {
        std::uint8_t parents = 0;  // backends count as parents
        std::uint8_t children = 0;
        bool settles = false;
    };
    struct Backend {
        std::uint8_t waiting = 0;     // requests kept by a gate
        std::uint8_t held = 0;        // requests held by a leaf
        std::uint8_t root = no_node;  // at the start
        bool rooted = false;
        bool listens = false;
        std::uint8_t group = no_group;
    };
    struct Section {
        Opcode kind{};
        // The backend that stays free or, of self_quiesce, the one that is gated. 0xff: none.
        std::uint8_t anchor = 0;
        bool begun = true;
    };
    struct Token {
        std::uint8_t backend = 0;
    };

    std::array<Node, room> nodes{};
    std::array<Backend, room> backends{};
    std::size_t node_count = 0;
    std::size_t backend_count = 0;
    Bounded<Section, 8> sections;
    Bounded<Token, 8> tokens;
    std::array<std::uint32_t, nodes_max> below{};  // bit j of below[i]: j is i or reached from it
    std::size_t held = 0;                          // requests held by leaves
    std::size_t internals = 0;
    std::size_t settles = 0;
    std::size_t waits = 0;
    std::size_t deadlines = 0;
    std::array<bool, groups_max> limited{};
    std::size_t limited_sends = 0;  // to members of limited groups, since time passed

    [[nodiscard]] std::size_t begun_sections() const {
        return static_cast<std::size_t>(
            std::count_if(sections.begin(), sections.end(),
                          [](const Section& section) { return section.begun; }));
    }

    [[nodiscard]] bool gated(std::size_t backend) const {
        return std::any_of(sections.begin(), sections.end(), [&](const Section& section) {
            switch (section.kind) {
                case Opcode::self_quiesce:
                    return section.anchor == backend;
                case Opcode::drained:
                    return true;
                default:
                    return section.anchor != backend;
            }
        });
    }

    // ---- Operations

    void sent(std::size_t backend, bool under_token) {
        const std::uint8_t group = backends[backend].group;
        limited_sends += group != no_group && limited[group] ? 1 : 0;
        if (!under_token && gated(backend)) {
            ++backends[backend].waiting;
        } else if (backends[backend].rooted) {
            ++backends[backend].held;
            ++held;
        }
    }

    // The runner takes the n-th of those that a leaf holds; here it is one of those believed to be
    // held.
    void completed() {
        for (std::size_t i = 0; i < backend_count; ++i) {
            if (backends[i].held != 0) {
                --backends[i].held;
                --held;
                break;
            }
        }
        if (held == 0) {
            waits = 0;
            if (settles == 0) {
                all_begun();
            }
        }
    }

    void all_begun() {
        for (Section& section : sections) {
            section.begun = true;
        }
    }

    void ended(std::uint8_t number) {
        const std::size_t count = begun_sections();
        if (count == 0) {
            return;
        }
        std::size_t left = number % count;
        for (std::size_t i = 0; i < sections.size(); ++i) {
            if (sections[i].begun && left-- == 0) {
                sections.erase(i);
                break;
            }
        }
        for (std::size_t i = 0; i < backend_count; ++i) {
            if (backends[i].waiting != 0 && !gated(i)) {
                held += backends[i].waiting;
                backends[i].held =
                    static_cast<std::uint8_t>(backends[i].held + backends[i].waiting);
                backends[i].waiting = 0;
            }
        }
    }

    // Of more sections than there is room for nothing is remembered.
    void begun(Opcode kind, std::uint8_t anchor) {
        bool at_once = true;
        if (kind == Opcode::drained) {
            count_settles();
            at_once = held == 0 && settles == 0;
        } else if (kind == Opcode::isolate) {
            const Section* const other = live_isolate();
            at_once =
                other == nullptr || other->anchor == anchor || !conflict(other->anchor, anchor);
        }
        sections.push_back({kind, anchor, at_once});
    }

    [[nodiscard]] const Section* live_isolate() const {
        for (const Section& section : sections) {
            if (section.kind == Opcode::isolate && section.begun) {
                return &section;
            }
        }
        return nullptr;
    }

    // Whether the root of one backend is above the other's (R23).
    [[nodiscard]] bool conflict(std::size_t one, std::size_t other) const {
        const std::uint8_t a = backends[one].root;
        const std::uint8_t b = backends[other].root;
        return a != no_node && b != no_node &&
               ((below[a] >> b & 1U) != 0 || (below[b] >> a & 1U) != 0);
    }

    void count_settles() {
        for (std::size_t i = 0; i < node_count; ++i) {
            settles += nodes[i].settles ? 1 : 0;
        }
        settles = std::min<std::size_t>(settles, 2);
    }
};

}  // namespace blkdrain_props::detail
