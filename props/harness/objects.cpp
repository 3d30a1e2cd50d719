// SPDX-License-Identifier: Apache-2.0
#include "harness/objects.h"

#include <cstddef>

namespace blkdrain_props {

namespace {

template <class T, class Live>
Slot pick(const std::vector<T>& table, Ordinal ordinal, bool over_too, Live live) {
    if (ordinal.is_absolute()) {
        const Slot slot = ordinal.number();
        return slot < table.size() && (over_too || live(table[slot])) ? slot : no_slot;
    }
    std::uint32_t count = 0;
    for (const T& object : table) {
        count += live(object) ? 1 : 0;
    }
    if (count == 0) {
        return no_slot;
    }
    std::uint32_t left = ordinal.number() % count;
    for (Slot slot = 0;; ++slot) {
        if (live(table[slot]) && left-- == 0) {
            return slot;
        }
    }
}

}  // namespace

void Objects::clear() {
    nodes.clear();
    backends.clear();
    requests.clear();
    tokens.clear();
    sections.clear();
    waits.clear();
    live_requests = 0;
    pending_waits = 0;
}

Slot Objects::resolve(OperandKind kind, Opcode opcode, std::uint8_t byte, bool over_too) const {
    const Ordinal ordinal{byte};
    switch (kind) {
        case OperandKind::node:
            if (opcode == Opcode::settle_done) {
                return pick(nodes, ordinal, false,
                            [](const Node& n) { return n.live && n.settle_held; });
            }
            if (opcode == Opcode::internal_end) {
                return pick(nodes, ordinal, false,
                            [](const Node& n) { return n.live && n.internal > 0; });
            }
            return pick(nodes, ordinal, over_too, [](const Node& n) { return n.live; });
        case OperandKind::backend:
            return pick(backends, ordinal, over_too, [](const Backend& b) { return b.live; });
        case OperandKind::request:
            if (opcode == Opcode::complete) {
                return pick(requests, ordinal, false,
                            [](const Request& r) { return r.live && r.held; });
            }
            return pick(requests, ordinal, over_too || opcode == Opcode::cancel,
                        [](const Request& r) { return r.live; });
        case OperandKind::token:
            return pick(tokens, ordinal, over_too, [](const Token& t) { return t.open; });
        case OperandKind::section:
            return pick(sections, ordinal, over_too,
                        [](const Section& s) { return s.begun && !s.over; });
        case OperandKind::wait:
            return pick(waits, ordinal, over_too, [](const Wait& w) { return w.pending; });
        default:
            return no_slot;
    }
}

Slot Objects::newest_section(std::uint8_t client) const {
    for (std::size_t i = sections.size(); i-- > 0;) {
        if (sections[i].client == client && sections[i].begun && !sections[i].over) {
            return static_cast<Slot>(i);
        }
    }
    return no_slot;
}

Slot Objects::newest_token(std::uint8_t client) const {
    for (std::size_t i = tokens.size(); i-- > 0;) {
        if (tokens[i].client == client && tokens[i].open) {
            return static_cast<Slot>(i);
        }
    }
    return no_slot;
}

}  // namespace blkdrain_props
