// SPDX-License-Identifier: Apache-2.0
//
// What a pending operation waits for, in words (R26), and whether all of it is held by the caller
// (R12).
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "section/control_plane.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

struct ControlPlane::Item {
    WaitItem::Kind kind;
    std::uint32_t id;
    const OuterRequest* request = nullptr;
    Backend* backend = nullptr;               // request: whose
    RequestState state = RequestState::done;  // request
    const NodeState* node = nullptr;          // settling, internal
    SectionOperation* section = nullptr;      // section

    [[nodiscard]] std::pair<WaitItem::Kind, std::uint32_t> key() const { return {kind, id}; }
};

struct ControlPlane::Items : std::vector<Item> {
    // Somebody was counted whom the walk over the requests did not meet, or no longer: it was sent
    // or got done meanwhile. Who is counted comes back through released.
    bool in_motion = false;
};

namespace {

std::string_view file_of(const std::source_location& where) {
    const std::string_view path = where.file_name();
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string begun_at(const Operation& operation) {
    return " begun at " + std::string(file_of(operation.where)) + ":" +
           std::to_string(operation.where.line());
}

bool holds(const std::vector<TokenId>& tokens, std::uint32_t id) {
    return std::find(tokens.begin(), tokens.end(), TokenId{id}) != tokens.end();
}

bool holds(const std::vector<OperationId>& sections, OperationId id) {
    return std::find(sections.begin(), sections.end(), id) != sections.end();
}

}  // namespace

const char* name_of(OperationKind kind) {
    switch (kind) {
        case OperationKind::isolate:
            return "isolated section";
        case OperationKind::drained:
            return "drained section";
        case OperationKind::quiesce_all:
            return "quiesce_all section";
        case OperationKind::self_quiesce:
            return "self-quiesced section";
        case OperationKind::settle:
            return "settle";
        case OperationKind::change:
            return "graph change";
        case OperationKind::context:
            return "context change";
        case OperationKind::close_backend:
        case OperationKind::close_node:
            return "close";
        case OperationKind::drain:
            return "drain";
        case OperationKind::quiet:
            return "wait for quiet";
        case OperationKind::token:
            return "opening of a token";
    }
    return "operation";
}

std::string describe(const Backend& backend) {
    return "b" + std::to_string(backend.id.value) + " '" + backend.name + "'";
}

std::string describe(const Node& node) {
    return "n" + std::to_string(node.id().value) + " '" + node.name() + "'";
}

std::string describe(const Operation& operation) {
    std::string text = name_of(operation.kind);
    if (operation.kind == OperationKind::token) {
        return "opening of t" +
               std::to_string(static_cast<const TokenOperation&>(operation).token.value) +
               begun_at(operation);
    }
    text += " s" + std::to_string(operation.id.value);
    if (operation.kind == OperationKind::drain) {
        text += " of " + describe(*static_cast<const DrainOperation&>(operation).backend);
    } else if (operation.kind == OperationKind::quiet) {
        text +=
            " of s" + std::to_string(static_cast<const QuietOperation&>(operation).section.value);
    } else {
        const auto& section = static_cast<const SectionOperation&>(operation);
        if (section.backend) {
            text += " of " + describe(*section.backend);
        } else if (section.node != nullptr) {
            text += " of " + describe(*section.node);
        }
    }
    return text + begun_at(operation);
}

Error gone(const char* call, const Backend& backend) {
    return {Errc::no_such_object, std::string(call) + ": " + describe(backend) + " is closed"};
}

Errc announced(const Error& error) {
    return !error                                      ? Errc::ok
           : error.code.category() == error_category() ? static_cast<Errc>(error.code.value())
                                                       : Errc::io_error;
}

void fill_holding(Announcement& announcement, const Holding& holding) {
    for (const OperationId id : holding.sections) {
        announcement.sections.add(id.value);
    }
    for (const TokenId id : holding.tokens) {
        announcement.tokens.add(id.value);
    }
    for (const RequestId id : holding.requests) {
        announcement.requests.add(id.value);
    }
}

// Everything the operation waits for now; sorted by kind and id. Walks all requests: not for the
// request path.
ControlPlane::Items ControlPlane::items_of(Operation& operation) {
    Items items;
    // Those counted in the banks of `backend` that `bank_counts`, if the request `counts`.
    const auto add_requests = [&](Backend& backend, auto bank_counts, auto counts) {
        const auto total = [&](std::uint64_t (ControlPlane::*count)(const Bank&) const) {
            std::uint64_t sum = 0;
            for (const Bank& bank : backend.banks) {
                sum += bank_counts(bank) ? (this->*count)(bank) : 0;
            }
            return sum;
        };
        const auto in_bank = [&](std::uint32_t counter) {
            return std::any_of(backend.banks.begin(), backend.banks.end(), [&](const Bank& bank) {
                return bank.counter == counter && bank_counts(bank);
            });
        };
        // Whoever is met was not done before and is sent after; if they are as many as that, all
        // were met.
        const std::uint64_t done_before = total(&ControlPlane::done_of);
        std::uint64_t met = 0;
        for_each_request([&](const OuterRequest& request) {
            // relaxed: hints, exact while the loops are at rest.
            const RequestState state = request.state.load(std::memory_order_relaxed);
            if (request.backend.load(std::memory_order_relaxed) != &backend ||
                state == RequestState::done ||
                !in_bank(request.counter.load(std::memory_order_relaxed))) {
                return;
            }
            ++met;
            if (counts(request, state)) {
                items.push_back({WaitItem::Kind::request,
                                 request.id.load(std::memory_order_relaxed), &request, &backend,
                                 state});
            }
        });
        items.in_motion = items.in_motion || met != total(&ControlPlane::sent_of) - done_before;
    };
    const auto every_bank = [](const Bank&) { return true; };
    const auto every_request = [](const OuterRequest&, RequestState) { return true; };
    const auto add_members = [&](SectionOperation& section) {
        for (const Cover& cover : section.covers) {
            if (!cover.busy) {
                continue;
            }
            if (cover.node != nullptr) {
                items.push_back({WaitItem::Kind::internal,
                                 cover.node->id().value,
                                 nullptr,
                                 nullptr,
                                 {},
                                 cover.node});
                continue;
            }
            const auto started = [&](const OuterRequest& request, RequestState state) {
                return !request.never_admitted ||
                       (state == RequestState::waiting && of_closed_token(request) &&
                        !excuses(cover, TokenId{request.token.load(std::memory_order_relaxed)}));
            };
            add_requests(*cover.backend, every_bank, started);
            for (const TokenId token : cover.backend->open_tokens) {
                if (!excuses(cover, token)) {
                    items.push_back({WaitItem::Kind::token, token.value});
                }
            }
        }
    };
    const auto add_section = [&](SectionOperation& section) {
        items.push_back(
            {WaitItem::Kind::section, section.id.value, nullptr, nullptr, {}, nullptr, &section});
    };

    if (operation.kind == OperationKind::token) {
        for (const auto& backend : static_cast<TokenOperation&>(operation).backends) {
            for (const Cover* cover = backend->covers.first(); cover != nullptr;
                 cover = cover->next) {
                add_section(*cover->section);
            }
        }
    } else if (operation.kind == OperationKind::drain) {
        auto& drain = static_cast<DrainOperation&>(operation);
        Backend& backend = *drain.backend;
        add_requests(
            backend, [&](const Bank& bank) { return bank.serial <= drain.serial; }, every_request);
        for (const TokenId token : backend.open_tokens) {
            const TokenOperation& open = *tokens_.find(token);
            for (std::size_t i = 0; i < open.backends.size(); ++i) {
                if (open.backends[i].get() == &backend && open.serials[i] <= drain.serial) {
                    items.push_back({WaitItem::Kind::token, token.value});
                }
            }
        }
    } else if (operation.kind == OperationKind::quiet) {
        if (SectionOperation* section =
                find_section(static_cast<QuietOperation&>(operation).section)) {
            add_members(*section);
        }
    } else {
        auto& section = static_cast<SectionOperation&>(operation);
        if (section.phase == Operation::Phase::begun) {
            return items;
        }
        if (section.kind == OperationKind::isolate) {
            std::vector<SectionOperation*> behind;
            must_queue(section, &behind);
            for (SectionOperation* other : behind) {
                add_section(*other);
            }
        } else if (section.kind == OperationKind::close_backend) {
            add_requests(*section.backend, every_bank, every_request);
            for (const TokenId token : section.backend->open_tokens) {
                items.push_back({WaitItem::Kind::token, token.value});
            }
        } else {
            add_members(section);
            const auto add_settling = [&](const NodeState* node) {
                if (node != nullptr && node->settle == NodeState::Settle::running) {
                    items.push_back(
                        {WaitItem::Kind::settling, node->id().value, nullptr, nullptr, {}, node});
                }
            };
            add_settling(section.settling);
            for (const Cover& cover : section.covers) {
                add_settling(keeps_settled(cover) ? cover.node : nullptr);
            }
            const auto add_passes_over = [&](const NodeState& node) {
                for (const Cover* cover = node.covers.first(); cover != nullptr;
                     cover = cover->next) {
                    if (cover->section != &section && pass_over(*cover)) {
                        add_section(*cover->section);
                    }
                }
            };
            for (const NodeState* node : section.to_close) {
                add_passes_over(*node);
            }
            if (section.kind == OperationKind::change) {
                touched_by(section.plan, walked_);
                for (const NodeState* node : walked_) {
                    add_passes_over(*node);
                }
            }
        }
    }
    std::ranges::sort(items, {}, &Item::key);
    const auto again = std::ranges::unique(items, {}, &Item::key);
    items.erase(again.begin(), again.end());
    return items;
}

// The waiting requests of its backend, direction and token up to `request` itself, oldest first
// (R18). Good until the next call.
const std::vector<const OuterRequest*>& ControlPlane::line_up_to(const OuterRequest& request) {
    std::vector<const OuterRequest*>& line = line_;
    line.clear();
    for (const OuterRequest& other : request.backend.load(std::memory_order_relaxed)->waiting) {
        if (other.is_write() == request.is_write() &&
            other.token.load(std::memory_order_relaxed) ==
                request.token.load(std::memory_order_relaxed)) {
            line.push_back(&other);
        }
        if (&other == &request) {
            break;
        }
    }
    return line;
}

// Whether `item` could only be released through what the caller of `operation` holds.
bool ControlPlane::hostage(const Operation& operation, const Item& item) {
    const Holding& held = operation.holding;
    const auto gated_by_held = [&](const Backend& backend) {
        for (const Cover* cover = backend.covers.first(); cover != nullptr; cover = cover->next) {
            if (holds(held.sections, cover->section->id)) {
                return true;
            }
        }
        return false;
    };
    switch (item.kind) {
        case WaitItem::Kind::token:
            return holds(held.tokens, item.id);
        case WaitItem::Kind::request: {
            const auto request_held = [&](std::uint32_t id) {
                return std::find(held.requests.begin(), held.requests.end(), RequestId{id}) !=
                       held.requests.end();
            };
            if (request_held(item.id)) {
                return true;
            }
            if (item.state != RequestState::waiting) {
                return false;
            }
            // Gated itself, or behind one of its class that is hostage.
            const std::vector<const OuterRequest*>& line = line_up_to(*item.request);
            return (!line.empty() && line.front()->token.load(std::memory_order_relaxed) == 0 &&
                    gated_by_held(*item.backend)) ||
                   std::any_of(line.begin(), line.end(), [&](const OuterRequest* earlier) {
                       return request_held(earlier->id.load(std::memory_order_relaxed));
                   });
        }
        case WaitItem::Kind::section: {
            const bool isolating = operation.kind == OperationKind::isolate;
            if (!isolating && operation.kind != OperationKind::token) {
                return false;  // a settle pass, which ends by itself
            }
            if (holds(held.sections, OperationId{item.id})) {
                return true;
            }
            if (!isolating) {
                return false;
            }
            if (gated_by_held(*item.section->backend)) {
                return true;
            }
            std::vector<SectionOperation*> behind;
            if (item.section->phase == Operation::Phase::queued) {
                must_queue(*item.section, &behind);
            }
            return std::any_of(behind.begin(), behind.end(), [&](SectionOperation* other) {
                return hostage(operation, {WaitItem::Kind::section,
                                           other->id.value,
                                           nullptr,
                                           nullptr,
                                           {},
                                           nullptr,
                                           other});
            });
        }
        default:
            return false;
    }
}

bool ControlPlane::would_deadlock(Operation& operation) {
    const Holding& held = operation.holding;
    if (held.sections.empty() && held.tokens.empty() && held.requests.empty()) {
        return false;
    }
    const Items items = items_of(operation);
    if (operation.kind == OperationKind::token || canary(Canary::false_deadlock)) {
        // It opens only after every one of them has ended: one that the caller holds is enough.
        return std::any_of(items.begin(), items.end(),
                           [&](const Item& item) { return hostage(operation, item); });
    }
    if (items.empty() || items.in_motion ||
        !std::all_of(items.begin(), items.end(),
                     [&](const Item& item) { return hostage(operation, item); })) {
        return false;
    }
    // The request being served may have got done since the walk met it; then it comes back through
    // released.
    return std::all_of(items.begin(), items.end(), [](const Item& item) {
        // relaxed: a hint; what it leads to is decided under the lock.
        return item.kind != WaitItem::Kind::request || item.state == RequestState::waiting ||
               item.request->id.load(std::memory_order_relaxed) == item.id;
    });
}

Explanation ControlPlane::explanation(Operation& operation) {
    Explanation result;
    result.subject = describe(operation);
    Items items = items_of(operation);
    if (canary(Canary::explain_hides) && !items.empty()) {
        items.erase(items.begin());
    }
    for (const Item& item : items) {
        WaitItem out;
        out.kind = item.kind;
        out.id = item.id;
        switch (item.kind) {
            case WaitItem::Kind::request: {
                out.backend = item.backend->id;
                out.text = "request r" + std::to_string(item.id) + " of " + describe(*item.backend);
                if (item.backend->root != nullptr) {
                    out.text += " on " + describe(*item.backend->root);
                }
                if (item.state == RequestState::waiting) {
                    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(
                        os::now() - item.request->waiting_since);
                    out.text += ": WAITING for " + std::to_string(age.count()) + " ms";
                    for (const Cover* cover = item.backend->covers.first(); cover != nullptr;
                         cover = cover->next) {
                        out.text += ", gated by " + describe(*cover->section);
                    }
                } else {
                    out.text +=
                        item.state == RequestState::admitted ? ": ADMITTED" : ": COMPLETING";
                }
                break;
            }
            case WaitItem::Kind::token:
                out.text = "operation token t" + std::to_string(item.id) + " opened" +
                           begun_at(*tokens_.find(TokenId{item.id}));
                break;
            case WaitItem::Kind::settling:
                out.text = "settle of " + describe(*item.node);
                break;
            case WaitItem::Kind::internal:
                out.text = "internal requests of " + describe(*item.node);
                break;
            case WaitItem::Kind::section:
                out.text = describe(*item.section);
                break;
        }
        result.items.push_back(std::move(out));
    }
    return result;
}

Explanation ControlPlane::explain(OperationId id) {
    const Locked locked(*this);
    Operation* found = operations_.find(id);
    return found == nullptr ? Explanation{} : explanation(*found);
}

Explanation ControlPlane::explain(TokenId id) {
    const Locked locked(*this);
    TokenOperation* found = tokens_.find(id);
    return found == nullptr || found->open ? Explanation{} : explanation(*found);
}

std::vector<Explanation> ControlPlane::explain_all() {
    const Locked locked(*this);
    std::vector<Explanation> result;
    for (Operation& operation : pending_) {
        result.push_back(explanation(operation));
    }
    return result;
}

}  // namespace detail

std::string Explanation::text() const {
    std::string result = subject;
    const char* separator = " waits for ";
    for (const WaitItem& item : items) {
        result += separator + item.text;
        separator = "; ";
    }
    return result;
}

BLKDRAIN_NAMESPACE_END
