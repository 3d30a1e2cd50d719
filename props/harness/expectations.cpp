// SPDX-License-Identifier: Apache-2.0
//
// What a file written by hand says it expects.
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <blkdrain_ref/step.h>

#include "harness/run.h"
#include "harness/text.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;

void Runner::expect(unsigned client, const Record& record) {
    // The model of a run with parallel threads is only up to date at rest.
    if (judge_.muted() ||
        (threaded_ && (record.at_once || record.where != Where::client || free_))) {
        return;
    }
    std::string found;
    bool right = false;
    {
        Guard guard(*this);
        right = holds(client, record, found);
    }
    if (!right) {
        judge_.violation("expectation", rule_, "expectation",
                         "the scenario says \"" + to_text(record) + "\" but found " + found +
                             (rule_ != 0 ? " (R" + std::to_string(rule_) + ")" : ""));
    }
}

bool Runner::holds(unsigned client, const Record& record, std::string& found) const {
    const OperationRow& row = row_of(record.opcode);
    const ref::State& model = judge_.model();
    const OperandKind kind = row.operands[0];
    const Slot slot = is_object(kind) ? objects_.resolve(kind, record.opcode, record.a, true) : 0;
    if (slot == no_slot) {
        found = "no such object";
        return false;
    }
    const auto word_at = [&](std::span<const std::string_view> words, std::size_t index) {
        found = words[index];
        return index == record.b;
    };
    switch (record.opcode) {
        case Opcode::expect_request: {
            const Objects::Request& request = objects_.requests[slot];
            const auto expected = static_cast<RequestWord>(record.b);
            if (request.live) {
                const ref::Request* entry =
                    ref::find(model, ref::RequestId{adapter_.request_id(slot)});
                const bool waiting = entry != nullptr && entry->state == ref::RequestState::waiting;
                return word_at(request_words,
                               static_cast<std::size_t>(waiting ? RequestWord::waiting
                                                                : RequestWord::admitted));
            }
            found = "done with " + std::string(word_of(request.result));
            return expected == RequestWord::done ||
                   request_words[record.b] == word_of(request.result);
        }
        case Opcode::expect_wait: {
            const Objects::Wait& wait = objects_.waits[slot];
            if (wait.result == refused_by_api) {
                found = word_of(wait.result);
                return false;
            }
            return word_at(wait_words, wait.pending ? wait_word_pending
                                                    : static_cast<std::size_t>(wait.result) + 1);
        }
        case Opcode::expect_backend: {
            const Objects::Backend& backend = objects_.backends[slot];
            const ref::Backend* entry = ref::find(model, ref::BackendId{adapter_.backend_id(slot)});
            const auto expected = static_cast<BackendWord>(record.b);
            if (entry == nullptr) {
                return word_at(backend_words, static_cast<std::size_t>(BackendWord::gone));
            }
            const bool gated = ref::View(model).covered().backends.contains(entry->id);
            const std::size_t loop =
                static_cast<std::size_t>(BackendWord::loop_0) + entry->loop.value;
            switch (expected) {
                case BackendWord::open:
                case BackendWord::gated:
                    return word_at(
                        backend_words,
                        static_cast<std::size_t>(gated ? BackendWord::gated : BackendWord::open));
                case BackendWord::told_nothing:
                case BackendWord::told_begin:
                case BackendWord::told_end:
                    return word_at(backend_words,
                                   static_cast<std::size_t>(BackendWord::told_nothing) +
                                       static_cast<std::size_t>(backend.told));
                case BackendWord::empty:
                case BackendWord::has_medium:
                    return word_at(backend_words,
                                   static_cast<std::size_t>(entry->root ? BackendWord::has_medium
                                                                        : BackendWord::empty));
                case BackendWord::gone:
                    found = "it is there";
                    return false;
                default:
                    return word_at(backend_words, loop);
            }
        }
        case Opcode::expect_node: {
            const ref::Node* entry = ref::find(model, ref::NodeId{adapter_.node_id(slot)});
            const auto expected = static_cast<NodeWord>(record.b);
            if (entry == nullptr) {
                return word_at(node_words, static_cast<std::size_t>(NodeWord::gone));
            }
            const bool stopped = ref::View(model).covered().nodes.contains(entry->id);
            switch (expected) {
                case NodeWord::running:
                case NodeWord::stopped:
                    return word_at(
                        node_words,
                        static_cast<std::size_t>(stopped ? NodeWord::stopped : NodeWord::running));
                case NodeWord::settling:
                case NodeWord::settled:
                case NodeWord::unsettled:
                    return word_at(node_words,
                                   static_cast<std::size_t>(
                                       entry->settle == ref::Settle::running ? NodeWord::settling
                                       : entry->settled()                    ? NodeWord::settled
                                                          : NodeWord::unsettled));
                case NodeWord::gone:
                    found = "it is there";
                    return false;
                default:
                    return word_at(node_words,
                                   static_cast<std::size_t>(NodeWord::loop_0) + entry->loop.value);
            }
        }
        case Opcode::expect_token: {
            const Objects::Token& token = objects_.tokens[slot];
            return word_at(token_words,
                           static_cast<std::size_t>(token.over   ? TokenWord::gone
                                                    : token.open ? TokenWord::open
                                                                 : TokenWord::waiting));
        }
        case Opcode::expect_section: {
            const Objects::Section& section = objects_.sections[slot];
            const ref::Section* entry =
                section.over
                    ? nullptr
                    : ref::find(model, ref::SectionId{adapter_.operation_id(section.wait)});
            const SectionWord now = entry == nullptr                     ? SectionWord::gone
                                    : section.begun                      ? SectionWord::begun
                                    : entry->phase == ref::Phase::queued ? SectionWord::queued
                                                                         : SectionWord::live;
            return word_at(section_words, static_cast<std::size_t>(now));
        }
        case Opcode::expect_awaits: {
            const Objects::Wait& wait = objects_.waits[slot];
            const std::uint32_t id =
                wait.token != no_slot ? adapter_.token_id(wait.token) : adapter_.operation_id(slot);
            ref::Items items;
            if (wait.pending && wait.token != no_slot) {
                items = ref::explain(model, ref::TokenId{id});
            } else if (wait.pending) {
                items = ref::explain(model, ref::SectionId{id});
            }
            const auto awaited = static_cast<AwaitedKind>(record.b);
            const Slot what = Ordinal{record.c}.number();
            found = std::to_string(items.size()) + " other things that it waits for";
            return std::any_of(items.begin(), items.end(), [&](const ref::Item& item) {
                switch (awaited) {
                    case AwaitedKind::request:
                        return item.kind == ref::Item::Kind::request &&
                               what < objects_.requests.size() &&
                               item.request.value == adapter_.request_id(what);
                    case AwaitedKind::token:
                        return item.kind == ref::Item::Kind::token &&
                               what < objects_.tokens.size() &&
                               item.token.value == adapter_.token_id(what);
                    case AwaitedKind::settling:
                        return item.kind == ref::Item::Kind::settling &&
                               what < objects_.nodes.size() &&
                               item.node.value == adapter_.node_id(what);
                    case AwaitedKind::internal:
                        return item.kind == ref::Item::Kind::internal &&
                               what < objects_.nodes.size() &&
                               item.node.value == adapter_.node_id(what);
                    case AwaitedKind::section:
                        return item.kind >= ref::Item::Kind::conflict &&
                               what < objects_.sections.size() &&
                               item.section.value ==
                                   adapter_.operation_id(objects_.sections[what].wait);
                }
                return false;
            });
        }
        case Opcode::expect_last:
            found = word_of(last_[client]);
            return static_cast<std::size_t>(last_[client]) == record.a;
        case Opcode::expect_root: {
            const Slot node = objects_.resolve(OperandKind::node, record.opcode, record.b, true);
            const ref::Backend* entry = ref::find(model, ref::BackendId{adapter_.backend_id(slot)});
            found = entry == nullptr ? "no such backend" : entry->root ? "another root" : "no root";
            return entry != nullptr && node != no_slot &&
                   entry->root.value == adapter_.node_id(node);
        }
        case Opcode::expect_child: {
            const Slot child = objects_.resolve(OperandKind::node, record.opcode, record.c, true);
            const ref::Node* entry = ref::find(model, ref::NodeId{adapter_.node_id(slot)});
            found = entry == nullptr ? "no such node" : "another child";
            const auto edges = ref::edges_of(model.edges, {adapter_.node_id(slot)});
            return entry != nullptr && child != no_slot && record.b < edges.size() &&
                   edges[record.b].child.value == adapter_.node_id(child);
        }
        default:
            found = "nothing to compare";
            return false;
    }
}

}  // namespace blkdrain_props
